// Package expr evaluates SPARQL expressions (SPARQL 1.1 and 1.2 §17): the tree of
// resolved calls, the table of functions and operators, and aggregates. An
// expression error is a value (ok == false), never a Go error.
package expr
