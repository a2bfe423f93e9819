package runs

import (
	"context"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/disk/internal/segment"
	"nettwin/internal/invariant"
)

// Rows of the first chunk, and the factor by which chunks grow to ChunkRows,
// so that lookups do not pay for rows that nobody reads.
const (
	firstRows = 64
	growth    = 8
)

// Cursor scans a version: the rows of its largest run, with the net changes of
// the others spliced in. It implements graph.Cursor; the version must not be
// released before it is closed.
type Cursor struct {
	pos    [4]int
	prefix Key
	plen   int
	filter filter
	graph  graph.TermID // fixed beyond the prefix, else None

	main    segment.Cursor // over the largest run, if hasMain
	hasMain bool
	deltas  merger

	size   int               // rows of the next chunk
	in     [4][]graph.TermID // rows of main
	at, n  int               // of in: rows [at, n) are to come
	out    [4][]graph.TermID // rows with changes
	rows   int               // of out
	fills  [4]fill           // of out
	chunk  graph.Chunk
	guard  func() error // asked before each chunk, if not nil
	closed bool

	byBlock bool // no chunk holds rows of several blocks: see keep
}

// Guard sets what each call of Next asks first.
func (c *Cursor) Guard(f func() error) { c.guard = f }

// Scan yields the quads that match p, sorted by o.
func (v *Version) Scan(p graph.Pattern, o graph.Order) (*Cursor, error) {
	if o >= graph.NumOrders {
		return nil, fmt.Errorf("scan: order %d: there are %d", o, graph.NumOrders)
	}
	c := &Cursor{pos: o.Positions(), prefix: toKey(o, graph.Quad(p)), plen: o.PrefixLen(p), filter: newFilter(p, o), size: firstRows}
	if c.filter.n > 0 && p[graph.G] != graph.None && o != graph.GPSO {
		c.graph = p[graph.G]
	}
	largest := v.largest()
	if largest != nil {
		sec := largest.seg.Section(o, segment.Adds)
		from, to, err := sec.Range(&c.prefix, c.plen)
		if err != nil {
			return nil, err
		}
		c.main, c.hasMain = sec.Cursor(from, to), true
	}
	sources, err := v.sources(o, &c.prefix, c.plen, largest)
	if err != nil {
		return nil, err
	}
	if c.deltas, err = newMerger(sources); err != nil {
		return nil, err
	}
	return c, c.filterDeltas()
}

// largest returns the run on disk with most adds, or nil.
func (v *Version) largest() (best *Run) {
	for _, r := range v.runs {
		if r.seg != nil && r.rows[segment.Adds] > 0 && (best == nil || r.rows[segment.Adds] > best.rows[segment.Adds]) {
			best = r
		}
	}
	return best
}

// fill says that column rows of the output from Cursor.rows on hold value, so
// that rows of the input with that value need not be copied. Small changes
// to large runs thus cost less: most columns of a block are constant.
type fill struct {
	value graph.TermID
	ok    bool
	dirty bool // rows before hold something else, so the next chunk has to be filled again
	skip  bool // the input's rows all have the value
}

// filterDeltas moves to the next change that the filter lets through.
func (c *Cursor) filterDeltas() error {
	for c.filter.n > 0 && c.deltas.sign != 0 && !c.filter.matchesKey(&c.deltas.key) {
		if err := c.deltas.next(); err != nil {
			return err
		}
	}
	return nil
}

// Next implements graph.Cursor.
func (c *Cursor) Next(ctx context.Context) (*graph.Chunk, error) {
	if c.closed {
		return nil, graph.ErrClosed
	}
	if c.guard != nil {
		if err := c.guard(); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if invariant.Enabled {
		c.poison()
	}
	c.rows = 0
	for {
		if c.at == c.n {
			if err := c.load(ctx); err != nil {
				return nil, err
			}
		}
		if c.at == c.n { // the largest run has no more
			return c.rest()
		}
		if c.rows == 0 {
			if to, inside := c.upTo(); !inside || to-c.at >= directRows() {
				return c.direct(to), nil
			}
		}
		full, err := c.splice()
		if err != nil {
			return nil, err
		}
		if full || c.byBlock && c.rows > 0 && c.at == c.n {
			return c.spliced(), nil
		}
	}
}

// load reads rows of the largest run that the filter lets through.
func (c *Cursor) load(ctx context.Context) error {
	c.at, c.n = 0, 0
	for scanned := 0; c.hasMain && c.n == 0; {
		if c.graph != graph.None {
			c.main.SkipGraph(c.graph)
		}
		if c.main.Left() == 0 {
			return nil
		}
		c.grow()
		k, err := c.main.Next(&c.in, len(c.in[0]))
		if err != nil {
			return err
		}
		c.n = c.filter.keep(&c.in, k)
		if scanned += k; scanned >= graph.ChunkRows {
			scanned = 0
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// grow makes room in the input for the next rows of the largest run.
func (c *Cursor) grow() {
	want := int(min(uint64(c.size), c.main.Left()))
	if invariant.Sometimes(3) {
		want = min(want, 2)
	}
	c.size = min(c.size*growth, graph.ChunkRows)
	if cap(c.in[0]) < want {
		c.in = columns(want)
	}
	for i := range c.in {
		c.in[i] = c.in[i][:want]
	}
}

func columns(rows int) (cols [4][]graph.TermID) {
	all := make([]graph.TermID, 4*rows)
	for i := range cols {
		cols[i] = all[i*rows : (i+1)*rows : (i+1)*rows]
	}
	return cols
}

// changes tells whether a change lies before the end of the input.
func (c *Cursor) changes() bool {
	return c.deltas.sign != 0 && compareRow(&c.in, c.n-1, &c.deltas.key) >= 0
}

// directRows returns how many rows without a change are handed out as they are,
// as a chunk of their own: copying fewer costs less than one more chunk.
func directRows() int {
	if invariant.Sometimes(3) {
		return 1
	}
	return 512
}

// upTo returns the row of the input before which the next change belongs; its
// end if that comes later.
func (c *Cursor) upTo() (to int, inside bool) {
	if !c.changes() {
		return c.n, false
	}
	return c.lower(&c.deltas.key), true
}

// direct hands out the input up to a row as it is.
func (c *Cursor) direct(to int) *graph.Chunk {
	for i, pos := range c.pos {
		c.chunk.Cols[pos] = c.in[i][c.at:to]
	}
	c.at = to
	return &c.chunk
}

// splice moves input to the output with the changes that lie in it; full if
// the output has no more room, or many rows without a change follow.
func (c *Cursor) splice() (full bool, err error) {
	c.room()
	to, inside := c.upTo()
	for c.at < c.n {
		if room := len(c.out[0]) - c.rows; to-c.at > room {
			c.copy(c.at + room)
			return true, nil
		}
		c.copy(to)
		if !inside {
			break
		}
		if c.deltas.sign > 0 {
			if c.rows == len(c.out[0]) {
				return true, nil
			}
			c.put(&c.deltas.key)
			c.putRun(c.nextKey())
		} else {
			found := compareRow(&c.in, c.at, &c.deltas.key) == 0
			invariant.Check(found, "I1: a delete has its row")
			if found {
				c.at++
			}
		}
		if err := c.nextDelta(); err != nil {
			return false, err
		}
		if to, inside = c.upTo(); to-c.at >= directRows() {
			return c.rows > 0, nil
		}
	}
	return c.rows == len(c.out[0]), nil
}

func (c *Cursor) nextDelta() error {
	if err := c.deltas.next(); err != nil {
		return err
	}
	return c.filterDeltas()
}

// room makes the output, which holds a whole chunk: it is needed only where
// changes are.
func (c *Cursor) room() {
	want := max(firstRows, min(graph.ChunkRows, 2*len(c.in[0])))
	if c.rows == 0 && cap(c.out[0]) < want {
		c.out = columns(want)
		c.fills = [4]fill{}
	}
	for i := range c.fills {
		f := &c.fills[i]
		v, constant := c.main.Constant(i)
		switch {
		case c.rows > 0:
		case constant && (!f.ok || f.dirty || f.value != v):
			for row := range c.out[i] {
				c.out[i][row] = v
			}
			*f = fill{value: v, ok: true}
		case f.dirty:
			f.ok = false
		}
		f.skip = f.ok && constant && f.value == v && (c.rows > 0 || !f.dirty)
		f.dirty = f.dirty || !f.skip
	}
}

// copy moves input up to row to.
func (c *Cursor) copy(to int) {
	n := to - c.at
	for i := range c.out {
		if !c.fills[i].skip {
			copy(c.out[i][c.rows:c.rows+n], c.in[i][c.at:to])
		}
	}
	c.rows += n
	c.at = to
}

func (c *Cursor) put(k *Key) {
	for i := range c.out {
		c.out[i][c.rows] = k[i]
		c.fills[i].dirty = c.fills[i].dirty || k[i] != c.fills[i].value
	}
	c.rows++
}

// nextKey returns the next row of the input, its last one at the end: what is
// not less may belong behind rows that are not read yet.
func (c *Cursor) nextKey() *Key {
	row := c.at
	if row == c.n {
		row--
	}
	return &Key{c.in[0][row], c.in[1][row], c.in[2][row], c.in[3][row]}
}

// putRun appends adds that follow each other before a row of the input.
func (c *Cursor) putRun(bound *Key) {
	if c.filter.n > 0 {
		return
	}
	keys := c.deltas.run(bound, len(c.out[0])-c.rows)
	if len(keys) == 0 {
		return
	}
	for i := range c.out {
		f, col, same := &c.fills[i], c.out[i][c.rows:c.rows+len(keys)], true
		for row := range keys {
			col[row] = keys[row][i]
			same = same && keys[row][i] == f.value
		}
		f.dirty = f.dirty || !same
	}
	c.rows += len(keys)
}

// lower returns the first row of the input that is >= k. In most chunks the
// leading columns are the same in all rows, so one column decides.
func (c *Cursor) lower(k *Key) int {
	lead := 0
	for ; lead < 3 && c.in[lead][c.at] == c.in[lead][c.n-1]; lead++ {
		if v := c.in[lead][c.at]; v != k[lead] {
			if k[lead] < v {
				return c.at
			}
			return c.n
		}
	}
	row := c.at + lowerColumn(c.in[lead][c.at:c.n], k[lead])
	if row == c.n || c.in[lead][row] != k[lead] {
		return row
	}
	return c.lowerRow(row, k)
}

// lowerColumn returns the number of ids less than v at the front of col. They
// ascend. Changes lie close to each other more often than not, so it looks in
// growing steps first.
func lowerColumn(col []graph.TermID, v graph.TermID) int {
	lo, hi, step := 0, 0, 16
	for hi < len(col) && col[hi] < v {
		lo, hi = hi+1, hi+step
		step *= 4
	}
	hi = min(hi, len(col))
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if col[mid] < v {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// lowerRow is lower from a row on, by all columns.
func (c *Cursor) lowerRow(from int, k *Key) int {
	lo, hi, step := from, from, 4
	for hi < c.n && compareRow(&c.in, hi, k) < 0 {
		lo, hi = hi+1, hi+step
		step *= 4
	}
	hi = min(hi, c.n)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if compareRow(&c.in, mid, k) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// compareRow compares a row with a key.
func compareRow(cols *[4][]graph.TermID, row int, k *Key) int {
	for i := range cols {
		if id := cols[i][row]; id != k[i] {
			if id < k[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// rest hands out the adds behind the last row of the largest run.
func (c *Cursor) rest() (*graph.Chunk, error) {
	if c.deltas.sign == 0 {
		if c.rows == 0 {
			return nil, nil
		}
		return c.spliced(), nil
	}
	if c.rows == 0 && len(c.out[0]) < c.size {
		c.out = columns(c.size)
		c.fills = [4]fill{}
		c.size = min(c.size*growth, graph.ChunkRows)
	}
	for c.deltas.sign != 0 && c.rows < len(c.out[0]) {
		invariant.Check(c.deltas.sign > 0, "I1: a delete has its row")
		if c.deltas.sign > 0 {
			c.put(&c.deltas.key)
			c.putRun(nil)
		}
		if err := c.nextDelta(); err != nil {
			return nil, err
		}
	}
	if c.rows == 0 {
		return nil, nil
	}
	return c.spliced(), nil
}

func (c *Cursor) spliced() *graph.Chunk {
	for i, pos := range c.pos {
		c.chunk.Cols[pos] = c.out[i][:c.rows]
	}
	return &c.chunk
}

// Seek implements graph.Cursor.
func (c *Cursor) Seek(key ...graph.TermID) error {
	if c.closed {
		return graph.ErrClosed
	}
	if len(key) == 0 || c.plen+len(key) > 4 {
		return fmt.Errorf("seek: %d ids after a prefix of %d: want 1 to %d", len(key), c.plen, 4-c.plen)
	}
	k := Key{}
	copy(k[:], c.prefix[:c.plen])
	copy(k[c.plen:], key)
	if c.at < c.n {
		c.at = c.lower(&k)
	}
	if c.at == c.n && c.hasMain {
		if err := c.main.Seek(&k); err != nil {
			return err
		}
		c.size = firstRows
	}
	if err := c.deltas.seek(&k); err != nil {
		return err
	}
	return c.filterDeltas()
}

// Close implements graph.Cursor.
func (c *Cursor) Close() error {
	c.closed = true
	return nil
}

// poison makes readers of a chunk that the contract says is gone fail.
func (c *Cursor) poison() {
	for i := range c.out {
		for j := range c.out[i] {
			c.out[i][j] = graph.MakeID(15, 0xDEAD)
		}
	}
	c.fills = [4]fill{}
	if c.at == c.n {
		c.in = [4][]graph.TermID{}
		c.at, c.n = 0, 0
	}
}
