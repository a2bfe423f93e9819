package yang

import (
	"fmt"
	"slices"
	"strings"
)

// expand makes the nodes of a uses statement (RFC 7950 §7.13): those of the
// grouping, in the namespace of the module that uses it, refined and
// augmented.
func (c *compiler) expand(sc *scope, mod *module, st *statement, depth int) []*Node {
	if !c.on(sc.unit, st) {
		return nil
	}
	if c.uses++; c.uses > c.opts.MaxNodes {
		c.fail(fmt.Errorf("%s line %d: more than %d uses of groupings", sc.unit.src.file, st.line, c.opts.MaxNodes))
	}
	g, gsc := c.findGrouping(sc, st)
	if g == nil {
		return nil
	}
	if slices.Contains(c.stack, g) {
		c.problem(sc.unit, st, "", "grouping %s uses itself", quote(st.arg))
		return nil
	}
	c.stack = append(c.stack, g)
	holder := &Node{Module: mod.Module, d: &draft{scope: sc, mod: mod, line: st.line}}
	c.attach(holder, c.build(gsc, mod, g, depth+1))
	c.stack = c.stack[:len(c.stack)-1]
	for _, s := range st.sub {
		switch s.keyword {
		case "refine":
			c.refine(sc.unit, holder, s)
		case "augment":
			c.augmentUses(sc, mod, holder, s, depth)
		}
	}
	if st.find("when") != nil {
		for _, n := range holder.sub {
			n.Conditional = true
		}
	}
	return holder.sub
}

func (c *compiler) findGrouping(sc *scope, st *statement) (*statement, *scope) {
	m, name := sc.unit.resolve(st.arg)
	switch {
	case m == nil:
		c.problem(sc.unit, st, "", "uses %s: unknown prefix", quote(st.arg))
		return nil, nil
	case m == sc.unit.mod:
		if g, gsc := sc.grouping(name); g != nil {
			return g, gsc
		}
	default:
		if d, ok := m.groupings[name]; ok {
			return d.st, &scope{unit: d.unit, st: d.unit.src.st}
		}
	}
	c.problem(sc.unit, st, "", "grouping %s is not defined", quote(st.arg))
	return nil, nil
}

// descend finds a node below n by a descendant schema node identifier.
func descend(n *Node, path string) *Node {
	for step := range strings.SplitSeq(path, "/") {
		_, name, ok := strings.Cut(step, ":")
		if !ok {
			name = step
		}
		i := slices.IndexFunc(n.sub, func(o *Node) bool { return o.Name == name })
		if i < 0 {
			return nil
		}
		n = n.sub[i]
	}
	return n
}

func (c *compiler) refine(u *unit, holder *Node, st *statement) {
	n := descend(holder, st.arg)
	if n == nil {
		c.problem(u, st, "", "refine: %s is not in the grouping", quote(st.arg))
		return
	}
	if !c.on(u, st) {
		detach(n)
		return
	}
	if st.find("default") != nil {
		n.Default, n.d.defaults = nil, false
	}
	for _, p := range st.sub {
		switch p.keyword {
		case "default", "config", "mandatory", "presence", "min-elements", "max-elements":
			c.property(n, u, p)
		}
	}
}

func (c *compiler) augmentUses(sc *scope, mod *module, holder *Node, st *statement, depth int) {
	if !c.on(sc.unit, st) {
		return
	}
	n := descend(holder, st.arg)
	if n == nil {
		c.problem(sc.unit, st, "", "augment: %s is not in the grouping", quote(st.arg))
		return
	}
	c.augmentNode(sc, mod, n, st, depth+1)
}
