package segment

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk/internal/twindata"
	"nettwin/graph/vfs"
)

// benchDevices make about a million quads.
const benchDevices = 2100

// BenchmarkWrite encodes and writes one section per order: ns/row, and the
// bytes a quad takes (ENGINE.md §2b: 10.0, 5.0, 4.6, 5.0, 6.3; 30.9 in all).
func BenchmarkWrite(b *testing.B) {
	quads := twindata.Quads(benchDevices, 1)
	for o := range graph.NumOrders {
		cols := twindata.Columns(twindata.Sorted(quads, o))
		b.Run("order="+o.String(), func(b *testing.B) {
			name := filepath.Join(b.TempDir(), "seg")
			var size int64
			start := cpuNanos()
			for b.Loop() {
				w, err := NewWriter(vfs.OS(), name, salt, Header{})
				if err != nil {
					b.Fatal(err)
				}
				w.Begin(o, Adds)
				w.Append(&cols)
				if size, err = w.Finish(); err != nil {
					b.Fatal(err)
				}
			}
			n := float64(len(quads))
			b.ReportMetric(float64(size)/n, "B/quad")
			reportCPU(b, start, n, "row")
		})
	}
}

func benchSegment(b *testing.B, orders ...graph.Order) (*Segment, []graph.Quad) {
	quads := twindata.Quads(benchDevices, 1)
	name := filepath.Join(b.TempDir(), "seg")
	w, err := NewWriter(vfs.OS(), name, salt, Header{})
	if err != nil {
		b.Fatal(err)
	}
	for _, o := range orders {
		cols := twindata.Columns(twindata.Sorted(quads, o))
		w.Begin(o, Adds)
		w.Append(&cols)
	}
	if _, err := w.Finish(); err != nil {
		b.Fatal(err)
	}
	return open(b, vfs.OS(), name, 1<<30), quads
}

// BenchmarkScan reads all rows with a warm cache, some or all columns.
func BenchmarkScan(b *testing.B) {
	s, quads := benchSegment(b, graph.SPOG, graph.PSOG, graph.POSG, graph.GPSO)
	for _, o := range []graph.Order{graph.SPOG, graph.PSOG, graph.POSG, graph.GPSO} {
		for name, want := range map[string][4]bool{
			"1": {false, true}, "2": {false, true, true}, "4": {true, true, true, true},
		} {
			b.Run("order="+o.String()+"/columns="+name, func(b *testing.B) {
				var bufs [4][]graph.TermID
				for i := range bufs {
					if want[i] {
						bufs[i] = make([]graph.TermID, graph.ChunkRows)
					}
				}
				var sum graph.TermID
				start := cpuNanos()
				for b.Loop() {
					c := s.Section(o, Adds).Cursor(0, uint64(len(quads)))
					for {
						n, err := c.Next(&bufs, graph.ChunkRows)
						if err != nil {
							b.Fatal(err)
						}
						if n == 0 {
							break
						}
						for _, id := range bufs[1][:n] {
							sum += id
						}
					}
				}
				reportCPU(b, start, float64(len(quads)), "row")
			})
		}
	}
}

// BenchmarkSeek finds rows at random by a prefix of two ids, and counts
// prefixes, with a warm cache.
func BenchmarkSeek(b *testing.B) {
	s, quads := benchSegment(b, graph.SPOG, graph.PSOG, graph.POSG)
	r := rand.New(rand.NewPCG(1, 2))
	for _, o := range []graph.Order{graph.SPOG, graph.PSOG, graph.POSG} {
		sec := s.Section(o, Adds)
		pos := o.Positions()
		keys := make([]Key, 1<<16)
		for i := range keys {
			q := quads[r.IntN(len(quads))]
			keys[i] = Key{q[pos[0]], q[pos[1]]}
		}
		i := 0
		b.Run("rank/order="+o.String(), func(b *testing.B) {
			start := cpuNanos()
			for b.Loop() {
				i++
				if _, err := sec.Rank(&keys[i%len(keys)]); err != nil {
					b.Fatal(err)
				}
			}
			reportCPU(b, start, 1, "seek")
		})
		b.Run("count/order="+o.String(), func(b *testing.B) {
			start := cpuNanos()
			for b.Loop() {
				i++
				if _, _, err := sec.Range(&keys[i%len(keys)], 2); err != nil {
					b.Fatal(err)
				}
			}
			reportCPU(b, start, 1, "count")
		})
	}
}

// BenchmarkColumn decodes a block's column, by codec.
func BenchmarkColumn(b *testing.B) {
	cols := columns(rand.New(rand.NewPCG(1, 2)), BlockRows)
	dst := make([]graph.TermID, BlockRows)
	for _, name := range []string{"constant", "width20", "sorted", "table", "mixed"} {
		var e encoder
		col := cols[name]
		blk, err := parseBlock(e.appendBlock(nil, &[4][]graph.TermID{col, col, col, col}))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			start := cpuNanos()
			for b.Loop() {
				blk.cols[0].read(dst, 0)
			}
			reportCPU(b, start, BlockRows, "row")
		})
		b.Run("get/"+name, func(b *testing.B) {
			start := cpuNanos()
			var sum uint64
			for b.Loop() {
				for i := range BlockRows {
					sum += blk.cols[0].get((i * 1031) % BlockRows)
				}
			}
			reportCPU(b, start, BlockRows, "row")
		})
	}
}
