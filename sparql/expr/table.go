package expr

import "nettwin/graph/rdf"

// Function is one row of the table of functions.
type Function struct {
	Name          string // upper-case keyword, operator, or IRI
	MinArgs       int
	MaxArgs       int    // -1: no limit
	Section       string // of the standard
	Deterministic bool   // false: RAND, UUID, STRUUID, BNODE, and NOW between executions
	Eval          func(c *Context, args []rdf.Term) (rdf.Term, bool)
}
