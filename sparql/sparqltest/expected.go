package sparqltest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"nettwin/graph/rdf"
	"nettwin/sparql/results"
)

// Answer is a result in memory, as tests compare it.
type Answer struct {
	Kind    results.Kind
	Vars    []string
	Rows    [][]rdf.Term
	Boolean bool
	Graph   []rdf.Quad
	Ordered bool           // the order of Rows matters
	Format  results.Format // in which the expected answer was written; 0: RDF
}

// ReadAnswer reads all of a result and closes it.
func ReadAnswer(ctx context.Context, r *results.Result) (Answer, error) {
	a := Answer{Kind: r.Kind, Vars: r.Vars, Boolean: r.Boolean}
	var err error
	switch r.Kind {
	case results.Bindings:
		a.Rows, err = results.Collect(ctx, r)
	case results.Graph:
		var triples []rdf.Triple
		triples, err = results.CollectTriples(ctx, r)
		for _, t := range triples {
			a.Graph = append(a.Graph, t.In(rdf.Term{}))
		}
	default:
		err = r.Close()
	}
	return a, err
}

// ReadExpected reads the file of an expected result.
func ReadExpected(root, path string) (Answer, error) {
	format, ok := results.FormatByName(filepath.Ext(path))
	if ok && !format.Supports(results.Graph) {
		f, err := os.Open(path)
		if err != nil {
			return Answer{}, err
		}
		defer f.Close() //nolint:errcheck // only read
		r, err := results.Read(f, format, 0)
		if err != nil {
			return Answer{}, fmt.Errorf("read %s: %w", path, err)
		}
		a, err := ReadAnswer(context.Background(), r)
		a.Format = format
		return a, err
	}
	quads, err := readGraph(root, path)
	if err != nil {
		return Answer{}, err
	}
	x := newIndex(quads)
	for _, q := range quads {
		if q.P.Value() == rdf.RDFType && q.O.Value() == rsNS+"ResultSet" {
			return x.resultSet(q.S)
		}
	}
	return Answer{Kind: results.Graph, Graph: quads}, nil
}

// resultSet reads the vocabulary rs:, in which SPARQL 1.0 writes results.
func (x index) resultSet(set rdf.Term) (Answer, error) {
	if b := x.one(set, rsNS+"boolean"); !b.IsZero() {
		return Answer{Kind: results.Boolean, Boolean: b.Value() == "true"}, nil
	}
	a := Answer{Kind: results.Bindings}
	column := map[string]int{}
	for _, v := range x.all(set, rsNS+"resultVariable") {
		column[v.Value()] = len(a.Vars)
		a.Vars = append(a.Vars, v.Value())
	}
	type indexed struct {
		at  int
		row []rdf.Term
	}
	var rows []indexed
	for _, solution := range x.all(set, rsNS+"solution") {
		r := indexed{row: make([]rdf.Term, len(a.Vars))}
		for _, b := range x.all(solution, rsNS+"binding") {
			at, ok := column[x.one(b, rsNS+"variable").Value()]
			if !ok {
				return a, fmt.Errorf("result set: variable %s is not declared", x.one(b, rsNS+"variable"))
			}
			r.row[at] = x.one(b, rsNS+"value")
		}
		if at := x.one(solution, rsNS+"index"); !at.IsZero() {
			n, err := strconv.Atoi(at.Value())
			if err != nil {
				return a, fmt.Errorf("result set: index %s: %w", at, err)
			}
			r.at, a.Ordered = n, true
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(p, q indexed) int { return p.at - q.at })
	for _, r := range rows {
		a.Rows = append(a.Rows, r.row)
	}
	return a, nil
}
