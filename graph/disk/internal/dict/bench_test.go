package dict

import (
	"path/filepath"
	"syscall"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/vfs"
)

func cpuNanos() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkDict adds, seals and looks up half a million terms in one file,
// with a warm cache (ENGINE.md §2e: term to id 0.48 µs, id to term 36 ns, 75
// bytes a term).
func BenchmarkDict(b *testing.B) {
	const n = 500_000
	o := options(vfs.OS(), nil, 0)
	dir := b.TempDir()
	o.Name = func(uint64) string { return filepath.Join(dir, "dict") }
	o.Cache = cache.New(1 << 30)
	terms := make([]graph.Term, n)
	ids, found := make([]graph.TermID, n), make([]graph.TermID, n)
	for i := range terms {
		terms[i] = term(i + 12)
	}
	report := func(b *testing.B, start int64) {
		b.ReportMetric(float64(cpuNanos()-start)/float64(b.N)/n, "cpu-ns/term")
	}
	var d *Dict
	b.Run("add", func(b *testing.B) {
		start := cpuNanos()
		for b.Loop() {
			var err error
			if d, err = Open(o); err != nil {
				b.Fatal(err)
			}
			for i, t := range terms {
				if ids[i], err = d.Add(t); err != nil {
					b.Fatal(err)
				}
			}
		}
		report(b, start)
	})
	start := cpuNanos()
	if err := d.Seal(ctx, d.Len(), func([]uint64) error { return nil }); err != nil {
		b.Fatal(err)
	}
	seal := float64(cpuNanos()-start) / n
	info, err := vfs.OS().Stat(o.Name(1))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("find", func(b *testing.B) {
		start := cpuNanos()
		for b.Loop() {
			if err := d.Find(terms, found); err != nil {
				b.Fatal(err)
			}
		}
		report(b, start)
	})
	b.Run("terms", func(b *testing.B) {
		out := make([]graph.Term, n)
		start := cpuNanos()
		for b.Loop() {
			if err := d.Terms(ids, out); err != nil {
				b.Fatal(err)
			}
		}
		report(b, start)
		b.ReportMetric(seal, "seal-cpu-ns/term")
		b.ReportMetric(float64(info.SizeBytes)/n, "B/term")
	})
	d.Close()
}
