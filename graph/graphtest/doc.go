// Package graphtest is the conformance suite of graph.Store: every sentence of
// the contract is a test here, and every engine runs them all. Run takes any
// engine, RunDurable those that keep what they were given when they are closed
// and opened again. Model compares an engine with a naive model over random
// operations.
package graphtest
