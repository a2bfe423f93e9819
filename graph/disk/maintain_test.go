package disk_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/graphtest"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
)

// churn replaces the same quads again and again, so that most of what is
// written becomes of no use.
func churn(t *testing.T, s *disk.Store, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		b := &graph.Batch{}
		for j := range 20 {
			b.Adds = append(b.Adds, quad(fmt.Sprintf("s%d", j), i))
			b.Deletes = append(b.Deletes, quad(fmt.Sprintf("s%d", j), i-1))
		}
		if _, err := s.Commit(ctx, b); err != nil {
			t.Fatal(err)
		}
	}
}

// filesOf adds up the files of a kind.
func filesOf(t *testing.T, m *vfs.Mem, dir, prefix string) (sum int64, files int) {
	t.Helper()
	names, err := m.ReadDir(dir)
	must(t, err)
	for _, name := range names {
		if strings.HasPrefix(name, prefix) {
			info, err := m.Stat(dir + "/" + name)
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed meanwhile
			}
			must(t, err)
			sum += info.SizeBytes
			files++
		}
	}
	return sum, files
}

// Goal: compaction frees what is of no use, also on disk, while readers go on,
// and changes nothing that anyone sees. Method: churn, with a branch that is
// dropped; compact; compare contents, files and the past before and after.
func TestCompact(t *testing.T) {
	m := vfs.NewMem()
	s := openAt(t, "store", m, graphtest.Clock(), disk.Options{FlushRows: 200})
	churn(t, s, 1, 100)
	if _, err := s.Fork(ctx, "x", graph.At{Seq: 50}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(ctx, &graph.Batch{Branch: "x", Adds: []rdf.Quad{quad("x", 1)}}); err != nil {
		t.Fatal(err)
	}
	must(t, s.Checkpoint(ctx))
	must(t, s.Drop(ctx, "x"))
	before, past := contents(s, graph.At{}), contents(s, graph.At{Seq: 40})
	snap, err := s.Snapshot(graph.At{})
	must(t, err)
	must(t, s.Compact(ctx))
	if got := contents(s, graph.At{}); got != before {
		t.Errorf("after compaction:\n%s\nbefore:\n%s", got, before)
	}
	if got := contents(s, graph.At{Seq: 40}); got != past {
		t.Errorf("the past after compaction:\n%s\nbefore:\n%s", got, past)
	}
	if n, err := snap.Count(graph.Pattern{}); n != 20 || err != nil {
		t.Errorf("a snapshot of before: %d quads, %v", n, err)
	}
	must(t, snap.Close())
	must(t, s.Close())
	s = openAt(t, "store", m, graphtest.Clock(), disk.Options{FlushRows: 200})
	if _, files := filesOf(t, m, "store", "seg-"); files != 1 {
		t.Errorf("%d segments, want one", files)
	}
	if r := s.OpenReport(); r.Records != 0 {
		t.Errorf("%d records were replayed after a checkpoint", r.Records)
	}
	must(t, s.Close())
}

// Goal: a backup made while commits go on is a whole store as of one commit,
// with its branches and past, and can be restored; neither writes among other
// files. Method: back up under a writer, check, restore, compare each commit.
func TestBackup(t *testing.T) {
	m := vfs.NewMem()
	s := openAt(t, "store", m, graphtest.Clock(), disk.Options{FlushRows: 100, SegmentBytes: 4 << 10})
	churn(t, s, 1, 60)
	var wg sync.WaitGroup
	wg.Go(func() { churn(t, s, 60, 120) })
	must(t, s.Backup(ctx, "backups/first"))
	wg.Wait()
	if err := s.Backup(ctx, "backups/first"); !errors.Is(err, disk.ErrNotEmpty) {
		t.Errorf("a second backup to the same place: %v", err)
	}
	must(t, disk.Restore(ctx, m, "backups/first", "restored"))
	copied := openAt(t, "restored", m, graphtest.Clock(), disk.Options{})
	head := copied.Info().Head
	if head < 59 || copied.Info().Base != base {
		t.Errorf("the copy: %+v", copied.Info())
	}
	for seq := graph.CommitSeq(1); seq <= head; seq++ {
		if got, want := contents(copied, graph.At{Seq: seq}), contents(s, graph.At{Seq: seq}); got != want {
			t.Fatalf("commit %d in the copy:\n%s\nwant\n%s", seq, got, want)
		}
	}
	churn(t, copied, int(head)+1, int(head)+5)
	must(t, copied.Close())
	must(t, s.Close())
	must(t, m.Corrupt("backups/first/HISTORY", 30, 1))
	var corrupt *graph.CorruptionError
	if err := disk.Restore(ctx, m, "backups/first", "other"); !errors.As(err, &corrupt) {
		t.Errorf("restore of a damaged backup: %v", err)
	}
}

// Goal: with a retention the log and the past are let go, the disk does not
// grow with it, what is retained is right, and what is not is refused. Method: churn
// with a limit by number, and one by age, with a branch that holds on.
func TestRetention(t *testing.T) {
	for name, retention := range map[string]disk.Retention{"number": {Commits: 30}, "age": {Age: 30 * time.Second}} {
		m := vfs.NewMem()
		o := disk.Options{FlushRows: 200, SegmentBytes: 4 << 10, TailBytes: 8 << 10, Retention: retention}
		s := openAt(t, "store", m, graphtest.Clock(), o)
		churn(t, s, 1, 100)
		must(t, s.Checkpoint(ctx))
		log, _ := filesOf(t, m, "store", "wal-")
		churn(t, s, 100, 400)
		must(t, s.Checkpoint(ctx))
		if now, _ := filesOf(t, m, "store", "wal-"); now > max(2*log, o.TailBytes) {
			t.Errorf("%s: the log has %d bytes after 100 commits, %d after 400", name, log, now)
		}
		if _, err := s.Snapshot(graph.At{Seq: 20}); !errors.Is(err, graph.ErrNoVersion) {
			t.Errorf("%s: a commit that is not retained: %v", name, err)
		}
		if _, err := s.Feed("", 20); !errors.Is(err, graph.ErrNoVersion) {
			t.Errorf("%s: a feed from there: %v", name, err)
		}
		if _, err := s.Fork(ctx, "x", graph.At{Seq: 390}); err != nil {
			t.Fatal(err)
		}
		churn(t, s, 400, 500)
		must(t, s.Checkpoint(ctx))
		must(t, s.Close())
		s = openAt(t, "store", m, graphtest.Clock(), o)
		for seq := graph.CommitSeq(390); seq < 500; seq += 3 {
			want := fmt.Sprintf("object number %d", seq)
			if got := contents(s, graph.At{Seq: seq}); !strings.Contains(got, want) || strings.Count(got, "\n") != 20 {
				t.Fatalf("%s: commit %d holds %s", name, seq, got)
			}
		}
		if _, err := s.Merge(ctx, "x", "", "nothing"); err != nil {
			t.Errorf("%s: merge of the branch that holds on: %v", name, err)
		}
		must(t, s.Close())
		if r := check(t, m); !r.OK() {
			t.Errorf("%s: %v", name, r.Problems)
		}
	}
}

// Goal: statistics are exact counts. Method: count the same by scanning.
func TestStats(t *testing.T) {
	s := openAt(t, "store", vfs.NewMem(), graphtest.Clock(), disk.Options{FlushRows: 100})
	defer s.Close()
	b := &graph.Batch{}
	for i := range 500 {
		b.Adds = append(b.Adds, rdf.Quad{
			S: rdf.IRI(fmt.Sprintf("%ss%d", base, i%50)), P: rdf.IRI(fmt.Sprintf("%sp%d", base, i%7)), O: rdf.String(fmt.Sprint(i)),
			G: []rdf.Term{{}, rdf.IRI(base + "g"), rdf.IRI(base + "h")}[i%3],
		})
	}
	if _, err := s.Commit(ctx, b); err != nil {
		t.Fatal(err)
	}
	must(t, s.Checkpoint(ctx))
	if _, err := s.Commit(ctx, &graph.Batch{Deletes: b.Adds[:100], Adds: []rdf.Quad{quad("young", 1)}}); err != nil {
		t.Fatal(err)
	}
	snap, err := s.Snapshot(graph.At{})
	must(t, err)
	defer snap.Close()
	predicates, graphs := map[graph.TermID]uint64{}, map[graph.TermID]uint64{}
	for q, err := range graph.All(ctx, snap, graph.Pattern{}) {
		must(t, err)
		predicates[q[graph.P]]++
		graphs[q[graph.G]]++
	}
	st, err := snap.(*disk.Snapshot).Stats(ctx)
	must(t, err)
	if st.Quads != 401 || len(st.Predicates) != len(predicates) || len(st.Graphs) != len(graphs) {
		t.Errorf("stats %+v, want %v and %v", st, predicates, graphs)
	}
	for _, p := range st.Predicates {
		if p.Quads != predicates[p.Predicate] || p.Subjects > p.Quads || p.Objects > p.Quads {
			t.Errorf("predicate %+v, want %d quads", p, predicates[p.Predicate])
		}
	}
	for _, g := range st.Graphs {
		if g.Quads != graphs[g.Graph] {
			t.Errorf("graph %+v, want %d quads", g, graphs[g.Graph])
		}
	}
}
