// Package graph is the contract between a quad store and everything that reads
// or writes it: ids and how values are inlined in them, patterns, orders,
// chunks, snapshots, commits, branches, views and the change feed. Engines
// (graph/mem, graph/disk) implement it and pass graph/graphtest.
//
// A store holds RDF datasets (RDF 1.1 Concepts §4) under version control. Each
// commit makes a new version of one branch; a Snapshot is one version and
// never changes. Readers speak TermID, not terms: columns of 64-bit ids with
// small values inlined, at most ChunkRows rows at a time. Writers speak terms.
package graph
