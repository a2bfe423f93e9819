package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"

	"nettwin/graph"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/vfs"
)

// The layout of a segment: a header, then records.
//
//	offset size
//	0      8    "NTWAL01\n"
//	8      8    number of the segment, from 1
//	16     8    number of its first record
//	24     4    CRC-32C of salt ‖ bytes 0–23
//	28     4    0
//	32     …    records, see record.go
const (
	segmentMagic     = "NTWAL01\n"
	segmentHeaderLen = 32

	// DefaultSegmentBytes is the size at which a segment is closed.
	DefaultSegmentBytes = 64 << 20

	maxSegments = 1 << 23
	offsetBits  = 40
)

func segmentName(dir string, n uint64) string {
	return filepath.Join(dir, fmt.Sprintf("wal-%06d", n))
}

func encodeSegmentHeader(salt []byte, segment, first uint64) []byte {
	b := append(make([]byte, 0, segmentHeaderLen), segmentMagic...)
	b = binary.LittleEndian.AppendUint64(b, segment)
	b = binary.LittleEndian.AppendUint64(b, first)
	b = binary.LittleEndian.AppendUint32(b, intact.Sum(salt, b))
	return append(b, 0, 0, 0, 0)
}

func checkSegmentHeader(b, salt []byte, segment, first uint64) error {
	switch {
	case len(b) < segmentHeaderLen:
		return errors.New("the segment's header is cut short")
	case !bytes.Equal(b, encodeSegmentHeader(salt, segment, first)):
		return fmt.Errorf("the segment's header is not that of segment %d from record %d of this store", segment, first)
	}
	return nil
}

// segmentFirst returns the number of the first record that a header names.
func segmentFirst(b []byte) uint64 {
	if len(b) < segmentHeaderLen {
		return 0
	}
	return binary.LittleEndian.Uint64(b[16:])
}

// A position is the segment above the offset of the record's frame.
func position(segment uint64, offset int64) uint64 { return segment<<offsetBits | uint64(offset) }

func splitPosition(pos uint64) (segment uint64, offset int64) {
	return pos >> offsetBits, int64(pos & (1<<offsetBits - 1))
}

// wal is the log. Append queues frames in memory; whoever calls Sync first
// writes all that is queued and fsyncs it for everyone.
type wal struct {
	fs           vfs.FS
	dir          string
	salt         []byte
	segmentBytes int64

	mu     sync.Mutex
	queue  []chunk
	end    uint64 // position behind the last record, queued or written
	number uint64 // of the last record, queued or written
	// durable is the number of the last record that is known to be fsynced.
	durable uint64
	closed  bool

	synced atomic.Uint64 // all records before this position are durable

	flushing sync.Mutex
	file     vfs.File // the segment being written
	segment  uint64
	err      error // the first failure (I4)

	reading  sync.Mutex
	reader   logReader // the segment last read
	readSeg  uint64
	readName string

	older int64 // bytes of the segments before those of end

	first  uint64 // oldest segment that is kept; guarded by Store.saving
	packed uint64 // oldest one that has no archive; guarded by Store.saving
	// What the next checkpoint has to take begins behind this position.
	saved atomic.Uint64
}

// logReader is a segment or its archive.
type logReader interface {
	io.ReaderAt
	io.Closer
}

// chunk is bytes for one segment. first is the number of its first record.
type chunk struct {
	segment, first uint64
	bytes          []byte
}

// Append adds r after all earlier records and returns its position. It returns
// before r is durable. An error that wraps graph.ErrTooLarge means that nothing
// was written; any other ends writing. One goroutine at a time calls it.
func (w *wal) Append(r *record) (uint64, error) {
	payload := encodeRecord(nil, r)
	if len(payload) > MaxRecordBytes {
		return 0, fmt.Errorf("record of %d bytes is beyond the limit of %d: %w", len(payload), MaxRecordBytes, graph.ErrTooLarge)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, graph.ErrClosed
	}
	segment, offset := splitPosition(w.end)
	if offset+frameLen+int64(len(payload)) > w.segmentBytes && offset > segmentHeaderLen {
		if segment+1 >= maxSegments {
			return 0, fmt.Errorf("log of %d segments: %w", segment, graph.ErrTooLarge)
		}
		w.older += offset
		segment, offset = segment+1, segmentHeaderLen
	}
	w.number++
	if n := len(w.queue); n == 0 || w.queue[n-1].segment != segment {
		w.queue = append(w.queue, chunk{segment: segment, first: w.number})
	}
	c := &w.queue[len(w.queue)-1]
	c.bytes = appendFrame(c.bytes, w.salt, w.number, w.durable, payload)
	w.end = position(segment, offset+frameLen+int64(len(payload)))
	return position(segment, offset), nil
}

// Sync returns when all records up to the one at pos are durable.
func (w *wal) Sync(pos uint64) error {
	if w.synced.Load() > pos {
		return nil
	}
	w.flushing.Lock()
	defer w.flushing.Unlock()
	if w.synced.Load() > pos {
		return nil
	}
	return w.flush()
}

// flush writes and fsyncs what is queued. The caller holds flushing.
func (w *wal) flush() error {
	if w.err != nil {
		return w.err
	}
	w.mu.Lock()
	queue, end, number := w.queue, w.end, w.number
	w.queue = nil
	w.mu.Unlock()
	for _, c := range queue {
		if w.err = w.writeChunk(c); w.err != nil {
			return w.err
		}
	}
	if len(queue) > 0 {
		if err := w.file.Sync(); err != nil {
			w.err = w.failed("fsync", err)
			return w.err
		}
	}
	w.mu.Lock()
	w.durable = number
	w.mu.Unlock()
	w.synced.Store(end)
	return nil
}

func (w *wal) failed(op string, err error) error {
	return fmt.Errorf("%s %s: %w: free space or repair the medium, then open the store again", op, segmentName(w.dir, w.segment), err)
}

func (w *wal) writeChunk(c chunk) error {
	if c.segment != w.segment {
		if err := w.nextSegment(c); err != nil {
			return w.failed("begin the segment after", err)
		}
	}
	if n, err := w.file.Write(c.bytes); err != nil {
		return w.failed("write", err)
	} else if n < len(c.bytes) {
		return w.failed("write", io.ErrShortWrite)
	}
	return nil
}

// nextSegment closes the segment for good (I2) and begins the next.
func (w *wal) nextSegment(c chunk) error {
	if err := w.file.Sync(); err != nil {
		return err
	}
	f, err := createSegment(w.fs, w.dir, w.salt, c.segment, c.first)
	if err != nil {
		return err
	}
	err = w.file.Close()
	w.file, w.segment = f, c.segment
	return err
}

// createSegment makes an empty segment durable.
func createSegment(fsys vfs.FS, dir string, salt []byte, segment, first uint64) (vfs.File, error) {
	f, err := fsys.Create(segmentName(dir, segment))
	if err != nil {
		return nil, err
	}
	_, err = f.Write(encodeSegmentHeader(salt, segment, first))
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = fsys.SyncDir(dir)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// captured says that a checkpoint takes all before a position.
func (w *wal) captured(end uint64) { w.saved.Store(end) }

// tail returns about how many bytes are behind the last checkpoint.
func (w *wal) tail() int64 {
	end, _ := w.mark()
	segment, offset := splitPosition(end)
	from, start := splitPosition(w.saved.Load())
	return int64(segment-from)*w.segmentBytes + offset - start
}

// remove removes the segments from one up to another, which stays.
func (w *wal) remove(from, to uint64) error {
	for n := from; n < to; n++ {
		name, _, err := logPath(w.fs, w.dir, n)
		if err != nil {
			return err
		}
		info, err := w.fs.Stat(name)
		if err != nil {
			return err
		}
		if err := w.fs.Remove(name); err != nil {
			return err
		}
		w.mu.Lock()
		w.older -= info.SizeBytes
		w.mu.Unlock()
	}
	return nil
}

// replace removes a segment whose archive is there, with the sizes of both.
func (w *wal) replace(n uint64, was, is int64) error {
	w.reading.Lock()
	defer w.reading.Unlock()
	if w.reader != nil && w.readSeg == n {
		w.reader.Close()
		w.reader = nil
	}
	if err := w.fs.Remove(segmentName(w.dir, n)); err != nil {
		return err
	}
	w.mu.Lock()
	w.older += is - was
	w.mu.Unlock()
	return nil
}

// replayed says that the log has records up to a number, the last of which
// ends at a position. They need no Sync.
func (w *wal) replayed(end, number uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end, w.number = end, number
	w.synced.Store(end)
}

// mark returns the position behind the last record, and its number.
func (w *wal) mark() (end, number uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.end, w.number
}

// ReadCommit returns the commit's record at pos.
func (w *wal) ReadCommit(pos uint64) (*record, error) {
	w.reading.Lock()
	defer w.reading.Unlock()
	segment, offset := splitPosition(pos)
	if err := w.openReader(segment); err != nil {
		return nil, fmt.Errorf("read %s: %w", segmentName(w.dir, segment), err)
	}
	name := w.readName
	head := make([]byte, frameLen)
	if err := readFull(w.reader, head, offset); err != nil {
		return nil, readError(name, offset, err)
	}
	f, ok := parseFrame(head)
	if !ok {
		return nil, &graph.CorruptionError{File: name, Offset: offset, Reason: "no record where one was written"}
	}
	payload := make([]byte, f.length)
	if err := readFull(w.reader, payload, offset+frameLen); err != nil {
		return nil, readError(name, offset, err)
	}
	if intact.Sum(w.salt, head[:summedLen], payload) != f.sum {
		return nil, &graph.CorruptionError{File: name, Offset: offset, Reason: "a record's checksum is wrong"}
	}
	r, err := decodeRecord(payload)
	if err == nil && r.kind != recordCommit && r.kind != recordLoad && r.kind != recordTrimmed {
		err = errors.New("not a commit")
	}
	if err != nil {
		return nil, &graph.CorruptionError{File: name, Offset: offset, Reason: err.Error()}
	}
	return r, nil
}

func readError(name string, offset int64, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &graph.CorruptionError{File: name, Offset: offset, Reason: "the file ends inside a record"}
	}
	return fmt.Errorf("read %s at offset %d: %w", name, offset, err)
}

// readFull fills p from off; io.ErrUnexpectedEOF if the file ends before.
func readFull(f io.ReaderAt, p []byte, off int64) error {
	n, err := f.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return err
}

func (w *wal) openReader(segment uint64) error {
	w.mu.Lock()
	closed := w.closed
	w.mu.Unlock()
	if closed {
		return graph.ErrClosed
	}
	if w.reader != nil && w.readSeg == segment {
		return nil
	}
	name, archived, err := logPath(w.fs, w.dir, segment)
	if err != nil {
		return err
	}
	var r logReader
	if archived {
		r, err = openArchive(w.fs, w.dir, w.salt, segment)
	} else {
		r, err = w.fs.OpenFile(name, false)
	}
	if err != nil {
		return err
	}
	if w.reader != nil {
		w.reader.Close()
	}
	w.reader, w.readSeg, w.readName = r, segment, name
	return nil
}

// sizeBytes is the size of all segments with what is queued.
func (w *wal) sizeBytes() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, offset := splitPosition(w.end)
	return w.older + offset
}

// close writes what is queued and closes the files.
func (w *wal) close() error {
	w.flushing.Lock()
	defer w.flushing.Unlock()
	var err error
	if w.err == nil {
		err = w.flush()
	}
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	if w.err == nil {
		w.err = graph.ErrClosed
	}
	if w.file != nil {
		err = errors.Join(err, w.file.Close())
		w.file = nil
	}
	w.reading.Lock()
	defer w.reading.Unlock()
	if w.reader != nil {
		err = errors.Join(err, w.reader.Close())
		w.reader = nil
	}
	return err
}
