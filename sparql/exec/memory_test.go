package exec_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"nettwin/graph/rdf"
	"nettwin/sparql/exec"
	"nettwin/sparql/results"
)

// hungry are queries that would keep many times the memory that TestMemory gives
// them, of every kind of operator that keeps something.
var hungry = map[string]string{
	"sum distinct":           `SELECT (SUM(DISTINCT ?n) AS ?x) (AVG(DISTINCT ?n) AS ?y) { ?s :n ?a . ?t :k ?b BIND(?a * 100 + ?b AS ?n) }`,
	"count distinct":         `SELECT (COUNT(DISTINCT ?n) AS ?x) { ?s :n ?a . ?t :k ?b BIND(?a * 100 + ?b AS ?n) }`,
	"count distinct value":   `SELECT (COUNT(DISTINCT (?a * 100 + ?b)) AS ?x) { ?s :n ?a . ?t :k ?b }`,
	"count distinct text":    `SELECT (COUNT(DISTINCT CONCAT(?a, STR(?b))) AS ?x) { ?s :name ?a . ?t :k ?b }`,
	"groups of distinct":     `SELECT ?b (COUNT(DISTINCT (?a * 100 + ?b)) AS ?x) (SUM(DISTINCT ?a) AS ?y) { ?s :n ?a . ?t :k ?b } GROUP BY ?b`,
	"group concat":           `SELECT (GROUP_CONCAT(?a) AS ?x) { ?s :name ?a . ?t :k ?b }`,
	"group concat distinct":  `SELECT ?b (GROUP_CONCAT(DISTINCT ?a; separator=", ") AS ?x) { ?s :name ?a . ?t :k ?b } GROUP BY ?b`,
	"longest text":           `SELECT ?s (MAX(CONCAT(?a, ?a, ?a, ?a, ?a, ?a, ?a, ?a, ?a, ?a, STR(?b))) AS ?x) { ?s :name ?a . ?t :k ?b } GROUP BY ?s`,
	"order by text":          `SELECT ?s ?b { ?s :name ?a . ?t :k ?b } ORDER BY CONCAT(?a, ?a, ?a, ?a, STR(?b), ?a)`,
	"order by variable":      `SELECT ?s ?b { ?s :name ?a . ?t :k ?b } ORDER BY ?a`,
	"path from all":          `SELECT (COUNT(*) AS ?n) { ?a (:next|:jump)+ ?b } `,
	"path over a step":       `SELECT (COUNT(*) AS ?n) { ?a (:next/:jump)+ ?b }`,
	"path to any":            `SELECT (COUNT(*) AS ?n) { ?a !(:none)* ?b }`,
	"path of paths":          `SELECT (COUNT(*) AS ?n) { ?a ((:next|^:jump)*/:jump)* ?b }`,
	"distinct of a subquery": `SELECT DISTINCT ?s ?c { { SELECT ?s ?c { ?s :n ?a . ?t :k ?b BIND(?a * 100 + ?b AS ?c) } } }`,
	"join of subqueries":     `SELECT (COUNT(*) AS ?n) { { SELECT ?s ?c { ?s :n ?a . ?t :k ?b BIND(?a * 100 + ?b AS ?c) } } { SELECT ?u ?c { ?u :n ?a . ?t :k ?b BIND(?a * 100 + ?b AS ?c) } } }`,
	"groups of a subquery":   `SELECT (COUNT(*) AS ?n) { { SELECT ?c (COUNT(*) AS ?m) { ?s :n ?a . ?t :k ?b BIND(?a * 100 + ?b AS ?c) } GROUP BY ?c } }`,
	"distinct texts":         `SELECT DISTINCT ?c { ?s :name ?a . ?t :k ?b BIND(CONCAT(?a, STR(?b)) AS ?c) }`,
	"construct":              `CONSTRUCT { ?s :n ?c } { ?s :n ?a . ?t :k ?b BIND(?a * 100 + ?b AS ?c) }`,
}

// memoryWatched is for how long a query is watched.
const memoryWatched = 600 * time.Millisecond

// Goal: a query keeps no more memory than it is allowed to: it goes to files,
// or ends with an error that names the limit. Method: queries that would keep
// far more, under a limit, while the heap is watched: it may grow by the limit
// and by what passes through: the chunks at hand and what the collector has not
// found yet.
func TestMemory(t *testing.T) {
	const (
		things = 6_000
		kinds  = 30
		limit  = 4 << 20
		allow  = 3*limit + 12<<20
	)
	var data []rdf.Quad
	node := func(i int) rdf.Term { return rdf.IRI(fmt.Sprint(genNS, "node/", i%things)) }
	number := func(i int) rdf.Term { return rdf.Literal(fmt.Sprint(i), rdf.XSDInteger) }
	for i := range things {
		data = append(data,
			rdf.Quad{S: node(i), P: rdf.IRI(genNS + "next"), O: node(i + 1)},
			rdf.Quad{S: node(i), P: rdf.IRI(genNS + "jump"), O: node(i*i + 7)},
			rdf.Quad{S: node(i), P: rdf.IRI(genNS + "name"), O: rdf.String(fmt.Sprintf("%040x", i))},
			rdf.Quad{S: node(i), P: rdf.IRI(genNS + "n"), O: number(i)})
		if i < kinds {
			data = append(data, rdf.Quad{S: node(i), P: rdf.IRI(genNS + "k"), O: number(i)})
		}
	}
	snap, err := load(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	data = nil
	defer snap.Close() //nolint:errcheck // in memory
	spill, _ := newSpill(t, 0)
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	for name, text := range hungry {
		q, err := translate("PREFIX : <"+genNS+"> "+text, "")
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		watch := watchHeap()
		ctx, cancel := context.WithTimeout(t.Context(), memoryWatched)
		r, err := exec.Query(ctx, q, snap, exec.Options{Now: testTime, MaxMemoryBytes: limit, Spill: spill})
		n := 0
		for err == nil {
			if r.Triples != nil {
				_, err = r.Triples.Next(ctx)
			} else {
				_, err = r.Rows.Next(ctx)
			}
			n++
		}
		if r != nil {
			r.Close() //nolint:errcheck // it has ended
		}
		cancel()
		grown := watch()
		var reached *results.LimitError
		if err != nil && err != io.EOF && !errors.As(err, &reached) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%-22s %3d MiB, %d rows, %v", name, grown>>20, n, err)
		if grown > allow {
			t.Errorf("%s: the heap grew by %d MiB with a limit of %d MiB: %v", name, grown>>20, int64(limit)>>20, err)
		}
	}
}

// watchHeap watches the heap until the function that it returns is called,
// which tells by how much it grew.
func watchHeap() func() int64 {
	read := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, peak := read(), int64(0)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				peak = max(peak, read())
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-stopped
		return peak - before
	}
}
