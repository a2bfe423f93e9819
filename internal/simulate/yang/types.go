package yang

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"nettwin/internal/simulate/xmltree"
)

// A Type is the type of a leaf with all its restrictions.
type Type struct {
	Base string // the built-in type (RFC 7950 §4.2.4)

	ranges    [][]bounds // each of which must hold; lengths for strings
	patterns  []pattern
	names     []string // of enumerations and bits
	bases     []identity
	members   []*Type
	fraction  int
	path      *stmt
	target    *Node
	instance  bool // leafref that requires an instance
	inherited string
	set       *Set
}

// Target is the leaf that a leafref refers to, nil for other types.
func (t *Type) Target() *Node { return t.target }

// RequiresInstance reports whether a value of a leafref must exist.
func (t *Type) RequiresInstance() bool { return t.target != nil && t.instance }

// A Value is a leaf's value in canonical form; Decl is the declaration that
// the prefix of an identity needs. Values are equal when they mean the same.
type Value struct {
	Text string
	Decl xmltree.Decl
}

type bounds struct{ low, high *big.Rat }

type pattern struct {
	re     *regexp.Regexp
	invert bool
	text   string
}

// integers are the built-in integer types with their ranges (RFC 7950 §9.2).
var integers = map[string][2]string{
	"int8": {"-128", "127"}, "int16": {"-32768", "32767"}, "int32": {"-2147483648", "2147483647"},
	"int64": {"-9223372036854775808", "9223372036854775807"},
	"uint8": {"0", "255"}, "uint16": {"0", "65535"}, "uint32": {"0", "4294967295"}, "uint64": {"0", "18446744073709551615"},
}

var otherBuiltins = map[string]bool{
	"string": true, "boolean": true, "enumeration": true, "bits": true, "empty": true, "binary": true,
	"identityref": true, "leafref": true, "union": true, "decimal64": true, "instance-identifier": true,
}

// typ compiles a type statement.
func (c *compiler) typ(s *stmt, depth int) (*Type, error) {
	if depth > maxDepth {
		return nil, s.errorf("type %q: %w", s.arg, ErrNesting)
	}
	var t Type
	if span, ok := integers[s.arg]; ok {
		t = Type{Base: s.arg, ranges: [][]bounds{{{rat(span[0]), rat(span[1])}}}}
	} else if otherBuiltins[s.arg] {
		t = Type{Base: s.arg, instance: true}
	} else {
		def, err := c.typedef(s, depth)
		if err != nil {
			return nil, err
		}
		t = *def
	}
	t.set = c.set
	return &t, c.restrict(&t, s, depth)
}

// typedef compiles the typedef that a type statement names.
func (c *compiler) typedef(s *stmt, depth int) (*Type, error) {
	def, err := c.definitionOf(s, "typedef", s.arg)
	if err != nil {
		return nil, err
	}
	if t := c.typedefs[def]; t != nil {
		return t, nil
	}
	ts := def.sub("type")
	if ts == nil {
		return nil, def.errorf("typedef %q has no type", def.arg)
	}
	t, err := c.typ(ts, depth+1)
	if err != nil {
		return nil, err
	}
	if d := def.sub("default"); d != nil {
		t.inherited = d.arg
	}
	c.typedefs[def] = t
	return t, nil
}

// restrict applies the substatements of a type statement.
func (c *compiler) restrict(t *Type, s *stmt, depth int) error {
	var names []string
	for _, sub := range s.subs {
		var err error
		switch sub.keyword {
		case "range", "length":
			err = t.restrictRange(sub)
		case "pattern":
			t.addPattern(sub)
		case "enum", "bit":
			names = append(names, sub.arg)
		case "fraction-digits":
			t.fraction, err = strconv.Atoi(sub.arg)
		case "path":
			t.path = sub
		case "require-instance":
			t.instance = sub.arg == "true"
		case "base":
			var id identity
			if id, err = c.identity(sub); err == nil {
				t.bases = append(slices.Clip(t.bases), id)
			}
		case "type":
			var m *Type
			if m, err = c.typ(sub, depth+1); err == nil {
				t.members = append(t.members, m)
			}
		}
		if err != nil {
			return err
		}
	}
	if names != nil {
		t.names = names
	}
	return nil
}

func (t *Type) restrictRange(s *stmt) error {
	var parts []bounds
	for part := range strings.SplitSeq(s.arg, "|") {
		low, high, found := strings.Cut(part, "..")
		if !found {
			high = low
		}
		b := bounds{rat(low), rat(high)}
		if b.low == nil && strings.TrimSpace(low) != "min" || b.high == nil && strings.TrimSpace(high) != "max" {
			return s.errorf("%s %q: %q is no number", s.keyword, s.arg, part)
		}
		parts = append(parts, b)
	}
	t.ranges = append(slices.Clip(t.ranges), parts)
	return nil
}

// addPattern takes over a pattern; one in the language of XSD that Go's
// regular expressions do not have is not enforced.
func (t *Type) addPattern(s *stmt) {
	re, err := regexp.Compile("^(?:" + s.arg + ")$")
	if err != nil {
		return
	}
	t.patterns = append(slices.Clip(t.patterns), pattern{re, s.value("modifier") == "invert-match", s.arg})
}

func rat(text string) *big.Rat {
	text = strings.TrimSpace(text)
	if len(text) > 40 || strings.ContainsAny(text, "/eExXpP_") {
		return nil
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return r
}

// errNoValue is wrapped by Canonical's error for text that is no number.
var errNoValue = errors.New("not a value of its type")

// Canonical checks a value and returns its canonical form (RFC 7950 §9);
// resolve finds the namespaces of prefixes in it. Errors say what is allowed.
func (t *Type) Canonical(text string, resolve func(prefix string) (string, bool)) (Value, error) {
	return t.canonical(text, resolve, 0)
}

func (t *Type) canonical(text string, resolve func(prefix string) (string, bool), depth int) (Value, error) {
	if depth > maxDepth {
		return Value{}, ErrNesting
	}
	if t.Base != "string" {
		text = strings.TrimSpace(text)
	}
	plain := Value{Text: text}
	switch t.Base {
	case "string":
		return plain, t.checkString(text, utf8.RuneCountInString(text))
	case "boolean":
		return plain, oneOf(text, []string{"true", "false"})
	case "enumeration":
		return plain, oneOf(text, t.names)
	case "empty":
		return plain, oneOf(text, []string{""})
	case "bits":
		return t.bits(text)
	case "binary":
		raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return plain, fmt.Errorf("%q is not base64", text)
		}
		return Value{Text: base64.StdEncoding.EncodeToString(raw)}, t.checkRanges(rat(strconv.Itoa(len(raw))), "length")
	case "identityref":
		return t.identity(text, resolve)
	case "union":
		for _, m := range t.members {
			if v, err := m.canonical(text, resolve, depth+1); err == nil {
				return v, nil
			}
		}
		return plain, fmt.Errorf("%q fits no member of the union", text)
	case "leafref":
		if t.target == nil || t.target.Type == nil {
			return plain, nil
		}
		return t.target.Type.canonical(text, resolve, depth+1)
	case "instance-identifier":
		return plain, nil
	case "decimal64":
		return t.decimal(text)
	default:
		return t.integer(text)
	}
}

func oneOf(text string, names []string) error {
	if slices.Contains(names, text) {
		return nil
	}
	return fmt.Errorf("%q is none of %s", text, strings.Join(names, ", "))
}

func (t *Type) checkString(text string, runes int) error {
	if err := t.checkRanges(rat(strconv.Itoa(runes)), "length"); err != nil {
		return err
	}
	for _, p := range t.patterns {
		if p.re.MatchString(text) == p.invert {
			return fmt.Errorf("%q does not match the pattern %s", text, p.text)
		}
	}
	return nil
}

func (t *Type) checkRanges(n *big.Rat, what string) error {
	for _, parts := range t.ranges {
		fits := slices.ContainsFunc(parts, func(b bounds) bool {
			return (b.low == nil || b.low.Cmp(n) <= 0) && (b.high == nil || n.Cmp(b.high) <= 0)
		})
		if !fits {
			return fmt.Errorf("%s %s is out of range", what, n.RatString())
		}
	}
	return nil
}

func (t *Type) bits(text string) (Value, error) {
	words := strings.Fields(text)
	for i, word := range words {
		if err := oneOf(word, t.names); err != nil || slices.Contains(words[:i], word) {
			return Value{}, fmt.Errorf("%q is no set of %s", text, strings.Join(t.names, ", "))
		}
	}
	slices.SortFunc(words, func(a, b string) int { return slices.Index(t.names, a) - slices.Index(t.names, b) })
	return Value{Text: strings.Join(words, " ")}, nil
}

// integerForm bounds the length, too: no integer type needs more digits.
var integerForm = regexp.MustCompile(`^[+-]?(0|[1-9][0-9]{0,19}|0[0-7]{1,24}|0x[0-9a-fA-F]{1,18})$`)

// integer reads decimal, octal (0…) and hexadecimal (0x…) forms (RFC 7950 §9.2.1).
func (t *Type) integer(text string) (Value, error) {
	if !integerForm.MatchString(text) {
		return Value{}, fmt.Errorf("%q is no %s: %w", text, t.Base, errNoValue)
	}
	n, ok := new(big.Int).SetString(strings.TrimPrefix(text, "+"), 0)
	if !ok {
		return Value{}, fmt.Errorf("%q is no %s: %w", text, t.Base, errNoValue)
	}
	return Value{Text: n.String()}, t.checkRanges(new(big.Rat).SetInt(n), t.Base)
}

func (t *Type) decimal(text string) (Value, error) {
	n := rat(text)
	if n == nil {
		return Value{}, fmt.Errorf("%q is no decimal64: %w", text, errNoValue)
	}
	_, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > t.fraction {
		return Value{}, fmt.Errorf("%q has more than %d fraction digits", text, t.fraction)
	}
	canonical := strings.TrimRight(n.FloatString(t.fraction), "0")
	if strings.HasSuffix(canonical, ".") {
		canonical += "0"
	}
	return Value{Text: canonical}, t.checkRanges(n, t.Base)
}

// identity checks that a value names an identity derived from all bases. A
// name without a prefix is of the default namespace, or else of the base's
// module, as RFC 7951 §6.8 and many servers have it.
func (t *Type) identity(text string, resolve func(prefix string) (string, bool)) (Value, error) {
	prefix, local, found := strings.Cut(text, ":")
	if !found {
		prefix, local = "", text
	}
	space, ok := resolve(prefix)
	if !ok {
		return Value{}, fmt.Errorf("%q has an undeclared prefix", text)
	}
	id := identity{space, local}
	if _, known := t.set.identities[id]; !known && !found && len(t.bases) > 0 {
		id.space = t.bases[0].space
	}
	for _, base := range t.bases {
		if !t.set.derives(id, base) {
			return Value{}, fmt.Errorf("%q is not derived from identity %s", text, base.name)
		}
	}
	own := t.set.prefixes[id.space]
	return Value{Text: own + ":" + local, Decl: xmltree.Decl{Prefix: own, Space: id.space}}, nil
}
