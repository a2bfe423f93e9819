package runs

import (
	"context"

	"nettwin/graph"
)

// filter holds what a pattern fixes beyond the prefix of an order.
type filter struct {
	n    int
	cols [4]int // in the sequence of the order
	ids  [4]graph.TermID
}

func newFilter(p graph.Pattern, o graph.Order) (f filter) {
	pos := o.Positions()
	for i := o.PrefixLen(p); i < 4; i++ {
		if id := p[pos[i]]; id != graph.None {
			f.cols[f.n], f.ids[f.n] = i, id
			f.n++
		}
	}
	return f
}

func (f *filter) matchesKey(k *Key) bool {
	for i := range f.n {
		if k[f.cols[i]] != f.ids[i] {
			return false
		}
	}
	return true
}

// keep moves the rows that match, of the first n, to the front and returns
// how many there are.
func (f *filter) keep(cols *[4][]graph.TermID, n int) int {
	if f.n == 0 {
		return n
	}
	kept := 0
	first, id := cols[f.cols[0]][:n], f.ids[0]
	for row, v := range first {
		if v != id || f.n > 1 && !f.matchesRest(cols, row) {
			continue
		}
		for i := range cols {
			cols[i][kept] = cols[i][row]
		}
		kept++
	}
	return kept
}

func (f *filter) matchesRest(cols *[4][]graph.TermID, row int) bool {
	for i := 1; i < f.n; i++ {
		if cols[f.cols[i]][row] != f.ids[i] {
			return false
		}
	}
	return true
}

// countRows counts by reading what matches p in an order.
func (v *Version) countRows(p graph.Pattern, o graph.Order) (uint64, error) {
	c, err := v.Scan(p, o)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var sum uint64
	for {
		chunk, err := c.Next(context.Background())
		if chunk == nil || err != nil {
			return sum, err
		}
		sum += uint64(chunk.Len())
	}
}
