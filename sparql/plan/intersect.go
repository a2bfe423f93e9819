package plan

import (
	"context"
	"slices"

	"nettwin/graph"
)

// Joining a cycle of patterns two by two may make far more solutions than the
// whole cycle has: where a few nodes have very many neighbours, nearly all paths
// of two steps lead through them. There, the patterns that bind the same variable
// next are joined at once: for each solution, the lists of values that they allow
// are intersected, the shortest first (a worst-case optimal join by variables).
const (
	linkCost = 150     // putting a pair into a list and sorting it
	maxLinks = 1 << 22 // pairs that lists hold in memory
)

// link is a pattern between a bound slot and the one to be bound.
type link struct {
	it   *item
	from int     // slot
	fan  float64 // values for each solution, estimated
	to   float64 // different values
}

// intersect joins a pattern and those pending ones that bind the same slot, if
// that is worth it. rows is what the pattern alone would leave.
func (o *ordering) intersect(ctx context.Context, it *item, rows float64) (bool, error) {
	have := o.node.About()
	slot := it.freeEnd(have)
	if o.seed != nil || slot < 0 || have.Rows < 1 {
		return false, nil
	}
	links, pairs := []link(nil), 0.0
	for _, other := range append([]*item{it}, o.items...) {
		if other.freeEnd(have) != slot {
			continue
		}
		l, err := o.link(ctx, other, slot)
		if err != nil {
			return false, err
		}
		links = append(links, l)
		pairs += other.base
	}
	if len(links) < 2 || pairs > maxLinks {
		return false, nil
	}
	out := rows
	for _, l := range links[1:] {
		out *= min(l.fan/max(l.to, 1), 1)
	}
	// The shortest list of a solution is no longer than what the first pattern
	// alone would leave of it: values sought are no more than rows saved.
	cost := pairs*(scanCost+linkCost) + have.Rows*float64(len(links))*probeCost
	if cost > o.p.guess(rows*(emitCost+probeCost)) {
		return false, nil
	}
	out = max(out, 1)
	n := &Intersect{In: o.node, Slot: slot}
	for _, l := range links {
		n.Lists, n.From = append(n.Lists, o.scanAlone(l.it)), append(n.From, l.from)
	}
	bound := setOf(slot)
	n.Info = Info{Rows: out, Cost: have.Cost + cost + out*emitCost, Certain: have.Certain.Union(bound), Maybe: have.Maybe.Union(bound)}
	o.node, o.sorted = n, -1
	for _, l := range links {
		o.know(slot, l.to)
		o.items = slices.DeleteFunc(o.items, func(other *item) bool { return other == l.it })
	}
	return true, nil
}

// freeEnd returns the slot of a pattern that is not bound yet, if its other end
// always is and there is nothing else to it; -1 otherwise.
func (it *item) freeEnd(have *Info) int {
	if !isQuad(it.unit) || it.graph.Kind == GraphVar || it.places[1].Slot >= 0 {
		return -1
	}
	s, t := it.places[0].Slot, it.places[2].Slot
	if s < 0 || t < 0 {
		return -1
	}
	switch {
	case have.Certain.Has(s) && !have.Maybe.Has(t):
		return t
	case have.Certain.Has(t) && !have.Maybe.Has(s):
		return s
	}
	return -1
}

func (o *ordering) link(ctx context.Context, it *item, slot int) (l link, err error) {
	l.it, l.from = it, it.places[0].Slot
	to := graph.O
	if l.from == slot {
		l.from, to = it.places[2].Slot, graph.S
	}
	rows, err := o.estimate(ctx, it)
	if err != nil {
		return l, err
	}
	l.fan = rows / o.node.About().Rows
	l.to, err = it.distinct(ctx, o.p, to)
	return l, err
}

// scanAlone is the scan of a pattern by itself.
func (o *ordering) scanAlone(it *item) *Scan {
	alone := &Scan{In: newUnit(), S: it.places[0], P: it.places[1], O: it.places[2], Graph: it.graph}
	alone.Order = o.p.scanOrder(it, -1)
	alone.Info = Info{Rows: it.base, Cost: it.base * scanCost, Certain: it.unit.vars().certain, Maybe: it.unit.vars().maybe}
	return alone
}
