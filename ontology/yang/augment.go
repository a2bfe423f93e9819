package yang

import (
	"slices"
	"strings"
)

// augment is one augment statement at the top of a module.
type augment struct {
	unit      *unit
	st        *statement
	structure bool
}

// augmentNode puts the nodes of an augment below its target.
func (c *compiler) augmentNode(sc *scope, mod *module, target *Node, st *statement, depth int) {
	nodes := c.build(sc, mod, st, depth)
	if st.find("when") != nil {
		for _, n := range nodes {
			n.Conditional = true
		}
	}
	c.attach(target, nodes)
}

// applyAugments applies what waits, until nothing more finds its target: an
// augment may stand on what another brings. An augment of a module that is
// not implemented implements it. What found none stays in c.augments.
func (c *compiler) applyAugments() {
	for c.err == nil {
		waiting := c.augments
		c.augments = nil
		var left []augment
		for _, a := range waiting {
			if !c.on(a.unit, a.st) {
				continue
			}
			if target := c.target(a.unit, a.st.arg, a.structure); target != nil {
				c.augmentNode(&scope{unit: a.unit, st: a.unit.src.st}, a.unit.mod, target, a.st, 0)
			} else {
				left = append(left, a)
			}
		}
		progress := len(left) < len(waiting) || len(c.augments) > 0
		c.augments = append(left, c.augments...)
		if !progress {
			break
		}
	}
}

// target finds the node of an absolute schema node identifier. The modules
// that it passes through are implemented: without them it would not exist.
func (c *compiler) target(u *unit, path string, structure bool) *Node {
	steps := strings.Split(strings.TrimSpace(path), "/")
	if len(steps) < 2 || steps[0] != "" {
		return nil
	}
	var n *Node
	for i, step := range steps[1:] {
		m, name := u.resolve(strings.TrimSpace(step))
		if m == nil {
			return nil
		}
		if c.byName[m.Name] == nil {
			c.implement(m)
		}
		if i == 0 {
			n = c.byName[m.Name].root
			if structure {
				n = c.byName[m.Name].structures
			}
		}
		j := slices.IndexFunc(n.sub, func(o *Node) bool { return o.Name == name && o.Module.Name == m.Name })
		if j < 0 {
			return nil
		}
		n = n.sub[j]
	}
	return n
}

// deviate applies the deviations that a module states (RFC 7950 §7.20.3).
func (c *compiler) deviate(m *module) {
	for _, u := range m.units {
		for _, st := range u.src.st.sub {
			if st.keyword != "deviation" {
				continue
			}
			n := c.target(u, st.arg, false)
			if n == nil {
				c.problem(u, st, st.arg, "deviation: no such node")
				continue
			}
			for _, d := range st.sub {
				if d.keyword == "deviate" {
					c.applyDeviate(u, n, d)
				}
			}
		}
	}
}

func (c *compiler) applyDeviate(u *unit, n *Node, d *statement) {
	switch d.arg {
	case "not-supported":
		if n.up != nil {
			detach(n)
		}
	case "add", "replace":
		if d.arg == "replace" && d.find("default") != nil {
			n.Default, n.d.defaults = nil, false
		}
		for _, p := range d.sub {
			c.property(n, u, p)
			if p.keyword == "type" {
				n.d.typScope = &scope{unit: u, st: u.src.st}
				n.Type = nil
			}
		}
	case "delete":
		for _, p := range d.sub {
			c.deleteProperty(n, p)
		}
	default:
		c.problem(u, d, "", "deviate %s is unknown", quote(d.arg))
	}
}

func (c *compiler) deleteProperty(n *Node, p *statement) {
	switch p.keyword {
	case "units":
		n.Units = ""
	case "default":
		n.Default = slices.DeleteFunc(n.Default, func(v string) bool { return v == p.arg })
		n.d.defaults = len(n.Default) > 0
	case "unique":
		n.d.unique = slices.DeleteFunc(n.d.unique, func(v string) bool { return v == p.arg })
	}
}
