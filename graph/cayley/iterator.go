package cayley

import (
	"context"

	cayley "github.com/cayleygraph/cayley/graph"
)

// Costs of iterators in Cayley's units, relative to one row of a scan.
const (
	nextCost          = 1
	quadContainsCost  = 1 // compares ids
	nodeContainsCost  = 4 // counts in up to four orders
	scanContainsCost  = 8 // opens a scan
	checkContextEvery = 256
)

// legacy is a shape of ours as Cayley's older Iterator, which shapes and the
// optimizer still pass around.
type legacy struct {
	cayley.Iterator
	shape cayley.IteratorShape
}

func newIterator(s cayley.IteratorShape) cayley.Iterator {
	it := &legacy{shape: s}
	it.Iterator = cayley.NewLegacy(s, it)
	return it
}

// AsShape returns the shape within.
func (it *legacy) AsShape() cayley.IteratorShape {
	it.Close()
	return it.shape
}

// leaf has the methods that are the same for every scanner and index of ours:
// they have no tags and no second path.
type leaf struct{}

func (leaf) TagResults(map[string]cayley.Ref) {}
func (leaf) NextPath(context.Context) bool    { return false }
func (leaf) Close() error                     { return nil }
