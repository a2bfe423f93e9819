package btree

// Diff yields the keys that are in exactly one of a and b, ascending; inB
// tells in which. Subtrees that both share are skipped, so versions that are
// near each other cost little. It stops when yield returns false.
func Diff(a, b Tree, yield func(k Key, inB bool) bool) {
	if a.root == b.root {
		return
	}
	x, y := newWalker(a), newWalker(b)
	for !x.done || !y.done {
		if x.skipShared(y) {
			continue
		}
		x.toLeaf()
		y.toLeaf()
		if !mergeLeaves(x, y, yield) {
			return
		}
	}
}

// walker stands before a node (at != child{}) or inside a leaf (at row pos).
type walker struct {
	stack []frame
	at    child
	pos   int
	done  bool
}

func newWalker(t Tree) *walker {
	return &walker{at: t.root, done: t.n == 0}
}

// skipShared steps both over a node that they share, or one step down where
// that may find one. It is false when both must compare rows.
func (x *walker) skipShared(y *walker) bool {
	if x.done || y.done || x.pos > 0 || y.pos > 0 {
		return false
	}
	if x.at == y.at {
		x.next()
		y.next()
		return true
	}
	hx, hy := x.height(), y.height()
	if hx == 0 && hy == 0 {
		return false
	}
	if hx >= hy {
		x.down()
	}
	if hy >= hx {
		y.down()
	}
	return true
}

func (x *walker) height() int {
	h := 0
	for c := x.at; c.in != nil; c = c.in.kids[0] {
		h++
	}
	return h
}

func (x *walker) down() {
	x.stack = append(x.stack, frame{x.at.in, 0})
	x.at = x.at.in.kids[0]
}

func (x *walker) toLeaf() {
	for !x.done && x.at.in != nil {
		x.down()
	}
}

// next steps over the node at which x stands.
func (x *walker) next() {
	x.pos = 0
	for len(x.stack) > 0 {
		f := &x.stack[len(x.stack)-1]
		if f.i+1 < f.n.n {
			f.i++
			x.at = f.n.kids[f.i]
			return
		}
		x.stack = x.stack[:len(x.stack)-1]
	}
	x.done, x.at = true, child{}
}

// mergeLeaves compares rows until one leaf ends. It is false when yield was.
func mergeLeaves(x, y *walker, yield func(Key, bool) bool) bool {
	for !x.leafEnd() && !y.leafEnd() {
		kx, ky := x.at.lf.key(x.pos), y.at.lf.key(y.pos)
		switch c := Compare(kx, ky); {
		case c == 0:
			x.pos++
			y.pos++
		case c < 0:
			x.pos++
			if !yield(kx, false) {
				return false
			}
		default:
			y.pos++
			if !yield(ky, true) {
				return false
			}
		}
	}
	if x.done && !y.drainLeaf(true, yield) || y.done && !x.drainLeaf(false, yield) {
		return false
	}
	x.leaveEnded()
	y.leaveEnded()
	return true
}

func (x *walker) leafEnd() bool { return x.done || x.pos == x.at.lf.n }

func (x *walker) drainLeaf(inB bool, yield func(Key, bool) bool) bool {
	for !x.leafEnd() {
		x.pos++
		if !yield(x.at.lf.key(x.pos-1), inB) {
			return false
		}
	}
	return true
}

func (x *walker) leaveEnded() {
	if !x.done && x.pos == x.at.lf.n {
		x.next()
	}
}
