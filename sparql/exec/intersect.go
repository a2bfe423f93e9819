package exec

import (
	"context"
	"slices"

	"nettwin/graph"
	"nettwin/sparql/plan"
)

// intersectOp is a join of several patterns that bind one slot: for each
// solution of its input, the values that all their lists have.
type intersectOp struct {
	x     *execution
	n     *plan.Intersect
	in    op
	lists []op
	links []*links // by list; nil: not read yet
	out   *buffer
	pass  []int

	from  *chunk
	row   int
	found []graph.TermID   // values for row
	at    int              // the next one of them
	parts [][]graph.TermID // scratch: the lists of a row
	rows  []int32          // of from, for the rows of out
	steps int              // since the context was looked at
}

func (x *execution) newIntersect(n *plan.Intersect) (op, error) {
	in, err := x.build(n.In)
	if err != nil {
		return nil, err
	}
	o := &intersectOp{x: x, n: n, in: in, out: x.newBuffer(), parts: make([][]graph.TermID, len(n.Lists))}
	for _, list := range n.Lists {
		l, err := x.build(list)
		if err != nil {
			return nil, err
		}
		o.lists = append(o.lists, l)
	}
	for _, slot := range n.Out.Slots() {
		if slot != n.Slot {
			o.pass = append(o.pass, slot)
		}
	}
	return o, nil
}

func (o *intersectOp) next(ctx context.Context) (_ *chunk, err error) {
	for i := len(o.links); i < len(o.lists); i++ {
		l, err := o.x.readLinks(ctx, o.lists[i], o.n.From[i], o.n.Slot)
		if err != nil {
			return nil, err
		}
		o.links = append(o.links, l)
	}
	for {
		if o.from == nil {
			if o.from, err = o.in.next(ctx); err != nil || o.from == nil {
				return nil, err
			}
			o.row, o.at, o.found = -1, 0, o.found[:0]
		}
		if err := o.fill(ctx); err != nil {
			return nil, err
		}
		if o.out.n > 0 {
			return o.finish(), nil
		}
		o.from = nil
	}
}

// fill makes rows until the chunk is full or the input chunk is used up.
func (o *intersectOp) fill(ctx context.Context) error {
	o.out.clear()
	for {
		k := min(len(o.found)-o.at, o.x.chunkRows-o.out.n)
		copy(o.out.column(o.n.Slot, o.out.n+k)[o.out.n:], o.found[o.at:o.at+k])
		rows := sized(&o.rows, o.out.n+k)[o.out.n:]
		for i := range rows {
			rows[i] = int32(o.row)
		}
		o.at += k
		o.out.n += k
		if o.out.n == o.x.chunkRows {
			return nil
		}
		if o.row++; o.row == o.from.n {
			o.row--
			return nil
		}
		if o.steps > checkEvery {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			o.steps = 0
		}
		o.intersect()
	}
}

// intersect finds the values for the row at hand.
func (o *intersectOp) intersect() {
	o.found, o.at = o.found[:0], 0
	for i, l := range o.links {
		o.parts[i] = l.of(o.from.at(o.n.From[i], o.row))
		if len(o.parts[i]) == 0 {
			o.steps++
			return
		}
	}
	slices.SortFunc(o.parts, func(a, b []graph.TermID) int { return len(a) - len(b) })
	o.steps += len(o.parts[0]) * len(o.parts)
values:
	for _, id := range o.parts[0] {
		for i := 1; i < len(o.parts); i++ {
			if o.parts[i] = skipTo(o.parts[i], id); len(o.parts[i]) == 0 {
				return
			}
			if o.parts[i][0] != id {
				continue values
			}
		}
		o.found = append(o.found, id)
	}
}

// skipTo drops what is less than id from a sorted list, in time logarithmic in
// how much that is.
func skipTo(list []graph.TermID, id graph.TermID) []graph.TermID {
	step := 1
	for step < len(list) && list[step] < id {
		list = list[step:]
		step *= 2
	}
	at, _ := slices.BinarySearch(list[:min(step+1, len(list))], id)
	return list[at:]
}

func (o *intersectOp) finish() *chunk {
	if o.n.Out.Has(o.n.Slot) {
		o.out.cols[o.n.Slot] = o.out.column(o.n.Slot, o.out.n)
	}
	for _, slot := range o.pass {
		o.out.take(slot, o.from.cols[slot], o.rows[:o.out.n])
	}
	return &o.out.chunk
}

func (o *intersectOp) reset() {
	o.in.reset()
	o.from = nil
}

func (o *intersectOp) close() error { return closeAll(append(o.lists, o.in)...) }

// links are pairs of ids as lists: what an id leads to, sorted.
type links struct {
	nodes   *tuples
	offsets []uint32
	to      []graph.TermID
}

// Memory of links: a pair as it is read and as it is kept, and two offsets for
// each node.
const (
	linkBytes     = 4 + 2*idBytes
	linkNodeBytes = 8
)

// readLinks reads an operator that yields each pair once.
func (x *execution) readLinks(ctx context.Context, in op, from, to int) (*links, error) {
	l := &links{nodes: newTuples(1, x.budget)}
	var number []uint32
	var ends []graph.TermID
	for {
		c, err := in.next(ctx)
		if err != nil {
			return nil, err
		}
		if c == nil {
			break
		}
		if err := x.budget.grow(int64(c.n) * linkBytes); err != nil {
			return nil, err
		}
		var key [1]graph.TermID
		for row := range c.n {
			key[0] = c.cols[from][row]
			n, _, err := l.nodes.insert(key[:])
			if err != nil {
				return nil, err
			}
			number = append(number, uint32(n))
		}
		ends = append(ends, c.cols[to][:c.n]...)
	}
	if err := x.budget.grow(int64(l.nodes.n) * linkNodeBytes); err != nil {
		return nil, err
	}
	return l, l.fill(ctx, number, ends)
}

// fill makes the lists: ends[i] is of the node number[i].
func (l *links) fill(ctx context.Context, number []uint32, ends []graph.TermID) error {
	l.offsets = make([]uint32, l.nodes.n+1)
	for _, n := range number {
		l.offsets[n+1]++
	}
	for i := range l.nodes.n {
		l.offsets[i+1] += l.offsets[i]
	}
	at := slices.Clone(l.offsets)
	l.to = make([]graph.TermID, len(ends))
	for i, n := range number {
		l.to[at[n]] = ends[i]
		at[n]++
	}
	for i := range l.nodes.n {
		if i%rowsPerCheck == 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
		slices.Sort(l.to[l.offsets[i]:l.offsets[i+1]])
	}
	return nil
}

// of returns the list of an id.
func (l *links) of(id graph.TermID) []graph.TermID {
	n := l.nodes.find([]graph.TermID{id})
	if n < 0 {
		return nil
	}
	return l.to[l.offsets[n]:l.offsets[n+1]]
}
