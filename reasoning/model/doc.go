// Package model is the contract of functional models: what cannot be said, or
// not at a bearable cost, by matching patterns. A model is a function from a
// table of solutions to another. A rule names it in its header; the engine of
// reasoning/rules gives it the solutions of the rule's WHERE and puts what it
// answers into the rule's template, so that which facts a model works on, and
// what becomes of its answers, stays in the rule's file.
package model
