// Package ingest takes what devices say into the graph: the contract of a
// Collector and the pipeline behind it, which names items, diffs a sample
// against the device's source graph and commits only effective changes with
// their provenance. It knows no vocabulary of its own beyond that of
// provenance and identity: what a source says is mapped by tables of facts
// under ontology, and what it means is derived by alignment rules that run
// after the commit.
package ingest
