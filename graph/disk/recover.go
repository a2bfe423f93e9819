package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/vfs"
)

// OpenReport says what Open found.
type OpenReport struct {
	Created      bool            // the directory was new
	Segments     int             // of the log, as far as it was read
	Checkpoint   graph.CommitSeq // the newest commit that was in segments already
	Records      uint64          // replayed
	LastSeq      graph.CommitSeq // the newest commit of any branch
	DroppedFile  string          // where a torn tail was cut off, else ""
	DroppedAt    int64           // offset of the cut
	DroppedBytes int64           // what was cut off: a write that was never acknowledged
	Elapsed      time.Duration
}

// recovery reads the segments of the log in order.
type recovery struct {
	wal    *wal
	store  *Store
	report *OpenReport
	from   uint64 // position of the first record to replay; 0: all
	number uint64 // of the last good record, at first of the last one before from
}

// adviceCorrupt ends the reason of every corruption.
const adviceCorrupt = "nothing was changed; restore this file from a backup, or move the directory away and restore the store"

func (r *recovery) corrupt(name string, offset int64, format string, args ...any) error {
	return &graph.CorruptionError{
		File: name, Offset: offset,
		Reason: fmt.Sprintf(format, args...) + fmt.Sprintf("; commits up to %d are readable; ", r.store.seq) + adviceCorrupt,
	}
}

// segmentNumber returns the number of the segment of the log that has a name,
// or whose archive has.
func segmentNumber(dir, name string) (uint64, bool) {
	digits, ok := strings.CutPrefix(strings.TrimSuffix(name, archiveSuffix), "wal-")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return n, err == nil && filepath.Base(segmentName(dir, n)) == strings.TrimSuffix(name, archiveSuffix)
}

// segments lists the numbers of the segments in a directory, which must begin
// with first and have no gap. Earlier ones are left out.
func segments(fsys vfs.FS, dir string, first uint64) ([]uint64, error) {
	names, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []uint64
	for _, name := range names {
		if n, ok := segmentNumber(dir, name); ok && n >= first {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	for i, n := range out {
		if n != uint64(i)+first {
			return nil, &graph.CorruptionError{File: segmentName(dir, uint64(i)+first), Reason: "this segment of the log is missing; " + adviceCorrupt}
		}
	}
	return out, nil
}

// run replays the segments and leaves the log ready to append.
func (r *recovery) run(list []uint64) error {
	start, _ := splitPosition(r.from)
	if len(list) == 0 || list[len(list)-1] < start {
		return r.corrupt(segmentName(r.wal.dir, max(start, 1)), 0, "the log is missing")
	}
	for i, n := range list {
		if n < start {
			name, archived, err := logPath(r.wal.fs, r.wal.dir, n)
			if err != nil {
				return err
			}
			info, err := r.wal.fs.Stat(name)
			if err != nil {
				return err
			}
			if archived {
				r.wal.packed = n + 1
			}
			r.wal.older += info.SizeBytes
			continue
		}
		r.report.Segments++
		if err := r.segment(n, i == len(list)-1); err != nil {
			return err
		}
	}
	r.report.LastSeq = r.store.seq
	return nil
}

func (r *recovery) segment(n uint64, last bool) error {
	w := r.wal
	name := segmentName(w.dir, n)
	f, err := w.fs.OpenFile(name, last)
	if err != nil {
		return err
	}
	keep := false
	defer func() {
		if !keep {
			f.Close()
		}
	}()
	size, err := f.Size()
	if err != nil {
		return err
	}
	end, err := r.scan(f, name, n, size)
	var torn *tornError
	if errors.As(err, &torn) {
		if err := r.judge(f, name, n, size, torn, last); err != nil {
			return err
		}
		if f, err = r.cut(f, n, name, size, end); err != nil {
			return err
		}
		end = max(end, segmentHeaderLen) // the header was made anew
	} else if err != nil {
		return err
	}
	if !last {
		w.older += end
		return nil
	}
	// What a process that was killed wrote may not have been fsynced yet:
	// nobody may read it before it is.
	if err := f.Sync(); err != nil {
		return err
	}
	keep = true
	w.file, w.segment, w.durable = f, n, r.number
	w.replayed(position(n, end), r.number)
	return nil
}

// tornError: from offset on there is no good record.
type tornError struct {
	offset int64
	reason string
}

func (e *tornError) Error() string { return e.reason }

// scan replays the records of a segment and returns the offset behind the
// last good one. A *tornError says why it ended before the file does.
func (r *recovery) scan(f vfs.File, name string, n uint64, size int64) (int64, error) {
	offset, err := r.begin(f, name, n, size)
	if err != nil {
		return 0, err
	}
	in := io.NewSectionReader(f, offset, size-offset)
	for offset < size {
		payload, err := r.next(in, size-offset)
		var torn *tornError
		if errors.As(err, &torn) {
			torn.offset = offset
			return offset, torn
		}
		if errors.Is(err, errMisplaced) {
			return 0, r.corrupt(name, offset, "%v", err)
		}
		if err != nil {
			return 0, fmt.Errorf("read %s at offset %d: %w", name, offset, err)
		}
		end := offset + frameLen + int64(len(payload))
		err = r.replay(payload, position(n, offset), position(n, end))
		var corrupt *graph.CorruptionError
		if errors.As(err, &corrupt) { // another file, which was read meanwhile
			return 0, err
		}
		if err != nil {
			return 0, r.corrupt(name, offset, "a record with a good checksum does not fit: %v", err)
		}
		offset = end
		if err := r.checkpoint(f); err != nil {
			return 0, err
		}
	}
	return offset, nil
}

// begin reads a segment's header and returns the offset of the first record to
// replay. What is before the checkpoint was durable before that was made.
func (r *recovery) begin(f vfs.File, name string, n uint64, size int64) (int64, error) {
	head := make([]byte, segmentHeaderLen)
	k, err := f.ReadAt(head, 0)
	if err != nil && !isEOF(err) {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	first := r.number + 1
	start, offset := splitPosition(r.from)
	if n == start {
		first = min(first, segmentFirst(head[:k]))
	} else {
		offset = segmentHeaderLen
	}
	err = checkSegmentHeader(head[:k], r.wal.salt, n, first)
	switch {
	case n == start && err == nil && size < offset:
		return 0, r.corrupt(name, size, "the log is cut short: the checkpoint is at offset %d", offset)
	case n == start && err != nil:
		return 0, r.corrupt(name, 0, "%v", err)
	case err != nil:
		return 0, &tornError{0, err.Error()}
	}
	return offset, nil
}

// checkpoint writes to segments what was replayed once it is much, after what
// the checkpoint relies on is durable.
func (r *recovery) checkpoint(f vfs.File) error {
	if !r.store.wantsCheckpoint() {
		return nil
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return r.store.checkpoint(r.store.ctx)
}

// errMisplaced: a good record that no crash can have put there.
var errMisplaced = errors.New("the log has lost or repeated records")

func isEOF(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// next reads the record of which at most left bytes can be there.
func (r *recovery) next(in io.Reader, left int64) ([]byte, error) {
	if left < frameLen {
		return nil, &tornError{reason: "the file ends inside a record"}
	}
	head := make([]byte, frameLen)
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, err
	}
	f, ok := parseFrame(head)
	if !ok {
		return nil, &tornError{reason: "no record begins here"}
	}
	if frameLen+int64(f.length) > left {
		return nil, &tornError{reason: "the file ends inside a record"}
	}
	payload := make([]byte, f.length)
	if _, err := io.ReadFull(in, payload); err != nil {
		return nil, err
	}
	if intact.Sum(r.wal.salt, head[:summedLen], payload) != f.sum {
		return nil, &tornError{reason: "a record's checksum is wrong"}
	}
	if f.number != r.number+1 {
		return nil, fmt.Errorf("%w: record %d stands where %d is due", errMisplaced, f.number, r.number+1)
	}
	return payload, nil
}

func (r *recovery) replay(payload []byte, pos, end uint64) error {
	rec, err := decodeRecord(payload)
	if err != nil {
		return err
	}
	r.number++
	r.wal.replayed(end, r.number)
	if err := r.store.replay(rec, pos, r.number); err != nil {
		return err
	}
	r.report.Records++
	return nil
}

// judge decides whether what follows a bad place is a torn tail. Only the last
// segment can have one (I2), and no record can follow that was made after the
// bad one was durable. A segment's header is durable before its first record,
// that of segment 1 before the store (I1).
func (r *recovery) judge(f io.ReaderAt, name string, n uint64, size int64, torn *tornError, last bool) error {
	if !last {
		return r.corrupt(name, torn.offset, "%s, and later segments follow", torn.reason)
	}
	if torn.offset == 0 && (n == 1 || size > segmentHeaderLen) {
		return r.corrupt(name, 0, "%s", torn.reason)
	}
	at, err := r.search(f, torn.offset, size)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if at >= 0 {
		return r.corrupt(name, torn.offset, "%s, and a later record follows at offset %d", torn.reason, at)
	}
	return nil
}

// searchBytes is how much search holds in memory beside one record.
const searchBytes = 1 << 20

// search returns the offset of the first good record at or after from that
// proves that the record due there was durable once, or -1.
func (r *recovery) search(f io.ReaderAt, from, size int64) (int64, error) {
	buf := make([]byte, searchBytes)
	for from+frameLen <= size {
		n := int(min(int64(len(buf)), size-from))
		if err := readFull(f, buf[:n], from); err != nil {
			return 0, err
		}
		for at := 0; ; at++ {
			i := bytes.Index(buf[at:n], []byte(frameMagic))
			if i < 0 {
				break
			}
			at += i
			good, err := r.good(f, from+int64(at), size)
			if err != nil {
				return 0, err
			}
			if good {
				return from + int64(at), nil
			}
		}
		from += int64(max(n-len(frameMagic)+1, 1))
	}
	return -1, nil
}

// good tells whether a record of this log stands at offset that was made when
// the record after the last good one was durable, or that has no place there.
func (r *recovery) good(f io.ReaderAt, offset, size int64) (bool, error) {
	if offset+frameLen > size {
		return false, nil
	}
	head := make([]byte, frameLen)
	if err := readFull(f, head, offset); err != nil {
		return false, err
	}
	fr, ok := parseFrame(head)
	if !ok || offset+frameLen+int64(fr.length) > size {
		return false, nil
	}
	payload := make([]byte, fr.length)
	if err := readFull(f, payload, offset+frameLen); err != nil {
		return false, err
	}
	proves := fr.durable > r.number || fr.number <= r.number
	return proves && intact.Sum(r.wal.salt, head[:summedLen], payload) == fr.sum, nil
}

// cut removes a torn tail (I5) and returns the segment opened for appending. A
// segment whose header is torn is made anew.
func (r *recovery) cut(f vfs.File, n uint64, name string, size, end int64) (vfs.File, error) {
	r.report.DroppedFile, r.report.DroppedAt, r.report.DroppedBytes = name, end, size-end
	w := r.wal
	if end >= segmentHeaderLen {
		if err := f.Truncate(end); err != nil {
			return f, err
		}
		return f, f.Sync()
	}
	if err := f.Close(); err != nil {
		return f, err
	}
	return createSegment(w.fs, w.dir, w.salt, n, r.number+1)
}
