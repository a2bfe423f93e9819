package segment

import (
	"nettwin/graph"
)

// Cursor walks rows of a section in their order. It belongs to one goroutine.
type Cursor struct {
	sec   *Section
	row   uint64 // the next
	end   uint64
	at    int    // number of the block that holds row, while it is not at the end
	block *block // that block, once it was read
	read  *block // the one of the last Next
	held  [4]held
}

// held is a column that Next filled with one value: its memory, how many rows
// of it, and the value.
type held struct {
	at    *graph.TermID
	rows  int
	value uint64
}

// Cursor returns a cursor over the rows [from, to).
func (s *Section) Cursor(from, to uint64) Cursor {
	c := Cursor{sec: s, end: min(to, s.Len())}
	c.row = min(from, c.end)
	if c.row < c.end {
		c.at = s.blockOf(c.row)
	}
	return c
}

// Section returns what the cursor walks.
func (c *Cursor) Section() *Section { return c.sec }

// Row returns the number of the next row, the end's at the end.
func (c *Cursor) Row() uint64 { return c.row }

// Left returns how many rows are to come.
func (c *Cursor) Left() uint64 { return c.end - c.row }

// Next copies the next rows, at most limit and those of one block, to the
// columns of dst that are not nil, which have room for limit rows, and returns
// how many; 0 at the end. Columns that still hold the value that all rows of
// the block have are left as they are: between calls, nobody changes what a
// column of dst holds, but for moving rows forward.
func (c *Cursor) Next(dst *[4][]graph.TermID, limit int) (int, error) {
	if c.row >= c.end || limit <= 0 {
		return 0, nil
	}
	if err := c.load(); err != nil {
		return 0, err
	}
	in := int(c.row - c.sec.index.starts[c.at])
	n := int(min(uint64(limit), uint64(c.block.rows-in), c.end-c.row))
	var cols [4][]graph.TermID
	for i := range dst {
		if dst[i] != nil && !c.holds(i, dst[i][:n]) {
			cols[i] = dst[i][:n]
		}
	}
	c.block.read(&cols, in)
	c.read = c.block
	c.Skip(uint64(n))
	return n, nil
}

// holds tells whether a column has the value of all rows of the block already,
// and notes what it is going to hold.
func (c *Cursor) holds(i int, dst []graph.TermID) bool {
	col, h := &c.block.cols[i], &c.held[i]
	if col.codec != constant {
		h.rows = 0
		return false
	}
	if h.rows >= len(dst) && h.at == &dst[0] && h.value == col.base {
		return true
	}
	*h = held{at: &dst[0], rows: len(dst), value: col.base}
	return false
}

// Constant tells whether column i has one value in all rows of the block that
// Next read last, and which.
func (c *Cursor) Constant(i int) (graph.TermID, bool) {
	if c.read == nil || c.read.cols[i].codec != constant {
		return graph.None, false
	}
	return graph.TermID(c.read.cols[i].base), true
}

func (c *Cursor) load() (err error) {
	if c.block == nil {
		c.block, err = c.sec.block(c.at)
	}
	return err
}

// Key returns the next row, which must exist, without moving.
func (c *Cursor) Key() (Key, error) {
	if err := c.load(); err != nil {
		return Key{}, err
	}
	return c.block.key(int(c.row - c.sec.index.starts[c.at])), nil
}

// Skip moves n rows forward, at most to the end.
func (c *Cursor) Skip(n uint64) {
	c.row += min(n, c.end-c.row)
	if c.row < c.end && c.row >= c.sec.index.starts[c.at+1] {
		c.block = nil
		if c.at++; c.row >= c.sec.index.starts[c.at+1] {
			c.at = c.sec.blockOf(c.row)
		}
	}
}

// SkipGraph moves forward over blocks that hold no row of graph g.
func (c *Cursor) SkipGraph(g graph.TermID) {
	x := c.sec.index
	for c.row < c.end && !x.entries[c.at].graphs.mayHold(g) {
		c.Skip(x.starts[c.at+1] - c.row)
	}
}

// Seek moves forward to the first row >= k, or the end.
func (c *Cursor) Seek(k *Key) error {
	if c.row >= c.end {
		return nil
	}
	x := c.sec.index
	at := c.at
	if compare(&x.last[at], k) < 0 {
		if at = max(c.sec.before(k, at+1)-1, at); compare(&x.last[at], k) < 0 {
			at++
		}
		if at == len(x.entries) || x.starts[at] >= c.end {
			c.row = c.end
			return nil
		}
		c.at, c.block, c.row = at, nil, x.starts[at]
		if compare(&x.first[at], k) >= 0 {
			return nil
		}
	}
	if err := c.load(); err != nil {
		return err
	}
	in := c.block.lower(int(c.row-x.starts[at]), k)
	c.Skip(x.starts[at] + uint64(in) - c.row)
	return nil
}
