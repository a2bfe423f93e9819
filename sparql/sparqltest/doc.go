// Package sparqltest holds what tests of SPARQL engines share: a runner of
// the W3C suites, which judges bags of solutions up to blank node isomorphism
// and by exact lexical forms, and a generator of random queries with data for
// comparing one engine with another. An engine gets the files of a test and
// nothing else.
package sparqltest
