package btree

import "nettwin/graph"

// Iter walks the rows of a tree by rank, leaf by leaf. The zero Iter is at the end.
type Iter struct {
	stack [maxHeight]frame
	depth int
	leaf  *leaf
	pos   int
}

type frame struct {
	n *inner
	i int
}

// Seek sets the iterator to the row with this rank; the end if there is none.
func (it *Iter) Seek(t Tree, rank uint64) {
	it.depth, it.leaf, it.pos = 0, nil, 0
	if rank >= t.n {
		return
	}
	c := t.root
	for c.in != nil {
		i := 0
		for rank >= c.in.counts[i] {
			rank -= c.in.counts[i]
			i++
		}
		it.stack[it.depth] = frame{c.in, i}
		it.depth++
		c = c.in.kids[i]
	}
	it.leaf, it.pos = c.lf, int(rank)
}

// SeekKey sets the iterator to the first row >= k and returns its rank.
func (it *Iter) SeekKey(t Tree, k Key) uint64 {
	it.depth, it.leaf, it.pos = 0, nil, 0
	if t.n == 0 {
		return 0
	}
	var rank uint64
	c := t.root
	for c.in != nil {
		i := c.in.find(k)
		for _, n := range c.in.counts[:i] {
			rank += n
		}
		it.stack[it.depth] = frame{c.in, i}
		it.depth++
		c = c.in.kids[i]
	}
	it.leaf, it.pos = c.lf, c.lf.lower(k)
	rank += uint64(it.pos)
	if it.pos == c.lf.n {
		it.nextLeaf()
	}
	return rank
}

// Run returns the rows that follow in the present leaf, at most limit, as
// columns in the tree's order, and steps over them; no rows at the end. They
// are the tree's own memory: do not write into them.
func (it *Iter) Run(limit int) (cols [4][]graph.TermID, n int) {
	l := it.leaf
	if l == nil {
		return cols, 0
	}
	n = min(l.n-it.pos, limit)
	from, to := it.pos, it.pos+n
	for c := range cols {
		cols[c] = l.cols[c][from:to:to]
	}
	it.pos = to
	if to == l.n {
		it.nextLeaf()
	}
	return cols, n
}

func (it *Iter) nextLeaf() {
	it.leaf, it.pos = nil, 0
	for it.depth > 0 {
		f := &it.stack[it.depth-1]
		if f.i+1 < f.n.n {
			f.i++
			it.descend(f.n.kids[f.i])
			return
		}
		it.depth--
	}
}

func (it *Iter) descend(c child) {
	for c.in != nil {
		it.stack[it.depth] = frame{c.in, 0}
		it.depth++
		c = c.in.kids[0]
	}
	it.leaf = c.lf
}
