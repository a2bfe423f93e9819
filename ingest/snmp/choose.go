package snmp

import (
	"slices"
	"strings"

	"nettwin/ingest"
	"nettwin/ontology/mib"
)

// choice is what of the tables' walk roots one reading asks for.
type choice struct {
	read []chosen // in the order of the walk roots
	// held are things of which something is wanted that is not read this time:
	// that it is absent means nothing.
	held map[string]bool
	// left are the roots of which nothing is read.
	left []string
}

// chosen is a walk root or a part of one.
type chosen struct {
	mib.Root
	of string // the name of the whole root
}

// choose finds what is wanted. The class of a table's entries or of a group's
// things asks for all of it, the property of an object for that object alone.
func choose(tables *mib.Tables, w *ingest.Want) choice {
	if w == nil {
		var c choice
		for _, root := range tables.Walk() {
			c.read = append(c.read, chosen{root, root.Object.Name})
		}
		return c
	}
	c := choice{held: map[string]bool{}}
	below := objectsOf(tables)
	for _, root := range tables.Walk() {
		parts := c.parts(root, below, w)
		if len(parts) == 0 {
			c.left = append(c.left, root.Object.Name)
		}
		for _, p := range parts {
			c.read = append(c.read, chosen{p, root.Object.Name})
		}
	}
	return c
}

// objectsOf lists the scalars and columns of each thing.
func objectsOf(tables *mib.Tables) map[string][]*mib.Object {
	of := map[string][]*mib.Object{}
	for _, o := range tables.Objects() {
		if o.Kind == mib.Scalar || o.Kind == mib.Column {
			of[o.Parent.Name] = append(of[o.Parent.Name], o)
		}
	}
	return of
}

// parts divides one root: a whole thing where its class is due, else its
// objects that are. A group of which everything is due is one walk with what
// lies below it.
func (c *choice) parts(root mib.Root, below map[string][]*mib.Object, w *ingest.Want) (parts []mib.Root) {
	for _, thing := range root.Things {
		within := slices.DeleteFunc(slices.Clone(below[thing]), func(o *mib.Object) bool { return !atOrBelow(root.Object.OID, o.OID) })
		class := within[0].Class().Value()
		if w.Due(class) {
			whole := within[0].Parent
			if len(root.Object.OID) >= len(whole.OID) || len(root.Things) == 1 || whole == root.Object {
				return []mib.Root{root}
			}
			parts = append(parts, part(root, whole, thing))
			continue
		}
		for _, o := range within {
			switch {
			case w.Due(o.Term.Value()):
				parts = append(parts, part(root, o, thing))
			case w.Wanted(o.Term.Value()):
				c.held[thing] = true
			}
		}
		if w.Wanted(class) {
			c.held[thing] = true
		}
	}
	return parts
}

// Knows tells whether a term is of a MIB.
func (c *Collector) Knows(term string) bool { return strings.HasPrefix(term, mib.NS) }

// Essentials are the properties of the objects on whose values it depends what
// is read of a device.
func Essentials(tables *mib.Tables) []string {
	var terms []string
	for _, root := range tables.Walk() {
		if root.Condition != nil && !slices.Contains(terms, root.Condition.Term.Value()) {
			terms = append(terms, root.Condition.Term.Value())
		}
	}
	return terms
}

func part(root mib.Root, object *mib.Object, thing string) mib.Root {
	root.Object, root.Things = object, []string{thing}
	return root
}

func atOrBelow(root, oid []uint32) bool {
	return len(oid) >= len(root) && slices.Equal(root, oid[:len(root)])
}
