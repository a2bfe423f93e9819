package main

import (
	"context"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// engine is a store of quads under measurement.
type engine interface {
	// load fills the empty store from a file of N-Quads, durably.
	load(ctx context.Context, file string) error
	// reopen closes the store and opens it again, if it is on disk.
	reopen() error
	// commit replaces quads, durably, and returns how many changes took effect.
	commit(ctx context.Context, b *graph.Batch) (uint64, error)
	// tidy merges all there is, so that a scan reads one run or level.
	tidy(ctx context.Context) error
	// settle lets what follows commits come to its end.
	settle(ctx context.Context) error
	// read opens the newest version.
	read() (reader, error)
	// sizes are the bytes on disk; 0 in memory.
	sizes() (index, dictionary, log int64, err error)
	close() error
}

// reader is a version. Ids are the engine's own.
type reader interface {
	// ids sets out to the ids of terms, graph.None where there is none.
	ids(terms []rdf.Term, out []graph.TermID) error
	// sum adds up the subjects of all rows by predicate.
	sum(ctx context.Context) (rows, sum uint64, err error)
	// count returns the number of quads with a predicate.
	count(ctx context.Context, p graph.TermID) (uint64, error)
	// seeker returns a function that counts the quads of a subject with a
	// predicate.
	seeker(ctx context.Context, p graph.TermID) (func(s graph.TermID) (uint64, error), error)
	// describe calls f with all quads of a subject.
	describe(ctx context.Context, s graph.TermID, f func(q rdf.Quad)) error
	close() error
}

// versioned is an engine with branches and a past.
type versioned interface {
	engine
	readBranch(name string) (reader, error)
	fork(ctx context.Context, name string) error
	diff(ctx context.Context, branch string) (changes uint64, err error)
	// head is the newest commit, and readAt opens the version that it made.
	head() graph.CommitSeq
	readAt(seq graph.CommitSeq) (reader, error)
}

// openEngine makes an empty store.
func openEngine(name, dir string) (engine, error) {
	switch name {
	case "disk":
		return openDisk(dir)
	case "mem":
		return openMem()
	case "pebble":
		return openPebble(dir)
	}
	return nil, fmt.Errorf("engine %q: there are disk, pebble and mem", name)
}
