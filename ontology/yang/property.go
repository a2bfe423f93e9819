package yang

import (
	"strconv"
	"strings"
)

// property applies one substatement that says something of the node itself.
// A node's definition, refine and deviate share it.
func (c *compiler) property(n *Node, u *unit, st *statement) {
	switch st.keyword {
	case "type":
		n.d.typ, n.d.typScope = st, nil
	case "default":
		c.setDefault(n, u, st)
	case "units":
		n.Units = st.arg
	case "config":
		v := c.boolean(u, st)
		n.d.config = &v
	case "mandatory":
		n.Mandatory = c.boolean(u, st)
		n.d.hasMand = true
	case "presence":
		n.Presence = true
	case "ordered-by":
		n.OrderedByUser = st.arg == "user"
	case "min-elements":
		n.Min = c.count(u, st)
	case "max-elements":
		if n.Max = 0; st.arg != "unbounded" {
			n.Max = c.count(u, st)
		}
	case "key":
		n.d.key = st.arg
	case "unique":
		n.d.unique = append(n.d.unique, st.arg)
	case "when":
		n.Conditional = true
	}
}

func (c *compiler) setDefault(n *Node, u *unit, st *statement) {
	if n.Kind == LeafList && n.d.defaults {
		n.Default = append(n.Default, st.arg)
	} else {
		n.Default = []string{st.arg}
	}
	n.d.defaults, n.d.defaultUnit = true, u
}

func (c *compiler) boolean(u *unit, st *statement) bool {
	if st.arg != "true" && st.arg != "false" {
		c.problem(u, st, "", "%s is true or false, not %s", st.keyword, quote(st.arg))
	}
	return st.arg == "true"
}

func (c *compiler) count(u *unit, st *statement) int {
	v, err := strconv.ParseUint(st.arg, 10, 31)
	if err != nil {
		c.problem(u, st, "", "%s %s is not a number", st.keyword, quote(st.arg))
	}
	return int(v)
}

// fields splits the argument of key or unique.
func fields(arg string) []string { return strings.Fields(arg) }
