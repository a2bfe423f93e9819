package exec

import (
	"context"

	"nettwin/graph"
	"nettwin/sparql/plan"
)

// pathOp is a property path with ? * or + (SPARQL 1.1 §18.4): for each
// solution of its input, the pairs of nodes that the path joins, each once.
type pathOp struct {
	x             *execution
	n             *plan.Path
	in            op
	s, o          graph.TermID // constants, None for slots
	forward, back *walker
	out           *buffer
	outRows       []int32
	pass          []int
	empty         bool // the path may lead from a node to itself by no triple

	from   *chunk
	row    int
	todo   pathRow // what is left of row
	active bool
}

// pathRow is one solution while its pairs are delivered.
type pathRow struct {
	starts []graph.TermID // ends that still have to be followed
	start  graph.TermID   // the one being delivered
	ends   []graph.TermID // what it leads to, the rest
	target graph.TermID   // only this end, unless None
	turned bool           // ends are subjects: the path is followed back
}

func (x *execution) newPath(n *plan.Path, in op) (op, error) {
	o := &pathOp{x: x, n: n, in: in, out: x.newBuffer(), empty: n.Zero || plan.CanBeEmpty(n.Step)}
	var err error
	if n.S.Slot < 0 {
		if o.s, err = x.terms.id(n.S.Term); err != nil {
			return nil, err
		}
	}
	if n.O.Slot < 0 {
		if o.o, err = x.terms.id(n.O.Term); err != nil {
			return nil, err
		}
	}
	o.forward = newWalker(x, n, n.Step)
	o.back = newWalker(x, n, plan.Reverse(n.Step))
	for _, slot := range n.Out.Intersect(n.In.About().Maybe).Slots() {
		if slot != n.S.Slot && slot != n.O.Slot {
			o.pass = append(o.pass, slot)
		}
	}
	return o, nil
}

func (o *pathOp) next(ctx context.Context) (_ *chunk, err error) {
	for {
		if o.from == nil {
			if o.from, err = o.in.next(ctx); err != nil || o.from == nil {
				return nil, err
			}
			o.row, o.active = 0, false
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
func (o *pathOp) fill(ctx context.Context) error {
	o.out.clear()
	for o.row < o.from.n {
		if !o.active {
			if err := o.begin(ctx); err != nil {
				return err
			}
			o.active = true
		}
		if err := o.deliver(ctx); err != nil {
			return err
		}
		if o.out.n == o.x.chunkRows {
			return nil
		}
		o.active = false
		o.row++
	}
	return nil
}

func (o *pathOp) end(constant graph.TermID, p plan.Place) graph.TermID {
	if p.Slot < 0 {
		return constant
	}
	return o.from.at(p.Slot, o.row)
}

// begin finds out where the path is followed from for a solution.
func (o *pathOp) begin(ctx context.Context) error {
	s, t := o.end(o.s, o.n.S), o.end(o.o, o.n.O)
	o.todo = pathRow{}
	if o.n.Graph.Kind == plan.GraphVar {
		g := o.from.at(o.n.Graph.Slot, o.row)
		o.forward.in(g)
		o.back.in(g)
	}
	switch {
	case s != graph.None:
		o.todo.starts, o.todo.target = []graph.TermID{s}, t
	case t != graph.None:
		o.todo.starts, o.todo.turned = []graph.TermID{t}, true
	default:
		starts, err := o.forward.starts(ctx, o.empty)
		o.todo.starts = starts
		return err
	}
	if o.n.Named || !o.empty {
		return nil
	}
	// Between two variables a path joins nodes of the graph, whatever else
	// binds them (§18.4).
	ok, err := o.forward.isNode(ctx, o.todo.starts[0])
	if !ok {
		o.todo.starts = nil
	}
	return err
}

// deliver makes rows of the solution at hand until the chunk is full.
func (o *pathOp) deliver(ctx context.Context) error {
	t := &o.todo
	loop := o.n.S.Slot >= 0 && o.n.S.Slot == o.n.O.Slot
	for {
		for len(t.ends) > 0 {
			if o.out.n == o.x.chunkRows {
				return nil
			}
			end := t.ends[0]
			t.ends = t.ends[1:]
			if t.target != graph.None && end != t.target || loop && end != t.start {
				continue
			}
			if t.turned {
				o.emit(end, t.start)
			} else {
				o.emit(t.start, end)
			}
		}
		if len(t.starts) == 0 {
			return nil
		}
		w := o.forward
		if t.turned {
			w = o.back
		}
		var err error
		t.start, t.starts = t.starts[0], t.starts[1:]
		if t.ends, err = w.reach(ctx, t.start); err != nil {
			return err
		}
	}
}

func (o *pathOp) emit(s, t graph.TermID) {
	if slot := o.n.S.Slot; o.n.Out.Has(slot) {
		o.out.column(slot, o.out.n+1)[o.out.n] = s
	}
	if slot := o.n.O.Slot; o.n.Out.Has(slot) {
		o.out.column(slot, o.out.n+1)[o.out.n] = t
	}
	sized(&o.outRows, o.out.n+1)[o.out.n] = int32(o.row)
	o.out.n++
}

func (o *pathOp) finish() *chunk {
	for _, slot := range [2]int{o.n.S.Slot, o.n.O.Slot} {
		if o.n.Out.Has(slot) {
			o.out.cols[slot] = o.out.column(slot, o.out.n)
		}
	}
	for _, slot := range o.pass {
		o.out.take(slot, o.from.cols[slot], o.outRows[:o.out.n])
	}
	return &o.out.chunk
}

func (o *pathOp) reset() {
	o.in.reset()
	o.from = nil
}

func (o *pathOp) close() error {
	err := o.in.close()
	for _, w := range []*walker{o.forward, o.back} {
		if cerr := w.close(); err == nil {
			err = cerr
		}
	}
	return err
}
