package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/graphtest"
	"nettwin/graph/vfs"
)

// Goal: opening refuses a wrong base, a bad base, a second process and an
// absent store, with messages that name what differs and where. Method: each,
// on the real file system.
func TestOpenMessages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "store")
	refuse := func(what string, o disk.Options, is error, parts ...string) {
		t.Helper()
		s, err := disk.Open(dir, o)
		if err == nil {
			s.Close()
			t.Fatalf("%s: opened", what)
		}
		if is != nil && !errors.Is(err, is) {
			t.Errorf("%s: %v, want %v", what, err, is)
		}
		for _, part := range append(parts, dir) {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q lacks %q", what, err, part)
			}
		}
	}
	refuse("no base", disk.Options{}, nil, "--base")
	refuse("bad base", disk.Options{Base: "no iri"}, nil, `"no iri"`)
	refuse("absent", disk.Options{MustExist: true, Base: base}, disk.ErrNoStore)
	if _, err := os.Stat(dir); err == nil {
		t.Error("a refused opening made the directory")
	}
	s, err := disk.Open(dir, disk.Options{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	if !s.OpenReport().Created || s.Info().Base != base || s.Info().Engine != "disk" || s.Info().SizeBytes == 0 {
		t.Errorf("report %+v, info %+v", s.OpenReport(), s.Info())
	}
	refuse("second opening", disk.Options{}, disk.ErrInUse, "LOCK", "process")
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	refuse("other base", disk.Options{Base: "https://other.example/"}, disk.ErrBase, base, "https://other.example/")
	again, err := disk.Open(dir, disk.Options{MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	if again.Info().Base != base || again.OpenReport().Created || !again.Info().Created.Equal(s.Info().Created) {
		t.Errorf("opened again: %+v, before %+v", again.Info(), s.Info())
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Open(file, disk.Options{Base: base}); err == nil {
		t.Error("a file is opened as a directory")
	}
}

// Goal: a torn tail is in the log with file, offset and bytes. Method: append
// noise to a log.
func TestTornTailIsLogged(t *testing.T) {
	m := lived(t, 0)
	whole := fileBytes(t, m, "store/wal-000001")
	putFile(t, m, "store/wal-000001", append(whole, "NTr1 and then the power went"...))
	var out bytes.Buffer
	s, err := disk.Open("store", disk.Options{FS: m, Log: slog.New(slog.NewTextHandler(&out, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, part := range []string{"level=WARN", "file=store/wal-000001", "bytes=28", "last_seq=15", "store opened"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the log lacks %q: %s", part, out.String())
		}
	}
}

// Goal: the lock of the memory file system acts as the real one does. Method:
// open twice, then after closing.
func TestLockInMemory(t *testing.T) {
	m := vfs.NewMem()
	s, err := disk.Open("store", disk.Options{FS: m, Base: base})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Open("store", disk.Options{FS: m}); !errors.Is(err, disk.ErrInUse) {
		t.Errorf("second opening: %v", err)
	}
	must(t, s.Close())
	s, err = disk.Open("store", disk.Options{FS: m})
	if err != nil {
		t.Fatal(err)
	}
	must(t, s.Close())
}

// Goal: a store of a later release is refused as such, by every way in, and is
// not touched; it is no damage. Method: write STORE with the next format and a
// good checksum.
func TestNewerFormat(t *testing.T) {
	m := vfs.NewMem()
	s := openAt(t, "store", m, graphtest.Clock(), disk.Options{})
	must(t, s.Close())
	text := strings.Replace(string(fileBytes(t, m, "store/STORE")), "format 3\n", "format 4\n", 1)
	text = text[:strings.Index(text, "crc ")]
	text += fmt.Sprintf("crc %08x\n", crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)))
	putFile(t, m, "store/STORE", []byte(text))
	var damage *graph.CorruptionError
	_, opened := disk.Open("store", disk.Options{FS: m})
	_, checked := disk.Check(ctx, m, "store")
	restored := disk.Restore(ctx, m, "store", "other")
	for way, err := range map[string]error{"open": opened, "check": checked, "restore": restored} {
		if !errors.Is(err, disk.ErrNewer) || errors.As(err, &damage) || !strings.Contains(fmt.Sprint(err), "formats 1 to 3") {
			t.Errorf("%s: %v", way, err)
		}
	}
	if got := string(fileBytes(t, m, "store/STORE")); got != text {
		t.Errorf("STORE is now\n%s", got)
	}
}
