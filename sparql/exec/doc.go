// Package exec runs the plans of sparql/plan: operators pull chunks, columns
// of ids, from the operators below them, so that work per row is a loop over
// slices and terms are looked up only where an expression or the answer needs
// them. It gives the same answers as sparql/ref.
//
// Invariants:
//  1. Equal terms have equal ids, computed ones too: a term is inlined, else
//     looked up in the source, else numbered for this execution (terms.go).
//  2. A chunk has at least one row. It and its columns belong to the operator
//     that made it and hold until that operator is asked for the next; readers
//     do not write into them.
//  3. A column that is nil is unbound in every row.
//  4. What an operator keeps beyond a chunk is counted against the memory
//     limit of the execution before it grows (budget.go). Sorts, groups, joins
//     and DISTINCT put what has no room into files, if they are given a place
//     for them (spill.go); each holds at least a chunk of rows all the same.
//
// Ways of joining, by what a row costs at 10⁷ quads: a scan walks sorted keys and
// a segment side by side (scan.go, 20–40 ns); a hash join, a group or a MINUS
// finds single ids that lie close together by their distance from the least
// (table.go, 5–10 ns), others by hashing (50–130 ns, most of it misses of the
// cache). Under ORDER BY with LIMIT a bar leaves out, before joins, what cannot
// be among the first any more (bar.go).
//
// One goroutine runs an execution; it needs no locks. Others may help it with a
// chain of operators, each with operators of its own (spread.go). A plan is only
// read, unless it is explained, so that executions may share one. Executions of one
// Share have a bound of memory together, and long ones compute in turns
// (share.go).
//
// What no operator here evaluates is left to the caller's Delegate: a pattern
// as a whole (foreign.go), or the pattern of an EXISTS for each tested solution.
package exec
