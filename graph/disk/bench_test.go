package disk_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/rdf"
)

// benchQuads makes quads as of a network: so many interfaces with ten
// properties each, in a graph per site. From one variant to the next a counter
// of each interface changes.
func benchQuads(from, to, variant int) []rdf.Quad {
	var out []rdf.Quad
	for i := from; i < to; i++ {
		s := rdf.IRI(fmt.Sprintf("%sid/interface/device%05d/port%d", base, i/24, i%24))
		g := rdf.IRI(fmt.Sprintf("%sgraph/source/snmp/site%03d", base, i/2400))
		add := func(p string, o rdf.Term) {
			out = append(out, rdf.Quad{S: s, P: rdf.IRI(base + "ns#" + p), O: o, G: g})
		}
		add("name", rdf.String(fmt.Sprintf("port%d", i%24)))
		add("description", rdf.String(fmt.Sprintf("uplink of rack %d in row %d", i%97, i%11)))
		add("mtu", rdf.Literal("1500", rdf.XSDInteger))
		add("speed", rdf.Literal([]string{"1000000000", "10000000000"}[i%2], rdf.XSDInteger))
		add("device", rdf.IRI(fmt.Sprintf("%sid/device/device%05d", base, i/24)))
		add("type", rdf.IRI(base+"ns#Interface"))
		add("enabled", rdf.Literal("true", rdf.XSDBoolean))
		add("address", rdf.String(fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)))
		add("peer", rdf.IRI(fmt.Sprintf("%sid/interface/device%05d/port%d", base, (i*7+3)/24%5000, i%24)))
		add("octets", rdf.Literal(fmt.Sprint(i*1000+variant), rdf.XSDInteger))
	}
	return out
}

// benchStore is a store of about so many quads.
func benchStore(b *testing.B, quads int) *disk.Store {
	b.Helper()
	s, err := disk.Open(b.TempDir()+"/store", disk.Options{Base: base})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	const step = 20_000
	for from := 0; from < quads/10; from += step {
		if _, err := s.Commit(ctx, &graph.Batch{Adds: benchQuads(from, min(from+step, quads/10), 0)}); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// cpuNanos is the processor time of the process: the machine's load does not
// change it much.
func cpuNanos() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

// reportCPU reports what a benchmark took of the processor per unit.
func reportCPU(b *testing.B, start float64, units float64, unit string) {
	b.ReportMetric((cpuNanos()-start)/float64(b.N)/units, "cpu-ns/"+unit)
}

// counters makes batches that replace the counters of 500 interfaces that
// follow each other, without much work of its own.
type counters struct {
	rows    []rdf.Quad // the counter of each interface, as benchQuads makes it at first
	variant []int      // per block of 500
}

func newCounters(interfaces int) *counters {
	c := &counters{variant: make([]int, interfaces/500)}
	for i := range interfaces {
		c.rows = append(c.rows, benchQuads(i, i+1, 0)[9])
	}
	return c
}

// next replaces the counters of a block: 1000 changes.
func (c *counters) next(block int) *graph.Batch {
	b := &graph.Batch{Deletes: make([]rdf.Quad, 0, 500), Adds: make([]rdf.Quad, 0, 500)}
	v := c.variant[block]
	c.variant[block]++
	for i := block * 500; i < block*500+500; i++ {
		old, now := c.rows[i], c.rows[i]
		old.O = rdf.Literal(strconv.Itoa(i*1000+v), rdf.XSDInteger)
		now.O = rdf.Literal(strconv.Itoa(i*1000+v+1), rdf.XSDInteger)
		b.Deletes, b.Adds = append(b.Deletes, old), append(b.Adds, now)
	}
	return b
}

// BenchmarkCommit replaces 500 counters a commit, durably, in a store of a
// million quads: 1000 changes. It reports the wall time of commits.
func BenchmarkCommit(b *testing.B) {
	s := benchStore(b, 1_000_000)
	r := rand.New(rand.NewPCG(1, 1))
	var took []time.Duration
	all := newCounters(100_000)
	b.ReportAllocs()
	start := cpuNanos()
	defer func() { reportCPU(b, start, 1000, "change") }()
	for b.Loop() {
		batch := all.next(r.IntN(200))
		start := time.Now()
		c, err := s.Commit(ctx, batch)
		took = append(took, time.Since(start))
		if err != nil || c.Adds+c.Deletes != 1000 {
			b.Fatal(c, err)
		}
	}
	slices.Sort(took)
	var sum time.Duration
	for _, d := range took {
		sum += d
	}
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(len(took))*1000/sum.Seconds(), "changes/s")
}

// BenchmarkRead measures what queries do, in a store of a million quads.
func BenchmarkRead(b *testing.B) {
	s := benchStore(b, 1_000_000)
	snap, err := s.Snapshot(graph.At{})
	if err != nil {
		b.Fatal(err)
	}
	defer snap.Close()
	id := func(t rdf.Term) graph.TermID {
		id, err := graph.ID(snap, t)
		if err != nil || id == graph.None {
			b.Fatal(t, err)
		}
		return id
	}
	octets := id(rdf.IRI(base + "ns#octets"))
	var subjects []graph.TermID
	for i := 0; i < 100_000; i += 97 {
		subjects = append(subjects, id(benchQuads(i, i+1, 0)[0].S))
	}
	n := 0
	b.Run("scan", func(b *testing.B) {
		start := cpuNanos()
		for b.Loop() {
			c, err := snap.Scan(graph.Pattern{}, graph.PSOG)
			if err != nil {
				b.Fatal(err)
			}
			for {
				chunk, err := c.Next(ctx)
				if err != nil {
					b.Fatal(err)
				}
				if chunk == nil {
					break
				}
			}
			c.Close()
		}
		reportCPU(b, start, 1e6, "row")
	})
	b.Run("lookup", func(b *testing.B) {
		b.ReportAllocs()
		start := cpuNanos()
		defer func() { reportCPU(b, start, 1, "op") }()
		for b.Loop() {
			n++
			c, err := snap.Scan(graph.Pattern{graph.S: subjects[n%len(subjects)], graph.P: octets}, graph.SPOG)
			if err != nil {
				b.Fatal(err)
			}
			if chunk, err := c.Next(ctx); chunk == nil || err != nil {
				b.Fatal(err)
			}
			c.Close()
		}
	})
	b.Run("seek", func(b *testing.B) {
		c, err := snap.Scan(graph.Pattern{graph.P: octets}, graph.PSOG)
		if err != nil {
			b.Fatal(err)
		}
		n = 0
		slices.Sort(subjects)
		start := cpuNanos()
		defer func() { reportCPU(b, start, 1, "op") }()
		for b.Loop() {
			if n++; n%len(subjects) == 0 {
				c.Close()
				if c, err = snap.Scan(graph.Pattern{graph.P: octets}, graph.PSOG); err != nil {
					b.Fatal(err)
				}
			}
			if err := c.Seek(subjects[n%len(subjects)]); err != nil {
				b.Fatal(err)
			}
			if chunk, err := c.Next(ctx); chunk == nil || err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("count", func(b *testing.B) {
		start := cpuNanos()
		defer func() { reportCPU(b, start, 1, "op") }()
		for b.Loop() {
			n++
			if _, err := snap.Count(graph.Pattern{graph.S: subjects[n%len(subjects)]}); err != nil {
				b.Fatal(err)
			}
		}
	})
	ids, terms := subjects[:1000], make([]rdf.Term, 1000)
	b.Run("terms", func(b *testing.B) {
		start := cpuNanos()
		for b.Loop() {
			if err := snap.Terms(ids, terms); err != nil {
				b.Fatal(err)
			}
		}
		reportCPU(b, start, 1000, "term")
	})
	b.Run("ids", func(b *testing.B) {
		out := make([]graph.TermID, 1000)
		start := cpuNanos()
		for b.Loop() {
			if err := snap.IDs(terms, out); err != nil {
				b.Fatal(err)
			}
		}
		reportCPU(b, start, 1000, "term")
	})
}

// BenchmarkVersions measures branches and the past, in a store of 200,000
// quads with 500 commits of 100 changes behind them.
func BenchmarkVersions(b *testing.B) {
	s := benchStore(b, 200_000)
	first := s.Info().Head
	for i := range 500 {
		batch := &graph.Batch{}
		for k := range 50 {
			n := (i*50 + k) % 20_000
			batch.Deletes = append(batch.Deletes, benchQuads(n, n+1, i*50/20_000)[9])
			batch.Adds = append(batch.Adds, benchQuads(n, n+1, i*50/20_000+1)[9])
		}
		if _, err := s.Commit(ctx, batch); err != nil {
			b.Fatal(err)
		}
	}
	head := s.Info().Head
	n := 0
	b.Run("fork", func(b *testing.B) {
		for b.Loop() {
			n++
			if _, err := s.Fork(ctx, fmt.Sprintf("b%d", n), graph.At{}); err != nil {
				b.Fatal(err)
			}
			if err := s.Drop(ctx, fmt.Sprintf("b%d", n)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("snapshot", func(b *testing.B) {
		for b.Loop() {
			snap, err := s.Snapshot(graph.At{})
			if err != nil {
				b.Fatal(err)
			}
			snap.Close()
		}
	})
	b.Run("asof", func(b *testing.B) {
		for b.Loop() {
			n += 37
			snap, err := s.Snapshot(graph.At{Seq: first + graph.CommitSeq(n)%(head-first) + 1})
			if err != nil {
				b.Fatal(err)
			}
			snap.Close()
		}
	})
	b.Run("diff", func(b *testing.B) {
		old, err := s.Snapshot(graph.At{Seq: head - 10})
		if err != nil {
			b.Fatal(err)
		}
		defer old.Close()
		now, err := s.Snapshot(graph.At{})
		if err != nil {
			b.Fatal(err)
		}
		defer now.Close()
		for b.Loop() {
			changes := 0
			if err := s.Diff(ctx, old, now, func(graph.Change) bool { changes++; return true }); err != nil || changes != 1000 {
				b.Fatal(changes, err)
			}
		}
	})
}
