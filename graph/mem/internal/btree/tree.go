package btree

import "fmt"

// Tree is a set of keys. The zero Tree is empty. Copies share their nodes.
type Tree struct {
	root child
	n    uint64
}

// Len returns the number of keys.
func (t Tree) Len() uint64 { return t.n }

// Has tells whether k is in the tree.
func (t Tree) Has(k Key) bool {
	c := t.root
	for c.in != nil {
		c = c.in.kids[c.in.find(k)]
	}
	return c.lf != nil && c.lf.has(c.lf.lower(k), k)
}

// Rank returns the number of keys less than k.
func (t Tree) Rank(k Key) uint64 {
	var rank uint64
	c := t.root
	for c.in != nil {
		i := c.in.find(k)
		for _, n := range c.in.counts[:i] {
			rank += n
		}
		c = c.in.kids[i]
	}
	if c.lf != nil {
		rank += uint64(c.lf.lower(k))
	}
	return rank
}

// Range returns the ranks [from, to) of the keys that begin with the first
// plen ids of k.
func (t Tree) Range(k Key, plen int) (from, to uint64) {
	if plen == 0 {
		return 0, t.n
	}
	lo, hi := Key{}, Key{}
	copy(lo[:plen], k[:plen])
	copy(hi[:plen], k[:plen])
	i := plen - 1
	for ; i >= 0; i-- {
		hi[i]++
		if hi[i] != 0 {
			break
		}
	}
	from = t.Rank(lo)
	if i < 0 {
		return from, t.n
	}
	return from, t.Rank(hi)
}

// Insert adds k and tells whether it was absent.
func (t *Tree) Insert(e Edit, k Key) bool {
	if t.n == 0 {
		l := &leaf{edit: e}
		l.put(0, k)
		*t = Tree{root: child{lf: l}, n: 1}
		return true
	}
	root, right, first, added := insert(e, t.root, k)
	if !added {
		return false
	}
	left := t.n + 1
	if right != (child{}) {
		count := right.count()
		n := &inner{edit: e, n: 2}
		n.kids[0], n.counts[0] = root, left-count
		n.keys[1], n.kids[1], n.counts[1] = first, right, count
		root = child{in: n}
	}
	t.root, t.n = root, left
	return true
}

func (c child) count() uint64 {
	if c.in != nil {
		return c.in.total()
	}
	return uint64(c.lf.n)
}

// insert adds k below c. It returns what stands in c's place, and the node to
// its right with that node's least key when c had to be split.
func insert(e Edit, c child, k Key) (self, right child, first Key, added bool) {
	if c.in == nil {
		return insertLeaf(e, c.lf, k)
	}
	n := c.in
	i := n.find(k)
	kid, kidRight, kidFirst, added := insert(e, n.kids[i], k)
	if !added {
		return c, child{}, Key{}, false
	}
	n = n.own(e)
	n.kids[i] = kid
	n.counts[i]++
	if kidRight == (child{}) {
		return child{in: n}, child{}, Key{}, true
	}
	count := kidRight.count()
	n.counts[i] -= count
	if n.n < innerCap {
		n.put(i+1, kidFirst, count, kidRight)
		return child{in: n}, child{}, Key{}, true
	}
	r := n.splitOff(e, splitPoint(i+1, innerCap))
	if i+1 <= n.n && n.n < innerCap {
		n.put(i+1, kidFirst, count, kidRight)
	} else {
		r.put(i+1-n.n, kidFirst, count, kidRight)
	}
	return child{in: n}, child{in: r}, r.keys[0], true
}

func insertLeaf(e Edit, l *leaf, k Key) (self, right child, first Key, added bool) {
	i := l.lower(k)
	if l.has(i, k) {
		return child{lf: l}, child{}, Key{}, false
	}
	l = l.own(e)
	if l.n < leafCap {
		l.put(i, k)
		return child{lf: l}, child{}, Key{}, true
	}
	r := l.splitOff(e, splitPoint(i, leafCap))
	if i <= l.n && l.n < leafCap {
		l.put(i, k)
	} else {
		r.put(i-l.n, k)
	}
	return child{lf: l}, child{lf: r}, r.key(0), true
}

// splitPoint is the middle, but the end when the new entry goes there: keys
// that arrive in order then leave full nodes behind.
func splitPoint(at, capacity int) int {
	if at == capacity {
		return capacity
	}
	return capacity / 2
}

// Delete removes k and tells whether it was present.
func (t *Tree) Delete(e Edit, k Key) bool {
	if t.n == 0 {
		return false
	}
	root, deleted := remove(e, t.root, k)
	if !deleted {
		return false
	}
	t.n--
	for root.in != nil && root.in.n == 1 {
		root = root.in.kids[0]
	}
	t.root = root
	if t.n == 0 {
		t.root = child{}
	}
	return true
}

func remove(e Edit, c child, k Key) (child, bool) {
	if c.in == nil {
		i := c.lf.lower(k)
		if !c.lf.has(i, k) {
			return c, false
		}
		l := c.lf.own(e)
		l.cut(i)
		return child{lf: l}, true
	}
	i := c.in.find(k)
	kid, deleted := remove(e, c.in.kids[i], k)
	if !deleted {
		return c, false
	}
	n := c.in.own(e)
	n.kids[i] = kid
	n.counts[i]--
	switch {
	case n.counts[i] == 0:
		n.cut(i)
	case kid.sparse():
		n.mergeAround(e, i)
	}
	return child{in: n}, true
}

// sparse tells whether a node is worth merging with its neighbour.
func (c child) sparse() bool {
	if c.in != nil {
		return c.in.n < innerCap/4
	}
	return c.lf.n < leafCap/4
}

// mergeAround joins kid i with a neighbour if both fit one node with room left.
func (n *inner) mergeAround(e Edit, i int) {
	if i+1 < n.n && n.mergeable(i) {
		n.merge(e, i)
	} else if i > 0 && n.mergeable(i-1) {
		n.merge(e, i-1)
	}
}

func (n *inner) mergeable(i int) bool {
	a, b := n.kids[i], n.kids[i+1]
	if a.in != nil {
		return a.in.n+b.in.n <= innerCap*3/4
	}
	return a.lf.n+b.lf.n <= leafCap*3/4
}

func (n *inner) merge(e Edit, i int) {
	a, b := n.kids[i], n.kids[i+1]
	if a.in != nil {
		a.in = a.in.own(e)
		a.in.appendAll(b.in, n.keys[i+1])
	} else {
		a.lf = a.lf.own(e)
		a.lf.appendAll(b.lf)
	}
	n.kids[i] = a
	n.counts[i] += n.counts[i+1]
	n.cut(i + 1)
}

// Build makes a tree of keys that are strictly ascending.
func Build(e Edit, keys []Key) Tree {
	if len(keys) == 0 {
		return Tree{}
	}
	var kids []child
	var firsts []Key
	for at := 0; at < len(keys); at += leafFill {
		l := &leaf{edit: e, n: min(leafFill, len(keys)-at)}
		for i, k := range keys[at : at+l.n] {
			l.cols[0][i], l.cols[1][i], l.cols[2][i], l.cols[3][i] = k[0], k[1], k[2], k[3]
		}
		kids, firsts = append(kids, child{lf: l}), append(firsts, keys[at])
	}
	for len(kids) > 1 {
		kids, firsts = buildLevel(e, kids, firsts)
	}
	return Tree{root: kids[0], n: uint64(len(keys))}
}

func buildLevel(e Edit, kids []child, firsts []Key) (up []child, upFirsts []Key) {
	for at := 0; at < len(kids); at += innerFill {
		n := &inner{edit: e, n: min(innerFill, len(kids)-at)}
		for i := range n.n {
			n.keys[i], n.kids[i], n.counts[i] = firsts[at+i], kids[at+i], kids[at+i].count()
		}
		up, upFirsts = append(up, child{in: n}), append(upFirsts, firsts[at])
	}
	return up, upFirsts
}

// Verify checks the invariants of the whole tree.
func (t Tree) Verify() error {
	if t.n == 0 {
		if t.root != (child{}) {
			return fmt.Errorf("btree: I3: an empty tree has nodes")
		}
		return nil
	}
	v := verifier{leafDepth: -1}
	if err := v.walk(t.root, 0, nil, nil); err != nil {
		return err
	}
	if v.n != t.n {
		return fmt.Errorf("btree: I3: %d keys, length says %d", v.n, t.n)
	}
	return nil
}

type verifier struct {
	last      Key
	n         uint64
	leafDepth int
}

func (v *verifier) walk(c child, depth int, lo, hi *Key) error {
	if c.in == nil {
		return v.leaf(c.lf, depth, lo, hi)
	}
	for i := range c.in.n {
		kidLo, kidHi := lo, hi
		if i > 0 {
			kidLo = &c.in.keys[i]
		}
		if i+1 < c.in.n {
			kidHi = &c.in.keys[i+1]
		}
		before := v.n
		if err := v.walk(c.in.kids[i], depth+1, kidLo, kidHi); err != nil {
			return err
		}
		if v.n-before != c.in.counts[i] || v.n == before {
			return fmt.Errorf("btree: I3: kid has %d keys, count says %d", v.n-before, c.in.counts[i])
		}
	}
	return nil
}

func (v *verifier) leaf(l *leaf, depth int, lo, hi *Key) error {
	if v.leafDepth >= 0 && depth != v.leafDepth {
		return fmt.Errorf("btree: I4: leaves at depths %d and %d", v.leafDepth, depth)
	}
	v.leafDepth = depth
	for i := range l.n {
		k := l.key(i)
		if v.n > 0 && !Less(v.last, k) {
			return fmt.Errorf("btree: I1: %v is not after %v", k, v.last)
		}
		if lo != nil && Less(k, *lo) || hi != nil && !Less(k, *hi) {
			return fmt.Errorf("btree: I2: %v lies outside its node's bounds", k)
		}
		v.last = k
		v.n++
	}
	return nil
}
