// Package intent keeps what the network is meant to do: intents, as TMF921
// (Intent Management API, v5) brings them, with an expression in the terms of
// the TM Forum Intent Ontology (TIO).
//
// # An intent's life
//
//	Create ─► parsed ─► tried on a branch: shapes, conflicts ─► graph/intended ─► Accepted
//	                                                                 │ rules, after every commit
//	                                                    Compliant ◄─►┴◄─► Degraded, Rejected
//
// What an intent means is nowhere in Go. Files under shapes say what an
// expression must look like and against what else it would stand; files under
// rules say whether it is kept, and what is to be done if not. This package
// stores, asks and reports.
//
// # Names
//
// The subjects of an expression, blank nodes among them, get IRIs below the
// intent's own, <base>id/intent/<id>, so that two intents never share one;
// prov:alternateOf keeps what the client called them. Things of the twin are
// named and never described. All is in <base>graph/intended.
//
// # Invariants
//
//  1. An intent exists exactly as long as graph/intended says that
//     <base>id/intent/<id> is a twin:Intent. Everything else that is answered
//     of it is read from one version of the store and from its record, an
//     item, which is on stable storage before the graph names it.
//  2. Nothing enters graph/intended through this package that the shapes
//     object to.
//  3. The reports of an intent are a ladder: two reports after one another
//     differ in state or in reasons. They are numbered from 1 and never change;
//     beyond MaxReports the oldest leave the current version.
package intent
