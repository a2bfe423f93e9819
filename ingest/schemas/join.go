package schemas

import (
	"strings"

	"nettwin/ontology/yang"
)

// Join adds copies of the elements of from to those of into: containers join by
// name, list entries by their keys, and of a leaf that both have into's stays.
// Both are of the same schema; from is not changed. The counts and problems of
// both add up.
func Join(into, from *yang.Tree) {
	joinChildren(into, nil, from.Top)
	into.Problems = append(into.Problems, from.Problems...)
	into.Stats.Elements += from.Stats.Elements
	into.Stats.Leafs += from.Stats.Leafs
	into.Stats.Unknown += from.Stats.Unknown
	into.Stats.Invalid += from.Stats.Invalid
	into.Stats.Misfits += from.Stats.Misfits
}

func joinChildren(into *yang.Tree, parent *yang.Element, from []*yang.Element) {
	if len(from) == 0 {
		return
	}
	list := &into.Top
	if parent != nil {
		list = &parent.Children
	}
	known := make(map[string]*yang.Element, len(*list))
	for _, e := range *list {
		if key, ok := joinKey(e); ok {
			known[key] = e
		}
	}
	for _, e := range from {
		key, ok := joinKey(e)
		same := known[key]
		if !ok || same == nil {
			same = &yang.Element{}
			*same = *e
			same.Parent, same.Children = parent, nil
			*list = append(*list, same)
			if ok {
				known[key] = same
			}
		}
		if !isLeaf(e) {
			joinChildren(into, same, e.Children)
		}
	}
}

func isLeaf(e *yang.Element) bool {
	return e.Node != nil && (e.Node.Kind == yang.Leaf || e.Node.Kind == yang.LeafList)
}

// joinKey is equal for elements of one parent that stand for one instance; ok
// is false for those that are never the same, such as entries without keys.
func joinKey(e *yang.Element) (key string, ok bool) {
	key = e.Module + ":" + e.Name
	switch {
	case e.Node == nil || e.Node.Kind == yang.AnyData || e.Node.Kind == yang.AnyXML:
		return "", false
	case e.Node.Kind == yang.LeafList:
		return key + "\x00" + e.Value.Text, true
	case e.Node.Kind == yang.List:
		values, keyed := e.Key()
		if !keyed || len(values) == 0 {
			return "", false
		}
		return key + "\x00" + strings.Join(values, "\x00"), true
	}
	return key, true
}
