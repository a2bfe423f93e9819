// Package inventory makes documents of what the graph holds of a device.
//
// What is in a document is knowledge and not code: every saved query
// (queries/*.rq) whose head has a section fills that member of it, by the
// shape that the head tells (ontology/queries/README.md). The same queries
// serve any protocol that the facts came by, any version and any branch.
package inventory
