package output

import (
	"errors"
	"strings"
)

// steps lead from a node to others: names, "*" for any, ".." for the node
// around; "@" at the end means the name instead of the text.
type steps struct {
	names []string
	name  bool
}

func parseSteps(text string) (steps, error) {
	if text == "" || text == "." {
		return steps{}, nil
	}
	names := strings.Split(text, "/")
	p := steps{names: names}
	if names[len(names)-1] == "@" {
		p.names, p.name = names[:len(names)-1], true
	}
	for _, s := range p.names {
		if s == "" || s == "@" {
			return p, errors.New("path " + text + ": an empty step, or @ before its end")
		}
	}
	return p, nil
}

// find calls yield for each node that p leads to, in order; it stops when
// yield returns false.
func (p steps) find(from *node, yield func(*node) bool) bool {
	return walk(from, p.names, yield)
}

func walk(at *node, names []string, yield func(*node) bool) bool {
	if len(names) == 0 {
		return yield(at)
	}
	if names[0] == ".." {
		return at.parent == nil || walk(at.parent, names[1:], yield)
	}
	for _, c := range at.children {
		if names[0] == "*" && !strings.HasPrefix(c.name, "@") || names[0] == c.name {
			if !walk(c, names[1:], yield) {
				return false
			}
		}
	}
	return true
}

// has tells whether p leads anywhere.
func (p steps) has(from *node) bool {
	return !p.find(from, func(*node) bool { return false })
}

// values are the texts that p leads to.
func (p steps) values(from *node) []string {
	var list []string
	p.find(from, func(n *node) bool {
		if p.name {
			list = append(list, n.name)
		} else if text, ok := n.value(); ok {
			list = append(list, text)
		}
		return true
	})
	return list
}
