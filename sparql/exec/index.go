package exec

import (
	"context"

	"nettwin/graph"
	"nettwin/sparql/plan"
)

// index is an input held in memory with its rows found by key.
type index struct {
	rows   *store
	keys   []int // slots that every row binds
	shared []int // other slots to be compared: None fits anything
	table  *tuples
	first  []int32 // by tuple: its last row
	chain  []int32 // by row: the row before with the same key, -1 ends
	key    []graph.TermID
	held   int64 // memory of all that
}

const chainBytes = 8

func (x *execution) newIndex(keep plan.Set, keys, shared []int) *index {
	for _, slot := range append(append([]int(nil), keys...), shared...) {
		if !keep.Has(slot) {
			keep = keep.With(slot)
		}
	}
	return &index{
		rows: newStore(x, keep), keys: keys, shared: shared,
		table: newTuples(len(keys), x.budget), key: make([]graph.TermID, len(keys)),
	}
}

// buildIndex reads an operator to its end.
func (x *execution) buildIndex(ctx context.Context, in op, keep plan.Set, keys, shared []int) (*index, error) {
	ix := x.newIndex(keep, keys, shared)
	for {
		c, err := in.next(ctx)
		if err != nil || c == nil {
			return ix, err
		}
		if err := ix.add(c); err != nil {
			return nil, err
		}
	}
}

// fits reserves room for n more rows, if there is some or none are kept.
func (ix *index) fits(n int) bool {
	need := int64(n)*int64(idBytes*len(ix.rows.slots)+chainBytes) + ix.table.growth(n)
	return ix.rows.budget.admit(need, ix.rows.n == 0)
}

// release gives the memory back.
func (ix *index) release() {
	ix.rows.budget.shrink(ix.held)
	ix.held = 0
}

func (ix *index) add(c *chunk) error {
	before := ix.rows.budget.used - ix.rows.budget.prepaid
	defer func() { ix.held += ix.rows.budget.used - ix.rows.budget.prepaid - before }()
	from := ix.rows.n
	if err := ix.rows.append(c); err != nil {
		return err
	}
	if err := ix.rows.budget.grow(int64(c.n) * chainBytes); err != nil {
		return err
	}
	one := ix.oneKey(c)
	for row := range c.n {
		key := one[:min(len(one), 1)]
		if one == nil {
			key = ix.keyOf(c, row)
		} else {
			one = one[1:]
		}
		n, added, err := ix.table.insert(key)
		if err != nil {
			return err
		}
		before := int32(-1)
		if added {
			ix.first = append(ix.first, 0)
		} else {
			before = ix.first[n]
		}
		ix.chain = append(ix.chain, before)
		ix.first[n] = int32(from + row)
	}
	return nil
}

// oneKey returns the column of the key if it is one, else nil.
func (ix *index) oneKey(c *chunk) []graph.TermID {
	if len(ix.keys) != 1 {
		return nil
	}
	return c.cols[ix.keys[0]]
}

func (ix *index) keyOf(c *chunk, row int) []graph.TermID {
	for i, slot := range ix.keys {
		ix.key[i] = c.at(slot, row)
	}
	return ix.key
}

// head returns the first candidate for a row, -1 if there is none. key is
// scratch, so that several goroutines may ask.
func (ix *index) head(c *chunk, row int, key []graph.TermID) int32 {
	for i, slot := range ix.keys {
		key[i] = c.at(slot, row)
	}
	n := ix.table.find(key)
	if n < 0 {
		return -1
	}
	return ix.first[n]
}

// agrees tells whether a candidate agrees on the slots that both bind.
func (ix *index) agrees(c *chunk, row int, candidate int32) bool {
	for _, slot := range ix.shared {
		a, b := c.at(slot, row), ix.rows.cols[slot][candidate]
		if a != b && a != graph.None && b != graph.None {
			return false
		}
	}
	return true
}

// pairs finds the compatible rows of an index for the rows of a chunk, as
// many at a time as a chunk holds.
type pairs struct {
	ix          *index
	from        *chunk
	row         int
	candidate   int32 // -1: the next row's are to be found
	left, right []int32
	key         []graph.TermID // scratch
	limit       int
}

func newPairs(limit int) *pairs {
	return &pairs{limit: limit, candidate: -1}
}

// begin takes another chunk.
func (p *pairs) begin(c *chunk) { p.from, p.row, p.candidate = c, -1, -1 }

const checkEvery = 1 << 16 // candidates between looks at the context

// fill finds more pairs; none are left when it finds none.
func (p *pairs) fill(ctx context.Context) error {
	p.left, p.right = p.left[:0], p.right[:0]
	if col := p.ix.oneKey(p.from); col != nil && len(p.ix.shared) == 0 {
		p.fillByOne(col)
		return nil
	}
	for steps := 1; len(p.left) < p.limit; steps++ {
		if steps%checkEvery == 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
		if p.candidate < 0 {
			if p.row++; p.row >= p.from.n {
				p.row--
				return nil
			}
			p.candidate = p.ix.head(p.from, p.row, sized(&p.key, len(p.ix.keys)))
			continue
		}
		if len(p.ix.shared) == 0 || p.ix.agrees(p.from, p.row, p.candidate) {
			p.left = append(p.left, int32(p.row))
			p.right = append(p.right, p.candidate)
		}
		p.candidate = p.ix.chain[p.candidate]
	}
	return nil
}

// fillByOne is fill where one column is all there is to compare: each candidate
// is a pair.
func (p *pairs) fillByOne(col []graph.TermID) {
	left, right := sized(&p.left, p.limit), sized(&p.right, p.limit)
	ix, n, row, candidate := p.ix, 0, p.row, p.candidate
	for n < p.limit {
		if candidate < 0 {
			if row++; row >= p.from.n {
				row--
				break
			}
			number := -1
			if ix.table.direct {
				number = ix.table.findDirect(col[row])
			} else {
				number = ix.table.find(col[row : row+1])
			}
			if number < 0 {
				continue
			}
			candidate = ix.first[number]
		}
		left[n], right[n] = int32(row), candidate
		n++
		candidate = ix.chain[candidate]
	}
	p.row, p.candidate = row, candidate
	p.left, p.right = left[:n], right[:n]
}

// merge makes out the joined rows in the given slots.
func (p *pairs) merge(out *buffer, slots []int) {
	out.clear()
	out.n = len(p.left)
	for _, slot := range slots {
		l, r := p.from.cols[slot], p.ix.rows.cols[slot]
		switch {
		case l == nil && r == nil:
		case l == nil:
			out.take(slot, r, p.right)
		case r == nil:
			out.take(slot, l, p.left)
		default:
			out.take(slot, l, p.left)
			for i, id := range out.cols[slot] {
				if id == graph.None {
					out.cols[slot][i] = r[p.right[i]]
				}
			}
		}
	}
}
