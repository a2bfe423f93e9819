package yang

import "strings"

// Key is a key of a list entry by its name.
type Key struct{ Name, Value string }

// KeyedPath writes a path without keys (module:name/name…) and the keys of the
// entries along it as a data path; keys of one name are taken in order. Keys
// that no list along the path has name its last step if that has no schema,
// and are returned too.
func (s *Schema) KeyedPath(path string, keys []Key) (data string, left []Key) {
	left = append(left, keys...)
	var out []string
	var n *Node
	module := ""
	for i, step := range strings.Split(strings.Trim(path, "/"), "/") {
		name := step
		if m, local, ok := strings.Cut(step, ":"); ok {
			module, name = m, local
		}
		switch {
		case i == 0:
			n = s.top(module, name)
		case n != nil:
			n = n.lookup(module, name)
		}
		if n != nil {
			module = n.Module.Name
		}
		if n != nil && n.Kind == List {
			if values, rest, ok := n.take(left); ok {
				step += "=" + joinKeys(values)
				left = rest
			}
		}
		out = append(out, step)
	}
	if n == nil && len(left) > 0 {
		values := make([]string, len(left))
		for i, k := range left {
			values[i] = k.Value
		}
		out[len(out)-1] += "=" + joinKeys(values)
	}
	return strings.Join(out, "/"), left
}

// take takes the values of a list's keys; ok is false if one is missing.
func (n *Node) take(keys []Key) (values []string, left []Key, ok bool) {
	used := make([]bool, len(keys))
	for _, k := range n.Keys {
		found := false
		for i, have := range keys {
			if !used[i] && have.Name == k.Name {
				values, used[i], found = append(values, have.Value), true, true
				break
			}
		}
		if !found {
			return nil, keys, false
		}
	}
	for i, have := range keys {
		if !used[i] {
			left = append(left, have)
		}
	}
	return values, left, len(n.Keys) > 0
}
