package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// value is one YAML node with its path and a place for its problems.
type value struct {
	problems *problems
	node     *yaml.Node
	path     string
}

// field is a key of a mapping and how its value is read.
type field struct {
	key      string
	required bool
	read     func(value)
}

func optional(key string, read func(value)) field { return field{key, false, read} }
func required(key string, read func(value)) field { return field{key, true, read} }

func (v value) fail(format string, args ...any) { v.failAt(v.node, format, args...) }

func (v value) failAt(n *yaml.Node, format string, args ...any) {
	v.problems.add(Problem{Line: n.Line, Column: n.Column, Path: v.path, Message: fmt.Sprintf(format, args...)})
}

func (v value) at(n *yaml.Node, path string) value { return value{v.problems, n, path} }

func (v value) child(key string, n *yaml.Node) value {
	if v.path == "" {
		return v.at(n, key)
	}
	return v.at(n, v.path+"."+key)
}

// is checks what kind of node stands here.
func (v value) is(kind yaml.Kind, want string) bool {
	switch {
	case v.node.Kind == yaml.AliasNode:
		v.fail("aliases are not read here: write the value out")
	case isNull(v.node):
		v.fail("nothing stands here: write %s or remove the key", want)
	case v.node.Kind != kind:
		v.fail("%s stands here, expected %s", kindName(v.node), want)
	case v.node.Style&yaml.TaggedStyle != 0:
		v.fail("YAML tags are not read here: write the plain value")
	default:
		return true
	}
	return false
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return "a single value"
}

// mapping reads a mapping with known keys and returns those that are present.
func (v value) mapping(fields ...field) map[string]value {
	found := map[string]value{}
	if !v.is(yaml.MappingNode, "KEY: VALUE lines") {
		return found
	}
	v.entries(func(key *yaml.Node, child value) {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == key.Value })
		if i < 0 {
			v.failAt(key, "%s", unknownKey(key, child.node, fields))
			return
		}
		found[key.Value] = child
		fields[i].read(child)
	})
	for _, f := range fields {
		if _, ok := found[f.key]; f.required && !ok {
			v.fail("the key %q is missing", f.key)
		}
	}
	return found
}

// entries calls f for every key of a mapping that is plain text and new.
func (v value) entries(f func(key *yaml.Node, child value)) {
	lines := map[string]int{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key, child := v.node.Content[i], v.node.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || isNull(key):
			v.failAt(key, "a key must be one word")
		case key.Tag == "!!merge":
			v.failAt(key, "merge keys are not read here: write the values out")
		case lines[key.Value] > 0:
			v.child(key.Value, key).fail("the key is already set on line %d", lines[key.Value])
		default:
			lines[key.Value] = key.Line
			f(key, v.child(key.Value, child))
		}
	}
}

// list calls f for every element of a list.
func (v value) list(f func(value)) {
	if !v.is(yaml.SequenceNode, "a list") {
		return
	}
	for i, n := range v.node.Content {
		f(v.at(n, fmt.Sprintf("%s[%d]", v.path, i)))
	}
}

var keyWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,39}$`)

// unknownKey names the nearest known key. The key is repeated only where it
// has the form of one: KEY:VALUE without a space is a key for YAML and would
// put a secret into the message.
func unknownKey(key, child *yaml.Node, fields []field) string {
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.key
	}
	list := strings.Join(known, ", ")
	if !keyWord.MatchString(key.Value) || isNull(child) {
		if strings.Contains(key.Value, ":") {
			return "unknown key: a space belongs after the colon of KEY: VALUE; known here: " + list
		}
		return "unknown key (not shown); known here: " + list
	}
	if near, ok := nearest(key.Value, known); ok {
		return fmt.Sprintf("unknown key %q, did you mean %q?", key.Value, near)
	}
	return fmt.Sprintf("unknown key %q; known here: %s", key.Value, list)
}

// text reads a single value as it is written, whatever YAML takes it for.
func (v value) text() (string, bool) {
	if !v.is(yaml.ScalarNode, "a value") {
		return "", false
	}
	if v.node.Value == "" {
		v.fail("the value is empty: fill it or remove the key")
		return "", false
	}
	return v.node.Value, true
}

// textTo stores a text that check accepts.
func textTo(to *string, check func(string) error) func(value) {
	return func(v value) {
		s, ok := v.text()
		if !ok {
			return
		}
		if err := check(s); err != nil {
			v.fail("%s", err)
			return
		}
		*to = s
	}
}

// oneOf stores one of some words, written in any case.
func oneOf(to *string, words []string) func(value) {
	return func(v value) {
		s, ok := v.text()
		if !ok {
			return
		}
		if s = strings.ToLower(s); !slices.Contains(words, s) {
			v.fail("expected one of %s", strings.Join(words, ", "))
			return
		}
		*to = s
	}
}

func secretTo(to *Secret) func(value) {
	return func(v value) {
		s, ok := v.text()
		if !ok {
			return
		}
		secret, err := ParseSecret(s)
		if err != nil {
			v.fail("%s", err)
			return
		}
		*to = secret
	}
}

func durationTo(to *time.Duration, least, most time.Duration) func(value) {
	return func(v value) {
		s, ok := v.text()
		if !ok {
			return
		}
		d, err := time.ParseDuration(s)
		switch {
		case err != nil:
			v.fail("%s is no duration: write a number with a unit, such as 10s, 5m or 1h", quote(s))
		case d < least || d > most:
			v.fail("%s is out of range: from %v to %v", quote(s), least, most)
		default:
			*to = d
		}
	}
}

// byteUnits of sizes; the bare number counts bytes.
var byteUnits = []struct {
	suffix string
	factor int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"", 1}}

// numberTo stores a whole number from 1 to most; of bytes, it may have a unit.
func numberTo(to *int64, most int64, bytes bool) func(value) {
	return func(v value) {
		s, ok := v.text()
		if !ok {
			return
		}
		digits, factor, hint := s, int64(1), ""
		if bytes {
			hint = " of bytes, such as 512KiB, 64MiB or 4GiB"
			for _, u := range byteUnits {
				if rest, ok := strings.CutSuffix(s, u.suffix); ok {
					digits, factor = strings.TrimSpace(rest), u.factor
					break
				}
			}
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 1 || n > most/factor {
			v.fail("%s is no whole number from 1 to %d%s", quote(s), most, hint)
			return
		}
		*to = n * factor
	}
}

// maxQuoted bounds what a message repeats of the file.
const maxQuoted = 60

// quote repeats a value that cannot be a secret.
func quote(s string) string {
	if r := []rune(s); len(r) > maxQuoted {
		s = string(r[:maxQuoted]) + "…"
	}
	return strconv.Quote(s)
}
