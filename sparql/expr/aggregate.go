package expr

import (
	"strings"

	"nettwin/graph/rdf"
)

// Aggregator computes one aggregate over one group (SPARQL 1.1 §18.5.1). It
// belongs to one goroutine.
type Aggregator interface {
	// Add gives the value of the argument in the next solution of the group;
	// ok is false if evaluating it was an error or it is unbound.
	Add(value rdf.Term, ok bool)

	// Result returns the value for all solutions so far; ok is false if it is
	// an error, which leaves the aggregate's variable unbound.
	Result() (rdf.Term, bool)
}

// NewAggregator returns an empty aggregator for COUNT, SUM, AVG, MIN, MAX,
// SAMPLE or GROUP_CONCAT, and nil for another name. For COUNT(*) add any term
// for each solution; COUNT(DISTINCT *) is the caller's, who knows solutions.
//
// Errors among the values (§18.5.1, ListEval): COUNT and SAMPLE pass over
// them, the others have an error as their result.
func NewAggregator(name string, distinct bool, separator string) Aggregator {
	var a Aggregator
	switch name {
	case "COUNT":
		a = &countAggregator{}
	case "SUM":
		a = &sumAggregator{sum: integerNumber(0)}
	case "AVG":
		a = &avgAggregator{sumAggregator: sumAggregator{sum: integerNumber(0)}}
	case "MIN":
		a = &extremeAggregator{sign: -1}
	case "MAX":
		a = &extremeAggregator{sign: 1}
	case "SAMPLE":
		a = &sampleAggregator{}
	case "GROUP_CONCAT":
		a = &concatAggregator{separator: separator}
	default:
		return nil
	}
	if distinct && name != "MIN" && name != "MAX" && name != "SAMPLE" { // which ignore repetitions anyway
		a = &distinctAggregator{inner: a, seen: map[rdf.Term]struct{}{}}
	}
	return a
}

type distinctAggregator struct {
	inner Aggregator
	seen  map[rdf.Term]struct{}
}

func (a *distinctAggregator) Add(v rdf.Term, ok bool) {
	if ok {
		if _, seen := a.seen[v]; seen {
			return
		}
		a.seen[v] = struct{}{}
	}
	a.inner.Add(v, ok)
}

func (a *distinctAggregator) Result() (rdf.Term, bool) { return a.inner.Result() }

type countAggregator struct{ n int64 }

func (a *countAggregator) Add(_ rdf.Term, ok bool) {
	if ok {
		a.n++
	}
}

func (a *countAggregator) Result() (rdf.Term, bool) { return integerTerm(a.n), true }

// sumAggregator adds with the operator "+" from the integer 0 (§18.5.1.3).
type sumAggregator struct {
	sum    number
	failed bool
}

func (a *sumAggregator) Add(v rdf.Term, ok bool) {
	if a.failed {
		return
	}
	n, numeric := parseNumber(v)
	if ok && numeric {
		a.sum, ok = add(a.sum, n)
	}
	a.failed = !ok || !numeric
}

func (a *sumAggregator) Result() (rdf.Term, bool) {
	if a.failed {
		return rdf.Term{}, false
	}
	return a.sum.term()
}

// avgAggregator is the sum divided by the count, 0 for no values (§18.5.1.4).
type avgAggregator struct {
	sumAggregator
	n int64
}

func (a *avgAggregator) Add(v rdf.Term, ok bool) {
	a.n++
	a.sumAggregator.Add(v, ok)
}

func (a *avgAggregator) Result() (rdf.Term, bool) {
	if a.failed {
		return rdf.Term{}, false
	}
	if a.n == 0 {
		return integerTerm(0), true
	}
	mean, ok := divide(a.sum, integerNumber(a.n))
	if !ok {
		return rdf.Term{}, false
	}
	return mean.term()
}

// extremeAggregator is MIN (sign -1) or MAX (sign 1) in the order of ORDER BY
// (§18.5.1.5, §18.5.1.6); of equal values the first stays.
type extremeAggregator struct {
	sign   int
	best   rdf.Term
	failed bool
}

func (a *extremeAggregator) Add(v rdf.Term, ok bool) {
	switch {
	case !ok:
		a.failed = true
	case a.best.IsZero() || OrderCompare(v, a.best)*a.sign > 0:
		a.best = v
	}
}

func (a *extremeAggregator) Result() (rdf.Term, bool) { return a.best, !a.failed && !a.best.IsZero() }

type sampleAggregator struct{ value rdf.Term }

func (a *sampleAggregator) Add(v rdf.Term, ok bool) {
	if ok && a.value.IsZero() {
		a.value = v
	}
}

func (a *sampleAggregator) Result() (rdf.Term, bool) { return a.value, !a.value.IsZero() }

// concatAggregator joins the STR of its values (§18.5.1.7).
type concatAggregator struct {
	separator string
	b         strings.Builder
	n         int
	failed    bool
}

func (a *concatAggregator) Add(v rdf.Term, ok bool) {
	if !ok || v.IsBNode() || v.IsTriple() || a.b.Len()+len(a.separator)+len(v.Value()) > MaxStringBytes {
		a.failed = true
	}
	if a.failed {
		return
	}
	if a.n > 0 {
		a.b.WriteString(a.separator)
	}
	a.n++
	a.b.WriteString(v.Value())
}

func (a *concatAggregator) Result() (rdf.Term, bool) { return rdf.String(a.b.String()), !a.failed }
