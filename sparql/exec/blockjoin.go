package exec

import (
	"context"

	"nettwin/graph"
	"nettwin/sparql/plan"
)

// blockJoin joins inputs of which the right one has no room in memory. Both are
// divided among files by their keys; of each part, as many rows of the right
// input as there is room for are held at a time, while those of the left one
// pass by. Rows of one key that have no room together need no other way.
type blockJoin struct {
	x     *execution
	l     op
	left  *parts
	right *parts
	slots []int // of the left input
	ix    *index
	pairs *pairs

	// match returns what the pairs at hand deliver, nil for nothing, and notes
	// in met which left rows have partners. rest returns what a chunk of left
	// rows delivers in the end; nil: nothing, and there is no met.
	match func(ctx context.Context) (*chunk, error)
	rest  func(left *chunk, met []bool) *chunk

	part    int
	blocks  *fileOp // the right rows of the part
	ahead   *chunk  // read from blocks, not in ix yet
	last    bool    // ix has the last block
	passing *fileOp // the left rows of the part
	c       *chunk  // of them at hand
	base    int     // rows before c
	met     []bool  // by left row of the part
	resting bool
}

// newBlockJoin joins l, the operator of n, with right; pairs has an empty
// index.
func (x *execution) newBlockJoin(l op, n plan.Node, pairs *pairs, right *parts) *blockJoin {
	about := n.About()
	return &blockJoin{x: x, l: l, right: right, slots: about.Maybe.Union(about.Certain).Slots(), ix: pairs.ix, pairs: pairs}
}

// readRight reads the right input of a join into an index, or where that has no
// room into files.
func (x *execution) readRight(ctx context.Context, in op, keep plan.Set, keys, shared []int) (*index, *parts, error) {
	ix := x.newIndex(keep, keys, shared)
	for {
		c, err := in.next(ctx)
		if err != nil {
			return nil, nil, err
		}
		if c == nil {
			return ix, nil, nil
		}
		if x.opt.Spill != nil && !ix.fits(c.n) {
			right, err := x.spillRight(ctx, ix, c, in)
			if err != nil {
				return nil, nil, err
			}
			return ix, right, nil
		}
		if err := ix.add(c); err != nil {
			return nil, nil, err
		}
		x.budget.settle()
	}
}

// spillRight puts what an index holds, another chunk and the rest of the input
// into files.
func (x *execution) spillRight(ctx context.Context, ix *index, c *chunk, in op) (*parts, error) {
	p, err := x.newParts(ix.rows.slots, 0)
	if err != nil {
		return nil, err
	}
	kept := &rowsOp{x: x, all: chunk{n: ix.rows.n, cols: ix.rows.cols}}
	if err := x.divide(ctx, kept, nil, p, ix.keys); err != nil {
		return nil, err
	}
	ix.empty()
	if err := x.divide(ctx, in, c, p, ix.keys); err != nil {
		return nil, err
	}
	return p, p.done()
}

// divide puts a chunk, if there is one, and all that an operator yields into
// parts by keys.
func (x *execution) divide(ctx context.Context, in op, c *chunk, p *parts, keys []int) (err error) {
	key := make([]graph.TermID, len(keys))
	for {
		if c == nil {
			if c, err = in.next(ctx); err != nil || c == nil {
				return err
			}
		}
		for row := range c.n {
			for i, slot := range keys {
				key[i] = c.at(slot, row)
			}
			p.put(int32(row), key)
		}
		if err := p.flush(c); err != nil {
			return err
		}
		c = nil
	}
}

// empty forgets all rows and gives the memory back.
func (ix *index) empty() {
	ix.release()
	width, budget := ix.table.width, ix.table.budget
	ix.table = newTuples(width, budget)
	ix.first, ix.chain = nil, nil
	clear(ix.rows.cols)
	ix.rows.n = 0
}

func (j *blockJoin) next(ctx context.Context) (*chunk, error) {
	if j.left == nil {
		if err := j.readLeft(ctx); err != nil {
			return nil, err
		}
	}
	for {
		if j.passing == nil {
			if j.part == partCount {
				return nil, nil
			}
			if err := j.nextPart(ctx); err != nil {
				return nil, err
			}
			continue
		}
		out, err := j.pass(ctx)
		if out != nil || err != nil {
			return out, err
		}
	}
}

func (j *blockJoin) readLeft(ctx context.Context) (err error) {
	if j.left, err = j.x.newParts(j.slots, 0); err != nil {
		return err
	}
	if err := j.x.divide(ctx, j.l, nil, j.left, j.ix.keys); err != nil {
		return err
	}
	return j.left.done()
}

// nextPart begins with another part.
func (j *blockJoin) nextPart(ctx context.Context) error {
	left, right := j.left.of[j.part], j.right.of[j.part]
	j.part++
	if left.n == 0 || right.n == 0 && j.rest == nil {
		return nil
	}
	j.blocks, j.ahead, j.last = right.read(), nil, false
	j.passing, j.base, j.resting = left.read(), 0, false
	if j.rest != nil {
		j.met = append(j.met[:0], make([]bool, left.n)...)
	}
	return j.nextBlock(ctx)
}

// nextBlock reads as many right rows of the part as there is room for.
func (j *blockJoin) nextBlock(ctx context.Context) (err error) {
	j.ix.empty()
	for {
		if j.ahead == nil {
			if j.ahead, err = j.blocks.next(ctx); err != nil {
				return err
			}
			if j.ahead == nil {
				j.last = true
				return nil
			}
		}
		if !j.ix.fits(j.ahead.n) {
			return nil
		}
		if err := j.ix.add(j.ahead); err != nil {
			return err
		}
		j.x.budget.settle()
		j.ahead = nil
	}
}

// pass goes a step on with the left rows of the part.
func (j *blockJoin) pass(ctx context.Context) (*chunk, error) {
	if j.c == nil {
		c, err := j.passing.next(ctx)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return nil, j.passed(ctx)
		}
		if j.resting {
			out := j.rest(c, j.met[j.base:j.base+c.n])
			j.base += c.n
			return out, nil
		}
		j.c = c
		j.pairs.begin(c)
	}
	if err := j.pairs.fill(ctx); err != nil {
		return nil, err
	}
	if len(j.pairs.left) > 0 {
		return j.match(ctx)
	}
	j.base += j.c.n
	j.c = nil
	return nil, nil
}

// passed is called when all left rows of the part have passed.
func (j *blockJoin) passed(ctx context.Context) error {
	j.passing.reset()
	j.base = 0
	switch {
	case !j.last:
		return j.nextBlock(ctx)
	case j.rest != nil && !j.resting:
		j.resting = true
	default:
		j.passing = nil
		j.ix.empty()
	}
	return nil
}

// reset forgets the left rows.
func (j *blockJoin) reset() {
	if j.left != nil {
		j.x.drop(j.left.file)
	}
	j.left, j.part, j.passing, j.c = nil, 0, nil, nil
	j.ix.empty()
	j.l.reset()
}
