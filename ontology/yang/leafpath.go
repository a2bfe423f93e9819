package yang

import (
	"fmt"
	"strings"
)

// leafPath is the argument of a leafref's path (RFC 7950 §9.9.2).
type leafPath struct {
	absolute bool
	up       int
	steps    []pathStep
}

// pathStep is one name with its key predicates.
type pathStep struct {
	prefix, name string
	preds        []pathPred
}

// pathPred is [key = current()/…/leaf].
type pathPred struct {
	prefix, key string
	value       *leafPath
}

// parseLeafPath reads a path. The function deref is not evaluated.
func parseLeafPath(s string) (*leafPath, error) {
	p := &pathParser{s: s}
	lp, err := p.path(true)
	if err == nil && strings.TrimSpace(p.s) != "" {
		err = fmt.Errorf("%s was not expected", quote(p.s))
	}
	if err != nil {
		return nil, fmt.Errorf("path %s: %w", quote(s), err)
	}
	return lp, nil
}

type pathParser struct{ s string }

func (p *pathParser) take(prefix string) bool {
	t := strings.TrimLeft(p.s, " \t\r\n")
	if strings.HasPrefix(t, prefix) {
		p.s = t[len(prefix):]
		return true
	}
	return false
}

func (p *pathParser) path(predicates bool) (*leafPath, error) {
	lp := &leafPath{}
	switch {
	case p.take("/"):
		lp.absolute = true
	default:
		for p.take("..") {
			lp.up++
			if !p.take("/") {
				return nil, fmt.Errorf("%s: a name was expected after \"..\"", quote(p.s))
			}
		}
		if lp.up == 0 {
			p.take("./")
		}
	}
	for {
		st, err := p.step(predicates)
		if err != nil {
			return nil, err
		}
		lp.steps = append(lp.steps, st)
		if !p.take("/") {
			return lp, nil
		}
	}
}

func (p *pathParser) qname() (prefix, name string, err error) {
	p.s = strings.TrimLeft(p.s, " \t\r\n")
	end := strings.IndexAny(p.s, "/[]= \t\r\n()")
	if end < 0 {
		end = len(p.s)
	}
	q := p.s[:end]
	p.s = p.s[end:]
	prefix, name, ok := strings.Cut(q, ":")
	if !ok {
		prefix, name = "", q
	}
	if !isIdentifier(name) || ok && !isIdentifier(prefix) {
		return "", "", fmt.Errorf("%s is not a node name", quote(q))
	}
	return prefix, name, nil
}

func (p *pathParser) step(predicates bool) (pathStep, error) {
	prefix, name, err := p.qname()
	st := pathStep{prefix: prefix, name: name}
	for err == nil && predicates && p.take("[") {
		var pr pathPred
		if pr.prefix, pr.key, err = p.qname(); err != nil {
			break
		}
		if !p.take("=") || !p.take("current()") && !(p.take("current") && p.take("(") && p.take(")")) || !p.take("/") {
			return st, fmt.Errorf("predicate is not [key = current()/…]")
		}
		if pr.value, err = p.path(false); err != nil {
			break
		}
		if !p.take("]") {
			return st, fmt.Errorf("predicate is not closed")
		}
		st.preds = append(st.preds, pr)
	}
	return st, err
}

// xpathParent is the node above in the tree that XPath sees: the input or
// output of an rpc stands for the rpc itself (RFC 7950 §6.4.1).
func xpathParent(n *Node) *Node {
	p := n.Parent
	if n.Kind == Input || n.Kind == Output {
		p = p.Parent
	}
	return p
}

// module names the module of a step: that of its prefix, or for a name
// without prefix that of the leaf.
func (t *Type) stepModule(prefix string, leaf *Node) string {
	if prefix == "" {
		return leaf.Module.Name
	}
	if m := t.home.prefixes[prefix]; m != nil {
		return m.Name
	}
	return ""
}

// child finds the step below n; n nil means the top. Modules that leave out
// prefixes are understood where the name is unique.
func (c *compiler) stepNode(n *Node, t *Type, st pathStep, leaf *Node) *Node {
	module := t.stepModule(st.prefix, leaf)
	c.implementNamed(t, st)
	if n == nil {
		for _, name := range []string{module, t.home.mod.Name} {
			if top := c.byName[name]; top != nil {
				for _, root := range []*Node{top.root, top.structures} {
					if r := findNamed(root.sub, name, st.name); r != nil {
						return r
					}
				}
			}
		}
		return nil
	}
	if r := findNamed(n.Children, module, st.name); r != nil {
		return r
	}
	if r := findNamed(n.Children, t.home.mod.Name, st.name); r != nil {
		return r
	}
	return n.childByName(st.name)
}

// findNamed finds a node by module and name, looking through choices.
func findNamed(nodes []*Node, module, name string) *Node {
	for _, n := range nodes {
		if n.Kind == Choice || n.Kind == Case {
			if r := findNamed(n.sub, module, name); r != nil {
				return r
			}
		} else if n.Name == name && n.Module.Name == module {
			return n
		}
	}
	return nil
}

// implementNamed implements the module of a path's step.
func (c *compiler) implementNamed(t *Type, st pathStep) {
	if m := t.home.prefixes[st.prefix]; st.prefix != "" && m != nil && c.byName[m.Name] == nil {
		c.implement(m)
	}
}

// resolvePath finds the leaf that a leafref of leaf points at.
func (c *compiler) resolvePath(t *Type, leaf *Node) *Node {
	if t.path == nil {
		return nil
	}
	n := leaf
	for range t.path.up {
		if n == nil {
			return nil
		}
		n = xpathParent(n)
	}
	if t.path.absolute {
		n = nil
	} else if t.path.up == 0 {
		return nil
	}
	var nodes []*Node
	for _, st := range t.path.steps {
		if n = c.stepNode(n, t, st, leaf); n == nil {
			return nil
		}
		nodes = append(nodes, n)
	}
	if n.Kind != Leaf && n.Kind != LeafList {
		return nil
	}
	t.nodes = nodes
	return n
}

// resolveLeafrefs finds the targets of all leafrefs that have none yet.
func (c *compiler) resolveLeafrefs() {
	for i := 0; i < len(c.tops); i++ { // grows while modules are implemented
		c.eachLeaf(c.tops[i].root.sub, c.resolveLeafref)
		c.eachLeaf(c.tops[i].structures.sub, c.resolveLeafref)
	}
}

func (c *compiler) eachLeaf(nodes []*Node, do func(*Node, *Type)) {
	for _, n := range nodes {
		if n.Type != nil {
			do(n, n.Type)
		}
		c.eachLeaf(n.sub, do)
	}
}

func (c *compiler) resolveLeafref(n *Node, t *Type) {
	for _, m := range t.Members {
		c.resolveLeafref(n, m)
	}
	if t.Base == Leafref && t.Target == nil {
		t.Target = c.resolvePath(t, n)
	}
}
