package exec

import (
	"context"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/results"
)

// rows is the results.Rows of SELECT.
type rows struct {
	*stream
	cols    [][]rdf.Term // of the current chunk
	decoded bool
	out     []rdf.Term
	columns []results.Column
	unique  []uniqueColumn // memory of columns
}

func newRows(s *stream) *rows {
	r := &rows{stream: s, out: make([]rdf.Term, len(s.x.plan.Columns)), cols: make([][]rdf.Term, len(s.x.plan.Columns))}
	return r
}

// Next implements results.Rows.
func (r *rows) Next(ctx context.Context) ([]rdf.Term, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if r.chunk == nil || r.row == r.chunk.n {
		if err := r.pull(ctx); err != nil {
			return nil, err
		}
		r.decoded = false
	}
	if !r.decoded {
		if err := r.decode(); err != nil {
			return nil, err
		}
	}
	for i := range r.out {
		r.out[i] = r.cols[i][r.row]
	}
	r.row++
	return r.out, nil
}

// Ready implements results.Ready.
func (r *rows) Ready() bool { return r.chunk != nil && r.row < r.chunk.n }

// decode looks up the terms of the current chunk, column by column.
func (r *rows) decode() error {
	for i, slot := range r.x.plan.Columns {
		col := r.chunk.cols[slot]
		terms := sized(&r.cols[i], r.chunk.n)
		if col == nil {
			clear(terms)
			continue
		}
		if err := r.x.terms.terms(col[:r.chunk.n], terms); err != nil {
			return fmt.Errorf("query: %w", err)
		}
	}
	r.decoded = true
	return nil
}

// Close implements results.Rows.
func (r *rows) Close() error { return r.close() }

// NextColumns implements results.Columns.
func (r *rows) NextColumns(ctx context.Context) ([]results.Column, int, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, 0, err
	}
	if r.chunk == nil || r.row == r.chunk.n {
		if err := r.pull(ctx); err != nil {
			return nil, 0, err
		}
		r.decoded = false
	}
	if r.columns == nil {
		r.columns = make([]results.Column, len(r.out))
		r.unique = make([]uniqueColumn, len(r.out))
	}
	from := r.row
	r.row = r.chunk.n
	for i, slot := range r.x.plan.Columns {
		var err error
		if r.columns[i], err = r.unique[i].read(r.x.terms, r.chunk.cols[slot], from, r.chunk.n); err != nil {
			return nil, 0, fmt.Errorf("query: %w", err)
		}
	}
	return r.columns, r.chunk.n - from, nil
}

// uniqueColumn finds the different ids of a column, so that their terms are
// read once.
type uniqueColumn struct {
	places []int32 // by hash: number in ids + 1
	ids    []graph.TermID
	index  []int32
	terms  []rdf.Term
}

const (
	placeBits      = 13
	placesOfColumn = 1 << placeBits
	hashedRows     = 512 // fewer are only compared with their neighbours
	probeRows      = 128 // of which so many must repeat for it to pay
	probeRepeats   = 32
)

// read returns the values of rows from to n.
func (u *uniqueColumn) read(t *termTable, col []graph.TermID, from, n int) (results.Column, error) {
	if col == nil {
		u.terms = append(u.terms[:0], rdf.Term{})
		u.index = append(u.index[:0], make([]int32, n-from)...)
		return results.Column{Terms: u.terms, Index: u.index}, nil
	}
	col = col[from:n]
	if u.find(col) {
		terms := sized(&u.terms, len(u.ids))
		return results.Column{Terms: terms, Index: u.index}, t.terms(u.ids, terms)
	}
	terms := sized(&u.terms, len(col))
	return results.Column{Terms: terms}, t.terms(col, terms)
}

// find numbers the ids; false if they hardly repeat.
func (u *uniqueColumn) find(col []graph.TermID) bool {
	u.ids, u.index = u.ids[:0], u.index[:0]
	if len(col) <= leastSize {
		return false
	}
	hashed := len(col) >= hashedRows
	if hashed {
		if u.places == nil {
			u.places = make([]int32, placesOfColumn)
		}
		clear(u.places)
	}
	for row, id := range col {
		switch {
		case row > 0 && id == col[row-1]:
			u.index = append(u.index, u.index[row-1])
		case row == probeRows/2 && len(u.ids) > (probeRows-probeRepeats)/2, row == probeRows && len(u.ids) > probeRows-probeRepeats:
			return false
		case hashed:
			u.index = append(u.index, u.number(id))
		default:
			u.index = append(u.index, int32(len(u.ids)))
			u.ids = append(u.ids, id)
		}
	}
	return true
}

// number returns the number of an id, a new one if it has none.
func (u *uniqueColumn) number(id graph.TermID) int32 {
	h := uint64(id) * hashMultiplier >> (64 - placeBits)
	for u.places[h] != 0 && u.ids[u.places[h]-1] != id {
		h = (h + 1) % placesOfColumn
	}
	if u.places[h] == 0 {
		u.ids = append(u.ids, id)
		u.places[h] = int32(len(u.ids))
	}
	return u.places[h] - 1
}
