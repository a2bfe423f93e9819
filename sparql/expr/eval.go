package expr

import (
	"math/rand/v2"
	"time"

	"nettwin/graph/rdf"
)

// Context is what one query execution gives to all its expressions. It is
// used by one goroutine at a time.
type Context struct {
	Now    time.Time           // NOW(), the same during one execution (§17.4.5.1)
	Base   string              // base IRI that IRI() resolves against
	Rand   *rand.Rand          // RAND(), UUID(), STRUUID()
	BNodes func() rdf.Term     // a fresh blank node for BNODE()
	labels map[string]rdf.Term // BNODE("label") within one solution, see NewSolution
}

// Env is one solution that an expression is evaluated under.
type Env interface {
	// Lookup returns the value of a variable, and whether it is bound.
	Lookup(name string) (rdf.Term, bool)

	// Exists tells whether the pattern of an Exists node has a solution that
	// is compatible with this one. A failure of the query itself (cancelled,
	// storage) is kept by the environment, which returns ok == false.
	Exists(pattern any) (found, ok bool)
}

// NewSolution tells that the following evaluations belong to another
// solution, so that BNODE("x") makes a new node (§17.4.2.9).
func (c *Context) NewSolution() { clear(c.labels) }
