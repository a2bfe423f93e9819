package ref_test

import (
	"errors"
	"io"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
	"nettwin/sparql/ref"
	"nettwin/sparql/sparqltest"
	"nettwin/sparql/syntax"
)

// randomCases is how many generated cases the tests below look at.
const randomCases = 400

// Goal: generated queries are worth comparing engines with: all evaluate, and
// many have answers. Method: count them over the seeds.
func TestGeneratedAnswers(t *testing.T) {
	some := 0
	for seed := range uint64(randomCases) {
		query, data := sparqltest.Generate(seed)
		r, err := engine{}.Query(t.Context(), data, query, testBase)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, query)
		}
		a, err := sparqltest.ReadAnswer(t.Context(), r)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, query)
		}
		if len(a.Rows)+len(a.Graph) > 1 {
			some++
		}
	}
	if some < randomCases/4 {
		t.Errorf("%d of %d queries have more than one solution", some, randomCases)
	}
}

// Goal: a filter parts solutions into those where it is true, false and an
// error, and loses none. Method: for every Filter of generated queries, the
// bag of its operand is the sum of the three parts.
func TestFilterPartition(t *testing.T) {
	filters, errorsSeen := 0, 0
	for seed := range uint64(randomCases) {
		query, data := sparqltest.Generate(seed)
		parsed, err := syntax.ParseQuery(query, syntax.Options{Base: testBase})
		if err != nil {
			t.Fatal(err)
		}
		q, err := algebra.Translate(parsed)
		if err != nil {
			t.Fatal(err)
		}
		src := snapshot(t, data)
		run := func(op algebra.Op) sparqltest.Answer {
			whole := &algebra.Query{Form: algebra.Select, Op: op, Vars: algebra.InScope(op)}
			r, err := ref.Query(t.Context(), whole, src, options())
			if err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, query)
			}
			a, err := sparqltest.ReadAnswer(t.Context(), r)
			if err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			return a
		}
		algebra.Walk(q.Op, func(op algebra.Op) bool {
			f, ok := op.(*algebra.Filter)
			if !ok {
				return true
			}
			filters++
			parts := run(f)
			for _, e := range []expr.Expr{&expr.Not{X: f.Expr}, fails(f.Expr)} {
				rows := run(&algebra.Filter{Expr: e, P: f.P}).Rows
				parts.Rows = append(parts.Rows, rows...)
				errorsSeen += len(rows)
			}
			if diff := sparqltest.CompareAnswers(run(f.P), parts, false); diff != "" {
				t.Errorf("seed %d: %s\n%s\n%s", seed, algebra.String(f), diff, query)
			}
			return true
		})
	}
	if filters < 100 || errorsSeen < 100 {
		t.Errorf("%d filters, %d solutions outside them: too few to mean anything", filters, errorsSeen)
	}
}

// fails is true where e has no effective boolean value.
func fails(e expr.Expr) expr.Expr {
	truth := &expr.Const{Term: rdf.Literal("true", rdf.XSDBoolean)}
	return &expr.Not{X: &expr.Coalesce{Args: []expr.Expr{
		&expr.If{Cond: e, Then: truth, Else: truth},
		&expr.Const{Term: rdf.Literal("false", rdf.XSDBoolean)},
	}}}
}
