package disk_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
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

const sources = base + "graph/source/"

// twoClasses commits from one number up to another: each replaces a quad of a
// graph that stays and many of a source graph by some that name the commit, which
// has that number.
func twoClasses(t *testing.T, s *disk.Store, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		b := &graph.Batch{Adds: []rdf.Quad{quad("fact", i)}, Deletes: []rdf.Quad{quad("fact", i-1)}}
		for j := range 20 {
			g := rdf.IRI(fmt.Sprintf("%sr%d", sources, j%3))
			b.Adds = append(b.Adds, counter(i, j, g))
			b.Deletes = append(b.Deletes, counter(i-1, j, g))
		}
		c, err := s.Commit(ctx, b)
		if err != nil {
			t.Fatal(err)
		}
		if int(c.Seq) != i {
			t.Fatalf("commit %d, want %d", c.Seq, i)
		}
	}
}

// counter is a quad that cannot be compressed well.
func counter(i, j int, g rdf.Term) rdf.Quad {
	q := quad(fmt.Sprintf("counter%d", j), i)
	q.O = rdf.String(fmt.Sprintf("%s %x", q.O.Value(), sha256.Sum256(fmt.Append(nil, i, j))))
	q.G = g
	return q
}

func inGraph(q rdf.Quad, g rdf.Term) rdf.Quad { q.G = g; return q }

// checkVersion holds the version after a commit against what twoClasses wrote:
// the graph that stays always, the sources unless they are missing, which is
// returned. Counts, scans and statistics must agree.
func checkVersion(s *disk.Store, seq int) (missing bool, err error) {
	snap, err := s.Snapshot(graph.At{Seq: graph.CommitSeq(seq)})
	if err != nil {
		return false, err
	}
	defer snap.Close()
	lacks := graph.Missing(graph.Restrict(snap, graph.View{HidePreds: map[graph.TermID]bool{graph.DefaultGraph: true}}))
	if len(lacks) > 1 || len(lacks) == 1 && lacks[0] != sources {
		return false, fmt.Errorf("commit %d lacks %q", seq, lacks)
	}
	facts, counters := 0, 0
	for q, err := range graph.ExportQuads(ctx, snap, graph.Pattern{}) {
		if err != nil {
			return false, err
		}
		if !strings.Contains(q.O.Value(), fmt.Sprintf("number %d", seq)) {
			return false, fmt.Errorf("commit %d has %s", seq, q)
		}
		if !strings.HasPrefix(q.G.Value(), sources) {
			facts++
		} else {
			counters++
		}
	}
	want := 20 * (1 - len(lacks))
	n, err := snap.Count(graph.Pattern{})
	if err == nil && (facts != 1 || counters != want || int(n) != facts+counters) {
		err = fmt.Errorf("commit %d: %d facts, %d counters, want %d; count %d", seq, facts, counters, want, n)
	}
	stats, serr := snap.(*disk.Snapshot).Stats(ctx)
	if err == nil && (serr != nil || stats.Quads != n || len(stats.Graphs) != 1+min(want, 3)) {
		err = fmt.Errorf("commit %d: stats %+v: %w", seq, stats, serr)
	}
	return len(lacks) > 0, err
}

// waitFor waits until something holds.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: it does not come to that", what)
		}
	}
}

// Goal: of some graphs less of the past is kept: its room is given back while
// readers and writers go on, older versions lack these graphs and are right
// otherwise, a feed says from where it can be resumed. Method: a store that kept
// all gets a retention for its sources; readers check versions meanwhile; all
// versions are checked afterwards, also after reopening, and by Check.
func TestRetentionPerGraph(t *testing.T) {
	m := vfs.NewMem()
	o := disk.Options{FlushRows: 400, SegmentBytes: 8 << 10, TailBytes: 16 << 10}
	s := openAt(t, "store", m, graphtest.Clock(), o)
	twoClasses(t, s, 1, 300)
	must(t, s.Checkpoint(ctx))
	waitFor(t, "archives", func() bool { return raw(t, m) <= 2 })
	must(t, s.Close())
	before := archived(t, m)

	o.Retention = disk.Retention{Graphs: []disk.GraphRetention{{Graph: sources, Commits: 50}}}
	s = openAt(t, "store", m, graphtest.Clock(), o)
	end := make(chan struct{})
	var readers sync.WaitGroup
	for seed := range uint64(2) {
		readers.Go(func() {
			random := rand.New(rand.NewPCG(seed, 1))
			for {
				select {
				case <-end:
					return
				default:
				}
				if _, err := checkVersion(s, 1+random.IntN(299)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	twoClasses(t, s, 300, 320)
	must(t, s.Checkpoint(ctx))
	waitFor(t, "trimming", func() bool { return archived(t, m) < before/2 })
	close(end)
	readers.Wait()
	version, feed, lack := s.Oldest()
	if version != 0 || feed != 269 || len(lack) != 1 || lack[0] != (disk.Retained{Graph: sources, Oldest: 269}) {
		t.Fatalf("oldest %d, feed from %d, %+v", version, feed, lack)
	}
	for round := range 2 {
		for seq := 1; seq < 320; seq++ {
			missing, err := checkVersion(s, seq)
			if err != nil || missing != (seq < 269) {
				t.Fatalf("round %d, commit %d: sources are missing: %v, %v", round, seq, missing, err)
			}
		}
		feedFrom(t, s, 5, 269, 319)
		var old *graph.RetentionError
		if _, err := s.Fork(ctx, "x", graph.At{Seq: 100}); !errors.As(err, &old) || old.Oldest != 269 || !errors.Is(err, graph.ErrNoVersion) {
			t.Errorf("a fork where graphs are missing: %v", err)
		}
		diffOld(t, s)
		must(t, s.Close())
		if r := check(t, m); !r.OK() || len(r.Debris) > 0 {
			t.Fatalf("%v, %v", r.Problems, r.Debris)
		}
		o.Retention = disk.Retention{} // what was let go does not come back
		s = openAt(t, "store", m, graphtest.Clock(), o)
	}
	must(t, s.Backup(ctx, "copy"))
	must(t, s.Close())
	s = openAt(t, "copy", m, graphtest.Clock(), o)
	if missing, err := checkVersion(s, 100); err != nil || !missing {
		t.Errorf("the backup: %v, %v", missing, err)
	}
	must(t, s.Close())
}

// archived adds up the archives of the log.
func archived(t *testing.T, m *vfs.Mem) (sum int64) {
	names, err := m.ReadDir("store")
	must(t, err)
	for _, name := range names {
		if info, err := m.Stat("store/" + name); err == nil && strings.HasSuffix(name, ".z") {
			sum += info.SizeBytes
		}
	}
	return sum
}

// raw counts the segments of the log that are not compressed.
func raw(t *testing.T, m *vfs.Mem) (n int) {
	names, err := m.ReadDir("store")
	must(t, err)
	for _, name := range names {
		if strings.HasPrefix(name, "wal-") && !strings.HasSuffix(name, ".z") {
			n++
		}
	}
	return n
}

// feedFrom follows a feed that is refused where it cannot be whole, and is from
// where the error says.
func feedFrom(t *testing.T, s *disk.Store, after, oldest, head graph.CommitSeq) {
	t.Helper()
	_, err := s.Feed("", after)
	var old *graph.RetentionError
	if !errors.As(err, &old) || old.Oldest != oldest || !strings.Contains(err.Error(), fmt.Sprintf("can be resumed, is %d", oldest)) {
		t.Fatalf("feed after %d: %v", after, err)
	}
	f, err := s.Feed("", old.Oldest)
	must(t, err)
	defer f.Close()
	for seq := oldest + 1; seq <= head; seq++ {
		c, err := f.Next(ctx)
		if err != nil || c.Commit.Seq != seq || len(c.Changes) != 42 {
			t.Fatalf("feed: commit %d with %d changes, want %d: %v", c.Commit.Seq, len(c.Changes), seq, err)
		}
	}
}

// diffOld compares two versions that lack graphs, which must not come up.
func diffOld(t *testing.T, s *disk.Store) {
	t.Helper()
	a, err := s.Snapshot(graph.At{Seq: 100})
	must(t, err)
	defer a.Close()
	b, err := s.Snapshot(graph.At{Seq: 310})
	must(t, err)
	defer b.Close()
	n := 0
	must(t, s.Diff(ctx, a, b, func(c graph.Change) bool { n++; return true }))
	if n != 2 {
		t.Errorf("%d changes, want 2", n)
	}
}

// Goal: a branch keeps all that a merge asks for, and when it is dropped its
// room and that of the past that it held come back. Method: fork, write much on
// the branch, try to let the past go, drop.
func TestRetentionBranch(t *testing.T) {
	m := vfs.NewMem()
	o := disk.Options{FlushRows: 400, SegmentBytes: 8 << 10, TailBytes: 16 << 10, Retention: disk.Retention{
		Commits: 40, Graphs: []disk.GraphRetention{{Graph: sources, Commits: 10}}}}
	s := openAt(t, "store", m, graphtest.Clock(), o)
	twoClasses(t, s, 1, 30)
	if _, err := s.Fork(ctx, "x", graph.At{}); err != nil {
		t.Fatal(err)
	}
	twoClasses(t, s, 30, 200)
	if _, err := s.Commit(ctx, &graph.Batch{Branch: "x", Adds: []rdf.Quad{inGraph(quad("mine", 1), rdf.IRI(sources+"r1"))}}); err != nil {
		t.Fatal(err)
	}
	must(t, s.Checkpoint(ctx))
	if version, feed, _ := s.Oldest(); version > 29 || feed > 29 {
		t.Fatalf("oldest %d, feed from %d, but a branch begins at 29", version, feed)
	}
	c, err := s.Merge(ctx, "x", "", "")
	if err != nil || c.Adds != 1 {
		t.Fatalf("merge: %+v, %v", c, err)
	}
	log, _ := filesOf(t, m, "store", "wal-")
	must(t, s.Drop(ctx, "x"))
	must(t, s.Checkpoint(ctx))
	must(t, s.Compact(ctx))
	waitFor(t, "room given back", func() bool { now, _ := filesOf(t, m, "store", "wal-"); return now < log/2 })
	if version, feed, _ := s.Oldest(); version < 150 || feed < 180 {
		t.Errorf("oldest %d, feed from %d", version, feed)
	}
	must(t, s.Close())
	if r := check(t, m); !r.OK() {
		t.Error(r.Problems)
	}
}

// Goal: dropping a branch gives its room back. Method: as many quads on a branch
// as on main, and more.
func TestDropFrees(t *testing.T) {
	m := vfs.NewMem()
	s := openAt(t, "store", m, graphtest.Clock(), disk.Options{FlushRows: 400})
	must2(s.Commit(ctx, &graph.Batch{Adds: many(0, 500)}))(t)
	must2(s.Fork(ctx, "x", graph.At{}))(t)
	must(t, s.Compact(ctx))
	alone, _ := filesOf(t, m, "store", "seg-")
	for i := range 10 {
		must2(s.Commit(ctx, &graph.Batch{Branch: "x", Adds: many(500*(i+1), 500*(i+2))}))(t)
	}
	must(t, s.Checkpoint(ctx))
	both, _ := filesOf(t, m, "store", "seg-")
	must(t, s.Drop(ctx, "x"))
	must(t, s.Compact(ctx))
	waitFor(t, "room given back", func() bool { now, _ := filesOf(t, m, "store", "seg-"); return now <= alone })
	if both < 4*alone {
		t.Errorf("segments of main %d bytes, with the branch %d", alone, both)
	}
	must(t, s.Close())
}

func many(from, to int) (out []rdf.Quad) {
	for i := from; i < to; i++ {
		out = append(out, quad(fmt.Sprintf("s%d", i), i))
	}
	return out
}

func must2[T any](_ T, err error) func(t *testing.T) {
	return func(t *testing.T) { t.Helper(); must(t, err) }
}

// Goal: wherever a crash stops letting the past of graphs go, the store opens,
// is whole, and each version is right: with these graphs or without them.
// Method: stop before each operation that changes something; look at what was
// durable and at everything.
func TestRetentionCrash(t *testing.T) {
	start := vfs.NewMem()
	o := disk.Options{FlushRows: 200, SegmentBytes: 4 << 10, TailBytes: 8 << 10}
	s := openAt(t, "store", start, graphtest.Clock(), o)
	twoClasses(t, s, 1, 40)
	must(t, s.Checkpoint(ctx))
	waitFor(t, "archives", func() bool { return raw(t, start) <= 2 })
	must(t, s.Close())
	crash := errors.New("crash")
	o.Retention = disk.Retention{Graphs: []disk.GraphRetention{{Graph: sources, Commits: 5}}}
	lost := 0
	for n := 1; ; n += 3 {
		m := start.KillClone()
		o.FS = vfs.Inject(m, vfs.FailFrom(n, crash, func(op vfs.Op) bool { return op.Kind.Changes() }))
		o.Clock = graphtest.Clock()
		done := false
		if s, err := disk.Open("store", o); err == nil {
			if _, err := s.Commit(ctx, &graph.Batch{Adds: []rdf.Quad{inGraph(quad("x", 1), rdf.IRI(base+"other"))}}); err == nil && s.Checkpoint(ctx) == nil {
				_, _, lack := s.Oldest()
				done = len(lack) == 1 && waitTrimmed(s)
			}
			done = s.Close() == nil && done
		}
		for name, clone := range map[string]*vfs.Mem{"durable": m.CrashClone(), "all": m.KillClone()} {
			if r, err := disk.Check(ctx, clone, "store"); err != nil || !r.OK() {
				t.Fatalf("operation %d, %s: %v, %v", n, name, r.Problems, err)
			}
			s := openAt(t, "store", clone, graphtest.Clock(), disk.Options{})
			for seq := 1; seq < 40; seq += 5 {
				missing, err := checkVersion(s, seq)
				if err != nil {
					t.Fatalf("operation %d, %s: %v", n, name, err)
				}
				if missing {
					lost++
				}
			}
			must(t, s.Close())
		}
		if done {
			break
		}
	}
	if lost == 0 {
		t.Error("no version was ever without its sources")
	}
}

// waitTrimmed waits until the store is idle again.
func waitTrimmed(s *disk.Store) bool {
	last := int64(-1)
	for range 200 {
		now := s.Info().SizeBytes
		if now == last {
			return true
		}
		last = now
		time.Sleep(10 * time.Millisecond)
	}
	return false
}
