// Package ref evaluates the SPARQL algebra literally (SPARQL 1.1 §18.5,
// §18.6): every operator turns whole multisets of solutions into a multiset,
// and nothing is rewritten. It is the oracle that faster executors are
// compared with, and it answers what they do not cover. It reads any
// graph.Source and updates any graph.Store.
//
// Where the standard leaves a choice or contradicts itself:
//   - EXISTS (§18.6 substitute) restricts each pattern to the outer
//     solution's values and keeps these variables in the domain, so that
//     MINUS, BIND and VALUES inside keep their meaning. Variables that an
//     inner SELECT does not project are other variables.
//   - DESCRIBE gives the concise bounded description: all triples with the
//     resource as subject, and the same for blank nodes among the objects, in
//     the query's default graph; if that has none, in its named graphs.
//   - A graph exists while it holds a quad, or is named by FROM NAMED.
package ref
