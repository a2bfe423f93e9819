package graph

import "maps"

// View limits what a Source shows. The zero View shows everything. Access
// control, sandboxes and reasoning=off are views, so that no executor has to
// know about them.
type View struct {
	Graphs     map[TermID]bool // if not nil, only these graphs (DefaultGraph included explicitly)
	HideGraphs map[TermID]bool // never these graphs
	HidePreds  map[TermID]bool // never quads with these predicates
}

// IsZero tells whether the view hides nothing.
func (v View) IsZero() bool {
	return v.Graphs == nil && len(v.HideGraphs) == 0 && len(v.HidePreds) == 0
}

// Shows tells whether q is visible.
func (v View) Shows(q Quad) bool {
	if v.Graphs != nil && !v.Graphs[q[G]] {
		return false
	}
	return !v.HideGraphs[q[G]] && !v.HidePreds[q[P]]
}

// And returns the view that shows what both show.
func (v View) And(w View) View {
	out := View{HideGraphs: union(v.HideGraphs, w.HideGraphs), HidePreds: union(v.HidePreds, w.HidePreds)}
	switch {
	case v.Graphs == nil:
		out.Graphs = maps.Clone(w.Graphs)
	case w.Graphs == nil:
		out.Graphs = maps.Clone(v.Graphs)
	default:
		out.Graphs = map[TermID]bool{}
		for g := range v.Graphs {
			if v.Graphs[g] && w.Graphs[g] {
				out.Graphs[g] = true
			}
		}
	}
	return out
}

// union holds the ids that are true in a or in b: a false entry of one must
// not unhide what the other hides.
func union(a, b map[TermID]bool) map[TermID]bool {
	if len(a)+len(b) == 0 {
		return nil
	}
	out := make(map[TermID]bool, len(a)+len(b))
	for _, m := range []map[TermID]bool{a, b} {
		for id, in := range m {
			if in {
				out[id] = true
			}
		}
	}
	return out
}
