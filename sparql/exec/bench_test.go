package exec_test

import (
	"context"
	"fmt"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/exec"
	"nettwin/sparql/ref"
	"nettwin/sparql/results"
)

const benchNS = "https://noc.example/ns#"

// benchData makes a network of n devices: a site, a vendor and a name each, 16
// interfaces with six properties, links to two neighbours, and a source graph
// that repeats part of it.
func benchData(devices int) []rdf.Quad {
	var out []rdf.Quad
	thing := func(kind string, n int) rdf.Term {
		return rdf.IRI(fmt.Sprintf("https://noc.example/id/%s/%d", kind, n))
	}
	property := func(name string) rdf.Term { return rdf.IRI(benchNS + name) }
	add := func(s rdf.Term, p string, o rdf.Term) { out = append(out, rdf.Quad{S: s, P: property(p), O: o}) }
	number := func(n int) rdf.Term { return rdf.Literal(fmt.Sprint(n), rdf.XSDInteger) }
	isA := rdf.IRI(rdf.RDFType)
	for d := range devices {
		device := thing("device", d)
		out = append(out, rdf.Quad{S: device, P: isA, O: property("Device")})
		add(device, "name", rdf.String(fmt.Sprintf("router-%d", d)))
		add(device, "site", thing("site", d%40))
		add(device, "vendor", thing("vendor", d%5))
		add(device, "adjacentTo", thing("device", (d+1)%devices))
		add(device, "adjacentTo", thing("device", (d*7+3)%devices))
		for i := range 16 {
			itf := thing("interface", d*16+i)
			out = append(out, rdf.Quad{S: itf, P: isA, O: property("Interface")})
			add(device, "interface", itf)
			add(itf, "index", number(i))
			add(itf, "speed", number(1000*(1+i%4)))
			add(itf, "status", rdf.String([]string{"up", "up", "down"}[(d+i)%3]))
			add(itf, "octets", number(d*7919+i*104729%100003))
			if i%4 == 0 {
				out = append(out, rdf.Quad{S: itf, P: property("index"), O: number(i), G: thing("graph", d%50)})
			}
		}
	}
	return out
}

// benchQueries are the shapes that the demo asks for.
var benchQueries = []struct{ name, text string }{
	{"star", `SELECT ?i ?x ?s ?o { ?i a :Interface ; :index ?x ; :speed ?s ; :octets ?o }`},
	{"starfilter", `SELECT ?i ?o { ?i :status "down" ; :speed 2000 ; :octets ?o FILTER(?o > 5000000) }`},
	{"twohop", `SELECT ?a ?c { ?a :adjacentTo ?b . ?b :adjacentTo ?c }`},
	{"lookup", `SELECT ?n ?i ?s { ?d :name "router-77" ; :interface ?i . ?i :status ?s . BIND("x" AS ?n) }`},
	{"count", `SELECT (COUNT(*) AS ?n) { ?i :octets ?o }`},
	{"countjoin", `SELECT (COUNT(*) AS ?n) { ?d :interface ?i . ?i :status "up" }`},
	{"groupby", `SELECT ?site (SUM(?o) AS ?sum) (COUNT(*) AS ?n) { ?d :site ?site ; :interface ?i . ?i :octets ?o } GROUP BY ?site`},
	{"topk", `SELECT ?i ?o { ?i :octets ?o } ORDER BY DESC(?o) LIMIT 10`},
	{"optional", `SELECT ?d ?x { ?d a :Device OPTIONAL { ?d :interface ?i . ?i :index 3 ; :octets ?x } }`},
	{"notexists", `SELECT ?d { ?d a :Device FILTER NOT EXISTS { ?d :interface ?i . ?i :status "down" ; :speed 4000 } }`},
	{"graph", `SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?i :index ?x } } GROUP BY ?g`},
	{"path", `SELECT (COUNT(*) AS ?n) { <https://noc.example/id/device/1> :adjacentTo+ ?d }`},
	{"limit", `SELECT ?i ?o ?d { ?i a :Interface ; :octets ?o . ?d :interface ?i } LIMIT 10`},
}

func benchSnapshot(b *testing.B, devices int) graph.Snapshot {
	b.Helper()
	snap, err := load(context.Background(), benchData(devices))
	if err != nil {
		b.Fatal(err)
	}
	return snap
}

func benchQuery(b *testing.B, text string) *algebra.Query {
	b.Helper()
	q, err := translate("PREFIX : <"+benchNS+">\n"+text, "")
	if err != nil {
		b.Fatal(err)
	}
	return q
}

func drain(b *testing.B, r *results.Result, err error) int {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	rows, err := results.Collect(context.Background(), r)
	if err != nil {
		b.Fatal(err)
	}
	return len(rows)
}

// BenchmarkQuery runs the shapes over about 200,000 quads in memory, planning
// and reading the answer included, on exec and on ref.
func BenchmarkQuery(b *testing.B) {
	const devices = 1900
	snap := benchSnapshot(b, devices)
	ctx := context.Background()
	n, err := snap.Count(graph.Pattern{})
	if err != nil {
		b.Fatal(err)
	}
	for _, query := range benchQueries {
		q := benchQuery(b, query.text)
		b.Run(fmt.Sprintf("exec/shape=%s/quads=%d", query.name, n), func(b *testing.B) {
			b.ReportAllocs()
			rows := 0
			for b.Loop() {
				r, err := exec.Query(ctx, q, snap, exec.Options{Now: testTime})
				rows = drain(b, r, err)
			}
			b.ReportMetric(float64(rows), "rows")
		})
		b.Run(fmt.Sprintf("ref/shape=%s/quads=%d", query.name, n), func(b *testing.B) {
			for b.Loop() {
				r, err := ref.Query(ctx, q, snap, ref.Options{Now: testTime})
				drain(b, r, err)
			}
		})
	}
}
