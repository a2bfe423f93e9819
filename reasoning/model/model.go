package model

import (
	"context"

	"nettwin/graph/rdf"
)

// Row is one solution: terms by variable, without the question mark. A
// variable that is absent, or has the zero term, is unbound.
type Row map[string]rdf.Term

// Answer is one row that a model makes.
type Answer struct {
	Row Row
	// Uses are the places of the given rows that the answer rests on: their
	// premises become those of the facts made of it.
	Uses []int
}

// Model is a function from a table to a table. It is deterministic: the same
// rows in any order give the same answers with the same uses. It keeps
// nothing between calls and is safe for concurrent use.
type Model interface {
	// Name is what rule files call it.
	Name() string
	// Reads lists the variables by which it knows its input; a row without
	// any of them means nothing to it.
	Reads() []string
	// Run makes the answers. rows are the solutions of a rule, without order;
	// it must not change them. Errors say which row is wrong.
	Run(ctx context.Context, rows []Row) ([]Answer, error)
}
