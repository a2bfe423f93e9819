package ingest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Want is what a reading shall bring, as terms of the vocabularies of sources:
// IRIs of classes and properties, such as those of MIB tables and YANG nodes.
// A term that ends in "/" stands for all that is below it, and for itself
// without the "/". A nil Want wants everything.
type Want struct {
	due, later map[string]bool
	// Age is the least that somebody wants; 0: not said.
	Age time.Duration
}

// NewWant returns a want of the terms that are to be read now, and of those
// that are wanted too but were read not long ago: these are left alone, and
// what the graph says of them stays.
func NewWant(due, later []string) *Want {
	w := &Want{due: map[string]bool{}, later: map[string]bool{}}
	for _, t := range due {
		w.due[t] = true
	}
	for _, t := range later {
		w.later[t] = !w.due[t]
	}
	return w
}

// All lists the wanted terms, due or not, in order.
func (w *Want) All() []string {
	all := slices.Collect(maps.Keys(w.due))
	for t, only := range w.later {
		if only {
			all = append(all, t)
		}
	}
	slices.Sort(all)
	return all
}

// Empty tells whether nothing is wanted at all.
func (w *Want) Empty() bool { return w != nil && len(w.due)+len(w.later) == 0 }

// Due tells whether one of the terms is to be read now.
func (w *Want) Due(terms ...string) bool {
	return w == nil || slices.ContainsFunc(terms, func(t string) bool { return holds(w.due, t) })
}

// Wanted tells whether one of the terms is wanted, now or later.
func (w *Want) Wanted(terms ...string) bool {
	return w.Due(terms...) || slices.ContainsFunc(terms, func(t string) bool { return holds(w.later, t) })
}

// holds tells whether a set has a term or one above it that stands for all
// below.
func holds(set map[string]bool, term string) bool {
	if set[term] || set[term+"/"] {
		return true
	}
	for i, r := range term {
		if r == '/' && set[term[:i+1]] {
			return true
		}
	}
	return false
}

// Below lists the wanted terms, due or not, that stand for root or for
// something below it, in order. A term above root that stands for all gives
// root with a "/".
func (w *Want) Below(root string) []string {
	if holds(w.due, root) || holds(w.later, root) {
		if !w.due[root] && !w.later[root] {
			return []string{root + "/"}
		}
	}
	var list []string
	for _, t := range w.All() {
		if rest, ok := strings.CutPrefix(t, root); ok && (rest == "" || rest[0] == '/') {
			list = append(list, t)
		}
	}
	return list
}

// DueBelow tells whether root or something below it is to be read now.
func (w *Want) DueBelow(root string) bool {
	if w == nil || holds(w.due, root) {
		return true
	}
	for t := range w.due {
		if strings.HasPrefix(t, root+"/") {
			return true
		}
	}
	return false
}
