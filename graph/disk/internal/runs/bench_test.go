package runs

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/disk/internal/twindata"
	"nettwin/graph/vfs"
)

// benchDevices make about a million quads.
const benchDevices = 2100

func cpuNanos() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func reportCPU(b *testing.B, start int64, units float64, unit string) {
	b.ReportMetric(float64(cpuNanos()-start)/float64(b.N)/units, "cpu-ns/"+unit)
}

// benchBase is a version of one segment without every 50th quad.
func benchBase(b *testing.B) (files *Files, base *Version, present, absent []graph.Quad) {
	dir := b.TempDir()
	files = &Files{FS: vfs.OS(), Salt: salt, Cache: cache.New(1 << 30), Name: func(n uint64) string { return filepath.Join(dir, fmt.Sprint(n)) }}
	for i, q := range twindata.Quads(benchDevices, 1) {
		if i%5 == 0 {
			absent = append(absent, q)
		} else {
			present = append(present, q)
		}
	}
	slices.SortFunc(present, compareQuads)
	run, err := files.mergeToDisk(ctx, 1, []*Run{NewRun(1, 1, present, nil)}, true)
	if err != nil {
		b.Fatal(err)
	}
	return files, NewVersion(run), present, absent
}

// BenchmarkScanDelta scans all of PSOG and POSG with young runs in memory of
// so many hundredths of the rows, two thirds adds (ENGINE.md §2c: 1.29 times
// the time without, at 1 %).
func BenchmarkScanDelta(b *testing.B) {
	_, base, present, absent := benchBase(b)
	r := rand.New(rand.NewPCG(1, 1))
	for _, share := range []float64{0, 0.1, 1, 10} {
		n := int(share * float64(len(present)) / 300)
		var adds, deletes []graph.Quad
		for _, i := range r.Perm(len(absent))[:2*n] {
			adds = append(adds, absent[i])
		}
		for _, i := range r.Perm(len(present))[:n] {
			deletes = append(deletes, present[i])
		}
		v := base.Retain()
		for part := range 3 { // three runs, as tiers leave them
			a, d := slices.Clone(adds[part*len(adds)/3:(part+1)*len(adds)/3]), slices.Clone(deletes[part*n/3:(part+1)*n/3])
			slices.SortFunc(a, compareQuads)
			slices.SortFunc(d, compareQuads)
			if len(a)+len(d) > 0 {
				v = v.With(NewRun(1, 1, a, d))
			}
		}
		for _, o := range []graph.Order{graph.PSOG, graph.POSG} {
			b.Run(fmt.Sprintf("order=%s/percent=%g", o, share), func(b *testing.B) {
				start := cpuNanos()
				for b.Loop() {
					c, err := v.Scan(graph.Pattern{}, o)
					if err != nil {
						b.Fatal(err)
					}
					rows := 0
					for {
						chunk, err := c.Next(ctx)
						if err != nil {
							b.Fatal(err)
						}
						if chunk == nil {
							break
						}
						rows += chunk.Len()
					}
					if rows != int(v.Len()) {
						b.Fatal(rows)
					}
				}
				reportCPU(b, start, float64(v.Len()), "row")
			})
		}
	}
}

// BenchmarkLookup scans a subject, and asks for a quad, with three young runs.
func BenchmarkLookup(b *testing.B) {
	_, v, present, absent := benchBase(b)
	for part := range 3 {
		a := slices.Clone(absent[part*1000 : (part+1)*1000])
		slices.SortFunc(a, compareQuads)
		v = v.With(NewRun(1, 1, a, nil))
	}
	i := 0
	b.Run("has", func(b *testing.B) {
		start := cpuNanos()
		for b.Loop() {
			i += 7919
			if ok, err := v.Has(present[i%len(present)]); !ok || err != nil {
				b.Fatal(ok, err)
			}
		}
		reportCPU(b, start, 1, "op")
	})
	b.Run("subject", func(b *testing.B) {
		b.ReportAllocs()
		start := cpuNanos()
		for b.Loop() {
			i += 7919
			c, err := v.Scan(graph.Pattern{graph.S: present[i%len(present)][graph.S]}, graph.SPOG)
			if err != nil {
				b.Fatal(err)
			}
			if chunk, err := c.Next(ctx); chunk == nil || err != nil {
				b.Fatal(err)
			}
		}
		reportCPU(b, start, 1, "op")
	})
	b.Run("count", func(b *testing.B) {
		start := cpuNanos()
		for b.Loop() {
			i += 7919
			if n, err := v.Count(graph.Pattern{graph.P: present[i%len(present)][graph.P]}); n == 0 || err != nil {
				b.Fatal(err)
			}
		}
		reportCPU(b, start, 1, "op")
	})
}

// BenchmarkCommit adds runs of 1000 quads with their existence checks, while
// merges and flushes go on behind; it reports all processor time, theirs too,
// and the slowest commits on the wall.
func BenchmarkCommit(b *testing.B) {
	files, base, _, absent := benchBase(b)
	files.Start(1)
	set := NewSet(Options{Files: files, Policy: DefaultPolicy})
	l := newLine(set, base)
	var took []time.Duration
	start := cpuNanos()
	at := 0
	for b.Loop() {
		// Add each thousand once, then delete it, and so on.
		round := at / (len(absent) / 1000)
		part := at % (len(absent) / 1000)
		at++
		quads := slices.Clone(absent[part*1000 : (part+1)*1000])
		began := time.Now()
		slices.SortFunc(quads, compareQuads)
		v := l.get()
		for _, q := range quads {
			if has, err := v.Has(q); err != nil || has != (round%2 == 1) {
				b.Fatal(has, err)
			}
		}
		v.Release()
		run := NewRun(0, 0, quads, nil)
		if round%2 == 1 {
			run = NewRun(0, 0, nil, quads)
		}
		if err := l.append(run); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	if err := set.Settle(ctx); err != nil {
		b.Fatal(err)
	}
	reportCPU(b, start, 1000, "quad")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
	if err := set.Close(); err != nil {
		b.Fatal(err)
	}
}
