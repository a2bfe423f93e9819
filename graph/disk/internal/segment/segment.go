package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/vfs"
)

// Segment is an open segment. It is safe for concurrent use and counts its
// references: Open gives one, the last Release closes the file.
type Segment struct {
	name     string
	salt     []byte
	file     vfs.File
	cache    *cache.Cache
	header   Header
	stats    Stats
	size     int64
	sections [numKinds][graph.NumOrders]*Section
	refs     atomic.Int64
	onClose  func() error
}

// Open reads header and directory of a segment. Errors: *graph.CorruptionError
// and those of the file system.
func Open(fs vfs.FS, name string, salt []byte, c *cache.Cache) (*Segment, error) {
	f, err := fs.OpenFile(name, false)
	if err != nil {
		return nil, err
	}
	s := &Segment{name: name, salt: salt, file: f, cache: c}
	if err := s.open(); err != nil {
		f.Close()
		return nil, err
	}
	s.refs.Store(1)
	return s, nil
}

func (s *Segment) open() error {
	size, err := s.file.Size()
	if err != nil {
		return fmt.Errorf("open %s: %w", s.name, err)
	}
	s.size = size
	if size < headerLen+footerLen {
		return s.corrupt(size, "the file is cut short")
	}
	if err := s.readHeader(); err != nil {
		return err
	}
	start, length, sum, err := s.readFooter()
	if err != nil {
		return err
	}
	b, err := s.readAt(start, int(length))
	if err != nil {
		return err
	}
	if intact.Sum(s.salt, b) != sum {
		return s.corrupt(start, "the directory's checksum is wrong")
	}
	dir, err := decodeDirectory(b, start)
	if err != nil {
		return s.corrupt(start, err.Error())
	}
	s.stats = dir.stats
	for kind, sections := range dir.sections {
		for o, x := range sections {
			if x != nil {
				s.sections[kind][o] = &Section{segment: s, order: graph.Order(o), kind: Kind(kind), index: x, slots: make([]cache.Slot[block], len(x.entries))}
			}
		}
	}
	return nil
}

func (s *Segment) readHeader() error {
	b, err := s.readAt(0, headerLen)
	if err != nil {
		return err
	}
	s.header = Header{
		Num:  binary.LittleEndian.Uint64(b[8:]),
		From: graph.CommitSeq(binary.LittleEndian.Uint64(b[16:])),
		To:   graph.CommitSeq(binary.LittleEndian.Uint64(b[24:])),
	}
	if !bytes.Equal(b, s.header.encode(s.salt)) {
		return s.corrupt(0, "the header is not that of a segment of this store")
	}
	return nil
}

func (s *Segment) readFooter() (start, length int64, sum uint32, err error) {
	at := s.size - footerLen
	b, err := s.readAt(at, footerLen)
	if err != nil {
		return 0, 0, 0, err
	}
	start, length = int64(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint64(b[8:]))
	if string(b[24:]) != footerMagic || binary.LittleEndian.Uint32(b[20:]) != intact.Sum(s.salt, b[:20]) {
		return 0, 0, 0, s.corrupt(at, "the footer is not that of a segment of this store")
	}
	if start < headerLen || length < 0 || start > at || start+length != at {
		return 0, 0, 0, s.corrupt(at, "the footer names a directory that is not there")
	}
	return start, length, binary.LittleEndian.Uint32(b[16:]), nil
}

func (s *Segment) corrupt(offset int64, reason string) error {
	return &graph.CorruptionError{File: s.name, Offset: offset, Reason: reason}
}

func (s *Segment) readAt(offset int64, n int) ([]byte, error) {
	b := make([]byte, n)
	if err := intact.ReadAt(s.file, s.name, offset, b); err != nil {
		return nil, err
	}
	return b, nil
}

// Retain adds a reference.
func (s *Segment) Retain() { s.refs.Add(1) }

// Release takes one away; the last closes the file and lets go of its blocks.
func (s *Segment) Release() error {
	if s.refs.Add(-1) > 0 {
		return nil
	}
	for _, sections := range s.sections {
		for _, sec := range sections {
			if sec != nil {
				cache.Drop(s.cache, sec.slots)
			}
		}
	}
	err := s.file.Close()
	if s.onClose != nil {
		err = errors.Join(err, s.onClose())
	}
	return err
}

// OnClose sets what the last Release does after it closed the file, such as
// removing it. It is called before the segment is shared.
func (s *Segment) OnClose(f func() error) { s.onClose = f }

// Name returns the name of the file.
func (s *Segment) Name() string { return s.name }

// Header returns what the segment is.
func (s *Segment) Header() Header { return s.header }

// Stats returns the statistics of the adds. They are shared: do not write.
func (s *Segment) Stats() *Stats { return &s.stats }

// SizeBytes is the length of the file.
func (s *Segment) SizeBytes() int64 { return s.size }

// Section returns the rows of a kind in an order; nil if the segment does not
// have them.
func (s *Segment) Section(o graph.Order, kind Kind) *Section { return s.sections[kind][o] }
