package disk

import (
	"errors"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/vfs"
)

// forks is a log of four records, each a fork, of which the last two were
// flushed together: durable[i] is what record i+1 says was durable.
func forks(t *testing.T, durable []uint64, damaged int) *vfs.Mem {
	t.Helper()
	m := vfs.NewMem()
	s := storeFile{format: formatVersion, base: "https://example.org/", created: time.Now().UTC(), salt: [saltLen]byte{7}}
	if err := m.MkdirAll("store"); err != nil {
		t.Fatal(err)
	}
	f, err := createSegment(m, "store", s.salt[:], 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range durable {
		payload := encodeRecord(nil, &record{kind: recordFork, name: string(rune('a' + i)), parent: "main"})
		b := appendFrame(nil, s.salt[:], uint64(i)+1, d, payload)
		if i == damaged {
			b[len(b)-1] ^= 1
		}
		if _, err := f.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f.Close(), s.write(m, "store")); err != nil {
		t.Fatal(err)
	}
	return m
}

// Goal: a bad record before a good one is a torn tail if both were flushed
// together, since the medium may take them in any order, and corruption if the
// good one was made after the bad one was durable. Method: the same log with
// one record damaged, flushed one by one and together.
func TestTornFlush(t *testing.T) {
	open := func(durable []uint64, damaged int) (int, *OpenReport, error) {
		s, err := Open("store", Options{FS: forks(t, durable, damaged)})
		if err != nil {
			return 0, nil, err
		}
		defer s.Close()
		list, err := s.Branches()
		return len(list) - 1, &s.report, err
	}
	single, grouped := []uint64{0, 1, 2, 3}, []uint64{0, 1, 1, 1}
	if n, r, err := open(single, -1); n != 4 || err != nil || r.DroppedBytes != 0 {
		t.Errorf("undamaged: %d records, %+v, %v", n, r, err)
	}
	if n, r, err := open(single, 3); n != 3 || err != nil || r.DroppedBytes == 0 {
		t.Errorf("last record damaged: %d records, %+v, %v", n, r, err)
	}
	for damaged := 1; damaged < 4; damaged++ {
		if n, r, err := open(grouped, damaged); n != damaged || err != nil || r.DroppedBytes == 0 {
			t.Errorf("record %d of a flush of three damaged: %d records, %+v, %v", damaged+1, n, r, err)
		}
	}
	for _, c := range []struct {
		durable []uint64
		damaged int
	}{{single, 0}, {single, 1}, {single, 2}, {grouped, 0}} {
		var corrupt *graph.CorruptionError
		if _, _, err := open(c.durable, c.damaged); !errors.As(err, &corrupt) || corrupt.File != "store/wal-000001" || corrupt.Offset < segmentHeaderLen {
			t.Errorf("record %d damaged, later ones made after it was durable: %v", c.damaged+1, err)
		}
	}
}
