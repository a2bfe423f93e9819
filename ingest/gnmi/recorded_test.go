package gnmi_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	proto "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/protobuf/encoding/protojson"

	"nettwin/ingest/gnmi"
	"nettwin/internal/testenv"
)

// leaf is one decoded value: where it is and what.
type leaf struct {
	at    int64
	names []string          // of the path's steps, without modules
	keys  map[string]string // of all steps, by name
	value string
}

// plain is a name as the expected results have it: _ for -, no module.
func plain(s string) string {
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		s = s[i+1:]
	}
	return strings.ReplaceAll(s, "-", "_")
}

// leaves are the values of a notification; those of documents are taken apart.
func leaves(t *testing.T, n *proto.Notification) []leaf {
	t.Helper()
	var out []leaf
	for _, u := range n.GetUpdate() {
		_, steps, err := gnmi.Steps(n.GetPrefix(), u.GetPath())
		if err != nil {
			t.Fatal(err)
		}
		l := leaf{at: n.GetTimestamp(), keys: map[string]string{}}
		for _, s := range steps {
			l.names = append(l.names, plain(s.Name))
			for k, v := range s.Keys {
				l.keys[plain(k)] = v
			}
		}
		value, err := gnmi.ReadValue(u)
		if err != nil {
			t.Fatal(err)
		}
		decoder := json.NewDecoder(bytes.NewReader(value.JSON))
		decoder.UseNumber()
		var doc any
		if err := decoder.Decode(&doc); err != nil {
			t.Fatalf("%s: %v", value.JSON, err)
		}
		out = append(out, flatten(l, doc)...)
	}
	return out
}

func flatten(l leaf, doc any) []leaf {
	var out []leaf
	below := func(name string, v any) {
		inner := leaf{l.at, append(slices.Clone(l.names), plain(name)), l.keys, ""}
		out = append(out, flatten(inner, v)...)
	}
	switch v := doc.(type) {
	case map[string]any:
		for name, each := range v {
			below(name, each)
		}
	case []any:
		for i, each := range v {
			below(strconv.Itoa(i), each)
		}
	default:
		l.value = fmt.Sprint(v)
		out = append(out, l)
	}
	return out
}

// point is one line of the expected result, in the line protocol of InfluxDB.
type point struct {
	at     int64
	tags   map[string]string
	fields map[string]string
}

func points(t *testing.T, text string) []point {
	t.Helper()
	var out []point
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		parts := split(line, ' ')
		if len(parts) != 3 {
			t.Fatalf("line %q has %d parts", line, len(parts))
		}
		p := point{tags: map[string]string{}, fields: map[string]string{}}
		p.at, _ = strconv.ParseInt(parts[2], 10, 64)
		for i, tag := range split(parts[0], ',') {
			if name, value, ok := cut(tag); ok && i > 0 {
				p.tags[name] = value
			}
		}
		for _, field := range split(parts[1], ',') {
			name, value, _ := cut(field)
			if quoted, ok := strings.CutPrefix(value, `"`); ok {
				value = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(strings.TrimSuffix(quoted, `"`))
			} else {
				value = strings.TrimRight(value, "ui")
			}
			p.fields[name] = value
		}
		out = append(out, p)
	}
	return out
}

// split splits outside of quotes; \ escapes.
func split(text string, at byte) []string {
	var out []string
	quoted, start := false, 0
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == at && !quoted:
			out = append(out, text[start:i])
			start = i + 1
		}
	}
	return append(out, text[start:])
}

func cut(text string) (name, value string, ok bool) {
	parts := split(text, '=')
	if len(parts) < 2 {
		return "", "", false
	}
	unescape := strings.NewReplacer(`\,`, ",", `\=`, "=", `\ `, " ")
	return unescape.Replace(parts[0]), unescape.Replace(strings.Join(parts[1:], "=")), true
}

// means tells whether a leaf is what a field of a point says: the same time and
// value, a path that ends as the field's name, and keys that are tags.
func (l leaf) means(p point, field, value string) bool {
	if l.at != p.at || !sameValue(l.value, value) {
		return false
	}
	var names []string
	for part := range strings.SplitSeq(strings.Trim(field, "/"), "/") {
		names = append(names, plain(part))
	}
	for i := range names {
		if n := len(l.names) - 1 - i; n < 0 || l.names[n] != names[len(names)-1-i] {
			return false
		}
	}
	for _, key := range l.keys {
		found := false
		for _, tag := range p.tags {
			found = found || tag == key
		}
		if !found {
			return false
		}
	}
	return true
}

func sameValue(a, b string) bool {
	if a == b {
		return true
	}
	if raw, err := base64.StdEncoding.DecodeString(a); err == nil && len(raw) == 4 {
		a = strconv.FormatFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(raw))), 'g', -1, 64)
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && (x == y || float32(x) == float32(y))
}

// TestRecorded decodes messages that devices of several vendors sent (Telegraf's
// test cases) and holds each field of their expected results against the decoded
// values: time, path, keys, value. One difference is left, and looked through
// here: leafs of OpenConfig's type ieeefloat32 (issue_15046) are numbers there, by
// a table of the case's own, and what the module says in the twin, binary.
func TestRecorded(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(testenv.Shared(t, "data/gnmi/gnmi"), "*"))
	if err != nil || len(dirs) < 17 {
		t.Fatalf("%d cases, %v", len(dirs), err)
	}
	fields, met := 0, 0
	for _, dir := range dirs {
		name := filepath.Base(dir)
		t.Run(name, func(t *testing.T) {
			var messages []json.RawMessage
			if err := json.Unmarshal(must(os.ReadFile(filepath.Join(dir, "responses.json")))(t), &messages); err != nil {
				t.Fatal(err)
			}
			var all []leaf
			for _, m := range messages {
				r := &proto.SubscribeResponse{}
				if err := protojson.Unmarshal(m, r); err != nil {
					t.Fatal(err)
				}
				all = append(all, leaves(t, r.GetUpdate())...)
			}
			expected := must(os.ReadFile(filepath.Join(dir, "expected.out")))(t)
			for _, p := range points(t, string(expected)) {
				for field, value := range p.fields {
					fields++
					if slices.ContainsFunc(all, func(l leaf) bool { return l.means(p, field, value) }) {
						met++
						continue
					}
					t.Errorf("%d %s=%s of %v is not decoded", p.at, field, value, p.tags)
				}
			}
		})
	}
	t.Logf("%d of %d fields", met, fields)
}
