package mem

import (
	"context"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/mem/internal/btree"
	"nettwin/internal/invariant"
)

// growth is the factor by which chunks grow from one leaf to ChunkRows, so
// that point lookups and seeks do not pay for rows that nobody reads.
const growth = 8

// cursor scans rows [rank, end) of one tree. Rows that lie in one leaf are
// handed out without copying; longer chunks are copied into buf.
type cursor struct {
	snap   *Snapshot
	tree   btree.Tree
	pos    [4]int
	prefix btree.Key
	plen   int
	filter filter

	it     btree.Iter
	placed bool // it stands at rank
	rank   uint64
	end    uint64
	size   int // rows wanted in the next chunk; 0: what the leaf has
	buf    [4][]graph.TermID
	chunk  graph.Chunk
	closed bool
}

func newCursor(s *Snapshot, p graph.Pattern, o graph.Order) *cursor {
	c := &cursor{
		snap: s, tree: s.trees[o], pos: o.Positions(),
		prefix: toKey(o, graph.Quad(p)), plen: o.PrefixLen(p), filter: newFilter(p, o),
	}
	c.rank, c.end = s.trees.prefixRange(p, o)
	return c
}

func (c *cursor) check(ctx context.Context) error {
	if c.closed {
		return graph.ErrClosed
	}
	if err := c.snap.check(); err != nil {
		return err
	}
	return ctx.Err()
}

func (c *cursor) Next(ctx context.Context) (*graph.Chunk, error) {
	if err := c.check(ctx); err != nil {
		return nil, err
	}
	if c.rank >= c.end {
		return nil, nil
	}
	if !c.placed {
		c.it.Seek(c.tree, c.rank)
		c.placed = true
	}
	if invariant.Enabled {
		c.poison()
	}
	if c.filter.n > 0 {
		return c.nextFiltered(ctx)
	}
	if c.size == 0 && !invariant.Enabled {
		cols, n := c.it.Run(int(min(c.end-c.rank, graph.ChunkRows)))
		c.rank += uint64(n)
		c.size = n
		for i, pos := range c.pos {
			c.chunk.Cols[pos] = cols[i]
		}
		return &c.chunk, nil
	}
	n := c.grow()
	at := 0
	for at < n {
		cols, k := c.it.Run(n - at)
		for i := range cols {
			copy(c.buf[i][at:at+k], cols[i])
		}
		at += k
	}
	c.rank += uint64(n)
	return c.fill(n), nil
}

// grow makes room for the next chunk and returns how many rows it may have.
func (c *cursor) grow() int {
	c.size = int(min(uint64(max(c.size, 8)*growth), c.end-c.rank, graph.ChunkRows))
	if invariant.Sometimes(3) {
		c.size = min(c.size, 2)
	}
	if len(c.buf[0]) < c.size {
		rows := make([]graph.TermID, 4*c.size)
		for i := range c.buf {
			c.buf[i] = rows[i*c.size : (i+1)*c.size : (i+1)*c.size]
		}
	}
	return c.size
}

// fill makes the chunk of the first n rows of buf.
func (c *cursor) fill(n int) *graph.Chunk {
	for i, pos := range c.pos {
		c.chunk.Cols[pos] = c.buf[i][:n]
	}
	return &c.chunk
}

// nextFiltered collects matching rows until the chunk is full or the range ends.
func (c *cursor) nextFiltered(ctx context.Context) (*graph.Chunk, error) {
	limit := c.grow()
	n, scanned := 0, 0
	for n < limit && c.rank < c.end {
		cols, k := c.it.Run(int(min(c.end-c.rank, uint64(limit-n))))
		c.rank += uint64(k)
		for row := range k {
			if !c.filter.matches(&cols, row) {
				continue
			}
			for i := range cols {
				c.buf[i][n] = cols[i][row]
			}
			n++
		}
		if scanned += k; scanned >= graph.ChunkRows {
			scanned = 0
			if err := c.check(ctx); err != nil {
				return nil, err
			}
		}
	}
	if n == 0 {
		return nil, nil
	}
	return c.fill(n), nil
}

func (c *cursor) Seek(key ...graph.TermID) error {
	if c.closed {
		return graph.ErrClosed
	}
	if len(key) == 0 || c.plen+len(key) > 4 {
		return fmt.Errorf("seek: %d ids after a prefix of %d: want 1 to %d", len(key), c.plen, 4-c.plen)
	}
	k := btree.Key{}
	copy(k[:], c.prefix[:c.plen])
	copy(k[c.plen:], key)
	var it btree.Iter
	rank := it.SeekKey(c.tree, k)
	if rank <= c.rank {
		return nil
	}
	c.it, c.placed = it, true
	c.rank = min(rank, c.end)
	c.size = 0
	return nil
}

func (c *cursor) Close() error {
	c.closed = true
	return nil
}

// poison makes readers of a chunk that the contract says is gone fail.
func (c *cursor) poison() {
	for i := range c.buf {
		for j := range c.buf[i] {
			c.buf[i][j] = graph.MakeID(15, 0xDEAD)
		}
	}
	c.buf = [4][]graph.TermID{}
}
