package exec

import (
	"context"

	"nettwin/sparql/plan"
)

// hashJoinOp is Join (SPARQL 1.1 §18.5) of independent inputs.
type hashJoinOp struct {
	x            *execution
	n            *plan.HashJoin
	probe, build op
	pairs        *pairs
	out          *buffer
	slots        []int
	busy         bool       // the chunk at hand may have more pairs
	blocks       *blockJoin // if the build side has no room
}

func (x *execution) newHashJoin(n *plan.HashJoin) (op, error) {
	probe, err := x.build(n.Probe)
	if err != nil {
		return nil, err
	}
	build, err := x.build(n.Build)
	if err != nil {
		return nil, err
	}
	return &hashJoinOp{
		x: x, n: n, probe: probe, build: build, pairs: newPairs(x.chunkRows),
		out: x.newBuffer(), slots: n.Out.Slots(),
	}, nil
}

func (o *hashJoinOp) next(ctx context.Context) (_ *chunk, err error) {
	if o.pairs.ix == nil {
		var right *parts
		o.pairs.ix, right, err = o.x.readRight(ctx, o.build, o.n.Out.Intersect(o.n.Build.About().Maybe), o.n.Keys, o.n.Shared)
		if err != nil {
			return nil, err
		}
		if right != nil {
			o.blocks = o.x.newBlockJoin(o.probe, o.n.Probe, o.pairs, right)
			o.blocks.match = func(context.Context) (*chunk, error) {
				o.pairs.merge(o.out, o.slots)
				return &o.out.chunk, nil
			}
		}
	}
	if o.blocks != nil {
		return o.blocks.next(ctx)
	}
	if o.pairs.ix.rows.n == 0 {
		return nil, nil
	}
	for {
		if !o.busy {
			c, err := o.probe.next(ctx)
			if err != nil || c == nil {
				return nil, err
			}
			o.pairs.begin(c)
			o.busy = true
		}
		if err := o.pairs.fill(ctx); err != nil {
			return nil, err
		}
		if len(o.pairs.left) > 0 {
			o.pairs.merge(o.out, o.slots)
			return &o.out.chunk, nil
		}
		o.busy = false
	}
}

func (o *hashJoinOp) reset() {
	if o.blocks != nil {
		o.blocks.reset()
		return
	}
	o.probe.reset()
	o.busy = false
}

func (o *hashJoinOp) close() error { return closeAll(o.probe, o.build) }

func closeAll(ops ...op) (err error) {
	for _, o := range ops {
		if cerr := o.close(); err == nil {
			err = cerr
		}
	}
	return err
}
