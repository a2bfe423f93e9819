package mdt

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"nettwin/ontology/yang"
)

// otherModule holds what is no YANG.
const otherModule = "mdt"

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// dataPath turns the path of a message into one of names: a module first, and
// nothing that no name may have.
func dataPath(path string) string {
	module, rest, ok := strings.Cut(path, ":")
	if !ok || strings.ContainsAny(module, "/ []") || module == "" {
		module, rest = otherModule, path
	}
	var steps []string
	for step := range strings.SplitSeq(strings.Trim(rest, "/"), "/") {
		// A step may name a module of its own.
		prefix, name, ok := strings.Cut(step, ":")
		if !ok || len(steps) == 0 { // the first step has the module of the path
			prefix, name = "", step
		}
		if name = nameOf(name); name == "" {
			continue
		}
		if prefix != "" {
			name = nameOf(prefix) + ":" + name
		}
		steps = append(steps, name)
	}
	if len(steps) == 0 {
		steps = []string{"data"}
	}
	return nameOf(module) + ":" + strings.Join(steps, "/")
}

// nameOf makes a name of any text.
func nameOf(text string) string {
	out := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '_'
	}, text)
	if out != "" && strings.IndexByte("0123456789-.", out[0]) >= 0 {
		out = "_" + out
	}
	return out
}

// place returns where a row's content stands, and the content with those keys
// that no list of the schema has.
func (m *message) place(s *yang.Schema, r row) (at string, body []byte) {
	at, left := s.KeyedPath(dataPath(m.path), r.keys)
	var missing []yang.Key
	var have map[string]json.RawMessage
	if len(left) > 0 && json.Unmarshal(r.content, &have) == nil {
		for _, k := range left {
			if have[k.Name] == nil {
				missing = append(missing, k)
				have[k.Name] = json.RawMessage(quote(k.Value))
			}
		}
	}
	if len(missing) == 0 {
		return at, r.content
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, k := range missing {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(k.Name) + ":" + quote(k.Value))
	}
	rest := bytes.TrimSpace(r.content[1:])
	if len(rest) > 0 && rest[0] != '}' {
		b.WriteByte(',')
	}
	b.Write(rest)
	return at, b.Bytes()
}
