package disk_test

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/graphtest"
	"nettwin/graph/vfs"
)

// lived returns a file system with a store in "store" that lived all steps but
// loads, so that all of it is in the log.
func lived(t *testing.T, segmentBytes int64) *vfs.Mem {
	t.Helper()
	m := vfs.NewMem()
	s, err := disk.Open("store", disk.Options{FS: m, Base: base, Clock: graphtest.Clock(), SegmentBytes: segmentBytes})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range life(false) {
		if err := step(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return m
}

func fileBytes(t *testing.T, m *vfs.Mem, name string) []byte {
	t.Helper()
	f, err := m.OpenFile(name, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, size))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func putFile(t *testing.T, m *vfs.Mem, name string, b []byte) {
	t.Helper()
	f, err := m.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// Goal: a log cut off at any byte opens at the last whole record, says what it
// dropped, and cuts the tail off. Method: cut a log of one segment everywhere
// after its header; compare with the memory engine's states.
func TestTruncatedAnywhere(t *testing.T) {
	want := expected(t, false)
	m := lived(t, 0)
	whole := fileBytes(t, m, "store/wal-000001")
	state, clean := 0, 0
	for size := 32; size <= len(whole); size++ {
		putFile(t, m, "store/wal-000001", whole[:size])
		s, err := disk.Open("store", disk.Options{FS: m})
		if err != nil {
			t.Fatalf("cut at %d: %v", size, err)
		}
		r := s.OpenReport()
		switch {
		case r.DroppedBytes == 0:
			clean++
			if size > 32 {
				state++
			}
		case r.DroppedFile != "store/wal-000001" || r.DroppedAt+r.DroppedBytes != int64(size):
			t.Fatalf("cut at %d: report %+v", size, r)
		}
		if got := digest(t, s); got != want[state] {
			t.Fatalf("cut at %d: found\n%s\nwant\n%s", size, got, want[state])
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := m.Stat("store/wal-000001"); err != nil || info.SizeBytes != int64(size)-r.DroppedBytes {
			t.Fatalf("cut at %d: the file has %d bytes, %v", size, info.SizeBytes, err)
		}
	}
	if state != len(want)-1 || clean != len(want) {
		t.Errorf("saw %d states and %d clean cuts, want %d and %d", state, clean, len(want)-1, len(want))
	}
}

// Goal: a flipped bit anywhere but in the last record is corruption, named
// with file and offset, and nothing on the medium is changed by opening.
// Method: flip each byte of a log of several segments, and of STORE.
func TestFlippedBits(t *testing.T) {
	m := lived(t, 700)
	names, err := m.ReadDir("store")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, name := range names {
		if name != "LOCK" {
			files = append(files, filepath.Join("store", name))
		}
	}
	if len(files) < 4 {
		t.Fatalf("only files %v", files)
	}
	lastRecords := 0
	for i, name := range files {
		whole := fileBytes(t, m, name)
		for at := range whole {
			if err := m.Corrupt(name, int64(at), 1<<(at%8)); err != nil {
				t.Fatal(err)
			}
			s, err := disk.Open("store", disk.Options{FS: m})
			if err == nil {
				s.Close()
				if i != len(files)-1 || s.OpenReport().DroppedBytes == 0 {
					t.Fatalf("%s, byte %d: a flipped bit goes unseen", name, at)
				}
				lastRecords++
				putFile(t, m, name, whole)
				continue
			}
			var corrupt *graph.CorruptionError
			if !errors.As(err, &corrupt) || corrupt.File != name || corrupt.Offset > int64(at) {
				t.Fatalf("%s, byte %d: %v", name, at, err)
			}
			if !strings.Contains(err.Error(), "store") || name != "store/STORE" && !strings.Contains(err.Error(), "restore this file") {
				t.Fatalf("the message lacks what to do: %v", err)
			}
			if err := m.Corrupt(name, int64(at), 1<<(at%8)); err != nil {
				t.Fatal(err)
			}
			if now := fileBytes(t, m, name); string(now) != string(whole) {
				t.Fatalf("%s, byte %d: opening changed the file", name, at)
			}
		}
	}
	if lastRecords == 0 || lastRecords > 700 {
		t.Errorf("%d flips were taken for a torn tail", lastRecords)
	}
}

// Goal: what cannot be a store of ours is refused with a message that says so.
// Method: a missing segment, a missing log, STORE missing, a foreign STORE, a
// segment of another store.
func TestRefused(t *testing.T) {
	cases := map[string]struct {
		spoil func(t *testing.T, m *vfs.Mem)
		want  string
	}{
		"segment missing": {func(t *testing.T, m *vfs.Mem) { must(t, m.Remove("store/wal-000002")) }, "missing"},
		"log missing": {func(t *testing.T, m *vfs.Mem) {
			names, err := m.ReadDir("store")
			must(t, err)
			for _, name := range names {
				if strings.HasPrefix(name, "wal-") {
					must(t, m.Remove("store/"+name))
				}
			}
		}, "log is missing"},
		"STORE missing": {func(t *testing.T, m *vfs.Mem) { must(t, m.Remove("store/STORE")) }, "holds records"},
		"foreign STORE": {func(t *testing.T, m *vfs.Mem) { putFile(t, m, "store/STORE", []byte("hello\n")) }, "not a nettwin store"},
		"newer format": {func(t *testing.T, m *vfs.Mem) {
			putFile(t, m, "store/STORE", []byte("nettwin store\nformat 9\ncrc 00000000\n"))
		}, "checksum is wrong"},
		"segment of another store": {func(t *testing.T, m *vfs.Mem) {
			putFile(t, m, "store/wal-000002", fileBytes(t, lived(t, 700), "store/wal-000002"))
		}, "header is not that of segment 2"},
		"segment 1 emptied": {func(t *testing.T, m *vfs.Mem) { putFile(t, m, "store/wal-000001", nil) }, "header is cut short"},
		"segments swapped": {func(t *testing.T, m *vfs.Mem) {
			must(t, m.Rename("store/wal-000002", "store/tmp"))
			must(t, m.Rename("store/wal-000003", "store/wal-000002"))
			must(t, m.Rename("store/tmp", "store/wal-000003"))
		}, "header is not that of segment 2"},
	}
	for name, c := range cases {
		m := lived(t, 700)
		c.spoil(t, m)
		_, err := disk.Open("store", disk.Options{FS: m, Base: base})
		var corrupt *graph.CorruptionError
		if !errors.As(err, &corrupt) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want corruption with %q", name, err, c.want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Goal: a damaged record that is read long after opening, for the feed or an
// old version, is corruption with file and offset. Method: flip a byte of an
// early record of an open store.
func TestFlippedWhileOpen(t *testing.T) {
	m := lived(t, 0)
	s, err := disk.Open("store", disk.Options{FS: m})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	must(t, m.Corrupt("store/wal-000001", 32+60, 1))
	f, err := s.Feed("", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, err = f.Next(ctx)
	var corrupt *graph.CorruptionError
	if !errors.As(err, &corrupt) || corrupt.File != "store/wal-000001" || corrupt.Offset != 32 {
		t.Errorf("feed over a damaged record: %v", err)
	}
}
