package segment

import (
	"encoding/binary"
	"slices"

	"nettwin/graph"
)

// Stats describe the adds of a segment. They come with the writing of the
// sections: distinct subjects from PSOG, objects from POSG, graphs from GPSO;
// what has no section is 0.
type Stats struct {
	Predicates []PredicateStats // by id
	Graphs     []GraphStats     // by id
}

// PredicateStats describe the rows with one predicate. Objects are compared as
// ids.
type PredicateStats struct {
	Predicate            graph.TermID
	Rows                 uint64
	Subjects, Objects    uint64 // distinct
	MinObject, MaxObject graph.TermID
}

// GraphStats describe one graph.
type GraphStats struct {
	Graph graph.TermID
	Rows  uint64
}

// Predicate returns the statistics of one predicate; false if it has no rows.
func (s *Stats) Predicate(p graph.TermID) (PredicateStats, bool) {
	i, ok := slices.BinarySearchFunc(s.Predicates, p, func(a PredicateStats, p graph.TermID) int { return compareIDs(a.Predicate, p) })
	if !ok {
		return PredicateStats{}, false
	}
	return s.Predicates[i], true
}

// Graph returns the number of rows of one graph.
func (s *Stats) Graph(g graph.TermID) uint64 {
	i, ok := slices.BinarySearchFunc(s.Graphs, g, func(a GraphStats, g graph.TermID) int { return compareIDs(a.Graph, g) })
	if !ok {
		return 0
	}
	return s.Graphs[i].Rows
}

func compareIDs(a, b graph.TermID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (s *Stats) encode(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s.Predicates)))
	for _, p := range s.Predicates {
		for _, v := range []uint64{uint64(p.Predicate), p.Rows, p.Subjects, p.Objects, uint64(p.MinObject), uint64(p.MaxObject)} {
			b = binary.LittleEndian.AppendUint64(b, v)
		}
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s.Graphs)))
	for _, g := range s.Graphs {
		b = binary.LittleEndian.AppendUint64(b, uint64(g.Graph))
		b = binary.LittleEndian.AppendUint64(b, g.Rows)
	}
	return b
}

func (s *Stats) decode(r *reader) {
	s.Predicates = make([]PredicateStats, r.count(predicateLen))
	for i := range s.Predicates {
		s.Predicates[i] = PredicateStats{r.id(), r.u64(), r.u64(), r.u64(), r.id(), r.id()}
	}
	s.Graphs = make([]GraphStats, r.count(graphLen))
	for i := range s.Graphs {
		s.Graphs[i] = GraphStats{r.id(), r.u64()}
	}
}

// gather collects statistics from the rows of a section of adds while they
// are written. PSOG and POSG both see all predicates in the same sequence.
type gather struct {
	stats    Stats
	at       int // of Predicates, in the section being written
	lastPred graph.TermID
	lastID   graph.TermID // the subject or object before
}

func (g *gather) begin() { g.at, g.lastPred, g.lastID = -1, graph.None, graph.None }

func (g *gather) add(o graph.Order, cols *[4][]graph.TermID) {
	switch o {
	case graph.PSOG, graph.POSG:
		g.addPredicates(o, cols)
	case graph.GPSO:
		for _, id := range cols[0] {
			if n := len(g.stats.Graphs); n == 0 || g.stats.Graphs[n-1].Graph != id {
				g.stats.Graphs = append(g.stats.Graphs, GraphStats{Graph: id})
			}
			g.stats.Graphs[len(g.stats.Graphs)-1].Rows++
		}
	}
}

func (g *gather) addPredicates(o graph.Order, cols *[4][]graph.TermID) {
	for i, id := range cols[1] {
		if p := cols[0][i]; p != g.lastPred || g.at < 0 {
			g.nextPredicate(p, id)
		}
		s := &g.stats.Predicates[g.at]
		fresh := id != g.lastID
		g.lastID = id
		if o == graph.PSOG {
			s.Rows++
			if fresh {
				s.Subjects++
			}
		} else if fresh {
			s.Objects++
			if s.Objects == 1 {
				s.MinObject = id
			}
			s.MaxObject = id
		}
	}
}

func (g *gather) nextPredicate(p, id graph.TermID) {
	g.at++
	g.lastPred, g.lastID = p, ^id
	if g.at == len(g.stats.Predicates) {
		g.stats.Predicates = append(g.stats.Predicates, PredicateStats{Predicate: p})
	}
}
