package netconf

import (
	"encoding/xml"
	"slices"

	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

// filter selects from data by a subtree filter (RFC 6241 §6). Keys of the
// lists whose entries are selected are selected too.
func (s *Server) filter(data, filters []*xmltree.Node) []*xmltree.Node {
	f := filtering{whole: map[*xmltree.Node]bool{}, part: map[*xmltree.Node]bool{}}
	for _, d := range data {
		for _, each := range filters {
			f.mark(d, each, s.schema.Child(d.Name))
		}
	}
	return f.selected(data)
}

// filtering marks what filters select: several filters for one element select
// the union.
type filtering struct{ whole, part map[*xmltree.Node]bool }

// mark marks what one filter element selects of one data element and reports
// whether that is anything.
func (f *filtering) mark(d, by *xmltree.Node, schema *yang.Node) bool {
	if !named(d, by) {
		return false
	}
	if len(by.Children) == 0 {
		if isContent(by) && d.Value() != by.Value() {
			return false
		}
		f.whole[d] = true
		return true
	}
	content := slices.Collect(func(yield func(*xmltree.Node) bool) {
		for _, each := range by.Children {
			if isContent(each) && !yield(each) {
				return
			}
		}
	})
	for _, each := range content {
		if !slices.ContainsFunc(d.Children, func(c *xmltree.Node) bool { return named(c, each) && c.Value() == each.Value() }) {
			return false
		}
	}
	if len(content) == len(by.Children) {
		// §6.2.5: content matches alone select all of the element.
		f.whole[d] = true
		return true
	}
	return f.markChildren(d, by, schema)
}

func (f *filtering) markChildren(d, by *xmltree.Node, schema *yang.Node) bool {
	found := false
	for _, c := range d.Children {
		for _, each := range by.Children {
			if !isContent(each) && f.mark(c, each, below(schema, c.Name)) {
				found = true
			}
		}
	}
	if !found {
		return false
	}
	f.part[d] = true
	for _, c := range d.Children {
		isKey := schema != nil && schema.Kind == yang.List && c.Name.Space == d.Name.Space && slices.Contains(schema.Keys, c.Name.Local)
		matched := slices.ContainsFunc(by.Children, func(each *xmltree.Node) bool { return isContent(each) && named(c, each) })
		if isKey || matched {
			f.whole[c] = true
		}
	}
	return true
}

func below(schema *yang.Node, name xml.Name) *yang.Node {
	if schema == nil {
		return nil
	}
	return schema.Child(name)
}

// isContent reports whether a filter element asks for a value (§6.2.5).
func isContent(by *xmltree.Node) bool { return len(by.Children) == 0 && by.Value() != "" }

// named reports whether a data element has the name that a filter asks for,
// any namespace where it names none (§6.2.1), and its attributes (§6.2.2).
func named(d, by *xmltree.Node) bool {
	if d.Name.Local != by.Name.Local || by.Name.Space != "" && d.Name.Space != by.Name.Space {
		return false
	}
	for _, a := range by.Attrs {
		if value, ok := d.Attr(a.Name.Space, a.Name.Local); !ok || value != a.Value {
			return false
		}
	}
	return true
}

// selected copies what is marked.
func (f *filtering) selected(data []*xmltree.Node) []*xmltree.Node {
	var all []*xmltree.Node
	for _, d := range data {
		switch {
		case f.whole[d]:
			all = append(all, d)
		case f.part[d]:
			c := *d
			c.Children = f.selected(d.Children)
			all = append(all, &c)
		}
	}
	return all
}
