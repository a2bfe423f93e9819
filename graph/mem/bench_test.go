package mem_test

import (
	"context"
	"fmt"
	"testing"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
)

// network makes n quads shaped like inventory: interfaces with ten properties
// each, in a graph per hundred interfaces.
func network(n, from int) []rdf.Quad {
	out := make([]rdf.Quad, n)
	for i := range out {
		row := from + i
		itf := row / 10
		quad := rdf.Quad{
			S: rdf.IRI(fmt.Sprintf("https://noc.example/id/device/r%d/if/%d", itf/50, itf%50)),
			P: rdf.IRI(fmt.Sprintf("https://w3id.org/nettwin/ns#property%d", row%10)),
			G: rdf.IRI(fmt.Sprintf("https://noc.example/graph/source/snmp/r%d", itf/100)),
		}
		switch row % 10 {
		case 0:
			quad.O = rdf.IRI("https://w3id.org/nettwin/ns#Interface")
		case 1:
			quad.O = rdf.String(fmt.Sprintf("GigabitEthernet0/0/%d of r%d", itf%50, itf/50))
		default:
			quad.O = rdf.Literal(fmt.Sprint(row*7919%100003), rdf.XSDInteger)
		}
		out[i] = quad
	}
	return out
}

func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{10, 1000, 100000} {
		b.Run(fmt.Sprintf("onto=1e5/batch=%d", size), func(b *testing.B) {
			s := mem.New(mem.Options{})
			defer s.Close()
			load(b, s, network(100000, 0))
			quads := network(max(size, 200000), 100000)
			b.ReportAllocs()
			at, quadsDone := 0, 0
			for b.Loop() {
				load(b, s, quads[at:at+size])
				quadsDone += size
				if at += size; at+size > len(quads) {
					b.StopTimer()
					s = mem.New(mem.Options{})
					load(b, s, network(100000, 0))
					at = 0
					b.StartTimer()
				}
			}
			b.ReportMetric(float64(quadsDone)/b.Elapsed().Seconds(), "quads/s")
		})
	}
}

func load(b *testing.B, s *mem.Store, quads []rdf.Quad) {
	if _, err := s.Commit(context.Background(), &graph.Batch{Adds: quads}); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkBulk(b *testing.B) {
	quads := network(1000000, 0)
	for b.Loop() {
		s := mem.New(mem.Options{})
		load(b, s, quads)
	}
	b.ReportMetric(float64(len(quads))*float64(b.N)/b.Elapsed().Seconds(), "quads/s")
}

func BenchmarkRead(b *testing.B) {
	ctx := context.Background()
	s := mem.New(mem.Options{})
	load(b, s, network(1000000, 0))
	snap, err := s.Snapshot(graph.At{})
	if err != nil {
		b.Fatal(err)
	}
	p, err := graph.ID(snap, rdf.IRI("https://w3id.org/nettwin/ns#property3"))
	if err != nil || p == graph.None {
		b.Fatal(p, err)
	}
	b.Run("scan", func(b *testing.B) {
		rows := 0
		for b.Loop() {
			c, _ := snap.Scan(graph.Pattern{}, graph.PSOG)
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
			c.Close()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
	})
	b.Run("count", func(b *testing.B) {
		for b.Loop() {
			if n, err := snap.Count(graph.Pattern{graph.P: p}); n != 100000 || err != nil {
				b.Fatal(n, err)
			}
		}
	})
	subjects := []graph.TermID{}
	for q, err := range graph.All(ctx, snap, graph.Pattern{graph.P: p}) {
		if err != nil {
			b.Fatal(err)
		}
		subjects = append(subjects, q[graph.S])
	}
	b.Run("lookup", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			c, _ := snap.Scan(graph.Pattern{graph.S: subjects[i*7919%len(subjects)], graph.P: p}, graph.PSOG)
			if chunk, err := c.Next(ctx); chunk == nil || err != nil {
				b.Fatal(chunk, err)
			}
			c.Close()
			i++
		}
	})
	b.Run("seek", func(b *testing.B) {
		c, _ := snap.Scan(graph.Pattern{graph.P: p}, graph.PSOG)
		i := 0
		for b.Loop() {
			if i+100 >= len(subjects) {
				c, _ = snap.Scan(graph.Pattern{graph.P: p}, graph.PSOG)
				i = 0
			}
			i += 100
			if err := c.Seek(subjects[i]); err != nil {
				b.Fatal(err)
			}
			if chunk, err := c.Next(ctx); chunk == nil || err != nil {
				b.Fatal(chunk, err)
			}
		}
	})
}
