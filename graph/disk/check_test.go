package disk_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/graphtest"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
)

// settled is a store with all kinds of files: checkpoints, merged segments, a
// branch, kept versions and commits that are only in the log.
func settled(t *testing.T) *vfs.Mem {
	t.Helper()
	m := vfs.NewMem()
	s := openAt(t, "store", m, graphtest.Clock(), disk.Options{SegmentBytes: 2 << 10, TailBytes: 4 << 10, FlushRows: 50})
	for i := range 60 {
		b := &graph.Batch{}
		for j := range 10 {
			b.Adds = append(b.Adds, quad("s"+string(rune('a'+i%26)), i*j))
		}
		if i == 30 {
			if _, err := s.Fork(ctx, "x", graph.At{Seq: 20}); err != nil {
				t.Fatal(err)
			}
			b.Branch = "x"
		}
		if _, err := s.Commit(ctx, b); err != nil {
			t.Fatal(err)
		}
	}
	must(t, s.Close())
	s = openAt(t, "store", m, graphtest.Clock(), disk.Options{})
	if _, err := s.Commit(ctx, &graph.Batch{Adds: []rdf.Quad{quad("last", 1)}}); err != nil {
		t.Fatal(err)
	}
	await(t, "an archive of the log", func() bool { return exists(m, "store/wal-000002.z") && !exists(m, "store/wal-000002") })
	must(t, s.Close())
	for _, name := range check(t, m).Debris { // of a merge that closing ended
		must(t, m.Remove(name))
	}
	return m
}

func exists(m *vfs.Mem, name string) bool {
	_, err := m.Stat(name)
	return err == nil
}

// await waits for what happens behind commits.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: it does not come", what)
		}
	}
}

func check(t *testing.T, m *vfs.Mem) disk.Report {
	t.Helper()
	r, err := disk.Check(ctx, m, "store")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Goal: a whole store passes, and every single changed bit of it is found and
// named with its file and an offset not behind it. Method: change a bit of
// every byte of all files, one at a time.
func TestCheckFindsEveryFlip(t *testing.T) {
	m := settled(t)
	r := check(t, m)
	if !r.OK() || r.Torn != nil || len(r.Debris) > 0 || r.Quads == 0 || r.Commits != 61 || r.Branches != 2 || r.Terms == 0 {
		t.Fatalf("a whole store: %+v", r)
	}
	names, err := m.ReadDir("store")
	must(t, err)
	kinds := map[string]bool{}
	for _, name := range names {
		if name == "LOCK" {
			continue
		}
		kind, _, _ := strings.Cut(name, "-")
		kinds[kind] = true
		name = filepath.Join("store", name)
		size := len(fileBytes(t, m, name))
		for at := 0; at < size; at += flipStep(at, size) {
			must(t, m.Corrupt(name, int64(at), 1<<(at%8)))
			r := check(t, m)
			found := slices.ContainsFunc(r.Problems, func(p *graph.CorruptionError) bool { return p.File == name && p.Offset <= int64(at) })
			if !found && (r.Torn == nil || r.Torn.File != name || r.Torn.Offset > int64(at)) {
				t.Fatalf("%s, byte %d of %d: %v, torn %v", name, at, size, r.Problems, r.Torn)
			}
			must(t, m.Corrupt(name, int64(at), 1<<(at%8)))
		}
	}
	for _, kind := range []string{"STORE", "MANIFEST", "HISTORY", "wal", "seg", "dict"} {
		if !kinds[kind] {
			t.Errorf("no file of kind %s among %v", kind, names)
		}
	}
	if r := check(t, m); !r.OK() {
		t.Errorf("mended: %+v", r)
	}
}

// flipStep goes densely over what is at the ends of a file, its header and its
// footer, and coarsely over the rest.
func flipStep(at, size int) int {
	if at < 48 || at > size-48 {
		return 3
	}
	return 1 + size/60
}

// Goal: several damages of the log are all found, files that are missing are
// named, debris is listed, and a store in use is left alone. Method: each.
func TestCheckReports(t *testing.T) {
	m := lived(t, 700)
	must(t, m.Corrupt("store/wal-000001", 100, 1))
	must(t, m.Corrupt("store/wal-000002", 100, 1))
	must(t, m.Corrupt("store/wal-000002", 500, 1))
	if r := check(t, m); len(r.Problems) != 3 {
		t.Errorf("three damages: %v", r.Problems)
	}
	m = settled(t)
	must(t, m.Corrupt("store/wal-000001.z", 60, 1))
	must(t, m.Corrupt("store/wal-000002.z", 8, 1))
	if r := check(t, m); len(r.Problems) != 2 {
		t.Errorf("two damages of archives: %v", r.Problems)
	}
	m = settled(t)
	putFile(t, m, "store/wal-000002", nil)
	if r := check(t, m); !slices.Equal(r.Debris, []string{"store/wal-000002.z"}) {
		t.Errorf("an archive beside its segment: %+v", r)
	}
	m = settled(t)
	putFile(t, m, "store/seg-999999", []byte("half written"))
	if r := check(t, m); !r.OK() || !slices.Equal(r.Debris, []string{"store/seg-999999"}) {
		t.Errorf("debris: %+v", r)
	}
	for _, kind := range []string{"HISTORY", "wal-", "seg-", "dict-"} {
		m := settled(t)
		names, err := m.ReadDir("store")
		must(t, err)
		at := slices.IndexFunc(names, func(name string) bool { return strings.HasPrefix(name, kind) })
		must(t, m.Remove("store/"+names[at]))
		if r := check(t, m); !slices.ContainsFunc(r.Problems, func(p *graph.CorruptionError) bool { return p.File == strings.TrimSuffix("store/"+names[at], ".z") }) {
			t.Errorf("%s is missing: %v", names[at], r.Problems)
		}
	}
	s := openAt(t, "store", m, graphtest.Clock(), disk.Options{})
	if _, err := disk.Check(ctx, m, "store"); !errors.Is(err, disk.ErrInUse) {
		t.Errorf("a store in use: %v", err)
	}
	must(t, s.Close())
	if _, err := disk.Check(ctx, m, "nothing"); !errors.Is(err, disk.ErrNoStore) {
		t.Errorf("no store: %v", err)
	}
}

// Goal: a store with a damaged file never shows anything but what was
// committed: opening or reading says which file is corrupt. Method: change a
// bit here and there in all files; open, and read all branches and the past.
func TestDamageIsNeverRead(t *testing.T) {
	m := settled(t)
	s := openAt(t, "store", m.KillClone(), graphtest.Clock(), disk.Options{})
	want, err := everything(s)
	must(t, err)
	must(t, s.Close())
	names, err := m.ReadDir("store")
	must(t, err)
	refused, unread := 0, 0
	for _, name := range names {
		if name == "LOCK" {
			continue
		}
		name = filepath.Join("store", name)
		size := len(fileBytes(t, m, name))
		for at := size % 7; at < size; at += 1 + size/12 {
			clone := m.KillClone()
			must(t, clone.Corrupt(name, int64(at), 1<<(at%8)))
			s, err := disk.Open("store", disk.Options{FS: clone, Clock: graphtest.Clock()})
			var got string
			if err == nil {
				torn := s.OpenReport().DroppedFile == name
				got, err = everything(s)
				s.Close()
				if torn {
					continue // the last record, which looks as if it had never been durable
				}
			}
			var corrupt *graph.CorruptionError
			switch {
			case errors.As(err, &corrupt) && corrupt.File == name && corrupt.Offset <= int64(at):
				refused++
			case err == nil && got == want:
				unread++ // such as an order that nobody asked for
			default:
				t.Fatalf("%s, byte %d of %d: %v, equal %v", name, at, size, err, got == want)
			}
		}
	}
	if refused < 50 || unread == 0 {
		t.Errorf("%d damages refused, %d not read", refused, unread)
	}
}

// everything reads all branches and each commit of Main.
func everything(s *disk.Store) (string, error) {
	var out strings.Builder
	list, err := s.Branches()
	if err != nil {
		return "", err
	}
	ats := []graph.At{}
	for _, b := range list {
		ats = append(ats, graph.At{Branch: b.Name})
	}
	for seq := graph.CommitSeq(1); seq <= 30; seq++ {
		ats = append(ats, graph.At{Seq: seq})
	}
	for _, at := range ats {
		snap, err := s.Snapshot(at)
		if err != nil {
			return "", err
		}
		for q, err := range graph.ExportQuads(ctx, snap, graph.Pattern{}) {
			if err != nil {
				snap.Close()
				return "", err
			}
			out.WriteString(quadText(q) + "\n")
		}
		if err := snap.Close(); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}
