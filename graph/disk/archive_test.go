package disk

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/vfs"
)

var archiveSalt = []byte("0123456789abcdef")

// putSegment writes a segment of records with some bytes.
func putSegment(tb testing.TB, m *vfs.Mem, n uint64, body []byte) []byte {
	tb.Helper()
	b := encodeSegmentHeader(archiveSalt, n, 17)
	for number := uint64(17); len(body) > 0; number++ {
		k := min(len(body), 10_000)
		b = appendFrame(b, archiveSalt, number, 16, body[:k])
		body = body[k:]
	}
	f, err := m.Create(segmentName("", n))
	if err == nil {
		_, err = f.Write(b)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		tb.Fatal(err)
	}
	return b
}

// archiveOf is a file system with the archive of a segment, and its bytes.
func archiveOf(tb testing.TB, body []byte) (m *vfs.Mem, raw []byte) {
	tb.Helper()
	m = vfs.NewMem()
	raw = putSegment(tb, m, 3, body)
	was, is, err := new(packer).writeArchive(context.Background(), m, "", archiveSalt, 3)
	if err != nil || was != int64(len(raw)) {
		tb.Fatal(was, err)
	}
	if info, err := m.Stat(archiveName("", 3)); err != nil || info.SizeBytes != is {
		tb.Fatalf("%+v, %v; %d were written", info, err, is)
	}
	return m, raw
}

// body is like a log: it repeats itself, but not only.
func body(n int) []byte {
	r := rand.New(rand.NewPCG(1, 1))
	var b []byte
	for len(b) < n {
		b = append(b, "https://example.org/id/interface/"...)
		b = binary.AppendUvarint(b, r.Uint64())
	}
	return b[:n]
}

// Goal: an archive reads as its segment did, from any offset, and is smaller.
// Method: segments shorter than a frame, of whole frames and of several; reads
// of random places compared with the bytes.
func TestArchive(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, n := range []int{0, 1000, archiveFrame - segmentHeaderLen - 27*frameLen, 3*archiveFrame + 5000} {
		m, raw := archiveOf(t, body(n))
		a, err := openArchive(m, "", archiveSalt, 3)
		if err != nil {
			t.Fatal(err)
		}
		if a.first != 17 || a.length != int64(len(raw)) {
			t.Errorf("first record %d, length %d of %d", a.first, a.length, len(raw))
		}
		for range 50 {
			off := r.IntN(len(raw))
			p := make([]byte, 1+r.IntN(2*archiveFrame))
			k, err := a.ReadAt(p, int64(off))
			if want := raw[off:min(len(raw), off+len(p))]; !bytes.Equal(p[:k], want) || (k < len(p)) != (err == io.EOF) {
				t.Fatalf("%d bytes from %d: %d bytes, %v", len(p), off, k, err)
			}
		}
		if info, _ := m.Stat(archiveName("", 3)); n > archiveFrame && info.SizeBytes > int64(len(raw))*2/3 {
			t.Errorf("%d bytes became %d", len(raw), info.SizeBytes)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// readArchive reads all of it.
func readArchive(m *vfs.Mem, salt []byte) ([]byte, error) {
	a, err := openArchive(m, "", salt, 3)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return io.ReadAll(io.NewSectionReader(a, 0, a.length))
}

// Goal: whatever bit of an archive changes, reading names the file and an offset
// not behind it; so it does for what is cut off, another store's and another
// segment's. Method: bits here and there in each part.
func TestArchiveDamage(t *testing.T) {
	m, raw := archiveOf(t, body(2*archiveFrame))
	info, err := m.Stat(archiveName("", 3))
	if err != nil {
		t.Fatal(err)
	}
	damaged := func(what string, at int64, err error) {
		t.Helper()
		var corrupt *graph.CorruptionError
		if !errors.As(err, &corrupt) || corrupt.File != archiveName("", 3) || corrupt.Offset > at {
			t.Errorf("%s: %v", what, err)
		}
	}
	for at := int64(0); at < info.SizeBytes; at++ {
		if at > 60 && at < info.SizeBytes-100 {
			at += info.SizeBytes / 50
		}
		if at >= info.SizeBytes {
			break
		}
		if err := m.Corrupt(archiveName("", 3), at, 1<<(at%8)); err != nil {
			t.Fatal(err)
		}
		_, err := readArchive(m, archiveSalt)
		damaged("a changed bit", at, err)
		if err := m.Corrupt(archiveName("", 3), at, 1<<(at%8)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := readArchive(m, archiveSalt); err != nil || !bytes.Equal(got, raw) {
		t.Fatalf("mended: %v", err)
	}
	_, err = readArchive(m, []byte("another store's."))
	damaged("another store", 0, err)
	if err := m.Rename(archiveName("", 3), archiveName("", 4)); err != nil {
		t.Fatal(err)
	}
	if _, err := openArchive(m, "", archiveSalt, 4); err == nil {
		t.Error("the archive of segment 3 is taken for that of 4")
	}
}

// Goal: a damaged segment gets no archive, whose sums would hide it. Method: a
// bit of a record.
func TestArchiveOfDamage(t *testing.T) {
	m := vfs.NewMem()
	putSegment(t, m, 3, body(30_000))
	if err := m.Corrupt(segmentName("", 3), 15_000, 1); err != nil {
		t.Fatal(err)
	}
	_, _, err := new(packer).writeArchive(context.Background(), m, "", archiveSalt, 3)
	var corrupt *graph.CorruptionError
	if !errors.As(err, &corrupt) || corrupt.File != segmentName("", 3) || corrupt.Offset != segmentHeaderLen+frameLen+10_000 {
		t.Error(err)
	}
	if _, err := m.Stat(archiveName("", 3)); err == nil {
		t.Error("it has an archive")
	}
}

// Goal: what cannot be written leaves the segment and no archive. Method: a
// file system whose writes, syncs and names fail.
func TestArchiveFailure(t *testing.T) {
	for _, op := range []vfs.OpKind{vfs.OpWrite, vfs.OpSync, vfs.OpSyncDir} {
		m := vfs.NewMem()
		raw := putSegment(t, m, 3, body(1000))
		fault := errors.New("no")
		fsys := vfs.Inject(m, func(o vfs.Op) vfs.Fault {
			if o.Kind == op {
				return vfs.Fault{Err: fault}
			}
			return vfs.Fault{}
		})
		if _, _, err := new(packer).writeArchive(context.Background(), fsys, "", archiveSalt, 3); !errors.Is(err, fault) {
			t.Errorf("%v: %v", op, err)
		}
		if _, err := m.Stat(archiveName("", 3)); err == nil {
			t.Errorf("%v: a part of an archive stays", op)
		}
		if info, err := m.Stat(segmentName("", 3)); err != nil || info.SizeBytes != int64(len(raw)) {
			t.Errorf("%v: the segment: %+v, %v", op, info, err)
		}
	}
}

// FuzzArchive holds the decoder to: no panic, no more memory than two frames,
// and only errors that name the file. The sums of what it changes are mended,
// so that it gets behind them.
func FuzzArchive(f *testing.F) {
	for _, text := range [][]byte{body(10), body(2000), make([]byte, archiveFrame)} {
		m, _ := archiveOf(f, text)
		file, err := m.OpenFile(archiveName("", 3), false)
		if err != nil {
			f.Fatal(err)
		}
		size, err := file.Size()
		if err != nil {
			f.Fatal(err)
		}
		b, err := io.ReadAll(io.NewSectionReader(file, 0, size))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := vfs.NewMem()
		file, err := m.Create(archiveName("", 3))
		if err == nil {
			_, err = file.Write(mendArchive(bytes.Clone(b)))
		}
		if err = errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
		var corrupt *graph.CorruptionError
		if _, err := readArchive(m, archiveSalt); err != nil && !errors.As(err, &corrupt) {
			t.Fatal(err)
		}
	})
}

// mendArchive makes the sums of an archive those of its bytes, as far as they
// can be found.
func mendArchive(b []byte) []byte {
	if len(b) < archiveHeaderLen+archiveFooterLen {
		return b
	}
	binary.LittleEndian.PutUint32(b[32:], intact.Sum(archiveSalt, b[:32]))
	foot := b[len(b)-archiveFooterLen:]
	at, end := binary.LittleEndian.Uint64(foot), uint64(len(b)-archiveFooterLen)
	if at < archiveHeaderLen || at > end {
		return b
	}
	for dir, from := b[at:end], uint64(archiveHeaderLen); len(dir) >= archiveEntryLen; dir = dir[archiveEntryLen:] {
		to := from + uint64(binary.LittleEndian.Uint32(dir))
		if to > at {
			break
		}
		binary.LittleEndian.PutUint32(dir[4:], intact.Sum(archiveSalt, b[from:to]))
		from = to
	}
	copy(foot, encodeArchiveFooter(archiveSalt, int64(at), b[at:end]))
	return b
}
