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
	built        *built
	pairs        *pairs
	out          *buffer
	slots        []int
	busy         bool       // the chunk at hand may have more pairs
	blocks       *blockJoin // if the build side has no room
}

// built is the build side of a join, read once. Then it is only read, so that
// joins of several goroutines may share it.
type built struct {
	by    *hashJoinOp // who reads it
	ix    *index      // nil: not read yet
	right *parts      // in files, for which there was no room
}

func (x *execution) newHashJoin(n *plan.HashJoin) (op, error) {
	probe, err := x.build(n.Probe)
	if err != nil {
		return nil, err
	}
	o := &hashJoinOp{
		x: x, n: n, probe: probe, build: emptyOp{}, built: x.built[n], pairs: newPairs(x.chunkRows),
		out: x.newBuffer(), slots: n.Out.Slots(),
	}
	if x.forked && o.built != nil {
		return o, nil
	}
	if o.built == nil {
		o.built = &built{}
	}
	o.built.by = o
	o.build, err = x.build(n.Build)
	return o, err
}

// readBuild reads the build side, if that is not done yet.
func (o *hashJoinOp) readBuild(ctx context.Context) (err error) {
	if o.built.ix == nil {
		keep := o.n.Out.Intersect(o.n.Build.About().Maybe)
		o.built.ix, o.built.right, err = o.x.readRight(ctx, o.build, keep, o.n.Keys, o.n.Shared)
	}
	return err
}

func (o *hashJoinOp) next(ctx context.Context) (*chunk, error) {
	if o.pairs.ix == nil {
		if err := o.readBuild(ctx); err != nil {
			return nil, err
		}
		o.pairs.ix = o.built.ix
		if o.built.right != nil {
			o.blocks = o.x.newBlockJoin(o.probe, o.n.Probe, o.pairs, o.built.right)
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
