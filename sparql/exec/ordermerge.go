package exec

import (
	"context"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// mergeWays is how many sorted runs are merged at a time.
const mergeWays = 32

// spill writes the rows kept as a sorted run, and keeps none.
func (o *orderOp) spill(ctx context.Context) error {
	if err := o.sort(ctx); err != nil {
		return err
	}
	if len(o.runs) == 0 {
		f, err := o.x.newFile()
		if err != nil {
			return err
		}
		o.file = f
	}
	all := &rowsOp{x: o.x, all: chunk{n: o.rows.n, cols: o.rows.cols}}
	run, err := o.x.toFile(ctx, all, o.file, o.rows.slots)
	if err != nil {
		return err
	}
	o.runs = append(o.runs, run)
	o.x.budget.shrink(int64(o.rows.n)*o.rowBytes() + o.text)
	o.text, o.excess = 0, excess{}
	for i := range o.conds {
		o.conds[i].ids, o.conds[i].terms = nil, nil
	}
	clear(o.rows.cols)
	o.rows.n, o.order, o.barred = 0, nil, false
	return nil
}

// merge makes one sorted sequence of the runs and the rows kept. Runs came one
// after another, so that solutions that tie keep their order.
func (o *orderOp) merge(ctx context.Context) error {
	if err := o.spill(ctx); err != nil {
		return err
	}
	for len(o.runs) > mergeWays {
		f, err := o.x.newFile()
		if err != nil {
			return err
		}
		var longer []*rowFile
		for from := 0; from < len(o.runs); from += mergeWays {
			in := o.mergeOf(o.runs[from:min(from+mergeWays, len(o.runs))])
			run, err := o.x.toFile(ctx, in, f, o.rows.slots)
			if err != nil {
				return err
			}
			longer = append(longer, run)
		}
		o.x.drop(o.file)
		o.file, o.runs = f, longer
	}
	o.merged = o.mergeOf(o.runs)
	return nil
}

func (o *orderOp) mergeOf(runs []*rowFile) op {
	in := make([]op, len(runs))
	for i, run := range runs {
		in[i] = run.read()
	}
	m := o.x.newMerge(in, o.rows.slots)
	m.load = o.loadKeys
	m.compare = func(a, b *mergeInput) int {
		for i := range a.keys {
			if c := compareKeys(&a.keys[i], int32(a.row), &b.keys[i], int32(b.row)); c != 0 {
				return c
			}
		}
		return 0
	}
	return m
}

// loadKeys evaluates the conditions on a chunk of a run: what they have read is
// in it.
func (o *orderOp) loadKeys(ctx context.Context, in *mergeInput) error {
	if in.keys == nil {
		for _, k := range o.conds {
			in.keys = append(in.keys, orderKey{eval: k.eval, slot: k.slot, descending: k.descending})
		}
	}
	o.x.budget.shrink(in.text)
	in.text, in.excess = 0, excess{}
	for i := range in.keys {
		k := &in.keys[i]
		k.ids, k.terms = k.ids[:0], nil
		if err := o.readKey(ctx, k, in.c, func(bytes int64) error {
			in.text += bytes
			return o.x.budget.growSoon(bytes, &in.excess)
		}); err != nil {
			return err
		}
	}
	return nil
}

// evaluate adds the value of the expression for a row.
func (k *orderKey) evaluate(row int32) error {
	t, ok, err := k.eval.value(row)
	if err != nil {
		return err
	}
	id := graph.None
	if ok {
		id, _ = graph.Inline(t)
	} else {
		t = rdf.Term{}
	}
	k.ids = append(k.ids, id)
	k.terms = append(k.terms, t)
	return nil
}
