package bulk

import (
	"context"
	"slices"

	"nettwin/graph"
	"nettwin/graph/disk/internal/segment"
)

// Columns are rows in the sequence of an order.
type Columns = [4][]graph.TermID

// Stream yields rows in an order, strictly ascending (I2).
type Stream interface {
	// Fill writes the next rows to dst, whose columns have one length, and
	// returns how many: at least 1, 0 at the end.
	Fill(dst *Columns) (int, error)
}

// NewColumns returns columns with room for rows.
func NewColumns(rows int) *Columns {
	var c Columns
	for i := range c {
		c[i] = make([]graph.TermID, rows)
	}
	return &c
}

// cut returns the first n rows.
func cut(c *Columns, from, to int) (out Columns) {
	for i := range c {
		out[i] = c[i][from:to]
	}
	return out
}

func keyAt(c *Columns, i int) segment.Key {
	return segment.Key{c[0][i], c[1][i], c[2][i], c[3][i]}
}

func compare(a, b *segment.Key) int {
	for i := range a {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// below returns how many of the rows from on are less than a key.
func below(c *Columns, from, to int, k *segment.Key) int {
	last := keyAt(c, to-1)
	if compare(&last, k) < 0 {
		return to - from
	}
	lo, hi := from, to
	for step := 1; lo < hi; step *= 2 { // most often few are
		at := min(lo+step, hi) - 1
		x := keyAt(c, at)
		if compare(&x, k) >= 0 {
			hi = at
			break
		}
		lo = at + 1
	}
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		x := keyAt(c, mid)
		if compare(&x, k) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - from
}

// memStream yields the rows of a sorted batch.
type memStream struct {
	rows   []row
	tables [4][]graph.TermID // by place in the order
	places [4]int
}

func newMemStream(s *sorted, o graph.Order) *memStream {
	m := &memStream{rows: s.in(o), places: o.Positions()}
	for i, pos := range m.places {
		m.tables[i] = s.tables[pos]
	}
	return m
}

// Fill implements Stream.
func (m *memStream) Fill(dst *Columns) (int, error) {
	n := min(len(m.rows), len(dst[0]))
	for i, pos := range m.places {
		col, table := dst[i][:n], m.tables[i]
		for k := range col {
			col[k] = table[m.rows[k][pos&3]]
		}
	}
	m.rows = m.rows[n:]
	return n, nil
}

// head is a stream with its next rows.
type head struct {
	stream Stream
	cols   *Columns
	at, n  int
	key    segment.Key // of row at
}

func newHead(s Stream) (*head, error) {
	h := &head{stream: s, cols: NewColumns(graph.ChunkRows)}
	return h, h.fill()
}

// fill takes rows once none are left; n is 0 at the end.
func (h *head) fill() (err error) {
	if h.at == h.n {
		h.at = 0
		h.n, err = h.stream.Fill(h.cols)
	}
	if h.n > 0 {
		h.key = keyAt(h.cols, h.at)
	}
	return err
}

// merged merges streams; rows that several have come once.
type merged struct{ heads []*head }

// Merged returns the stream of all rows of streams.
func Merged(list []Stream) (Stream, error) {
	if len(list) == 1 {
		return list[0], nil
	}
	m := &merged{}
	for _, s := range list {
		h, err := newHead(s)
		if err != nil {
			return nil, err
		}
		if h.n > 0 {
			m.heads = append(m.heads, h)
		}
	}
	slices.SortFunc(m.heads, func(a, b *head) int { return compare(&a.key, &b.key) })
	return m, nil
}

// Fill implements Stream.
func (m *merged) Fill(dst *Columns) (rows int, err error) {
	for rows < len(dst[0]) && len(m.heads) > 0 {
		h := m.heads[0]
		to := min(h.n, h.at+len(dst[0])-rows)
		n := to - h.at
		if len(m.heads) > 1 {
			n = below(h.cols, h.at, to, &m.heads[1].key)
		}
		if n == 0 { // another has the same row
			h.at++
		}
		for i := range dst {
			copy(dst[i][rows:], h.cols[i][h.at:h.at+n])
		}
		rows += n
		h.at += n
		if err := h.fill(); err != nil {
			return 0, err
		}
		m.settle()
	}
	return rows, nil
}

// settle moves the first head to where its next row belongs, or drops it.
func (m *merged) settle() {
	h := m.heads[0]
	if h.n == 0 {
		m.heads = m.heads[1:]
		return
	}
	i := 1
	for ; i < len(m.heads) && compare(&m.heads[i].key, &h.key) < 0; i++ {
		m.heads[i-1] = m.heads[i]
	}
	m.heads[i-1] = h
}

// without yields the rows of one stream that another has not.
type without struct {
	from Stream
	gone *head
}

// Without returns the rows of from that gone has not.
func Without(from, gone Stream) (Stream, error) {
	h, err := newHead(gone)
	if err != nil {
		return nil, err
	}
	return &without{from, h}, nil
}

// Fill implements Stream.
func (w *without) Fill(dst *Columns) (int, error) {
	for {
		n, err := w.from.Fill(dst)
		if n == 0 || err != nil {
			return 0, err
		}
		kept := 0
		for at := 0; at < n; {
			if w.gone.n == 0 {
				kept = moveRows(dst, kept, at, n)
				break
			}
			less := below(dst, at, n, &w.gone.key)
			kept = moveRows(dst, kept, at, at+less)
			at += less
			if at == n {
				break
			}
			k := keyAt(dst, at)
			for w.gone.n > 0 && compare(&w.gone.key, &k) < 0 {
				if err := w.gone.next(); err != nil {
					return 0, err
				}
			}
			if w.gone.n > 0 && w.gone.key == k {
				at++
			}
		}
		if kept > 0 {
			return kept, nil
		}
	}
}

// next moves to the next row.
func (h *head) next() error {
	h.at++
	return h.fill()
}

// moveRows moves the rows from–to to kept and returns the place behind them.
func moveRows(c *Columns, kept, from, to int) int {
	if kept != from {
		for i := range c {
			copy(c[i][kept:], c[i][from:to])
		}
	}
	return kept + to - from
}

// pipeChunks is how many chunks a pipe holds.
const pipeChunks = 4

// Each calls f with all rows, chunk by chunk, while another goroutine makes the
// next ones.
func Each(ctx context.Context, s Stream, f func(cols *Columns) error) error {
	type chunk struct {
		cols *Columns
		n    int
		err  error
	}
	ctx, cancel := context.WithCancel(ctx)
	free, full := make(chan *Columns, pipeChunks), make(chan chunk, pipeChunks)
	for range pipeChunks {
		free <- NewColumns(graph.ChunkRows)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(full)
		for {
			select {
			case cols := <-free:
				n, err := s.Fill(cols)
				if n == 0 && err == nil {
					return
				}
				full <- chunk{cols, n, err}
				if err != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	var err error
	for c := range full {
		if err = c.err; err != nil {
			break
		}
		rows := cut(c.cols, 0, c.n)
		if err = f(&rows); err != nil {
			break
		}
		free <- c.cols
	}
	if err == nil {
		err = ctx.Err()
	}
	cancel()
	<-done
	return err
}
