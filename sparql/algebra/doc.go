// Package algebra is the SPARQL algebra (SPARQL 1.1 §18.2): the operators
// that a parsed query or update means, and the translation from syntax.
// sparql/ref evaluates it literally; sparql/plan rewrites and orders it. What
// SPARQL 1.2 adds to patterns is translated to the operators of SPARQL 1.1.
package algebra
