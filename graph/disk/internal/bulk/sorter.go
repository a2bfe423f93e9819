package bulk

import (
	"context"
	"errors"
	"sync"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/disk/internal/dict"
	"nettwin/graph/disk/internal/segment"
	"nettwin/graph/vfs"
)

// RowBytes is what a Sorter takes of memory for each of Options.Rows, about:
// a batch that is filled, one that is sorted with two orders, and their ids.
const RowBytes = 96

// cacheBytes is what reading temporary segments holds.
const cacheBytes = 16 << 20

// Options make a Sorter.
type Options struct {
	FS   vfs.FS
	Salt []byte
	Name func(num uint64) string // of a segment's file
	Next func() uint64           // number of a new segment
	Rows int                     // of a batch
}

// Sorter sorts rows. Add calls come one at a time; after Finish there are
// Streams.
type Sorter struct {
	o     Options
	cache *cache.Cache
	fill  *batch
	ids   []graph.TermID
	codes []uint32
	stage int

	sorting sync.WaitGroup
	mu      sync.Mutex
	err     error // of a goroutine
	spare   *batch
	scratch *sorted
	pieces  []*piece
	young   *sorted // the last batch, which stays in memory
	numbers []dict.Numbers
	rows    uint64 // that were added
}

// piece is a sorted batch in a temporary segment, whose local ids are of a
// stage.
type piece struct {
	seg   *segment.Segment
	stage int
}

// NewSorter returns an empty one.
func NewSorter(o Options) *Sorter {
	o.Rows = max(o.Rows, 16)
	return &Sorter{o: o, cache: cache.New(cacheBytes), fill: &batch{}, spare: &batch{}, scratch: &sorted{}}
}

// Len returns how many rows were added; 0 for nil.
func (s *Sorter) Len() uint64 {
	if s == nil {
		return 0
	}
	return s.rows
}

// Add adds the rows of a block, whose terms l numbers.
func (s *Sorter) Add(ctx context.Context, b *Block, l *dict.Loading) (err error) {
	if s.ids, err = b.number(s.ids[:0], l); err != nil {
		return err
	}
	s.rows += uint64(len(b.rows))
	s.codes = s.fill.add(b.rows, s.ids, s.codes)
	return s.full(ctx)
}

// AddIDs adds rows of ids as columns by position.
func (s *Sorter) AddIDs(ctx context.Context, cols *Columns) error {
	s.rows += uint64(len(cols[0]))
	s.fill.addIDs(cols)
	return s.full(ctx)
}

func (s *Sorter) full(ctx context.Context) error {
	if len(s.fill.rows) < s.o.Rows {
		return nil
	}
	return s.spill(ctx)
}

// failed returns the error of a goroutine.
func (s *Sorter) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// spill has the batch sorted and written behind the caller, which waits for the
// one before.
func (s *Sorter) spill(ctx context.Context) error {
	s.sorting.Wait()
	if err := s.failed(); err != nil {
		return err
	}
	b, stage := s.fill, s.stage
	s.fill, s.spare = s.spare, nil
	s.sorting.Go(func() {
		sorted := b.sort(s.scratch)
		p, err := s.write(ctx, sorted, stage)
		b.rows = sorted.rows[:0] // its memory goes on
		sorted.rows = nil
		b.reset()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.spare = b
		if s.err = err; err == nil {
			s.pieces = append(s.pieces, p)
		}
	})
	return nil
}

// write makes a temporary segment.
func (s *Sorter) write(ctx context.Context, sorted *sorted, stage int) (*piece, error) {
	num := s.o.Next()
	w, err := segment.NewWriter(lazyFS{s.o.FS}, s.o.Name(num), s.o.Salt, segment.Header{Num: num})
	if err != nil {
		return nil, err
	}
	for o := range graph.NumOrders {
		if err = w.Begin(o, segment.Adds); err == nil {
			err = Each(ctx, newMemStream(sorted, o), w.Append)
		}
		if err != nil {
			return nil, errors.Join(err, w.Abort())
		}
	}
	if _, err := w.Finish(); err != nil {
		return nil, errors.Join(err, w.Abort())
	}
	seg, err := segment.Open(s.o.FS, s.o.Name(num), s.o.Salt, s.cache)
	if err != nil {
		return nil, errors.Join(err, s.o.FS.Remove(s.o.Name(num)))
	}
	seg.OnClose(func() error { return s.o.FS.Remove(seg.Name()) })
	return &piece{seg, stage}, nil
}

// Stage says what the terms that were numbered locally so far became. Rows
// added later may have local ids of the next Loading.
func (s *Sorter) Stage(ctx context.Context, n dict.Numbers) error {
	s.sorting.Wait()
	if err := s.failed(); err != nil {
		return err
	}
	s.numbers = append(s.numbers, n)
	for i, id := range s.fill.ids {
		s.fill.ids[i] = s.final(id)
	}
	clear(s.fill.slots)
	s.fill.index()
	if !n.Ordered() {
		for i, p := range s.pieces {
			if p.stage < s.stage {
				continue
			}
			again, err := s.again(ctx, p)
			if err != nil {
				return err
			}
			s.pieces[i] = again
		}
	}
	s.stage++
	return nil
}

// again sorts a piece once more, whose ids changed places.
func (s *Sorter) again(ctx context.Context, p *piece) (*piece, error) {
	b := &batch{}
	from, cols := p.stream(graph.SPOG, s), NewColumns(graph.ChunkRows)
	for {
		n, err := from.Fill(cols)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		rows := cut(cols, 0, n)
		b.addIDs(&rows)
	}
	sorted := b.sort(s.scratch)
	again, err := s.write(ctx, sorted, p.stage)
	sorted.rows = nil
	return again, errors.Join(err, p.seg.Release())
}

// final returns the id that a local one became.
func (s *Sorter) final(id graph.TermID) graph.TermID {
	if !dict.IsLocal(id) {
		return id
	}
	for i := range s.numbers {
		if s.numbers[i].Has(id) {
			return s.numbers[i].Final(id)
		}
	}
	return id
}

// Finish sorts the last batch, which stays in memory. Nothing can be added any
// more, and all local ids must have become final.
func (s *Sorter) Finish() error {
	s.sorting.Wait()
	if err := s.failed(); err != nil {
		return err
	}
	s.spare = nil
	if len(s.fill.rows) > 0 {
		s.young = s.fill.sort(s.scratch)
	}
	s.fill = nil
	return nil
}

// Stream returns all rows in an order. One stream is used at a time.
func (s *Sorter) Stream(o graph.Order) (Stream, error) {
	var list []Stream
	for _, p := range s.pieces {
		list = append(list, p.stream(o, s))
	}
	if s.young != nil {
		list = append(list, newMemStream(s.young, o))
	}
	return Merged(list)
}

// Has tells, after Finish, whether a row was added to a sorter that never had
// local ids; nil has none.
func (s *Sorter) Has(q graph.Quad) (bool, error) {
	if s == nil {
		return false, nil
	}
	for _, p := range s.pieces {
		k := segment.Key(q)
		if has, err := p.seg.Section(graph.SPOG, segment.Adds).Has(&k); has || err != nil {
			return has, err
		}
	}
	return s.young != nil && s.young.has(q), nil
}

// Close removes the temporary segments.
func (s *Sorter) Close() error {
	s.sorting.Wait()
	err := error(nil)
	for _, p := range s.pieces {
		err = errors.Join(err, p.seg.Release())
	}
	s.pieces, s.young, s.fill, s.spare, s.scratch = nil, nil, nil, nil, nil
	return err
}

// segStream yields the rows of a piece.
type segStream struct {
	cur    segment.Cursor
	sorter *Sorter // nil: there are no local ids
}

func (p *piece) stream(o graph.Order, s *Sorter) Stream {
	sec := p.seg.Section(o, segment.Adds)
	st := &segStream{cur: sec.Cursor(0, sec.Len())}
	if len(s.numbers) > 0 {
		st.sorter = s
	}
	return st
}

// Fill implements Stream.
func (s *segStream) Fill(dst *Columns) (int, error) {
	n, err := s.cur.Next(dst, len(dst[0]))
	if err != nil || s.sorter == nil {
		return n, err
	}
	for i := range dst {
		for k, id := range dst[i][:n] {
			if dict.IsLocal(id) {
				dst[i][k] = s.sorter.final(id)
			}
		}
	}
	return n, nil
}

// lazyFS is a file system whose files need not survive a crash.
type lazyFS struct{ vfs.FS }

// Create implements vfs.FS.
func (l lazyFS) Create(name string) (vfs.File, error) {
	f, err := l.FS.Create(name)
	if err != nil {
		return nil, err
	}
	return lazyFile{f}, nil
}

type lazyFile struct{ vfs.File }

// Sync implements vfs.File: there is no need.
func (lazyFile) Sync() error { return nil }
