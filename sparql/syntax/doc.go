// Package syntax reads and prints the text of SPARQL 1.1 and 1.2 queries and
// updates (SPARQL 1.2 Query §19, Update §3): a lexer, a recursive-descent parser of
// the whole grammar, the syntax tree, the static rules that the grammar's
// notes add (scope of blank node labels and variables, grouping, inline data),
// and a printer whose output parses to an equal tree.
//
// The parser accepts any name that is followed by arguments as a call;
// sparql/algebra resolves it in the table of functions.
//
// All versions are read alike. Where they differ the newer one holds: codepoint
// escapes (§19.2) stand in strings and IRIs only, and the escaped character is
// always content, never a delimiter or the start of another escape.
package syntax
