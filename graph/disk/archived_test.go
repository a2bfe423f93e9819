package disk_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/graphtest"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
)

// talkative commits texts that no compression makes much smaller, so that a
// segment has several frames, until one is archived.
func talkative(t *testing.T, m *vfs.Mem, s *disk.Store) {
	t.Helper()
	r := rand.New(rand.NewPCG(9, 9))
	b := make([]byte, 8<<10)
	for i := range 150 {
		for k := range b {
			b[k] = byte(r.Uint32())
		}
		q := rdf.Quad{S: rdf.IRI(base + "s"), P: rdf.IRI(base + "p"), O: rdf.String(hex.EncodeToString(b))}
		if _, err := s.Commit(ctx, &graph.Batch{Adds: []rdf.Quad{q}, Note: fmt.Sprintf("commit %d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "an archive of the log", func() bool { return exists(m, "store/wal-000001.z") && !exists(m, "store/wal-000001") })
}

// Goal: feeds and old versions read the same from archives, in this process and
// the next, and from a backup; the store's size counts them. Method: what they
// say of a store whose log is archived, against what they said as the commits
// came.
func TestArchivedLog(t *testing.T) {
	m := vfs.NewMem()
	o := disk.Options{SegmentBytes: 1 << 20, TailBytes: 256 << 10}
	s := openAt(t, "store", m, graphtest.Clock(), o)
	talkative(t, m, s)
	say := func(s *disk.Store) string {
		t.Helper()
		var out strings.Builder
		for _, seq := range []graph.CommitSeq{1, 40, 90, 3} {
			out.WriteString(contents(s, graph.At{Seq: seq}))
		}
		f, err := s.Feed("", 0)
		must(t, err)
		defer f.Close()
		snap, err := s.Snapshot(graph.At{})
		must(t, err)
		defer snap.Close()
		for range 150 {
			c, err := f.Next(ctx)
			must(t, err)
			fmt.Fprintf(&out, "%+v\n%s\n", c.Commit, changesText(snap, c.Changes))
		}
		return out.String()
	}
	want := say(s)
	if n := strings.Count(want, "Note:commit "); n != 154 {
		t.Fatalf("%d commits are told of", n)
	}
	must(t, s.Checkpoint(ctx))
	must(t, s.Backup(ctx, "backup"))
	must(t, s.Close())
	for _, dir := range []string{"store", "backup"} {
		if r, err := disk.Check(ctx, m, dir); err != nil || !r.OK() || r.Commits != 150 {
			t.Errorf("check of %s: %+v, %v", dir, r, err)
		}
		s := openAt(t, dir, m, graphtest.Clock(), o)
		if got := say(s); got != want {
			t.Errorf("%s says something else", dir)
		}
		names, err := m.ReadDir(dir)
		must(t, err)
		size := int64(0)
		for _, name := range names {
			info, err := m.Stat(dir + "/" + name)
			must(t, err)
			if name != "STORE" && name != "MANIFEST" && name != "LOCK" {
				size += info.SizeBytes
			}
		}
		if got := s.Info().SizeBytes; got != size {
			t.Errorf("%s: size %d, its files have %d", dir, got, size)
		}
		must(t, s.Close())
	}
}

// Goal: a damaged frame is named, hides only the commits in it, and the rest is
// checked and read. Method: change a bit in the middle of an archive.
func TestDamagedFrame(t *testing.T) {
	m := vfs.NewMem()
	s := openAt(t, "store", m, graphtest.Clock(), disk.Options{SegmentBytes: 1 << 20, TailBytes: 256 << 10})
	talkative(t, m, s)
	must(t, s.Checkpoint(ctx))
	must(t, s.Close())
	info, err := m.Stat("store/wal-000001.z")
	must(t, err)
	must(t, m.Corrupt("store/wal-000001.z", info.SizeBytes/2, 1))
	r, err := disk.Check(ctx, m, "store")
	if err != nil || len(r.Problems) != 1 || r.Problems[0].File != "store/wal-000001.z" || r.Problems[0].Offset > info.SizeBytes/2 {
		t.Fatalf("%+v, %v", r, err)
	}
	if r.Commits < 110 || r.Commits >= 150 {
		t.Errorf("%d commits were checked beside it", r.Commits)
	}
	s = openAt(t, "store", m, graphtest.Clock(), disk.Options{})
	defer s.Close()
	bad := 0
	for seq := graph.CommitSeq(1); seq <= 150; seq++ {
		f, err := s.Feed("", seq-1)
		must(t, err)
		c, err := f.Next(ctx)
		f.Close()
		var corrupt *graph.CorruptionError
		switch {
		case errors.As(err, &corrupt) && corrupt.File == "store/wal-000001.z":
			bad++
		case err != nil || c.Commit.Seq != seq:
			t.Fatalf("commit %d: %+v, %v", seq, c.Commit, err)
		}
	}
	if bad == 0 || bad > 40 {
		t.Errorf("%d commits are unreadable", bad)
	}
}

// Goal: a directory of the format before archives opens, becomes one of this
// format and gets archives. Method: say format 2 in the STORE of a store that
// has none.
func TestFormatBeforeArchives(t *testing.T) {
	m := lived(t, 700)
	text := strings.Replace(string(fileBytes(t, m, "store/STORE")), "format 3\n", "format 2\n", 1)
	text = text[:strings.Index(text, "crc ")]
	putFile(t, m, "store/STORE", fmt.Appendf(nil, "%scrc %08x\n", text, crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli))))
	s := openAt(t, "store", m, graphtest.Clock(), disk.Options{})
	want := changes(s, "main", 0) + contents(s, graph.At{Seq: 3})
	must(t, s.Checkpoint(ctx))
	await(t, "an archive of the log", func() bool { return exists(m, "store/wal-000001.z") && !exists(m, "store/wal-000001") })
	must(t, s.Close())
	if !strings.Contains(string(fileBytes(t, m, "store/STORE")), "format 3\n") {
		t.Error("STORE has the old format")
	}
	s = openAt(t, "store", m, graphtest.Clock(), disk.Options{})
	defer s.Close()
	if got := changes(s, "main", 0) + contents(s, graph.At{Seq: 3}); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
