// Package plan turns the SPARQL algebra into a tree of operators that
// sparql/exec runs: variables become slots, basic graph patterns become scans
// ordered by exact counts, joins get a method, filters go to where their
// variables are bound, and columns that nobody reads are left out.
//
// The work has two phases. The first (translate.go) resolves names to slots
// and finds out whether the query is covered at all; it needs no data. The
// second (physical.go, order.go) chooses orders and methods by the counts of
// a source. Nothing here is exponential in the size of a query: a group is joined
// greedily, from the one of a few small patterns from which all of it costs
// least (first.go).
//
// A rewrite is made only where it leaves the multiset of solutions unchanged:
//  1. A slot is one variable of one scope: variables that a subquery does not
//     project, or that only an EXISTS pattern has, get slots of their own.
//  2. A filter moves only over operators that cannot change the values of the
//     slots that it reads (condition "steady", see filter.go).
//  3. Solutions are passed sideways into a pattern only if evaluating the
//     pattern under them equals joining with it (condition "safe", safe.go).
package plan
