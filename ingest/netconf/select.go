package netconf

import (
	"slices"
	"strings"

	"nettwin/ingest"
	"nettwin/ingest/schemas"
	"nettwin/ontology/yang"
)

// query is one root that is asked for, and the filter that selects what is
// wanted of it.
type query struct {
	root   schemas.Root
	filter string
}

// Knows tells whether a term is of a YANG module.
func (c *Collector) Knows(term string) bool { return strings.HasPrefix(term, yang.Namespace) }

// selected finds what is asked of a device. The model that it returns has the
// roots that are judged afterwards: not those that are wanted and were read not
// long ago. left are the roots that nobody wants.
func selected(m *schemas.Model, w *ingest.Want) (judged *schemas.Model, asked []query, left []string) {
	if w == nil {
		for _, root := range m.Roots {
			asked = append(asked, query{root, subtree(root)})
		}
		return m, asked, nil
	}
	only := *m
	only.Roots = nil
	for _, root := range m.Roots {
		filter := ""
		n := m.Schema.ByIRI(root.Term())
		if n != nil {
			filter = selection(n, "", w)
		}
		switch {
		case filter == "":
			left = append(left, root.Path)
		case !w.DueBelow(root.Term()):
			continue
		default:
			asked = append(asked, query{root, filter})
		}
		only.Roots = append(only.Roots, root)
	}
	return &only, asked, left
}

// selection is the filter (RFC 6241 §6.2) for what is wanted of a node and
// below it; "" if that is nothing. A class of list entries asks for their keys,
// a class of a container for all that it holds.
func selection(n *yang.Node, namespace string, w *ingest.Want) string {
	terms := w.Below(n.IRI())
	if len(terms) == 0 {
		return ""
	}
	name := n.Name
	if n.Module.Namespace != namespace {
		name += ` xmlns="` + escapeXML(n.Module.Namespace) + `"`
	}
	if slices.Contains(terms, n.IRI()+"/") || n.Kind != yang.Container && n.Kind != yang.List {
		return "<" + name + "/>"
	}
	var inner strings.Builder
	for _, child := range n.Children {
		inner.WriteString(selection(child, n.Module.Namespace, w))
	}
	own := slices.Contains(terms, n.IRI())
	switch {
	case inner.Len() == 0 && !own:
		return "" // the device has none of what is wanted below
	case inner.Len() == 0 && n.Kind == yang.Container:
		return "<" + name + "/>"
	}
	var keys strings.Builder
	for _, key := range n.Keys {
		if selection(key, n.Module.Namespace, w) == "" {
			keys.WriteString("<" + key.Name + "/>")
		}
	}
	if keys.Len()+inner.Len() == 0 {
		return "<" + name + "/>" // entries without keys
	}
	return "<" + name + ">" + keys.String() + inner.String() + "</" + n.Name + ">"
}
