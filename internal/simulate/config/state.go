package config

import (
	"encoding/xml"
	"slices"

	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

// Overlay adds elements of state data to those of a configuration: containers
// join by name, list entries by key; a leaf that both have stays as the
// configuration has it. What the modules do not know is added as it is. The
// result shares elements with both, which are not changed.
func Overlay(set *yang.Set, base, state []*xmltree.Node) []*xmltree.Node {
	return overlay(set.Child, base, state)
}

func overlay(schema func(xml.Name) *yang.Node, base, state []*xmltree.Node) []*xmltree.Node {
	merged := slices.Clone(base)
	for _, x := range state {
		s := schema(x.Name)
		at := slices.IndexFunc(merged, func(b *xmltree.Node) bool { return sameElement(s, b, x) })
		switch {
		case at < 0:
			merged = append(merged, x)
		case s != nil && (s.Kind == yang.Container || s.Kind == yang.List):
			both := *merged[at]
			both.Children = overlay(s.Child, both.Children, x.Children)
			merged[at] = &both
		}
	}
	return merged
}

// sameElement reports whether two elements stand for one instance.
func sameElement(s *yang.Node, a, b *xmltree.Node) bool {
	if a.Name != b.Name {
		return false
	}
	if s == nil {
		return false
	}
	switch s.Kind {
	case yang.LeafList:
		return a.Value() == b.Value()
	case yang.List:
		for _, key := range s.Keys {
			ka, kb := a.Find(key), b.Find(key)
			if ka == nil || kb == nil || ka.Value() != kb.Value() {
				return false
			}
		}
		return len(s.Keys) > 0
	}
	return true
}
