package history

import (
	"time"

	"nettwin/graph"
)

// climb returns the newest of from and its ancestors for which old is true. It
// must be true for all ancestors of one for which it is; of the empty store
// it is not asked.
func (h *History) climb(from graph.CommitSeq, old func(n *Node) bool) (Node, error) {
	n, err := h.Node(from)
	for err == nil && n.Seq != 0 && !old(&n) {
		var jump Node
		if jump, err = h.Node(n.Jump); err != nil {
			break
		}
		if jump.Seq != 0 && !old(&jump) {
			n = jump
			continue
		}
		n, err = h.Node(n.Parent)
	}
	return n, err
}

// Ancestor returns the newest of from and its ancestors with a number of at
// most seq; the zero Node is the empty store.
func (h *History) Ancestor(from, seq graph.CommitSeq) (Node, error) {
	return h.climb(from, func(n *Node) bool { return n.Seq <= seq })
}

// AsOf returns the newest of from and its ancestors that is not later than t;
// the zero Node is the empty store.
func (h *History) AsOf(from graph.CommitSeq, t time.Time) (Node, error) {
	return h.climb(from, func(n *Node) bool { return !n.Time.After(t) })
}

// After returns the oldest of from and its ancestors with a number greater
// than seq; the zero Node if there is none.
func (h *History) After(from, seq graph.CommitSeq) (Node, error) {
	if from <= seq {
		return Node{}, nil
	}
	return h.climb(from, func(n *Node) bool { return n.Parent <= seq })
}

// Meet returns the newest commit that is both a or its ancestor and b or its
// ancestor; the zero Node is the empty store.
func (h *History) Meet(a, b graph.CommitSeq) (Node, error) {
	x, err := h.Node(a)
	if err != nil {
		return Node{}, err
	}
	y, err := h.Node(b)
	if err != nil {
		return Node{}, err
	}
	if x.Depth < y.Depth {
		x, y = y, x
	}
	depth := y.Depth
	if x, err = h.climb(x.Seq, func(n *Node) bool { return n.Depth <= depth }); err != nil {
		return Node{}, err
	}
	for x.Seq != y.Seq { // of equal depth, so their jumps are too
		px, py := x.Parent, y.Parent
		if x.Jump != y.Jump {
			px, py = x.Jump, y.Jump
		}
		if x, err = h.Node(px); err != nil {
			return Node{}, err
		}
		if y, err = h.Node(py); err != nil {
			return Node{}, err
		}
	}
	return x, nil
}
