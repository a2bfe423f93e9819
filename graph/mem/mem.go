package mem

import (
	"time"

	"nettwin/graph"
	"nettwin/graph/internal/core"
)

// Options make a Store. The zero Options are usable.
type Options struct {
	Base  string           // base IRI of the things in the store
	Clock func() time.Time // nil: time.Now
}

// Store is a graph.Store in memory.
type Store struct{ *core.Store }

var _ graph.Store = (*Store)(nil)

// New returns an empty store.
func New(o Options) *Store {
	return &Store{core.New(core.Options{Engine: "mem", Base: o.Base, Clock: o.Clock})}
}
