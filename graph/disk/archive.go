package disk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/klauspost/compress/zstd"

	"nettwin/graph"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/vfs"
)

// A segment of the log that no opening replays any more is only read for feeds
// and old versions, here and there. It is replaced by an archive: the bytes of
// the segment, its header included, cut into frames of archiveFrame bytes, the
// last one shorter, which are compressed one by one. So a position in the log
// stays what it was, and reading a record costs one or two frames.
//
//	offset size
//	0      8    "NTARC01\n"
//	8      8    number of the segment
//	16     8    number of its first record
//	24     8    length of the segment
//	32     4    CRC-32C of salt ‖ bytes 0–31
//	36     4    0
//	40     …    frames, each a frame of Zstandard (RFC 8878 §3.1.1), one after the other
//	dir    8    per frame: 4 length, 4 CRC-32C of salt ‖ its bytes
//	end-32 8    dir
//	end-24 4    CRC-32C of salt ‖ directory
//	end-20 4    CRC-32C of salt ‖ bytes end-32 to end-21
//	end-16 8    0
//	end-8  8    "NTARCend"
//
// All integers are little-endian. While the segment itself is there the archive
// is debris: the segment is removed last.
const (
	archiveMagic     = "NTARC01\n"
	archiveEnd       = "NTARCend"
	archiveHeaderLen = 40
	archiveFooterLen = 32
	archiveEntryLen  = 8
	archiveFrame     = 256 << 10

	// maxFrameLen bounds a frame: what cannot be compressed grows a little.
	maxFrameLen = archiveFrame + 4<<10

	archiveSuffix = ".z"
)

func archiveName(dir string, n uint64) string { return segmentName(dir, n) + archiveSuffix }

func encodeArchiveHeader(salt []byte, segment, first uint64, length int64) []byte {
	b := append(make([]byte, 0, archiveHeaderLen), archiveMagic...)
	b = binary.LittleEndian.AppendUint64(b, segment)
	b = binary.LittleEndian.AppendUint64(b, first)
	b = binary.LittleEndian.AppendUint64(b, uint64(length))
	b = binary.LittleEndian.AppendUint32(b, intact.Sum(salt, b))
	return append(b, 0, 0, 0, 0)
}

func encodeArchiveFooter(salt []byte, at int64, directory []byte) []byte {
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, archiveFooterLen), uint64(at))
	b = binary.LittleEndian.AppendUint32(b, intact.Sum(salt, directory))
	b = binary.LittleEndian.AppendUint32(b, intact.Sum(salt, b))
	b = binary.LittleEndian.AppendUint64(b, 0)
	return append(b, archiveEnd...)
}

// archive is an open archive. It reads as the segment did: ReadAt takes offsets
// of the segment. One goroutine at a time uses it.
type archive struct {
	name    string
	salt    []byte
	file    vfs.File
	first   uint64 // number of the first record
	length  int64  // of the segment
	offsets []int64
	sums    []uint32

	decoder *zstd.Decoder
	packed  []byte
	frame   int // that raw holds; -1: none
	raw     []byte
}

// openArchive opens the archive of a segment. Errors: *graph.CorruptionError,
// those of the file system.
func openArchive(fsys vfs.FS, dir string, salt []byte, segment uint64) (*archive, error) {
	f, err := fsys.OpenFile(archiveName(dir, segment), false)
	if err != nil {
		return nil, err
	}
	a := &archive{name: archiveName(dir, segment), salt: salt, file: f, frame: -1}
	if err = a.open(segment); err == nil {
		a.decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(archiveFrame))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return a, nil
}

func (a *archive) corrupt(offset int64, format string, args ...any) error {
	return &graph.CorruptionError{File: a.name, Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

func (a *archive) open(segment uint64) error {
	size, err := a.file.Size()
	if err != nil {
		return fmt.Errorf("open %s: %w", a.name, err)
	}
	if size < archiveHeaderLen+archiveFooterLen {
		return a.corrupt(size, "the archive is cut short")
	}
	head := make([]byte, archiveHeaderLen)
	if err := intact.ReadAt(a.file, a.name, 0, head); err != nil {
		return err
	}
	a.first, a.length = binary.LittleEndian.Uint64(head[16:]), int64(binary.LittleEndian.Uint64(head[24:]))
	if !bytes.Equal(head, encodeArchiveHeader(a.salt, segment, a.first, a.length)) || a.length < segmentHeaderLen || a.length >= 1<<offsetBits {
		return a.corrupt(0, "the header is not that of an archive of segment %d of this store", segment)
	}
	foot := make([]byte, archiveFooterLen)
	end := size - archiveFooterLen
	if err := intact.ReadAt(a.file, a.name, end, foot); err != nil {
		return err
	}
	at, frames := int64(binary.LittleEndian.Uint64(foot)), (a.length+archiveFrame-1)/archiveFrame
	if at < archiveHeaderLen || at > end || end-at != frames*archiveEntryLen {
		return a.corrupt(end, "the footer names a directory that is not there")
	}
	directory := make([]byte, end-at)
	if err := intact.ReadAt(a.file, a.name, at, directory); err != nil {
		return err
	}
	if want := encodeArchiveFooter(a.salt, at, directory); !bytes.Equal(foot, want) {
		if !bytes.Equal(foot[12:], want[12:]) && bytes.Equal(foot[:12], want[:12]) {
			return a.corrupt(end, "the footer is not that of an archive of this store")
		}
		return a.corrupt(at, "the directory's checksum is wrong")
	}
	return a.decodeDirectory(directory, at)
}

// decodeDirectory reads the directory that begins at offset end, where the
// frames end.
func (a *archive) decodeDirectory(b []byte, end int64) error {
	a.offsets = append(make([]int64, 0, len(b)/archiveEntryLen+1), archiveHeaderLen)
	for i := 0; len(b) > 0; i++ {
		n := binary.LittleEndian.Uint32(b)
		if n > maxFrameLen {
			return a.corrupt(end, "frame %d has %d bytes, at most %d are allowed", i, n, maxFrameLen)
		}
		a.offsets = append(a.offsets, a.offsets[i]+int64(n))
		a.sums = append(a.sums, binary.LittleEndian.Uint32(b[4:]))
		b = b[archiveEntryLen:]
	}
	if last := a.offsets[len(a.offsets)-1]; last != end {
		return a.corrupt(end, "the frames end at offset %d, the directory begins at %d", last, end)
	}
	return nil
}

// load reads a frame.
func (a *archive) load(i int) error {
	if a.frame == i {
		return nil
	}
	a.frame = -1
	n := int(a.offsets[i+1] - a.offsets[i])
	if cap(a.packed) < n {
		a.packed = make([]byte, n)
	}
	a.packed = a.packed[:n]
	if err := intact.ReadAt(a.file, a.name, a.offsets[i], a.packed); err != nil {
		return err
	}
	if intact.Sum(a.salt, a.packed) != a.sums[i] {
		return a.corrupt(a.offsets[i], "the checksum of frame %d is wrong", i)
	}
	want := int(min(archiveFrame, a.length-int64(i)*archiveFrame))
	raw, err := a.decoder.DecodeAll(a.packed, a.raw[:0])
	if err != nil || len(raw) != want {
		return a.corrupt(a.offsets[i], "frame %d holds %d bytes, %d are due: %v", i, len(raw), want, err)
	}
	a.frame, a.raw = i, raw
	return nil
}

// ReadAt implements io.ReaderAt. Errors: io.EOF, *graph.CorruptionError, those
// of the file system.
func (a *archive) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && off < a.length {
		if err := a.load(int(off / archiveFrame)); err != nil {
			return n, err
		}
		k := copy(p[n:], a.raw[off%archiveFrame:])
		n, off = n+k, off+int64(k)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Close closes the file.
func (a *archive) Close() error {
	a.decoder.Close()
	return a.file.Close()
}

// packer makes archives. Its tables are some megabytes, so it is used again.
type packer struct{ encoder *zstd.Encoder }

// writeArchive makes the archive of a segment, and its name, durable and returns
// the sizes of both. Unless it succeeds there is none.
func (p *packer) writeArchive(ctx context.Context, fsys vfs.FS, dir string, salt []byte, segment uint64) (was, is int64, err error) {
	from, err := fsys.OpenFile(segmentName(dir, segment), false)
	if err != nil {
		return 0, 0, err
	}
	defer from.Close()
	if was, err = from.Size(); err != nil {
		return 0, 0, err
	}
	if err := verifySegment(ctx, from, segmentName(dir, segment), salt, segment, was); err != nil {
		return 0, 0, err
	}
	to, err := fsys.Create(archiveName(dir, segment))
	if err != nil {
		return 0, 0, err
	}
	is, err = p.pack(ctx, from, to, salt, segment, was)
	if err == nil {
		err = to.Sync()
	}
	if err = errors.Join(err, to.Close()); err == nil {
		err = fsys.SyncDir(dir)
	}
	if err != nil {
		return 0, 0, errors.Join(err, fsys.Remove(archiveName(dir, segment)))
	}
	return was, is, nil
}

// verifySegment reads all records, so that no damage gets new checksums.
func verifySegment(ctx context.Context, f io.ReaderAt, name string, salt []byte, n uint64, size int64) error {
	in := bufio.NewReaderSize(io.NewSectionReader(f, 0, size), archiveFrame)
	head := make([]byte, segmentHeaderLen)
	if _, err := io.ReadFull(in, head); err != nil {
		return readError(name, 0, err)
	}
	r := &recovery{wal: &wal{salt: salt}, number: max(segmentFirst(head), 1) - 1}
	if err := checkSegmentHeader(head, salt, n, r.number+1); err != nil {
		return &graph.CorruptionError{File: name, Reason: err.Error()}
	}
	for at := int64(segmentHeaderLen); at < size; r.number++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		payload, err := r.next(in, size-at)
		var torn *tornError
		if errors.As(err, &torn) || errors.Is(err, errMisplaced) {
			return &graph.CorruptionError{File: name, Offset: at, Reason: err.Error()}
		}
		if err != nil {
			return readError(name, at, err)
		}
		at += frameLen + int64(len(payload))
	}
	return nil
}

// pack writes what an archive holds and returns how much.
func (p *packer) pack(ctx context.Context, from io.ReaderAt, to io.Writer, salt []byte, segment uint64, size int64) (at int64, err error) {
	if p.encoder == nil {
		p.encoder, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression),
			zstd.WithEncoderCRC(false), zstd.WithWindowSize(archiveFrame))
		if err != nil {
			return 0, err
		}
	}
	write := func(b []byte) {
		if err == nil {
			var n int
			n, err = to.Write(b)
			at += int64(n)
		}
	}
	head := make([]byte, segmentHeaderLen)
	if err := readFull(from, head, 0); err != nil {
		return 0, err
	}
	write(encodeArchiveHeader(salt, segment, segmentFirst(head), size))
	var directory, raw, packed []byte
	raw = make([]byte, min(size, archiveFrame))
	for off := int64(0); off < size && err == nil; off += int64(len(raw)) {
		if err := ctx.Err(); err != nil {
			return at, err
		}
		raw = raw[:min(size-off, archiveFrame)]
		if err := readFull(from, raw, off); err != nil {
			return at, err
		}
		packed = p.encoder.EncodeAll(raw, packed[:0])
		directory = binary.LittleEndian.AppendUint32(directory, uint32(len(packed)))
		directory = binary.LittleEndian.AppendUint32(directory, intact.Sum(salt, packed))
		write(packed)
	}
	start := at
	write(directory)
	write(encodeArchiveFooter(salt, start, directory))
	return at, err
}

// logPath returns the file that holds a segment of the log: the segment itself
// or its archive.
func logPath(fsys vfs.FS, dir string, n uint64) (name string, archived bool, err error) {
	if _, err = fsys.Stat(segmentName(dir, n)); err == nil {
		return segmentName(dir, n), false, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		if _, other := fsys.Stat(archiveName(dir, n)); other == nil {
			return archiveName(dir, n), true, nil
		}
	}
	return segmentName(dir, n), false, err
}

// archiveDue tells whether a segment of the log may be replaced by its archive:
// it lies before what the manifest says opening begins with.
func (s *Store) archiveDue() (n uint64, ok bool) {
	s.saving.Lock()
	defer s.saving.Unlock()
	s.mu.RLock()
	c := s.durable
	s.mu.RUnlock()
	if c == nil {
		return 0, false
	}
	end, _ := splitPosition(c.end)
	n = max(s.wal.packed, s.wal.first)
	return n, n < end
}

// archiveNext replaces the oldest segment of the log that can be by its archive;
// false if there is none. A failure costs only space: the segment stays, and the
// next checkpoint tries again.
func (s *Store) archiveNext(ctx context.Context) bool {
	n, ok := s.archiveDue()
	if !ok || s.failure() != nil {
		return false
	}
	was, is, err := s.packer.writeArchive(ctx, s.o.FS, s.dir, s.wal.salt, n)
	if err == nil {
		err = s.replaceSegment(n, was, is)
	}
	if err != nil && ctx.Err() == nil {
		s.o.Log.Warn("segment of the log not compressed", "file", segmentName(s.dir, n), "error", err)
	}
	return err == nil
}

// replaceSegment removes a segment whose archive is durable, or the archive if
// retention let the segment go meanwhile.
func (s *Store) replaceSegment(n uint64, was, is int64) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	if n < s.wal.first {
		return s.o.FS.Remove(archiveName(s.dir, n))
	}
	s.wal.packed = n + 1
	return s.wal.replace(n, was, is)
}
