package sparqltest

import (
	"math/big"
	"strings"

	"nettwin/graph/rdf"
)

// byValue returns an answer whose numbers are written in one way, so that
// answers that differ only in lexical forms become the same.
func byValue(a Answer) Answer {
	rows := make([][]rdf.Term, len(a.Rows))
	for i, row := range a.Rows {
		rows[i] = make([]rdf.Term, len(row))
		for j, t := range row {
			rows[i][j] = valueForm(t)
		}
	}
	a.Rows = rows
	return a
}

var numeric = map[string]bool{
	rdf.XSDInteger: true, rdf.XSDDecimal: true, rdf.XSDDouble: true, rdf.XSDFloat: true,
}

// valueForm writes a number as a fraction of its type; other terms stay.
func valueForm(t rdf.Term) rdf.Term {
	if !t.IsLiteral() || !numeric[t.Datatype()] {
		return t
	}
	value, ok := new(big.Rat).SetString(strings.TrimSpace(t.Value()))
	if !ok || strings.Contains(t.Value(), "/") {
		return t
	}
	return rdf.Literal(value.RatString(), t.Datatype())
}
