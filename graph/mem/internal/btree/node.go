package btree

import (
	"sync/atomic"

	"nettwin/graph"
)

// Sizes of nodes: a leaf is 2 KiB, an inner node 1.8 KiB, which keeps the cost
// of copying a path near 8 KiB for a million keys.
const (
	leafCap   = 64
	innerCap  = 32
	leafFill  = 56 // rows per leaf after Build
	innerFill = 28
	maxHeight = 14 // reached after some 16^13 inserts
)

// Edit owns the nodes made under it: a writer changes these in place and
// copies all others. End an edit by never using it again.
type Edit uint64

var lastEdit atomic.Uint64

// NewEdit returns an edit that owns no node yet.
func NewEdit() Edit { return Edit(lastEdit.Add(1)) }

// leaf holds n rows as columns. It has no pointers, so the collector skips it.
type leaf struct {
	edit Edit
	n    int
	cols [4][leafCap]graph.TermID
}

// inner holds n kids. keys[0] is not used: the first kid takes all below keys[1].
type inner struct {
	edit   Edit
	n      int
	keys   [innerCap]Key
	counts [innerCap]uint64
	kids   [innerCap]child
}

// child is one of a leaf and an inner node.
type child struct {
	in *inner
	lf *leaf
}

func (l *leaf) key(i int) Key {
	return Key{l.cols[0][i], l.cols[1][i], l.cols[2][i], l.cols[3][i]}
}

// lower returns the index of the first row >= k.
func (l *leaf) lower(k Key) int {
	lo, hi := 0, l.n
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if l.rowLess(mid, k) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func (l *leaf) rowLess(i int, k Key) bool {
	i &= leafCap - 1
	if c := l.cols[0][i]; c != k[0] {
		return c < k[0]
	}
	if c := l.cols[1][i]; c != k[1] {
		return c < k[1]
	}
	if c := l.cols[2][i]; c != k[2] {
		return c < k[2]
	}
	return l.cols[3][i] < k[3]
}

func (l *leaf) has(i int, k Key) bool {
	return i < l.n && l.key(i) == k
}

func (l *leaf) own(e Edit) *leaf {
	if l.edit == e {
		return l
	}
	c := *l
	c.edit = e
	return &c
}

// put inserts k at row i; there must be room.
func (l *leaf) put(i int, k Key) {
	for c := range l.cols {
		col := &l.cols[c]
		copy(col[i+1:l.n+1], col[i:l.n])
		col[i] = k[c]
	}
	l.n++
}

func (l *leaf) cut(i int) {
	for c := range l.cols {
		col := &l.cols[c]
		copy(col[i:l.n-1], col[i+1:l.n])
	}
	l.n--
}

// splitOff moves the rows from i on into a new leaf.
func (l *leaf) splitOff(e Edit, i int) *leaf {
	r := &leaf{edit: e, n: l.n - i}
	for c := range l.cols {
		copy(r.cols[c][:], l.cols[c][i:l.n])
	}
	l.n = i
	return r
}

// appendAll adds the rows of r, which sort after those of l; there must be room.
func (l *leaf) appendAll(r *leaf) {
	for c := range l.cols {
		copy(l.cols[c][l.n:], r.cols[c][:r.n])
	}
	l.n += r.n
}

// find returns the kid in which k is or would be.
func (n *inner) find(k Key) int {
	lo, hi := 1, n.n
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if Less(k, n.keys[mid]) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo - 1
}

func (n *inner) total() uint64 {
	var sum uint64
	for _, c := range n.counts[:n.n] {
		sum += c
	}
	return sum
}

func (n *inner) own(e Edit) *inner {
	if n.edit == e {
		return n
	}
	c := *n
	c.edit = e
	return &c
}

// put inserts a kid at i; there must be room.
func (n *inner) put(i int, k Key, count uint64, kid child) {
	copy(n.keys[i+1:n.n+1], n.keys[i:n.n])
	copy(n.counts[i+1:n.n+1], n.counts[i:n.n])
	copy(n.kids[i+1:n.n+1], n.kids[i:n.n])
	n.keys[i], n.counts[i], n.kids[i] = k, count, kid
	n.n++
}

func (n *inner) cut(i int) {
	copy(n.keys[i:n.n-1], n.keys[i+1:n.n])
	copy(n.counts[i:n.n-1], n.counts[i+1:n.n])
	copy(n.kids[i:n.n-1], n.kids[i+1:n.n])
	n.n--
	n.kids[n.n] = child{}
}

// splitOff moves the kids from i on into a new node.
func (n *inner) splitOff(e Edit, i int) *inner {
	r := &inner{edit: e, n: n.n - i}
	copy(r.keys[:], n.keys[i:n.n])
	copy(r.counts[:], n.counts[i:n.n])
	copy(r.kids[:], n.kids[i:n.n])
	clear(n.kids[i:n.n])
	n.n = i
	return r
}

// appendAll adds the kids of r, whose least key is first; there must be room.
func (n *inner) appendAll(r *inner, first Key) {
	copy(n.keys[n.n:], r.keys[:r.n])
	copy(n.counts[n.n:], r.counts[:r.n])
	copy(n.kids[n.n:], r.kids[:r.n])
	n.keys[n.n] = first
	n.n += r.n
}
