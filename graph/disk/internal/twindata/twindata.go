// Package twindata makes quads like those of a network twin, as ids, for tests
// and benchmarks of the engine's parts: devices with interfaces in the default
// graph, intended configuration in a graph per site, counters in graphs per
// slot of time. Dictionary numbers are given in the order of arrival, so ids
// have the locality that a loader gives them.
package twindata

import (
	"math/rand/v2"
	"slices"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

const (
	ifPerDevice    = 28
	devicesPerSite = 60
	slots          = 96
)

// Quads returns the twin of n devices, about 17 quads per interface, each once
// and in the order of arrival.
func Quads(devices int, seed uint64) []graph.Quad {
	g := &gen{r: rand.New(rand.NewPCG(seed, 7)), preds: map[string]graph.TermID{}}
	for i := range g.slots {
		g.slots[i] = g.iri()
	}
	for range 40 {
		g.models = append(g.models, g.iri())
		g.versions = append(g.versions, g.literal())
	}
	for d := range devices {
		if d%devicesPerSite == 0 {
			g.site, g.graph = g.iri(), g.iri()
		}
		g.device()
	}
	return g.out
}

type gen struct {
	r        *rand.Rand
	next     uint64
	out      []graph.Quad
	preds    map[string]graph.TermID
	slots    [slots]graph.TermID
	models   []graph.TermID
	versions []graph.TermID
	site     graph.TermID
	graph    graph.TermID
	ports    []graph.TermID
}

func (g *gen) iri() graph.TermID     { g.next++; return graph.MakeID(graph.TagIRI, g.next) }
func (g *gen) literal() graph.TermID { g.next++; return graph.MakeID(graph.TagLiteral, g.next) }

func integer(v uint64) graph.TermID { return graph.MakeID(graph.TagInteger, v) }

func text(s string) graph.TermID {
	id, _ := graph.Inline(rdf.String(s))
	return id
}

func (g *gen) pred(name string) graph.TermID {
	id, ok := g.preds[name]
	if !ok {
		id = g.iri()
		g.preds[name] = id
	}
	return id
}

func (g *gen) add(s graph.TermID, p string, o, gr graph.TermID) {
	g.out = append(g.out, graph.Quad{s, g.pred(p), o, gr})
}

func (g *gen) device() {
	d := g.iri()
	def := graph.DefaultGraph
	g.add(d, "type", g.pred("Device"), def)
	g.add(d, "name", g.literal(), def)
	g.add(d, "serial", g.literal(), def)
	g.add(d, "model", g.models[g.r.IntN(len(g.models))], def)
	g.add(d, "version", g.versions[g.r.IntN(len(g.versions))], def)
	g.add(d, "site", g.site, def)
	g.add(d, "address", g.literal(), def)
	g.add(d, "upTime", integer(g.r.Uint64N(1<<31)), def)
	g.add(d, "lastSeen", graph.MakeID(graph.TagDateTime, 1_790_000_000+g.r.Uint64N(86400)), def)
	for i := range ifPerDevice {
		g.port(d, i)
	}
}

func (g *gen) port(d graph.TermID, index int) {
	p, def := g.iri(), graph.DefaultGraph
	g.add(p, "type", g.pred("Interface"), def)
	g.add(p, "partOf", d, def)
	g.add(p, "name", g.literal(), def)
	g.add(p, "index", integer(uint64(index+1)), def)
	g.add(p, "mac", g.literal(), def)
	speed := []uint64{1e9, 1e10, 1e11}[g.r.IntN(3)]
	g.add(p, "speed", integer(speed), def)
	g.add(p, "mtu", integer(1500+7716*uint64(g.r.IntN(2))), def)
	state := text([]string{"up", "up", "up", "down"}[g.r.IntN(4)])
	g.add(p, "adminStatus", state, def)
	g.add(p, "operStatus", state, def)
	if len(g.ports) > 100 && g.r.IntN(10) < 4 {
		g.add(p, "link", g.ports[len(g.ports)-1-g.r.IntN(100)], def)
	}
	g.add(p, "adminStatus", text("up"), g.graph)
	g.add(p, "mtu", integer(1500), g.graph)
	g.add(p, "description", g.literal(), g.graph)
	slot := g.r.IntN(slots - 2)
	for i := range 2 {
		g.add(p, "inOctets", integer(g.r.Uint64N(1<<40)), g.slots[slot+i])
		g.add(p, "outOctets", integer(g.r.Uint64N(1<<40)), g.slots[slot+i])
	}
	g.ports = append(g.ports, p)
}

// Sorted returns the quads as keys of an order, sorted by it.
func Sorted(quads []graph.Quad, o graph.Order) [][4]graph.TermID {
	pos := o.Positions()
	keys := make([][4]graph.TermID, len(quads))
	for i, q := range quads {
		keys[i] = [4]graph.TermID{q[pos[0]], q[pos[1]], q[pos[2]], q[pos[3]]}
	}
	slices.SortFunc(keys, func(a, b [4]graph.TermID) int { return slices.Compare(a[:], b[:]) })
	return keys
}

// Columns returns keys as columns.
func Columns(keys [][4]graph.TermID) (cols [4][]graph.TermID) {
	for i := range cols {
		cols[i] = make([]graph.TermID, len(keys))
		for row := range keys {
			cols[i][row] = keys[row][i]
		}
	}
	return cols
}
