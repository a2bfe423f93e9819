package paths

import (
	"maps"
	"slices"

	"nettwin/graph/rdf"
)

// edge is an edge as the rows tell it.
type edge struct {
	name rdf.Term
	ends map[rdf.Term]bool
	rows []int
}

// topology is edges and candidates with numbered vertices, in the order of the
// terms. Edges come first, then candidates.
type topology struct {
	edges    []*edge
	regular  int // how many of edges are no candidates
	number   map[rdf.Term]int
	ends     [][]int // of each edge, its vertices
	incident [][]int // of each vertex, its edges

	// Of the search that runs: where each place was reached from, valid where
	// seen is its round.
	before, seen, queue []int
	round               int
}

func newTopology(edges, candidates map[rdf.Term]*edge) *topology {
	g := &topology{regular: len(edges), number: map[rdf.Term]int{}}
	var vertices []rdf.Term
	for _, set := range []map[rdf.Term]*edge{edges, candidates} {
		for _, name := range slices.SortedFunc(maps.Keys(set), rdf.Compare) {
			g.edges = append(g.edges, set[name])
			vertices = slices.AppendSeq(vertices, maps.Keys(set[name].ends))
		}
	}
	slices.SortFunc(vertices, rdf.Compare)
	for _, v := range slices.Compact(vertices) {
		g.number[v] = len(g.number)
	}
	g.incident = make([][]int, len(g.number))
	for i, e := range g.edges {
		ends := g.numbers(e.ends)
		g.ends = append(g.ends, ends)
		for _, v := range ends {
			g.incident[v] = append(g.incident[v], i)
		}
	}
	places := len(g.incident) + 2*len(g.edges)
	g.before, g.seen = make([]int, places), make([]int, places)
	return g
}

// numbers are the numbers of those terms that are vertices, ascending.
func (g *topology) numbers(terms map[rdf.Term]bool) []int {
	var list []int
	for t := range terms {
		if n, ok := g.number[t]; ok {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list
}

// none is the place of no vertex, edge or place.
const none = -1

// flow is ways that share no edge. An edge in use is crossed from one of its
// ends to another.
type flow struct {
	paths    int
	used     []bool
	from, to []int // of an edge in use
}

// crossed lists the edges in use, ascending. One that leads back to where it
// comes from is left out: nothing goes over it.
func (f *flow) crossed() []int {
	var list []int
	for i, used := range f.used {
		if used && f.from[i] != f.to[i] {
			list = append(list, i)
		}
	}
	return list
}

func (g *topology) newFlow() *flow {
	f := &flow{used: make([]bool, len(g.edges)), from: make([]int, len(g.edges)), to: make([]int, len(g.edges))}
	for i := range g.edges {
		f.from[i], f.to[i] = none, none
	}
	return f
}

// search finds as many ways as there are, up to MaxPaths, with one candidate
// or, if it is none, without.
func (g *topology) search(d *demand, candidate int) *flow {
	f := g.newFlow()
	sources, targets := g.numbers(d.sources), g.numbers(d.targets)
	for f.paths < MaxPaths && g.augment(f, sources, targets, func(e int) bool { return e < g.regular || e == candidate }) {
		f.paths++
	}
	return f
}

// critical lists the edges of the only way without which there is none.
func (g *topology) critical(d *demand, f *flow) []int {
	sources, targets := g.numbers(d.sources), g.numbers(d.targets)
	var list []int
	for _, without := range f.crossed() {
		if !g.augment(g.newFlow(), sources, targets, func(e int) bool { return e < g.regular && e != without }) {
			list = append(list, without)
		}
	}
	return list
}

// Places of the residual network. Each edge has an entry and an exit, between
// which there is room for one: vertex v is place v, edge e has the places
// vertices+2e and vertices+2e+1.
func (g *topology) entry(e int) int { return len(g.incident) + 2*e }
func (g *topology) exit(e int) int  { return len(g.incident) + 2*e + 1 }

// augment looks for a shortest way through what the flow leaves free, or that
// takes parts of it back, and adds it. It tells whether there was one.
func (g *topology) augment(f *flow, sources, targets []int, allowed func(e int) bool) bool {
	g.round++
	g.queue = append(g.queue[:0], sources...)
	for _, s := range sources {
		g.before[s], g.seen[s] = s, g.round
	}
	for head := 0; head < len(g.queue); head++ {
		place := g.queue[head]
		if place < len(g.incident) && slices.Contains(targets, place) {
			g.apply(f, place)
			return true
		}
		g.next(f, place, allowed, func(to int) {
			if g.seen[to] != g.round {
				g.before[to], g.seen[to] = place, g.round
				g.queue = append(g.queue, to)
			}
		})
	}
	return false
}

// next visits the places that can be reached from a place.
func (g *topology) next(f *flow, place int, allowed func(e int) bool, visit func(int)) {
	if place < len(g.incident) {
		for _, e := range g.incident[place] {
			if !allowed(e) {
				continue
			}
			visit(g.entry(e))
			if f.used[e] && f.to[e] == place {
				visit(g.exit(e))
			}
		}
		return
	}
	e := (place - len(g.incident)) / 2
	switch {
	case place == g.entry(e) && f.used[e]:
		visit(f.from[e])
	case place == g.entry(e):
		visit(g.exit(e))
	default:
		for _, v := range g.ends[e] {
			visit(v)
		}
		if f.used[e] {
			visit(g.entry(e))
		}
	}
}

// apply adds the way that ends at a place to the flow.
func (g *topology) apply(f *flow, place int) {
	way := []int{place}
	for g.before[place] != place {
		place = g.before[place]
		way = append(way, place)
	}
	slices.Reverse(way)
	for i, from := range way[:len(way)-1] {
		g.step(f, from, way[i+1])
	}
}

// step adds one part of a way: it uses an edge, or takes its use back.
func (g *topology) step(f *flow, from, to int) {
	vertices := len(g.incident)
	switch {
	case from < vertices: // a vertex to an edge
		if e := (to - vertices) / 2; to == g.entry(e) {
			f.from[e] = from
		} else {
			f.to[e] = none
		}
	case to < vertices: // an edge to a vertex
		if e := (from - vertices) / 2; from == g.exit(e) {
			f.to[e] = to
		} else if f.from[e] == to {
			f.from[e] = none
		}
	default: // through an edge
		e := (from - vertices) / 2
		f.used[e] = from == g.entry(e)
	}
}
