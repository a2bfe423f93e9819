package items

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"nettwin/graph/vfs"
	"nettwin/naming"
)

// Options are the choices of a store; the zero value is ready to use.
type Options struct {
	FS           vfs.FS // nil means the operating system's
	MaxItemBytes int64  // 0 means DefaultMaxItemBytes
	MaxPackBytes int64  // 0 means DefaultMaxPackBytes
	ReadOnly     bool   // look without repair; Put is ErrReadOnly
}

// Store is a directory of items. All methods are safe for concurrent use.
type Store struct {
	opts     Options
	dir      string
	recovery Recovery
	damage   []*CorruptError
	lock     io.Closer // nil if read-only

	mu     sync.RWMutex // guards all below
	packs  []*pack      // by number, from 1
	index  map[naming.Name]entry
	order  []naming.Name
	bytes  int64
	marks  *marker // nil if read-only
	failed error   // the write that made the store read-only
	closed bool
}

// entry is where an item lies.
type entry struct {
	pack    int // index into packs
	offset  int64
	size    int64
	kind    Kind
	corrupt bool // seen to be damaged: Put writes it again
}

// Put keeps items and returns their names, in order, when all are on stable
// storage. Items that are there already cost nothing. All or nothing is
// acknowledged. Errors: ErrTooLarge, ErrReadOnly, ErrClosed, ctx.Err().
func (s *Store) Put(ctx context.Context, batch []Item) ([]naming.Name, error) {
	if err := s.check(batch); err != nil {
		return nil, err
	}
	names := make([]naming.Name, len(batch))
	for i, it := range batch {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("items: put: %w", err)
		}
		names[i] = it.Name()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.writable(); err != nil {
		return nil, err
	}
	fresh := s.fresh(batch, names)
	if len(fresh) == 0 {
		return names, nil
	}
	if err := s.append(batch, names, fresh); err != nil {
		return nil, err
	}
	return names, nil
}

func (s *Store) check(batch []Item) error {
	if len(batch) > MaxBatchItems {
		return fmt.Errorf("items: put: %w: %d items, at most %d", ErrTooLarge, len(batch), MaxBatchItems)
	}
	var total int64
	for _, it := range batch {
		size := int64(len(it.Bytes))
		total += size
		switch {
		case !it.Kind.Valid() || !it.Codec.Valid():
			return fmt.Errorf("items: put: %s of %s: no such item", it.Kind, it.Codec)
		case size > s.opts.MaxItemBytes:
			return fmt.Errorf("items: put: %w: %s item of %d bytes, at most %d", ErrTooLarge, it.Kind, size, s.opts.MaxItemBytes)
		case total > MaxBatchBytes:
			return fmt.Errorf("items: put: %w: more than %d bytes together", ErrTooLarge, MaxBatchBytes)
		}
	}
	return nil
}

func (s *Store) writable() error {
	switch {
	case s.closed:
		return ErrClosed
	case s.failed != nil:
		return fmt.Errorf("%w: %w", ErrReadOnly, s.failed)
	case s.opts.ReadOnly:
		return ErrReadOnly
	}
	return nil
}

// fresh returns the positions of the items to write.
func (s *Store) fresh(batch []Item, names []naming.Name) []int {
	var fresh []int
	seen := map[naming.Name]bool{}
	for i := range batch {
		e, known := s.index[names[i]]
		if known && !e.corrupt || seen[names[i]] {
			continue
		}
		seen[names[i]] = true
		fresh = append(fresh, i)
	}
	return fresh
}

// append writes the fresh items as records at the end of the last pack.
func (s *Store) append(batch []Item, names []naming.Name, fresh []int) error {
	if err := s.room(); err != nil {
		return err
	}
	number := len(s.packs)
	p := s.packs[number-1]
	var buf []byte
	entries := make([]entry, len(fresh))
	for i, j := range fresh {
		it := batch[j]
		entries[i] = entry{pack: number - 1, offset: p.end + int64(len(buf)), size: int64(len(it.Bytes)), kind: it.Kind}
		buf = appendRecord(buf, it.Kind, names[j], it.Bytes)
	}
	if err := p.append(buf); err != nil {
		err = fmt.Errorf("items: put: %w", err)
		var lost *syncError
		if errors.As(err, &lost) {
			s.failed = err
		}
		return err
	}
	for i, j := range fresh {
		s.add(names[j], entries[i])
	}
	return s.writeMark()
}

// room sees to it that the last pack may grow.
func (s *Store) room() error {
	if n := len(s.packs); n > 0 && s.packs[n-1].end < s.opts.MaxPackBytes {
		return nil
	}
	if err := s.nextPack(); err != nil {
		return err
	}
	if err := s.writeMark(); err != nil {
		return err
	}
	if err := s.marks.file.Sync(); err != nil {
		return fmt.Errorf("items: sync mark: %w", err)
	}
	return nil
}

func (s *Store) nextPack() error {
	p, err := createPack(s.opts.FS, s.dir, packName(len(s.packs)+1))
	if err != nil {
		return err
	}
	s.packs = append(s.packs, p)
	return nil
}

// writeMark notes what is durable now. Its failure loses nothing but makes
// the store doubtful, so that it takes no more.
func (s *Store) writeMark() error {
	s.failed = s.marks.write(s.mark())
	return s.failed
}

// mark returns what is durable now.
func (s *Store) mark() mark {
	m := mark{pack: len(s.packs)}
	if m.pack > 0 {
		m.size = s.packs[m.pack-1].end
	}
	return m
}

func (s *Store) add(name naming.Name, e entry) {
	if old, ok := s.index[name]; ok {
		s.bytes -= old.size
	} else {
		s.order = append(s.order, name)
	}
	s.index[name] = e
	s.bytes += e.size
}

// Get returns an item after hashing it again. Errors: ErrNotFound,
// *CorruptError, ErrClosed.
func (s *Store) Get(name naming.Name) (Item, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return Item{}, ErrClosed
	}
	e, ok := s.index[name]
	if !ok {
		return Item{}, fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	p := s.packs[e.pack]
	b, err := p.read(e.offset+headerBytes, e.size)
	if err != nil {
		return Item{}, &CorruptError{Pack: p.path, Offset: e.offset, Name: name, Reason: err.Error()}
	}
	if err := name.Verify(b); err != nil {
		return Item{}, &CorruptError{Pack: p.path, Offset: e.offset, Name: name, Reason: err.Error()}
	}
	return Item{Kind: e.kind, Codec: name.Codec(), Bytes: b}, nil
}

// Has tells whether the store holds an item, without reading it.
func (s *Store) Has(name naming.Name) bool {
	_, ok := s.Stat(name)
	return ok
}

// Stat describes an item without reading it.
func (s *Store) Stat(name naming.Name) (Info, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.index[name]
	if !ok {
		return Info{}, false
	}
	return Info{Kind: e.kind, SizeBytes: e.size, Pack: s.packs[e.pack].path, Offset: e.offset}, true
}

// Len returns the number of items and the bytes of their contents.
func (s *Store) Len() (count int, sizeBytes int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.index), s.bytes
}

// All yields the items that are there when it begins, in the order in which
// they came.
func (s *Store) All() iter.Seq2[naming.Name, Info] {
	return func(yield func(naming.Name, Info) bool) {
		s.mu.RLock()
		names := s.order[:len(s.order):len(s.order)]
		s.mu.RUnlock()
		for _, name := range names {
			if info, ok := s.Stat(name); ok && !yield(name, info) {
				return
			}
		}
	}
}

// Close closes the files. It is idempotent.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	for _, p := range s.packs {
		errs = append(errs, p.file.Close())
	}
	if s.marks != nil {
		errs = append(errs, s.marks.close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("items: close: %w", err)
	}
	return nil
}
