package syntax_test

import (
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nettwin/graph/rdf"
	"nettwin/sparql/syntax"
)

// diff compares two trees apart from positions.
func diff(a, b any) string {
	return cmp.Diff(a, b,
		cmpopts.IgnoreTypes(syntax.Pos{}),
		cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b rdf.Term) bool { return a == b }))
}
