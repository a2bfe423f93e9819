package plan

import (
	"context"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// stats answers questions about a source and remembers the answers.
type stats struct {
	src    graph.Source
	counts map[graph.Pattern]float64
	kinds  map[spread]float64
	ids    map[rdf.Term]graph.TermID
	exact  map[graph.Pattern]uint64 // that answers are made of
}

// spread asks for the number of distinct values in one position of a pattern.
type spread struct {
	pattern graph.Pattern
	pos     int
}

func newStats(src graph.Source) *stats {
	return &stats{
		src:    src,
		counts: map[graph.Pattern]float64{}, kinds: map[spread]float64{}, ids: map[rdf.Term]graph.TermID{},
		exact: map[graph.Pattern]uint64{},
	}
}

// id returns the id of a constant; None if the source does not know it.
func (s *stats) id(t rdf.Term) (graph.TermID, error) {
	if id, ok := s.ids[t]; ok {
		return id, nil
	}
	id, err := graph.ID(s.src, t)
	if err == nil {
		s.ids[t] = id
	}
	return id, err
}

// isPrefix tells whether the fixed positions of p are a prefix of an order, so
// that counting is quick.
func isPrefix(p graph.Pattern) bool {
	fixed := 0
	for _, id := range p {
		if id != graph.None {
			fixed++
		}
	}
	for o := range graph.NumOrders {
		if o.PrefixLen(p) == fixed {
			return true
		}
	}
	return false
}

// count is Source.Count for patterns that are quick to count.
func (s *stats) count(p graph.Pattern) (float64, error) {
	if n, ok := s.counts[p]; ok {
		return n, nil
	}
	n, err := s.src.Count(p)
	if err == nil {
		s.counts[p] = float64(n)
	}
	return float64(n), err
}

// readRatherThanGuess is how many quads a count may read where it is not
// answered by an index alone.
const readRatherThanGuess = 256

// rows estimates the triples that match constants (None: a variable) in an
// active graph. Zero is exact: there are none.
func (s *stats) rows(p graph.Pattern, g Graph) (float64, error) {
	p[graph.G] = graph.None
	any, err := s.count(p)
	if err != nil || any == 0 {
		return 0, err
	}
	switch g.Kind {
	case GraphOne, GraphSome:
		var sum float64
		for _, id := range g.IDs {
			n, err := s.rowsIn(p, id, any)
			if err != nil {
				return 0, err
			}
			sum += n
		}
		return min(sum, any), nil
	case GraphVar:
		in, err := s.rowsIn(p, graph.DefaultGraph, any)
		return max(any-in, 1), err
	}
	return any, nil
}

// rowsIn estimates the share of one graph in the any rows that match p in all.
func (s *stats) rowsIn(p graph.Pattern, g graph.TermID, any float64) (float64, error) {
	in := p
	in[graph.G] = g
	if isPrefix(in) || any <= readRatherThanGuess {
		return s.count(in)
	}
	whole, part := graph.Pattern{}, graph.Pattern{graph.G: g}
	if p[graph.P] != graph.None {
		whole[graph.P], part[graph.P] = p[graph.P], p[graph.P]
	}
	all, err := s.count(whole)
	if err != nil {
		return 0, err
	}
	of, err := s.count(part)
	if err != nil || of == 0 {
		return 0, err
	}
	return max(any*of/max(all, 1), 1), nil
}

// Sampling of distinct values.
const (
	fewRows      = 16 // below, every row counts as distinct
	sampleRows   = 64 // rows in which values are counted, if they have enough
	sampleValues = 16 // values stepped over one by one, if not
)

// distinct estimates how many different values a position of a pattern has
// among its rows.
func (s *stats) distinct(ctx context.Context, p graph.Pattern, pos int, g Graph, rows float64) (float64, error) {
	p[graph.G] = graph.None
	if rows <= fewRows {
		return max(rows, 1), nil
	}
	if g.Kind == GraphOne {
		in := p
		in[graph.G] = g.IDs[0]
		if _, ok := orderFor(in, pos); ok {
			p = in
		}
	}
	key := spread{p, pos}
	if n, ok := s.kinds[key]; ok {
		return min(n, rows), nil
	}
	order, ok := orderFor(p, pos)
	if !ok {
		return rows, nil
	}
	n, err := s.sample(ctx, p, order, pos)
	if err == nil {
		s.kinds[key] = n
	}
	return max(min(n, rows), 1), err
}

// orderFor returns an order that has the fixed positions of p first and pos
// next.
func orderFor(p graph.Pattern, pos int) (graph.Order, bool) {
	fixed := 0
	for _, id := range p {
		if id != graph.None {
			fixed++
		}
	}
	for o := range graph.NumOrders {
		if fixed < 4 && o.PrefixLen(p) == fixed && o.Positions()[fixed] == pos {
			return o, true
		}
	}
	return 0, false
}

// sample reads the first values of a position and scales their number up.
func (s *stats) sample(ctx context.Context, p graph.Pattern, order graph.Order, pos int) (n float64, err error) {
	total, err := s.count(p)
	if err != nil {
		return 0, err
	}
	cursor, err := s.src.Scan(p, order)
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := cursor.Close(); err == nil {
			err = cerr
		}
	}()
	read, end, err := firstRows(ctx, cursor, pos)
	if err != nil || end {
		return max(runs(read), 1), err
	}
	if n := runs(read[:sampleRows]); n >= sampleValues {
		return max(total*n/sampleRows, 1), nil
	}
	var values, covered float64
	for values < sampleValues {
		of := p
		of[pos] = read[0]
		rows, err := s.count(of)
		if err != nil {
			return 0, err
		}
		values++
		covered += rows
		if read = after(read); len(read) > 0 {
			continue
		}
		if err := cursor.Seek(of[pos] + 1); err != nil {
			return 0, err
		}
		chunk, err := cursor.Next(ctx)
		if err != nil || chunk == nil {
			return values, err
		}
		read = chunk.Cols[pos]
	}
	return max(total*values/max(covered, 1), 1), nil
}

// firstRows reads a column until it has sampleRows rows; end tells that there
// are no more.
func firstRows(ctx context.Context, cursor graph.Cursor, pos int) (read []graph.TermID, end bool, err error) {
	for len(read) < sampleRows {
		chunk, err := cursor.Next(ctx)
		if err != nil || chunk == nil {
			return read, chunk == nil, err
		}
		read = append(read, chunk.Cols[pos]...)
	}
	return read, false, nil
}

// after returns what follows the first value of a sorted column.
func after(col []graph.TermID) []graph.TermID {
	for i, id := range col {
		if id != col[0] {
			return col[i:]
		}
	}
	return nil
}

// runs counts the different values of a sorted column.
func runs(col []graph.TermID) float64 {
	n := min(len(col), 1)
	for i := 1; i < len(col); i++ {
		if col[i] != col[i-1] {
			n++
		}
	}
	return float64(n)
}

// distinctGraphs estimates the number of named graphs.
func (s *stats) distinctGraphs() (float64, error) {
	any, err := s.count(graph.Pattern{})
	if err != nil {
		return 0, err
	}
	in, err := s.count(graph.Pattern{graph.G: graph.DefaultGraph})
	return max((any-in)/rowsPerGraph, 1), err
}

const rowsPerGraph = 256 // a guess
