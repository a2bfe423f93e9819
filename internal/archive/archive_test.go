package archive_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"nettwin/graph/vfs"
	"nettwin/internal/archive"
)

var about = archive.About{Version: "test", Base: "https://a.example/", Head: 7, Time: time.Unix(1_800_000_000, 0).UTC()}

var files = []struct{ name, text string }{
	{"control/journal", "one\n"}, {"graph/wal-000001", strings.Repeat("w", 5000)}, {"graph/STORE", "store"}, {"empty", ""},
}

func packed(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w := archive.NewWriter(&out, about, 100)
	for _, f := range files {
		if err := w.Add(t.Context(), f.name, int64(len(f.text)), strings.NewReader(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(fsys vfs.FS, name string) (string, error) {
	f, err := fsys.OpenFile(name, false)
	if err != nil {
		return "", err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, size))
	return string(b), err
}

// whole tells whether a directory looks like a copy, and if so, what of it is
// wrong.
func whole(fsys vfs.FS, dir string) (bool, error) {
	x, err := archive.ReadIndex(fsys, dir)
	if err != nil {
		return false, nil
	}
	if x.About.Head != about.Head || len(x.Files) != len(files) {
		return true, fmt.Errorf("the index says %+v", x)
	}
	for _, f := range files {
		if got, err := read(fsys, dir+"/"+f.name); got != f.text {
			return true, fmt.Errorf("%s holds %d bytes: %v", f.name, len(got), err)
		}
	}
	return true, nil
}

// Goal: what was packed comes back, from a backup as from a stream, and is not
// mixed with other files. Method: unpack, pack the copy again, unpack that.
func TestRoundTrip(t *testing.T) {
	m := vfs.NewMem()
	var done, total int64
	x, err := archive.Unpack(t.Context(), m, "b/one", bytes.NewReader(packed(t)), archive.UnpackOptions{Keep: true, Progress: func(d, of int64) { done, total = d, of }})
	if err != nil || x.Base != about.Base || done != 5009 || total != 5009 {
		t.Fatalf("%+v, %d of %d bytes, %v", x, done, total, err)
	}
	if ok, err := whole(m, "b/one"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := archive.Refuse(m, "b/one"); err == nil {
		t.Error("a backup is taken for a data directory")
	}
	var again bytes.Buffer
	if err := archive.PackDir(t.Context(), m, "b/one", &again); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Unpack(t.Context(), m, "b/one", &again, archive.UnpackOptions{}); !errors.Is(err, archive.ErrNotEmpty) {
		t.Errorf("among other files: %v", err)
	}
	if _, err := archive.Unpack(t.Context(), m, "two", &again, archive.UnpackOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, err := read(m, "two/graph/STORE"); got != "store" {
		t.Error(got, err)
	}
	if err := archive.Refuse(m, "two"); err != nil {
		t.Errorf("a data directory is refused: %v", err)
	}
	if err := archive.PackDir(t.Context(), m, "two", io.Discard); !errors.Is(err, archive.ErrNoBackup) {
		t.Errorf("a data directory is taken for a backup: %v", err)
	}
}

// Goal: whatever a crash leaves, and whatever operation of the file system
// fails, a directory that looks whole is whole. Method: stop before each
// operation that changes something; look at a clone with what was durable and at
// one with everything.
func TestCrash(t *testing.T) {
	stream, crash := packed(t), errors.New("crash")
	finished := false
	for n := 1; !finished; n++ {
		m, count := vfs.NewMem(), 0
		fsys := vfs.Inject(m, func(op vfs.Op) vfs.Fault {
			if op.Kind.Changes() {
				count++
			}
			if count >= n {
				return vfs.Fault{Err: crash}
			}
			return vfs.Fault{}
		})
		_, err := archive.Unpack(t.Context(), fsys, "copy", bytes.NewReader(stream), archive.UnpackOptions{Keep: true})
		if finished = err == nil; !finished && !errors.Is(err, crash) {
			t.Fatalf("operation %d: %v", n, err)
		}
		for name, clone := range map[string]*vfs.Mem{"durable": m.CrashClone(), "all": m.KillClone()} {
			ok, err := whole(clone, "copy")
			if err != nil || finished && !ok {
				t.Fatalf("operation %d, %s: whole %v: %v", n, name, ok, err)
			}
			names, _ := clone.ReadDir("copy")
			if !ok && len(names) > 0 && archive.Refuse(clone, "copy") == nil {
				t.Fatalf("operation %d, %s: taken for a data directory: %v", n, name, names)
			}
		}
	}
}

// Goal: a stream that is cut, changed, or that names files elsewhere is
// refused, and so is a copy that its check does not like. Method: each.
func TestRefused(t *testing.T) {
	good := packed(t)
	for cut := 0; cut < bytes.LastIndexByte(good, '}'); cut += 100 {
		m := vfs.NewMem()
		_, err := archive.Unpack(t.Context(), m, "c", bytes.NewReader(good[:cut]), archive.UnpackOptions{Keep: true})
		if ok, _ := whole(m, "c"); err == nil || ok {
			t.Fatalf("cut at %d: whole %v, %v", cut, ok, err)
		}
	}
	flipped := bytes.Clone(good)
	flipped[bytes.Index(flipped, []byte("wwwwwwww"))] = 'v'
	evil := func(name string, kind byte) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		if err := w.WriteHeader(&tar.Header{Typeflag: kind, Name: name, Linkname: "x"}); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for what, stream := range map[string][]byte{
		"flipped": flipped, "above": evil("../x", tar.TypeReg), "absolute": evil("/etc/x", tar.TypeReg), "inside out": evil("a/../../x", tar.TypeReg),
		"link": evil("a", tar.TypeSymlink), "mark": evil(archive.IncompleteName, tar.TypeReg), "no tar": []byte(strings.Repeat("x", 2000)),
	} {
		m := vfs.NewMem()
		if _, err := archive.Unpack(t.Context(), m, "c", bytes.NewReader(stream), archive.UnpackOptions{Keep: true}); !errors.Is(err, archive.ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
		if err := archive.Refuse(m, "c"); what != "no tar" && !errors.Is(err, archive.ErrIncomplete) {
			t.Errorf("%s: what is left: %v", what, err)
		}
		if names, _ := m.ReadDir("."); len(names) > 1 {
			t.Errorf("%s: beside the copy: %v", what, names)
		}
	}
	m, no := vfs.NewMem(), errors.New("no")
	_, err := archive.Unpack(t.Context(), m, "c", bytes.NewReader(good), archive.UnpackOptions{Keep: true, Check: func(context.Context, string) error { return no }})
	if !errors.Is(err, no) || !errors.Is(archive.Refuse(m, "c"), archive.ErrIncomplete) {
		t.Errorf("a copy that fails its check: %v", err)
	}
	newer := bytes.Replace(good, []byte(`"format": 1`), []byte(`"format": 2`), 1)
	if _, err := archive.Unpack(t.Context(), vfs.NewMem(), "c", bytes.NewReader(newer), archive.UnpackOptions{}); !errors.Is(err, archive.ErrNewer) {
		t.Errorf("a newer format: %v", err)
	}
}

// Goal: a backup that was changed on its medium is not restored. Method: change
// a byte, cut a file, remove one.
func TestChangedBackup(t *testing.T) {
	for what, spoil := range map[string]func(m *vfs.Mem) error{
		"byte": func(m *vfs.Mem) error { return m.Corrupt("b/graph/wal-000001", 17, 1) },
		"cut": func(m *vfs.Mem) error {
			f, err := m.OpenFile("b/graph/wal-000001", true)
			if err == nil {
				err = f.Truncate(4000)
			}
			return err
		},
		"removed": func(m *vfs.Mem) error { return m.Remove("b/graph/STORE") },
	} {
		m := vfs.NewMem()
		if _, err := archive.Unpack(t.Context(), m, "b", bytes.NewReader(packed(t)), archive.UnpackOptions{Keep: true}); err != nil {
			t.Fatal(err)
		}
		if err := spoil(m); err != nil {
			t.Fatal(err)
		}
		if err := archive.PackDir(t.Context(), m, "b", io.Discard); !errors.Is(err, archive.ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// FuzzUnpack: no stream makes Unpack panic, write outside of its folder, or
// leave a copy that looks whole and is not what its index says.
func FuzzUnpack(f *testing.F) {
	f.Add(packed(f))
	f.Fuzz(func(t *testing.T, stream []byte) {
		m := vfs.NewMem()
		_, err := archive.Unpack(t.Context(), m, "c/d", bytes.NewReader(stream), archive.UnpackOptions{Keep: true})
		if names, _ := m.ReadDir("c"); len(names) > 1 {
			t.Fatal(names)
		}
		if _, statErr := m.Stat("c/d"); statErr != nil && err != nil {
			return
		}
		if _, readErr := archive.ReadIndex(m, "c/d"); (err == nil) != (readErr == nil) {
			t.Fatalf("unpacked: %v, its index: %v", err, readErr)
		}
		if err == nil {
			if err := archive.PackDir(t.Context(), m, "c/d", io.Discard); err != nil {
				t.Fatal(err)
			}
		}
	})
}
