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
// Patterns that bind the same variable next are joined at once, by intersecting
// sorted lists, where two by two would make more solutions than the lists have
// pairs (intersect.go): cycles. Measured in memory, answers read, one goroutine:
// triangles of 3,096 links among devices (benchmark data M) 2.6 ms → 1.4 ms,
// 29,880 solutions between → none; of 11,925 links around one hub 435 ms → 12 ms,
// 9,026,128 → none; cliques of four there 1.3 s → 7 ms. Where the lists would be
// longer than what is saved, as for ports that share a VLAN, patterns are still
// joined two by two.
//
// A rewrite is made only where it leaves the multiset of solutions unchanged:
//  1. A slot is one variable of one scope: variables that a subquery does not
//     project, or that only an EXISTS pattern has, get slots of their own.
//  2. A filter moves only over operators that cannot change the values of the
//     slots that it reads (condition "steady", see filter.go).
//  3. Solutions are passed sideways into a pattern only if evaluating the
//     pattern under them equals joining with it (condition "safe", safe.go).
package plan
