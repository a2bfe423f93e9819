package rules

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"testing/fstest"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/reasoning/model"
)

// BenchmarkOneMore measures what one more row of a source costs beside 900 and
// 9000: restricted to what changed, and in full.
func BenchmarkOneMore(b *testing.B) {
	const rule = `# name: event
# comment: An event of a device.
# citation: ours
PREFIX s: <http://s/>
CONSTRUCT { ?event a s:Event ; s:on ?device ; s:text ?text }
WHERE {
  GRAPH ?g { ?g s:describes ?device . ?row a s:Row ; s:time ?time . OPTIONAL { ?row s:message ?text } }
  BIND(IRI(CONCAT("id/event/", STR(?time))) AS ?event)
}
`
	for _, rows := range []int{900, 9000} {
		for _, full := range []bool{false, true} {
			b.Run(fmt.Sprintf("op/rows=%d/full=%v", rows, full), func(b *testing.B) {
				store := mem.New(mem.Options{Base: testBase})
				defer store.Close()
				e := New(Options{Store: store, Base: testBase, Derived: testDerived, Log: slog.New(slog.DiscardHandler), Now: time.Now,
					Knowledge: fstest.MapFS{"align/event.rule": {Data: []byte(rule)}}})
				g := rdf.IRI("http://s/g")
				say := func(list []rdf.Quad, s rdf.Term, p string, o rdf.Term) []rdf.Quad {
					return append(list, rdf.Quad{S: s, P: rdf.IRI(p), O: o, G: g})
				}
				row := func(list []rdf.Quad, i int) []rdf.Quad {
					s := rdf.IRI(fmt.Sprintf("http://s/row/%d", i))
					list = say(list, s, rdf.RDFType, rdf.IRI("http://s/Row"))
					list = say(list, s, "http://s/time", rdf.String(fmt.Sprint(i)))
					return say(list, s, "http://s/message", rdf.String("up"))
				}
				quads := say(nil, g, "http://s/describes", rdf.IRI("http://s/device"))
				for i := range rows {
					quads = row(quads, i)
				}
				commit := func(quads []rdf.Quad) *Delta {
					if _, err := store.Commit(context.Background(), &graph.Batch{Adds: quads}); err != nil {
						b.Fatal(err)
					}
					delta := &Delta{}
					for _, q := range quads {
						delta.Add(q)
					}
					return delta
				}
				commit(quads)
				if err := e.Reload(context.Background()); err != nil {
					b.Fatal(err)
				}
				for i := rows; b.Loop(); i++ {
					b.StopTimer()
					delta := commit(row(nil, i))
					if full {
						delta.forget()
					}
					b.StartTimer()
					if err := e.Apply(context.Background(), delta); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkSolutions measures the memory of what is remembered of a solution,
// for a rule with three keys.
func BenchmarkSolutions(b *testing.B) {
	r := &Rule{keys: [][]string{{"a"}, {"a", "b"}, {"g"}}, rowVars: []string{"a", "b", "g"}}
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s := newSolutions(r)
		const count = 50_000
		for i := range count {
			one := r.solutionOf(model.Row{"a": rdf.String(fmt.Sprint(i)), "b": rdf.String("b"), "g": rdf.String("g")})
			one.derivation = one.row
			s.add(one)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/count, "B/solution")
		runtime.KeepAlive(s)
	}
}
