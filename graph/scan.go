package graph

import "context"

// ChunkRows is the greatest number of rows in a Chunk.
const ChunkRows = 4096

// The positions of a quad, which index Quad, Pattern and Chunk.Cols.
const (
	S = iota
	P
	O
	G
)

// Quad is a statement as ids, in the positions S, P, O, G. G is DefaultGraph
// or the id of the graph's name, never None.
type Quad [4]TermID

// Pattern selects quads: None matches anything, another id only itself. The
// default graph is selected by DefaultGraph like any other.
type Pattern [4]TermID

// Matches tells whether q is selected.
func (p Pattern) Matches(q Quad) bool {
	for i, id := range p {
		if id != None && id != q[i] {
			return false
		}
	}
	return true
}

// Order is a permutation in which quads are sorted by their ids' numbers.
type Order uint8

// The five permutations that every engine keeps (ENGINE.md §3.5).
const (
	SPOG Order = iota
	PSOG
	POSG
	OSPG
	GPSO
	NumOrders
)

var orderPositions = [NumOrders][4]int{
	SPOG: {S, P, O, G}, PSOG: {P, S, O, G}, POSG: {P, O, S, G}, OSPG: {O, S, P, G}, GPSO: {G, P, S, O},
}

// Positions returns the positions of a quad in the sequence of the order.
func (o Order) Positions() [4]int { return orderPositions[o] }

// String returns the order's name, such as "SPOG".
func (o Order) String() string {
	const letters = "SPOG"
	var b [4]byte
	for i, pos := range orderPositions[o] {
		b[i] = letters[pos]
	}
	return string(b[:])
}

// PrefixLen returns how many leading positions of the order p fixes.
func (o Order) PrefixLen(p Pattern) int {
	for i, pos := range orderPositions[o] {
		if p[pos] == None {
			return i
		}
	}
	return 4
}

// BestOrder returns the order whose prefix covers most of p's fixed
// positions; ties go to the first in the list of orders.
func BestOrder(p Pattern) Order {
	best, bestLen := SPOG, -1
	for o := SPOG; o < NumOrders; o++ {
		if n := o.PrefixLen(p); n > bestLen {
			best, bestLen = o, n
		}
	}
	return best
}

// Chunk is up to ChunkRows rows as four columns, each of length Len, indexed
// by position S, P, O, G whatever the scan's order.
type Chunk struct {
	Cols [4][]TermID
}

// Len returns the number of rows.
func (c *Chunk) Len() int { return len(c.Cols[S]) }

// Quad returns row i.
func (c *Chunk) Quad(i int) Quad {
	return Quad{c.Cols[S][i], c.Cols[P][i], c.Cols[O][i], c.Cols[G][i]}
}

// Cursor walks the result of a Scan. It belongs to one goroutine.
type Cursor interface {
	// Next returns the next chunk of at least one row, or nil at the end. The
	// chunk is reused by the next call: copy to keep, do not write into it.
	// It checks ctx. Errors: ctx.Err(), ErrClosed, *CorruptionError.
	Next(ctx context.Context) (*Chunk, error)

	// Seek moves forward so that the next row is the first whose columns, in
	// the scan's order and after the pattern's own fixed prefix, are >= key
	// (1 to 4 ids, compared as numbers, in that order, beginning with the
	// first position after the prefix). It never moves backward: rows of
	// chunks already returned are gone. Too many ids are an error.
	Seek(key ...TermID) error

	// Close releases what the cursor holds. It is idempotent.
	Close() error
}

// Source is what a query reads: a Snapshot, a restricted Snapshot, or another
// provider of quads such as virtual observations. Safe for concurrent use.
type Source interface {
	// Scan yields the quads that match p, sorted by o, each once. Cost:
	// O(log size + rows of the longest prefix of o that p fixes).
	Scan(p Pattern, o Order) (Cursor, error)

	// Count returns the exact number of quads that match p. It is O(log size)
	// where the fixed positions are a prefix of one of the orders.
	Count(p Pattern) (uint64, error)

	TermReader
}

// TermReader translates between terms and ids, in batches.
type TermReader interface {
	// IDs sets out[i] to the id of terms[i], None where this store has never
	// seen the term and it is not inlined. len(out) must be len(terms).
	IDs(terms []Term, out []TermID) error

	// Terms sets out[i] to the term of ids[i]; None and DefaultGraph give the
	// zero Term. An id that the store never gave out is an error.
	Terms(ids []TermID, out []Term) error
}
