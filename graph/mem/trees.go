package mem

import (
	"fmt"
	"slices"
	"sync"

	"nettwin/graph"
	"nettwin/graph/internal/batch"
	"nettwin/graph/mem/internal/btree"
)

// parallelChanges is how many changes make it worth to sort and apply them to
// the five trees at once.
const parallelChanges = 2048

// Trees are the quads of one version, once per order. Copies share nodes.
type Trees [graph.NumOrders]btree.Tree

// Changes are the effective changes of a commit.
type Changes = batch.Changes

// toKey brings a quad into the sequence of an order.
func toKey(o graph.Order, q graph.Quad) btree.Key {
	p := o.Positions()
	return btree.Key{q[p[0]], q[p[1]], q[p[2]], q[p[3]]}
}

// toQuad is the inverse of toKey.
func toQuad(o graph.Order, k btree.Key) (q graph.Quad) {
	for i, pos := range o.Positions() {
		q[pos] = k[i]
	}
	return q
}

// apply makes the changes in all orders, under an edit. A delete of an absent
// or an add of a present quad is an error, after which t is not usable.
func (t *Trees) apply(e btree.Edit, c *Changes) error {
	if c.Len() < parallelChanges {
		for o := range graph.NumOrders {
			if err := applyOrder(&t[o], o, e, c); err != nil {
				return err
			}
		}
		return nil
	}
	var wg sync.WaitGroup
	var errs [graph.NumOrders]error
	for o := range graph.NumOrders {
		wg.Go(func() { errs[o] = applyOrder(&t[o], o, e, c) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func applyOrder(t *btree.Tree, o graph.Order, e btree.Edit, c *Changes) error {
	if uint64(len(c.Deletes)) == t.Len() {
		// Every quad goes, so nothing of the old tree is left: what is added
		// makes a new one. This is also the path of the first bulk load.
		*t = btree.Build(e, sortedKeys(o, c.Adds))
		return nil
	}
	for _, k := range sortedKeys(o, c.Deletes) {
		if !t.Delete(e, k) {
			return fmt.Errorf("delete of quad %v, which is absent", toQuad(o, k))
		}
	}
	for _, k := range sortedKeys(o, c.Adds) {
		if !t.Insert(e, k) {
			return fmt.Errorf("add of quad %v, which is present", toQuad(o, k))
		}
	}
	return nil
}

func sortedKeys(o graph.Order, quads []graph.Quad) []btree.Key {
	keys := make([]btree.Key, len(quads))
	for i, q := range quads {
		keys[i] = toKey(o, q)
	}
	if o != graph.SPOG {
		slices.SortFunc(keys, btree.Compare)
	}
	return keys
}

// has tells whether q is in the version.
func (t *Trees) has(q graph.Quad) bool { return t[graph.SPOG].Has(btree.Key(q)) }

func (t *Trees) len() uint64 { return t[graph.SPOG].Len() }

// prefixRange returns the ranks of the rows of o that the longest prefix
// which p fixes selects.
func (t *Trees) prefixRange(p graph.Pattern, o graph.Order) (from, to uint64) {
	return t[o].Range(toKey(o, graph.Quad(p)), o.PrefixLen(p))
}

// count returns the number of quads that match p.
func (t *Trees) count(p graph.Pattern) uint64 {
	fixed := 0
	for _, id := range p {
		if id != graph.None {
			fixed++
		}
	}
	best, bestFrom, bestTo := graph.SPOG, uint64(0), t.len()
	for o := range graph.NumOrders {
		n := o.PrefixLen(p)
		if n == 0 && fixed > 0 {
			continue
		}
		from, to := t.prefixRange(p, o)
		if n == fixed {
			return to - from
		}
		if to-from <= bestTo-bestFrom {
			best, bestFrom, bestTo = o, from, to
		}
	}
	return t.countRows(p, best, bestFrom, bestTo)
}

// countRows counts the rows of a range that match what p fixes beyond it.
func (t *Trees) countRows(p graph.Pattern, o graph.Order, from, to uint64) uint64 {
	f := newFilter(p, o)
	var it btree.Iter
	it.Seek(t[o], from)
	var count uint64
	for left := to - from; left > 0; {
		cols, n := it.Run(int(min(left, graph.ChunkRows)))
		left -= uint64(n)
		for i := range n {
			if f.matches(&cols, i) {
				count++
			}
		}
	}
	return count
}

// filter holds what a pattern fixes beyond the prefix of an order.
type filter struct {
	n    int
	cols [4]int // in the sequence of the order
	ids  [4]graph.TermID
}

func newFilter(p graph.Pattern, o graph.Order) (f filter) {
	pos := o.Positions()
	for i := o.PrefixLen(p); i < 4; i++ {
		if id := p[pos[i]]; id != graph.None {
			f.cols[f.n], f.ids[f.n] = i, id
			f.n++
		}
	}
	return f
}

func (f *filter) matches(cols *[4][]graph.TermID, row int) bool {
	for i := range f.n {
		if cols[f.cols[i]][row] != f.ids[i] {
			return false
		}
	}
	return true
}

// Verify checks I2 for one version: it is meant for tests and checkers.
func (t *Trees) Verify() error {
	for o := range graph.NumOrders {
		if err := t[o].Verify(); err != nil {
			return fmt.Errorf("order %s: %w", o, err)
		}
		if t[o].Len() != t.len() {
			return fmt.Errorf("core: I2: order %s has %d quads, SPOG %d", o, t[o].Len(), t.len())
		}
	}
	return nil
}
