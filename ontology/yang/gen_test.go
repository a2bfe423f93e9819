package yang

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// generator makes random instances of a schema.
type generator struct {
	rt     *rapid.T
	s      *Schema
	t      *Tree
	config bool
	left   int // elements that may still be made
}

// tree draws a tree below some top-level nodes.
func (g *generator) tree() *Tree {
	g.t = &Tree{Schema: g.s}
	for _, n := range g.s.data {
		if g.rt != nil && rapid.Bool().Draw(g.rt, "top") {
			g.node(nil, n, 0)
		}
	}
	return g.t
}

func (g *generator) node(parent *Element, n *Node, depth int) {
	if g.left <= 0 || depth > 14 || g.config && !n.Config {
		return
	}
	switch n.Kind {
	case Leaf:
		g.leaf(parent, n)
	case LeafList:
		for range rapid.IntRange(0, 3).Draw(g.rt, "count") {
			g.leaf(parent, n)
		}
	case Container:
		e := g.element(parent, n)
		g.below(e, n, depth)
		if len(e.Children) == 0 && !n.Presence {
			list := g.t.elements(parent)
			*list = (*list)[:len(*list)-1]
		}
	case List:
		for range rapid.IntRange(0, 3).Draw(g.rt, "count") {
			e := g.element(parent, n)
			ok := true
			for _, k := range n.Keys {
				ok = g.leaf(e, k) && ok
			}
			if suffix, keyed := e.keySuffix(); !ok || keyed && g.taken(parent, e, suffix) || !keyed && len(n.Keys) > 0 {
				list := g.t.elements(parent)
				*list = (*list)[:len(*list)-1]
				continue
			}
			g.below(e, n, depth)
		}
	}
}

func (g *generator) taken(parent, e *Element, suffix string) bool {
	for _, o := range *g.t.elements(parent) {
		if o != e && o.Node == e.Node {
			if s, _ := o.keySuffix(); s == suffix {
				return true
			}
		}
	}
	return false
}

// below draws children: of each choice those of one case.
func (g *generator) below(e *Element, n *Node, depth int) {
	var walk func(sub []*Node)
	walk = func(sub []*Node) {
		for _, s := range sub {
			switch {
			case s.isKey:
			case s.Kind == Choice:
				if len(s.sub) > 0 {
					walk(s.sub[rapid.IntRange(0, len(s.sub)-1).Draw(g.rt, "case")].sub)
				}
			case s.Kind == Action || s.Kind == Notification:
			case rapid.Bool().Draw(g.rt, "present"):
				g.node(e, s, depth+1)
			}
		}
	}
	walk(n.sub)
}

func (g *generator) element(parent *Element, n *Node) *Element {
	g.left--
	e := &Element{Node: n, Module: n.Module.Name, Name: n.Name}
	g.t.add(parent, e)
	return e
}

// leaf draws a value; false if none could be made.
func (g *generator) leaf(parent *Element, n *Node) bool {
	text, ok := g.text(n.Type, 0)
	if !ok {
		return false
	}
	v, err := g.s.values.parse(n.Type, text, jsonLexical(n, jsonAny))
	if err != nil {
		return false
	}
	if n.Kind == LeafList {
		for _, o := range *g.t.elements(parent) {
			if o.Node == n && o.Value.Text == v.Text {
				return false
			}
		}
	}
	g.element(parent, n).Value = v
	return true
}

func (g *generator) text(t *Type, depth int) (string, bool) {
	if depth > 8 {
		return "", false
	}
	switch t.Base {
	case Leafref:
		if f := t.final(); f != t {
			return g.text(f, depth+1)
		}
		return "x", true
	case Union:
		return g.text(rapid.SampledFrom(t.Members).Draw(g.rt, "member"), depth+1)
	case Boolean:
		return rapid.SampledFrom([]string{"true", "false"}).Draw(g.rt, "bool"), true
	case Enumeration:
		if len(t.Enums) == 0 {
			return "", false
		}
		return rapid.SampledFrom(t.Enums).Draw(g.rt, "enum").Name, true
	case Bits:
		var names []string
		for _, b := range t.Bits {
			if rapid.Bool().Draw(g.rt, "bit") {
				names = append(names, b.Name)
			}
		}
		return strings.Join(names, " "), true
	case Binary:
		octets := rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(g.rt, "octets")
		return base64.StdEncoding.EncodeToString(octets), true
	case Identityref:
		var names []string
		for _, id := range g.s.identities {
			if t.allows(id) {
				names = append(names, id.QName())
			}
		}
		if len(names) == 0 {
			return "", false
		}
		return rapid.SampledFrom(names).Draw(g.rt, "identity"), true
	case Empty:
		return "", true
	case InstanceIdentifier:
		n := g.s.data[0]
		return "/" + n.Module.Name + ":" + n.Name, true
	case String, Unknown:
		return g.str(t), true
	}
	iv := rapid.SampledFrom(t.Range).Draw(g.rt, "interval")
	n := iv.Low
	switch rapid.IntRange(0, 2).Draw(g.rt, "end") {
	case 0:
		n = iv.High
	case 1:
		if !iv.Low.neg && iv.High.abs > iv.Low.abs {
			n = number{false, rapid.Uint64Range(iv.Low.abs, iv.High.abs).Draw(g.rt, "number")}
		}
	}
	if t.Base == Decimal64 {
		return formatDecimal(n, t.Digits), true
	}
	return n.String(), true
}

// str draws text that matches the first pattern, else any text.
func (g *generator) str(t *Type) string {
	for _, p := range t.Patterns {
		if p.re != nil && !p.Invert {
			return rapid.StringMatching(p.re.String()).Draw(g.rt, "text")
		}
	}
	return rapid.StringOfN(rapid.RuneFrom([]rune("az09 _-/=,%&<>\"'[]{}\\\n\tüß漢𝄞.;:")), 0, 12, -1).Draw(g.rt, "text")
}

// TestGenerated: random instances of large real schemas, and of the modules
// that use every type, keep their facts through XML, JSON and facts.
func TestGenerated(t *testing.T) {
	for name, s := range map[string]*Schema{
		"kinds":      oracleSchema(t),
		"ietf":       compileFor(t, "ietf-interfaces", "ietf-ip", "iana-if-type", "ietf-routing", "ietf-hardware", "iana-hardware", "ietf-system", "ietf-snmp", "ietf-access-control-list", "ietf-network-topology", "ietf-l3-unicast-topology"),
		"openconfig": compileFor(t, "openconfig-interfaces", "openconfig-if-ip", "openconfig-vlan", "openconfig-platform", "openconfig-lldp", "openconfig-acl"),
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				g := &generator{rt: rt, s: s, left: 300}
				roundTrips(rt, s, g.tree())
			})
		})
	}
}

// TestGeneratedEdit: the edit between two random configurations, applied to
// the first, gives the second; its own reading of RFC 6241 is editor's.
func TestGeneratedEdit(t *testing.T) {
	for name, s := range map[string]*Schema{
		"kinds": oracleSchema(t),
		"ietf":  compileFor(t, "ietf-interfaces", "ietf-ip", "iana-if-type", "ietf-snmp", "ietf-system"),
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				g := &generator{rt: rt, s: s, left: 120, config: true}
				base := g.tree()
				g.left = 120
				target := g.tree()
				if rapid.Bool().Draw(rt, "related") { // mostly the same: take much of the base over
					target = crossed(rt, base, target)
				}
				edit, err := s.Diff(base, target)
				if err != nil {
					rt.Fatal(err)
				}
				ed := newEditor(rt, s, base)
				ed.apply(edit.String())
				got := ed.xml()
				var want bytes.Buffer
				if err := prune(target).EncodeXML(&want, EncodeOptions{Root: "data"}); err != nil {
					rt.Fatal(err)
				}
				if a, b := normalXML(rt, s, got), normalXML(rt, s, want.String()); a != b {
					rt.Fatalf("edit %s\n\ngives %s\n\nnot %s", edit, a, b)
				}
				again, err := s.Diff(target, target)
				if err != nil || !again.Empty() {
					rt.Fatalf("edit to itself: %v %s", err, again)
				}
			})
		})
	}
}
