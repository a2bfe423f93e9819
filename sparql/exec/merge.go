package exec

import "context"

// mergeOp merges inputs that are sorted into one. Of rows that compare equal,
// those of the first input come first.
type mergeOp struct {
	x       *execution
	in      []*mergeInput
	slots   []int
	load    func(ctx context.Context, in *mergeInput) error // after each chunk of an input
	compare func(a, b *mergeInput) int                      // of their rows at hand
	heap    []*mergeInput
	begun   bool
	out     *buffer
}

// mergeInput is one input with its row at hand.
type mergeInput struct {
	op
	number int
	c      *chunk
	row    int
	keys   []orderKey // of c, for sorts
	text   int64      // bytes of their terms
	excess excess     // of those
}

func (x *execution) newMerge(in []op, slots []int) *mergeOp {
	o := &mergeOp{x: x, slots: slots, out: x.newBuffer()}
	for i, input := range in {
		o.in = append(o.in, &mergeInput{op: input, number: i})
	}
	return o
}

func (o *mergeOp) less(a, b *mergeInput) bool {
	if c := o.compare(a, b); c != 0 {
		return c < 0
	}
	return a.number < b.number
}

// advance goes to the next row of an input; false at its end.
func (o *mergeOp) advance(ctx context.Context, in *mergeInput) (_ bool, err error) {
	if in.c != nil {
		if in.row++; in.row < in.c.n {
			return true, nil
		}
	}
	in.row = 0
	if in.c, err = in.op.next(ctx); err != nil || in.c == nil {
		return false, err
	}
	if o.load != nil {
		err = o.load(ctx, in)
	}
	return true, err
}

func (o *mergeOp) begin(ctx context.Context) error {
	o.begun = true
	for _, in := range o.in {
		more, err := o.advance(ctx, in)
		if err != nil {
			return err
		}
		if more {
			o.heap = append(o.heap, in)
		}
	}
	for i := len(o.heap)/2 - 1; i >= 0; i-- {
		o.down(i)
	}
	return nil
}

// down puts element i of the heap where it belongs.
func (o *mergeOp) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(o.heap); child++ {
			if o.less(o.heap[child], o.heap[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		o.heap[i], o.heap[least] = o.heap[least], o.heap[i]
		i = least
	}
}

func (o *mergeOp) next(ctx context.Context) (*chunk, error) {
	if !o.begun {
		if err := o.begin(ctx); err != nil {
			return nil, err
		}
	}
	o.out.clear()
	for _, slot := range o.slots {
		o.out.cols[slot] = o.out.column(slot, o.x.chunkRows)
	}
	for o.out.n < o.x.chunkRows && len(o.heap) > 0 {
		top := o.heap[0]
		for _, slot := range o.slots {
			o.out.cols[slot][o.out.n] = top.c.at(slot, top.row)
		}
		o.out.n++
		more, err := o.advance(ctx, top)
		if err != nil {
			return nil, err
		}
		if !more {
			last := len(o.heap) - 1
			o.heap[0] = o.heap[last]
			o.heap = o.heap[:last]
		}
		o.down(0)
	}
	if o.out.n == 0 {
		return nil, nil
	}
	return &o.out.chunk, nil
}

func (o *mergeOp) reset() {
	o.heap, o.begun = nil, false
	for _, in := range o.in {
		in.op.reset()
		in.c = nil
	}
}

func (o *mergeOp) close() error { return nil }
