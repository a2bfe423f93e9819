package device

import (
	"encoding/xml"
	"slices"

	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

// stateOnly takes the configuration out of the answer to <get>: what is left
// are state data, the containers and list entries around them, and keys. What
// the modules do not know is state.
func stateOnly(schema func(xml.Name) *yang.Node, data []*xmltree.Node) []*xmltree.Node {
	var kept []*xmltree.Node
	for _, x := range data {
		s := schema(x.Name)
		switch {
		case s == nil || !s.Config:
			kept = append(kept, x.Clone())
		case s.Kind == yang.Container || s.Kind == yang.List:
			if inner := stateOnly(s.Child, x.Children); len(inner) > 0 {
				keys := slices.DeleteFunc(slices.Clone(x.Children), func(c *xmltree.Node) bool {
					return c.Name.Space != x.Name.Space || !slices.Contains(s.Keys, c.Name.Local)
				})
				kept = append(kept, xmltree.New(x.Name.Space, x.Name.Local, append(keys, inner...)...))
			}
		}
	}
	return kept
}
