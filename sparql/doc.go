// Package sparql is the facade of the query engine: it parses a query or an
// update, runs it on a source or a store under limits, and streams the
// answer. The parts are below it: syntax (text to tree), algebra (what the
// tree means), plan and exec (the fast evaluator), ref (the literal one, which
// answers what exec does not cover and is its oracle), expr and results.
package sparql
