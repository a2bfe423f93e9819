package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nettwin/internal/tools/mibfacts/internal/smi"
)

// object is one row of a table of facts.
type object struct {
	oid                                      []uint32
	name, kind, parent, index, syntax        string
	size, enum, selector, unit, access, conv string
}

// collector gathers the rows of one module.
type collector struct {
	set      *smi.Set
	mod      *smi.Module
	selected []string // conventions whose values another object explains
	rows     []object
	groups   map[string]bool
	entries  map[string]string // entry → table
}

// facts returns the table of module name. selected are the textual
// conventions whose values are read according to another object.
func facts(set *smi.Set, name string, selected []string) (string, error) {
	mod, err := set.Module(name)
	if err != nil {
		return "", err
	}
	c := &collector{set: set, mod: mod, selected: selected, groups: map[string]bool{}, entries: map[string]string{}}
	for _, n := range mod.Nodes {
		var err error
		switch n.Macro {
		case "OBJECT-TYPE":
			err = c.object(n)
		case "NOTIFICATION-TYPE":
			err = c.notification(n)
		}
		if err != nil {
			return "", err
		}
	}
	c.selectors()
	slices.SortFunc(c.rows, func(a, b object) int { return slices.Compare(a.oid, b.oid) })
	return c.text(), nil
}

func (c *collector) errorf(n *smi.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s: %w", c.mod.File, n.Line, n.Name, fmt.Errorf(format, args...))
}

func (c *collector) object(n *smi.Node) error {
	oid, err := c.set.OID(c.mod, n)
	if err != nil {
		return err
	}
	if n.Syntax == nil {
		return c.errorf(n, "no SYNTAX")
	}
	row := object{oid: oid, name: n.Name, access: n.Access, unit: n.Unit, parent: parentName(n)}
	switch {
	case n.Syntax.SequenceOf != "":
		row.kind, row.parent = "table", ""
	case len(n.Index) > 0 || n.Augments != "":
		row.kind = "entry"
		c.entries[n.Name] = row.parent
		if row.index, err = c.index(n); err != nil {
			return err
		}
	default:
		if err := c.leaf(n, &row); err != nil {
			return err
		}
	}
	c.rows = append(c.rows, row)
	return nil
}

// notification writes a NOTIFICATION-TYPE: the objects that it carries stand
// where an entry has its index.
func (c *collector) notification(n *smi.Node) error {
	oid, err := c.set.OID(c.mod, n)
	if err != nil {
		return err
	}
	objects, err := c.index(n)
	c.rows = append(c.rows, object{oid: oid, name: n.Name, kind: "notification", index: objects})
	return err
}

func parentName(n *smi.Node) string { return n.OID[0].Name }

// leaf fills in a scalar or column and makes the group of a scalar known.
func (c *collector) leaf(n *smi.Node, row *object) error {
	if table, ok := c.entries[row.parent]; ok {
		row.kind, row.parent = "column", table
	} else {
		row.kind = "scalar"
		if err := c.group(n); err != nil {
			return err
		}
	}
	r, err := c.set.Resolve(c.mod, n.Syntax)
	if err != nil {
		return c.errorf(n, "%w", err)
	}
	row.syntax = c.syntax(r)
	if len(r.Names) > 0 {
		row.conv = r.Names[0]
	}
	if len(r.Sizes) == 1 && r.Sizes[0].Min == r.Sizes[0].Max && (r.Base == "OCTET STRING") {
		row.size = strconv.FormatInt(r.Sizes[0].Min, 10)
	}
	if row.syntax == "integer" || row.syntax == "bits" {
		row.enum = enumText(r.Enum)
	}
	return nil
}

// group adds the node that holds a scalar.
func (c *collector) group(n *smi.Node) error {
	name := parentName(n)
	if c.groups[name] {
		return nil
	}
	c.groups[name] = true
	node, in, err := c.set.Node(c.mod, name)
	if err != nil {
		return c.errorf(n, "%w", err)
	}
	oid, err := c.set.OID(in, node)
	if err != nil {
		return err
	}
	c.rows = append(c.rows, object{oid: oid, name: name, kind: "group"})
	return nil
}

// index writes an INDEX or AUGMENTS clause; objects of other modules carry
// the module's name.
func (c *collector) index(n *smi.Node) (string, error) {
	if n.Augments != "" {
		name, err := c.qualified(n, n.Augments)
		return "AUGMENTS " + name, err
	}
	var words []string
	for _, ix := range n.Index {
		if ix.Implied {
			words = append(words, "IMPLIED")
		}
		name, err := c.qualified(n, ix.Object)
		if err != nil {
			return "", err
		}
		words = append(words, name)
	}
	return strings.Join(words, " "), nil
}

func (c *collector) qualified(n *smi.Node, name string) (string, error) {
	_, in, err := c.set.Node(c.mod, name)
	if err != nil {
		return "", c.errorf(n, "%w", err)
	}
	if in != c.mod {
		return in.Name + "/" + name, nil
	}
	return name, nil
}

// conventionSyntax are textual conventions whose values have a form of their
// own (RFC 2579, RFC 4001, RFC 2465).
var conventionSyntax = map[string]string{
	"DateAndTime": "datetime", "TruthValue": "truthvalue",
	"RowPointer": "rowpointer", "VariablePointer": "rowpointer", "InstancePointer": "rowpointer",
	"InetAddressIPv4": "ipv4", "InetAddressIPv6": "ipv6", "Ipv6Address": "ipv6",
}

// A DISPLAY-HINT of one text field means text, of one hex octet repeated with
// colons an address (RFC 2579 §3.1).
var (
	textHint = regexp.MustCompile(`^[0-9]+[at]$`)
	hexHint  = regexp.MustCompile(`^1x:$`)
)

func (c *collector) syntax(r smi.Resolved) string {
	for _, name := range r.Names {
		if slices.Contains(c.selected, name) {
			return "selected:" + name
		}
		if s := conventionSyntax[name]; s != "" {
			return s
		}
	}
	switch r.Base {
	case "OCTET STRING", "NetworkAddress", "Opaque":
		switch {
		case textHint.MatchString(r.Hint):
			return "text"
		case hexHint.MatchString(r.Hint):
			return "mac"
		case r.Base == "NetworkAddress":
			return "ipaddress"
		}
		return "octets"
	case "OBJECT IDENTIFIER":
		return "oid"
	case "BITS":
		return "bits"
	case "Unsigned32", "UInteger32":
		return "unsigned"
	case "IpAddress":
		return "ipaddress"
	case "Counter", "Counter32":
		return "counter32"
	case "Counter64":
		return "counter64"
	case "Gauge", "Gauge32":
		return "gauge"
	case "TimeTicks":
		return "timeticks"
	}
	return "integer"
}

func enumText(values []smi.Enum) string {
	var words []string
	for _, e := range values {
		words = append(words, fmt.Sprintf("%s=%d", e.Label, e.Value))
	}
	return strings.Join(words, ",")
}

// selectors names the object that says how a selected value is read: the one
// of the same name with Subtype or Type behind it, else the nearest InetAddressType
// before it under the same parent (RFC 4001 §4.1).
func (c *collector) selectors() {
	for i := range c.rows {
		row := &c.rows[i]
		if !strings.HasPrefix(row.syntax, "selected:") {
			continue
		}
		row.selector = c.selector(*row)
	}
}

func (c *collector) selector(row object) string {
	var best *object
	for i := range c.rows {
		other := &c.rows[i]
		if other.parent != row.parent || other.kind != row.kind {
			continue
		}
		if other.name == row.name+"Subtype" || other.name == row.name+"Type" {
			return other.name
		}
		before := slices.Compare(other.oid, row.oid) < 0
		if before && other.conv == "InetAddressType" && (best == nil || slices.Compare(best.oid, other.oid) < 0) {
			best = other
		}
	}
	if best == nil {
		return ""
	}
	return best.name
}

func (c *collector) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# module: %s\n%s\n", c.mod.Name, mark)
	b.WriteString("# oid\tname\tkind\tparent\tindex\tsyntax\tsize\tenum\tselector\tunit\taccess\n")
	for _, r := range c.rows {
		var arcs []string
		for _, a := range r.oid {
			arcs = append(arcs, strconv.FormatUint(uint64(a), 10))
		}
		cells := []string{strings.Join(arcs, "."), r.name, r.kind, r.parent, r.index, r.syntax, r.size, r.enum, r.selector, r.unit, r.access}
		for i, cell := range cells {
			cells[i] = cmp.Or(cell, "-")
		}
		b.WriteString(strings.Join(cells, "\t") + "\n")
	}
	return b.String()
}
