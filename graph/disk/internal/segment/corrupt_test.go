package segment

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/disk/internal/twindata"
	"nettwin/graph/vfs"
)

// Goal: a flipped bit anywhere, and a file cut anywhere, is found and named
// with the file and an offset. Method: flip each byte of a small segment in
// turn (a sample of a larger one), open and verify.
func TestEveryFlipIsFound(t *testing.T) {
	quads := twindata.Quads(2, 1)
	m := vfs.NewMem()
	size := write(t, m, "seg", quads, quads[:0])
	r := rand.New(rand.NewPCG(1, 1))
	for offset := int64(0); offset < size; offset += 1 + r.Int64N(12) {
		mask := byte(1) << r.IntN(8)
		m.Corrupt("seg", offset, mask)
		err := check(m)
		m.Corrupt("seg", offset, mask)
		var corrupt *graph.CorruptionError
		if !errors.As(err, &corrupt) || corrupt.File != "seg" {
			t.Fatalf("flip at %d of %d: %v", offset, size, err)
		}
	}
	if err := check(m); err != nil {
		t.Fatal(err)
	}
	for cut := size - 1; cut >= 0; cut -= 1 + r.Int64N(700) {
		f, err := m.OpenFile("seg", true)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(cut); err != nil {
			t.Fatal(err)
		}
		f.Close()
		var corrupt *graph.CorruptionError
		if err := check(m); !errors.As(err, &corrupt) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
}

func check(fs vfs.FS) error {
	s, err := Open(fs, "seg", salt, cache.New(1<<20))
	if err != nil {
		return err
	}
	defer s.Release()
	return s.Verify(context.Background())
}

// Goal: a segment of another store is refused even though its bytes are good.
// Method: open it with another salt.
func TestForeignSegment(t *testing.T) {
	m := vfs.NewMem()
	write(t, m, "seg", twindata.Quads(1, 1), nil)
	var corrupt *graph.CorruptionError
	if _, err := Open(m, "seg", []byte("another store's "), cache.New(1)); !errors.As(err, &corrupt) {
		t.Fatal(err)
	}
}

// FuzzBlock decodes arbitrary bytes as a block: it is refused, or every row
// can be read, by itself and in ranges alike.
func FuzzBlock(f *testing.F) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, col := range columns(r, 130) {
		var e encoder
		f.Add(e.appendBlock(nil, &[4][]graph.TermID{col, col[:130], col, col}))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := parseBlock(raw)
		if err != nil {
			return
		}
		var dst [4][]graph.TermID
		for i := range dst {
			dst[i] = make([]graph.TermID, b.rows)
		}
		b.read(&dst, 0)
		for row := range b.rows {
			if k := b.key(row); k != rowKey(&dst, row) {
				t.Fatalf("row %d: %v and %v", row, k, rowKey(&dst, row))
			}
		}
		b.lower(0, &Key{1, 2, 3, 4})
	})
}

// FuzzSegment opens and verifies arbitrary bytes whose checksums are made
// good, so that the decoders behind them are reached: it is refused with a
// *graph.CorruptionError, or reads to the end.
func FuzzSegment(f *testing.F) {
	m := vfs.NewMem()
	quads := twindata.Quads(1, 1)
	write(f, m, "seg", quads[:200], quads[200:230])
	s := open(f, m, "seg", 1<<20)
	raw, err := s.readAt(0, int(s.size))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw, uint32(0), byte(0))
	f.Add(raw, uint32(len(raw)-200), byte(3))
	f.Fuzz(func(t *testing.T, raw []byte, at uint32, mask byte) {
		if len(raw) > 1<<20 {
			return
		}
		raw = append([]byte(nil), raw...)
		if len(raw) > 0 {
			raw[int(at)%len(raw)] ^= mask
		}
		mend(raw)
		m := vfs.NewMem()
		file, err := m.Create("seg")
		if err != nil {
			t.Fatal(err)
		}
		file.Write(raw)
		file.Close()
		err = check(m)
		var corrupt *graph.CorruptionError
		if err != nil && !errors.As(err, &corrupt) {
			t.Fatal(err)
		}
	})
}

// mend makes the checksums of header, blocks, directory and footer good, as
// far as they can be found.
func mend(raw []byte) {
	if len(raw) < headerLen+footerLen {
		return
	}
	put := func(at int, b []byte) { binary.LittleEndian.PutUint32(raw[at:], intact.Sum(salt, b)) }
	put(32, raw[:32])
	foot := len(raw) - footerLen
	start, length := binary.LittleEndian.Uint64(raw[foot:]), binary.LittleEndian.Uint64(raw[foot+8:])
	if start < headerLen || start > uint64(foot) || length > uint64(foot)-start {
		return
	}
	dir := raw[start : start+length]
	if len(dir) > 4+sectionHeadLen { // the entries of the first section
		n := binary.LittleEndian.Uint32(dir[8:])
		at := 4 + sectionHeadLen
		for range n {
			if at+entryLen > len(dir) {
				break
			}
			off, size := binary.LittleEndian.Uint64(dir[at:]), uint64(binary.LittleEndian.Uint32(dir[at+8:]))
			if off <= start && size <= start-off {
				binary.LittleEndian.PutUint32(dir[at+12:], intact.Sum(salt, raw[off:off+size]))
			}
			at += entryLen + 8*int(dir[at+18]&^bloomMark)
		}
	}
	put(foot+16, dir)
	put(foot+20, raw[foot:foot+20])
}
