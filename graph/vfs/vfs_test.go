package vfs_test

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"nettwin/graph/vfs"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, f vfs.FS, name string) string {
	t.Helper()
	file, err := f.OpenFile(name, false)
	must(t, err)
	defer file.Close()
	size, err := file.Size()
	must(t, err)
	b := make([]byte, size)
	if n, err := file.ReadAt(b, 0); n != len(b) || err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("read %s: %d, %v", name, n, err)
	}
	return string(b)
}

func write(t *testing.T, f vfs.FS, name, text string, sync bool) {
	t.Helper()
	file, err := f.Create(name)
	must(t, err)
	_, err = file.Write([]byte(text))
	must(t, err)
	if sync {
		must(t, file.Sync())
	}
	must(t, file.Close())
}

// Goal: the real and the memory file system do the same. Method: one sequence
// of operations on both.
func TestSameOperations(t *testing.T) {
	for name, f := range map[string]vfs.FS{"os": vfs.OS(), "mem": vfs.NewMem()} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "b")
			must(t, f.MkdirAll(dir))
			must(t, f.MkdirAll(dir))
			one := filepath.Join(dir, "one")
			write(t, f, one, "hello", true)
			file, err := f.OpenFile(one, true)
			must(t, err)
			_, err = file.Write([]byte(" world"))
			must(t, err)
			must(t, file.Truncate(7))
			_, err = file.Write([]byte("!"))
			must(t, err)
			must(t, file.Close())
			if got := read(t, f, one); got != "hello w!" {
				t.Errorf("contents %q", got)
			}
			must(t, f.Rename(one, filepath.Join(dir, "two")))
			write(t, f, filepath.Join(dir, "three"), "", false)
			must(t, f.SyncDir(dir))
			names, err := f.ReadDir(dir)
			if err != nil || !slices.Equal(names, []string{"three", "two"}) {
				t.Errorf("names %v, %v", names, err)
			}
			info, err := f.Stat(filepath.Join(dir, "two"))
			if err != nil || info.SizeBytes != 8 || info.IsDir {
				t.Errorf("stat %+v, %v", info, err)
			}
			if info, err := f.Stat(dir); err != nil || !info.IsDir {
				t.Errorf("stat of a folder %+v, %v", info, err)
			}
			must(t, f.Remove(filepath.Join(dir, "two")))
			for what, err := range map[string]error{
				"remove": f.Remove(one), "rename": f.Rename(one, one), "syncdir": f.SyncDir(one),
				"open": second(f.OpenFile(one, false)), "stat": second(f.Stat(one)), "readdir": second(f.ReadDir(one)),
				"create": second(f.Create(filepath.Join(dir, "none", "x"))),
			} {
				if !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s of what is absent: %v", what, err)
				}
			}
			lock, err := f.Lock(filepath.Join(dir, "LOCK"))
			must(t, err)
			if _, err := f.Lock(filepath.Join(dir, "LOCK")); !errors.Is(err, vfs.ErrLocked) {
				t.Errorf("second lock: %v", err)
			}
			must(t, lock.Close())
			lock, err = f.Lock(filepath.Join(dir, "LOCK"))
			must(t, err)
			must(t, lock.Close())
		})
	}
}

func second[T any](_ T, err error) error { return err }

// Goal: a crash keeps exactly what was synced: bytes by Sync, names by
// SyncDir. Method: files in each state.
func TestCrashClone(t *testing.T) {
	m := vfs.NewMem()
	must(t, m.MkdirAll("d"))
	must(t, m.SyncDir("."))
	write(t, m, "d/synced", "abc", true)
	write(t, m, "d/unsynced bytes", "abc", false)
	write(t, m, "d/renamed", "abc", true)
	must(t, m.SyncDir("d"))
	write(t, m, "d/unsynced name", "abc", true)
	must(t, m.Rename("d/renamed", "d/other"))
	file, err := m.OpenFile("d/synced", true)
	must(t, err)
	_, err = file.Write([]byte("more"))
	must(t, err)
	c := m.CrashClone()
	names, err := c.ReadDir("d")
	if err != nil || !slices.Equal(names, []string{"renamed", "synced", "unsynced bytes"}) {
		t.Fatalf("names after the crash: %q, %v", names, err)
	}
	for name, want := range map[string]string{"d/synced": "abc", "d/unsynced bytes": "", "d/renamed": "abc"} {
		if got := read(t, c, name); got != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	must(t, file.Truncate(1))
	if got := read(t, m.CrashClone(), "d/synced"); got != "abc" {
		t.Errorf("a truncation that was not synced left %q", got)
	}
	_, err = file.Write([]byte("xyz"))
	must(t, err)
	must(t, file.Sync())
	if got := read(t, m.CrashClone(), "d/synced"); got != "axyz" {
		t.Errorf("after truncation, write and sync: %q", got)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		if got := read(t, m.TornClone(r), "d/synced"); got != "axyz" {
			t.Fatalf("a torn crash lost synced bytes: %q", got)
		}
	}
	killed := m.KillClone()
	if got := read(t, killed, "d/unsynced bytes"); got != "abc" {
		t.Errorf("after a kill: %q", got)
	}
	if got := read(t, killed.CrashClone(), "d/unsynced bytes"); got != "" {
		t.Errorf("after a kill and a crash: %q", got)
	}
}

// Goal: Inject fails what it is told to, after as many bytes as told. Method:
// one failure of each kind of decision.
func TestInject(t *testing.T) {
	broken := errors.New("broken")
	m := vfs.NewMem()
	f := vfs.Inject(m, vfs.FailNth(2, vfs.Fault{Err: broken, Done: 2}, func(op vfs.Op) bool { return op.Kind == vfs.OpWrite }))
	file, err := f.Create("x")
	must(t, err)
	_, err = file.Write([]byte("abc"))
	must(t, err)
	if n, err := file.Write([]byte("def")); n != 2 || !errors.Is(err, broken) {
		t.Errorf("failing write: %d, %v", n, err)
	}
	_, err = file.Write([]byte("ghi"))
	must(t, err)
	if got := read(t, m, "x"); got != "abcdeghi" {
		t.Errorf("the file holds %q", got)
	}
	f = vfs.Inject(m, vfs.FailFrom(2, broken, func(op vfs.Op) bool { return op.Kind == vfs.OpSync && op.Name == "x" }))
	file, err = f.OpenFile("x", true)
	must(t, err)
	must(t, file.Sync())
	for range 2 {
		if err := file.Sync(); !errors.Is(err, broken) {
			t.Errorf("failing sync: %v", err)
		}
	}
}
