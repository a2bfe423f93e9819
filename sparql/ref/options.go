package ref

import (
	"context"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"time"

	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/results"
)

// DefaultMaxMemoryBytes bounds the solutions that one query makes, unless
// Options say otherwise.
const DefaultMaxMemoryBytes = 2 << 30

// Options are what an evaluation gets from its caller. The zero value reads
// the dataset as it is and has the limits above.
type Options struct {
	// Now is the value of NOW(); the zero Time is the epoch of Go, so callers
	// set it.
	Now time.Time

	// Rand feeds RAND, UUID and the labels of new blank nodes. Nil: seeded
	// from the system, for labels must be unique over the life of a store.
	Rand *rand.Rand

	// MaxRows bounds the rows or triples of a result; 0 means no bound.
	MaxRows int64

	// MaxMemoryBytes bounds the memory of all solutions that the evaluation
	// makes, counted as they are made; 0 means DefaultMaxMemoryBytes.
	MaxMemoryBytes int64

	// Use, if set, is told now and then how many bytes more the solutions take,
	// or fewer if it is negative, and may wait or fail.
	Use func(ctx context.Context, bytes int64) error

	// UnionDefault makes the default graph the merge of all graphs, where
	// neither the query nor DefaultGraphs choose one.
	UnionDefault bool

	// DefaultGraphs and NamedGraphs, if either is set, replace the dataset
	// clause of a query (SPARQL 1.1 Protocol §2.1.4); for updates they are
	// using-graph-uri and using-named-graph-uri (§2.2.3).
	DefaultGraphs, NamedGraphs []rdf.Term

	// Service evaluates SERVICE at an endpoint: solutions of s.P. Nil: an
	// error unless the clause is SILENT.
	Service func(ctx context.Context, endpoint rdf.Term, s *algebra.Service) (*results.Result, error)

	// Load yields the triples of the document that LOAD names. Nil: an error
	// unless the operation is SILENT.
	Load func(ctx context.Context, source rdf.Term, yield func(rdf.Triple) error) error

	// Branch is the branch that an update commits to; "" means graph.Main.
	Branch string

	// Note goes into the commit of an update.
	Note string
}

func (o Options) withDefaults() Options {
	if o.MaxMemoryBytes <= 0 {
		o.MaxMemoryBytes = DefaultMaxMemoryBytes
	}
	if o.Rand == nil {
		var seed [32]byte
		crand.Read(seed[:]) //nolint:errcheck // never fails (Go 1.24)
		o.Rand = rand.New(rand.NewChaCha8(seed))
	}
	return o
}

// bnodes returns a maker of blank nodes whose labels are new to every store:
// a random scope and a count.
func (o Options) bnodes() func() rdf.Term {
	scope := fmt.Sprintf("g%016x%016x", o.Rand.Uint64(), o.Rand.Uint64())
	n := 0
	return func() rdf.Term {
		n++
		return rdf.BNode(fmt.Sprintf("%sn%d", scope, n))
	}
}
