package exec

import (
	"context"

	"nettwin/sparql/plan"
)

// barOp leaves out what a sort above, which keeps only its first solutions,
// cannot keep any more.
type barOp struct {
	x     *execution
	n     *plan.Bar
	in    op
	slots []int
	rows  []int32
	out   *buffer
}

func (o *barOp) next(ctx context.Context) (*chunk, error) {
	sort := o.x.sorts[o.n.Of]
	for {
		c, err := o.in.next(ctx)
		if err != nil || c == nil {
			return nil, err
		}
		sel := sort.below(c, &o.rows)
		if len(sel) == c.n {
			return c, nil
		}
		if len(sel) > 0 {
			return o.out.pick(c, o.slots, sel), nil
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
	}
}

func (o *barOp) reset()       { o.in.reset() }
func (o *barOp) close() error { return o.in.close() }
