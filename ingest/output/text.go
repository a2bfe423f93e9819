package output

import (
	"strings"
	"unicode/utf8"
)

// tree makes a tree of text by the lines row and more: a row begins a node
// below the last of the path before its name, more adds to the last one. Each
// line goes to the first rule that it matches.
func (o *output) tree(text string) (*node, error) {
	root := &node{}
	b := &builder{}
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, "\r ")
		if line == "" {
			continue
		}
		for _, rule := range o.lines {
			m := rule.pattern.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			at := last(root, rule.path[:len(rule.path)-1])
			if at == nil {
				continue
			}
			name := rule.path[len(rule.path)-1]
			var err error
			if rule.begin {
				at, err = b.add(at, name)
			} else {
				at = last(at, []string{name})
			}
			if err != nil {
				return nil, err
			}
			if at == nil {
				continue
			}
			for i, group := range rule.pattern.SubexpNames() {
				if group == "" || m[i] == "" {
					continue
				}
				if err := b.leaf(at, group, strings.ToValidUTF8(m[i], string(utf8.RuneError))); err != nil {
					return nil, err
				}
			}
			break
		}
	}
	return root, nil
}

// last is the last node of a path; nil if there is none.
func last(at *node, path []string) *node {
	for _, name := range path {
		var found *node
		for i := len(at.children) - 1; i >= 0 && found == nil; i-- {
			if c := at.children[i]; c.name == name && !c.leaf {
				found = c
			}
		}
		if at = found; at == nil {
			return nil
		}
	}
	return at
}
