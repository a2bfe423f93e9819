package segment

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/disk/internal/twindata"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
)

func stringTerm(s string) graph.Term { return rdf.String(s) }

var salt = []byte("0123456789abcdef")

// write makes a segment of the quads in all orders, and of some deletes.
func write(tb testing.TB, fs vfs.FS, name string, adds, deletes []graph.Quad) int64 {
	tb.Helper()
	w, err := NewWriter(fs, name, salt, Header{Num: 7, From: 3, To: 9})
	if err != nil {
		tb.Fatal(err)
	}
	for kind, quads := range [][]graph.Quad{adds, deletes} {
		for o := range graph.NumOrders {
			if len(quads) == 0 {
				continue
			}
			if err := w.Begin(o, Kind(kind)); err != nil {
				tb.Fatal(err)
			}
			keys := twindata.Sorted(quads, o)
			for len(keys) > 0 { // in uneven pieces
				n := min(len(keys), 5000)
				cols := twindata.Columns(keys[:n])
				if err := w.Append(&cols); err != nil {
					tb.Fatal(err)
				}
				keys = keys[n:]
			}
		}
	}
	size, err := w.Finish()
	if err != nil {
		tb.Fatal(err)
	}
	return size
}

func open(tb testing.TB, fs vfs.FS, name string, cacheBytes int64) *Segment {
	tb.Helper()
	s, err := Open(fs, name, salt, cache.New(cacheBytes))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Release() })
	return s
}

// Goal: a segment gives back its rows in every order, whole and in ranges;
// ranks, seeks, counts and statistics are those of the rows. Method: compare
// with sorted slices; a cache too small for the file so that blocks come and go.
func TestSegment(t *testing.T) {
	quads := twindata.Quads(40, 1)
	cut := len(quads) - 300
	fs := vfs.NewMem()
	size := write(t, fs, "seg", quads[:cut], quads[cut:])
	s := open(t, fs, "seg", 100<<10)
	if err := s.Verify(context.Background()); err != nil {
		t.Fatal(err)
	}
	if h := s.Header(); h != (Header{7, 3, 9}) || s.SizeBytes() != size {
		t.Errorf("header %v, %d bytes", h, s.SizeBytes())
	}
	for kind, part := range [][]graph.Quad{quads[:cut], quads[cut:]} {
		for o := range graph.NumOrders {
			checkSection(t, s.Section(o, Kind(kind)), twindata.Sorted(part, o))
		}
	}
	checkStats(t, s.Stats(), quads[:cut])
}

func checkSection(t *testing.T, sec *Section, keys []Key) {
	t.Helper()
	if sec.Len() != uint64(len(keys)) {
		t.Fatalf("%s has %d rows, want %d", sec.Order(), sec.Len(), len(keys))
	}
	if got := readAll(t, sec.Cursor(0, sec.Len())); !slices.Equal(got, keys) {
		t.Fatalf("%s: rows differ", sec.Order())
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		i := r.IntN(len(keys))
		k := keys[i]
		plen := 1 + r.IntN(4)
		from, to, err := sec.Range(&k, plen)
		if err != nil {
			t.Fatal(err)
		}
		has := func(j int) bool { return slices.Equal(keys[j][:plen], k[:plen]) }
		if !has(int(from)) || from > 0 && has(int(from)-1) || !has(int(to)-1) || int(to) < len(keys) && has(int(to)) {
			t.Fatalf("%s: range %d %d of prefix %d of row %d", sec.Order(), from, to, plen, i)
		}
		if got, err := sec.Key(uint64(i)); err != nil || got != k {
			t.Fatalf("%s: row %d is %v, %v", sec.Order(), i, got, err)
		}
		probe := k
		probe[3] += graph.TermID(r.IntN(3))
		want, found := slices.BinarySearchFunc(keys, probe, func(a, b Key) int { return compare(&a, &b) })
		rank, err := sec.Rank(&probe)
		if err != nil || int(rank) != want {
			t.Fatalf("%s: rank %d of %v, want %d, %v", sec.Order(), rank, probe, want, err)
		}
		if ok, err := sec.Has(&probe); err != nil || ok != found {
			t.Fatalf("%s: has %v: %v %v", sec.Order(), probe, ok, err)
		}
		checkSeek(t, sec, keys, r, &probe, want)
	}
}

// checkSeek seeks from a row before the key, and after it, which must not move.
func checkSeek(t *testing.T, sec *Section, keys []Key, r *rand.Rand, k *Key, want int) {
	t.Helper()
	from := r.IntN(len(keys))
	to := from + r.IntN(len(keys)-from) + 1
	c := sec.Cursor(uint64(from), uint64(to))
	if err := c.Seek(k); err != nil {
		t.Fatal(err)
	}
	want = min(max(want, from), to)
	if int(c.Row()) != want || int(c.Left()) != to-want {
		t.Fatalf("%s: seek from %d in [%d, %d) to %v gave row %d, want %d", sec.Order(), from, from, to, k, c.Row(), want)
	}
	if want < to {
		if got, err := c.Key(); err != nil || got != keys[want] {
			t.Fatalf("%s: row %d after seek is %v, %v", sec.Order(), want, got, err)
		}
		if got := readAll(t, c); !slices.Equal(got, keys[want:to]) {
			t.Fatalf("%s: rows after seek differ", sec.Order())
		}
	}
}

func readAll(t *testing.T, c Cursor) (out []Key) {
	t.Helper()
	var cols [4][]graph.TermID
	for i := range cols {
		cols[i] = make([]graph.TermID, graph.ChunkRows)
	}
	for {
		n, err := c.Next(&cols, graph.ChunkRows-len(out)%3)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return out
		}
		for i := range n {
			out = append(out, rowKey(&cols, i))
		}
	}
}

func checkStats(t *testing.T, s *Stats, quads []graph.Quad) {
	t.Helper()
	type set = map[graph.TermID]bool
	rows, subjects, objects, graphs := map[graph.TermID]uint64{}, map[graph.TermID]set{}, map[graph.TermID]set{}, map[graph.TermID]uint64{}
	for _, q := range quads {
		p := q[graph.P]
		if rows[p] == 0 {
			subjects[p], objects[p] = set{}, set{}
		}
		rows[p]++
		graphs[q[graph.G]]++
		subjects[p][q[graph.S]], objects[p][q[graph.O]] = true, true
	}
	if len(s.Predicates) != len(rows) || len(s.Graphs) != len(graphs) {
		t.Fatalf("%d predicates, want %d; %d graphs, want %d", len(s.Predicates), len(rows), len(s.Graphs), len(graphs))
	}
	for p, n := range rows {
		got, _ := s.Predicate(p)
		want := PredicateStats{Predicate: p, Rows: n, Subjects: uint64(len(subjects[p])), Objects: uint64(len(objects[p])), MinObject: ^graph.TermID(0)}
		for o := range objects[p] {
			want.MinObject, want.MaxObject = min(want.MinObject, o), max(want.MaxObject, o)
		}
		if got != want {
			t.Errorf("predicate: %+v, want %+v", got, want)
		}
	}
	for g, n := range graphs {
		if s.Graph(g) != n {
			t.Errorf("graph %#x: %d rows, want %d", uint64(g), s.Graph(g), n)
		}
	}
}

// Goal: blocks without rows of a graph are skipped, and none with such rows.
// Method: read the graph's rows with SkipGraph before each block; count reads.
func TestSkipGraph(t *testing.T) {
	quads := twindata.Quads(200, 1)
	fs := vfs.NewMem()
	write(t, fs, "seg", quads, nil)
	s := open(t, fs, "seg", 1)
	var g graph.TermID
	want := 0
	for _, q := range quads {
		if q[graph.P] != quads[0][graph.P] && q[graph.G] != graph.DefaultGraph && g == graph.None {
			g = q[graph.G] // the first site's
		}
		if q[graph.G] == g {
			want++
		}
	}
	sec := s.Section(graph.SPOG, Adds)
	c := sec.Cursor(0, sec.Len())
	var cols [4][]graph.TermID
	cols[3] = make([]graph.TermID, BlockRows)
	got := 0
	for c.SkipGraph(g); c.Left() > 0; c.SkipGraph(g) {
		n, err := c.Next(&cols, BlockRows)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range cols[3][:n] {
			if id == g {
				got++
			}
		}
	}
	blocks := uint64(len(sec.index.entries))
	if reads := s.cache.Reads(); got != want || reads*2 > blocks {
		t.Errorf("%d rows, want %d; %d of %d blocks read", got, want, reads, blocks)
	}
}

// Goal: the writer refuses rows out of order (I1), a section twice, and
// sections of one kind with different numbers of rows (I4); what it began can
// be aborted. Method: one of each.
func TestWriterRefuses(t *testing.T) {
	fs := vfs.NewMem()
	begin := func() *Writer {
		w, err := NewWriter(fs, "seg", salt, Header{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Begin(graph.SPOG, Adds); err != nil {
			t.Fatal(err)
		}
		return w
	}
	one := func(id graph.TermID) *[4][]graph.TermID { return &[4][]graph.TermID{{id}, {id}, {id}, {id}} }
	w := begin()
	if err := w.Begin(graph.SPOG, Adds); err == nil {
		t.Error("a section twice")
	}
	w = begin()
	w.Append(one(5))
	w.flush()
	w.Append(one(4))
	if _, err := w.Finish(); err == nil {
		t.Error("rows out of order")
	}
	w = begin()
	w.Append(one(5))
	w.Begin(graph.PSOG, Adds)
	if _, err := w.Finish(); err == nil {
		t.Error("sections of different length")
	}
	w = begin()
	if err := w.Abort(); err != nil {
		t.Error(err)
	}
	if _, err := fs.Stat("seg"); err == nil {
		t.Error("the file of an aborted writer is there")
	}
}

// Goal: a failed write or fsync is the writer's error, and a failed read that
// of the reader, not a corruption. Method: fail each operation in turn.
func TestFaults(t *testing.T) {
	quads := twindata.Quads(2, 1)
	keys := twindata.Columns(twindata.Sorted(quads, graph.SPOG))
	broken := errors.New("broken")
	for _, kind := range []vfs.OpKind{vfs.OpCreate, vfs.OpWrite, vfs.OpSync} {
		fs := vfs.Inject(vfs.NewMem(), vfs.FailFrom(1, broken, func(op vfs.Op) bool { return op.Kind == kind }))
		w, err := NewWriter(fs, "seg", salt, Header{})
		if err == nil {
			w.Begin(graph.SPOG, Adds)
			w.Append(&keys)
			_, err = w.Finish()
		}
		if !errors.Is(err, broken) {
			t.Errorf("kind %d: %v", kind, err)
		}
	}
	m := vfs.NewMem()
	write(t, m, "seg", quads, nil)
	for n := 1; ; n++ {
		fs := vfs.Inject(m, vfs.FailFrom(n, broken, func(op vfs.Op) bool { return op.Kind == vfs.OpRead }))
		s, err := Open(fs, "seg", salt, cache.New(1<<20))
		if err == nil {
			err = s.Verify(context.Background())
			s.Release()
		}
		var corrupt *graph.CorruptionError
		if err == nil {
			return
		}
		if !errors.Is(err, broken) || errors.As(err, &corrupt) {
			t.Fatalf("read %d: %v", n, err)
		}
	}
}
