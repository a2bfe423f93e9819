package exec

import (
	"context"
	"fmt"
	"time"

	"nettwin/sparql/plan"
)

// op is a running operator.
type op interface {
	// next returns the next chunk, nil at the end.
	next(ctx context.Context) (*chunk, error)
	// reset makes the operator begin again, under new seeds. What does not
	// depend on seeds is kept.
	reset()
	// close releases cursors. It is idempotent.
	close() error
}

// checked sees to the end of the context, and to the turns of executions,
// once a chunk.
type checked struct {
	op
	x *execution
}

func (c *checked) next(ctx context.Context) (*chunk, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err := c.x.turn.check(ctx); err != nil {
		return nil, err
	}
	return c.op.next(ctx)
}

// counted is checked that counts what an operator delivers and how long it
// takes, its inputs included, for EXPLAIN.
type counted struct {
	checked
	info *plan.Info
}

func (c *counted) next(ctx context.Context) (*chunk, error) {
	started := time.Now()
	out, err := c.checked.next(ctx)
	c.x.infos.Lock()
	defer c.x.infos.Unlock()
	c.info.Took += time.Since(started)
	if out != nil {
		c.info.Seen += int64(out.n)
	}
	return out, err
}

// build makes the operators of a plan.
func (x *execution) build(n plan.Node) (op, error) {
	o, err := x.operator(n)
	if err != nil {
		return nil, err
	}
	if x.opt.Explain != nil {
		return &counted{checked{op: o, x: x}, n.About()}, nil
	}
	return &checked{op: o, x: x}, nil
}

func (x *execution) operator(n plan.Node) (op, error) {
	if given, ok := x.given[n]; ok {
		return given, nil
	}
	if base := x.spreadBase(n); base != nil {
		return x.newSpread(n, base)
	}
	switch n := n.(type) {
	case *plan.Unit:
		return &unitOp{x: x}, nil
	case *plan.Empty:
		return emptyOp{}, nil
	case *plan.Seed:
		return &seedOp{seed: x.seed(n)}, nil
	case *plan.Values:
		return x.newValues(n)
	case *plan.Names:
		return &namesOp{x: x, n: n}, nil
	case *plan.Foreign:
		return &foreignOp{x: x, n: n}, nil
	case *plan.CountQuads:
		return &countOp{x: x, n: n}, nil
	case *plan.HashJoin:
		return x.newHashJoin(n)
	case *plan.Intersect:
		return x.newIntersect(n)
	case *plan.LeftHash:
		return x.newLeftHash(n)
	case *plan.Apply:
		return x.newApply(n)
	case *plan.Union:
		return x.newUnion(n)
	case *plan.Minus:
		return x.newMinus(n)
	}
	return x.overOne(n)
}

// overOne makes the operators that read one input.
func (x *execution) overOne(n plan.Node) (op, error) {
	ins := plan.Inputs(n)
	if len(ins) != 1 {
		return nil, fmt.Errorf("exec: operator %T is not known", n)
	}
	in, err := x.build(ins[0])
	if err != nil {
		return nil, err
	}
	switch n := n.(type) {
	case *plan.Scan:
		return x.newScan(n, in), nil
	case *plan.Path:
		return x.newPath(n, in)
	case *plan.Service:
		return x.newService(n, in), nil
	case *plan.Filter:
		return x.newFilter(n, in)
	case *plan.Extend:
		return x.newExtend(n, in)
	case *plan.Group:
		return x.newGroup(n, in)
	case *plan.OrderBy:
		return x.newOrderBy(n, in)
	case *plan.Bar:
		return &barOp{x: x, n: n, in: in, slots: n.Out.Slots(), out: x.newBuffer()}, nil
	case *plan.Project:
		return in, nil // slots are unique: what is not kept is not read
	case *plan.Distinct:
		return x.newDistinct(n, in), nil
	case *plan.Slice:
		return &sliceOp{n: n, in: in, out: x.newBuffer()}, nil
	}
	return nil, fmt.Errorf("exec: operator %T is not known", n)
}
