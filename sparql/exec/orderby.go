package exec

import (
	"context"
	"slices"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/expr"
	"nettwin/sparql/plan"
)

// orderOp is OrderBy (SPARQL 1.1 §15.1). Solutions that tie keep their order.
// With a top, it drops now and then what cannot be among the first.
type orderOp struct {
	x      *execution
	n      *plan.OrderBy
	in     op
	conds  []orderKey
	rows   *store
	order  []int32
	sel    []int32
	result *rowsOp
	reads  []int      // slots that conditions or the rows above read
	barred bool       // the rows are the first of those read so far, as many as the top
	kept   *buffer    // what passes the bar
	runs   []*rowFile // sorted, of rows for which there was no room
	file   *spillFile // of runs
	merged op         // of runs
	text   int64      // bytes of the terms of conditions
	fresh  int64      // of those, what is not counted yet
	excess excess     // of those, what there was no room for
}

// orderKey is one condition with its value for each row kept. Values that are
// inlined are compared as ids where that says enough; the others are kept as
// terms.
type orderKey struct {
	eval       *evaluator
	slot       int // of a mere variable; -1: another expression
	descending bool
	ids        []graph.TermID // a variable's values; of others those inlined
	terms      []rdf.Term     // by row; nil: ids says it all
}

func (x *execution) newOrderBy(n *plan.OrderBy, in op) (op, error) {
	o := &orderOp{x: x, n: n, in: in}
	reads := n.Out
	for _, c := range n.Conditions {
		v, err := x.newEvaluator(c.Expr)
		if err != nil {
			return nil, err
		}
		k := orderKey{eval: v, slot: -1, descending: c.Descending}
		if name, ok := c.Expr.X.(*expr.Var); ok {
			k.slot = slotOf(c.Expr, name.Name)
		}
		o.conds = append(o.conds, k)
		reads = reads.Union(c.Expr.Uses)
	}
	o.reads = reads.Slots()
	if x.opt.Spill == nil {
		reads = n.Out
	}
	o.rows = newStore(x, reads)
	if x.sorts == nil {
		x.sorts = map[*plan.OrderBy]*orderOp{}
	}
	x.sorts[n] = o
	return o, nil
}

func (o *orderOp) next(ctx context.Context) (*chunk, error) {
	if o.merged != nil {
		return o.merged.next(ctx)
	}
	if o.result == nil {
		if err := o.read(ctx); err != nil {
			return nil, err
		}
		if len(o.runs) > 0 {
			if err := o.merge(ctx); err != nil {
				return nil, err
			}
			return o.merged.next(ctx)
		}
		if err := o.sort(ctx); err != nil {
			return nil, err
		}
		o.result = &rowsOp{x: o.x, all: chunk{n: o.rows.n, cols: o.rows.cols}}
	}
	return o.result.next(ctx)
}

// slack is how many rows beyond the top are kept before they are dropped.
const slack = 1024

func (o *orderOp) read(ctx context.Context) error {
	for {
		c, err := o.in.next(ctx)
		if err != nil || c == nil {
			return err
		}
		if c = o.pass(c); c.n == 0 {
			continue
		}
		if !o.fits(c.n) {
			if err := o.spill(ctx); err != nil {
				return err
			}
			o.fits(c.n)
		}
		if err := o.add(ctx, c); err != nil {
			return err
		}
		o.x.budget.settle()
		if err := o.settleText(); err != nil {
			return err
		}
		if o.excess.bytes > 0 {
			if err := o.spill(ctx); err != nil {
				return err
			}
		}
		if o.n.Top >= 0 && int64(o.rows.n) > 2*min(o.n.Top, 1<<40)+slack {
			if err := o.sort(ctx); err != nil {
				return err
			}
		}
	}
}

// pass leaves out rows that come after the last of the first ones found so
// far, where the ids of the first condition tell.
func (o *orderOp) pass(c *chunk) *chunk {
	sel := o.below(c, &o.sel)
	if len(sel) == c.n {
		return c
	}
	if o.kept == nil {
		o.kept = o.x.newBuffer()
	}
	return o.kept.pick(c, o.reads, sel)
}

// ordinal returns the number by which inlined values of a kind are in order.
func ordinal(id graph.TermID) (int64, bool) {
	if n, ok := id.Integer(); ok {
		return n, true
	}
	return id.DateTime()
}

// below returns the rows of a chunk that may be among the first.
func (o *orderOp) below(c *chunk, scratch *[]int32) []int32 {
	sel := identity(scratch, c.n)
	if !o.barred || o.conds[0].slot < 0 || c.cols[o.conds[0].slot] == nil {
		return sel
	}
	k := &o.conds[0]
	tag := k.ids[o.n.Top-1].Tag()
	bar, ok := ordinal(k.ids[o.n.Top-1])
	if !ok {
		return sel
	}
	sel = sel[:0]
	for row, id := range c.cols[k.slot][:c.n] {
		n, ok := ordinal(id)
		after := n > bar
		if k.descending {
			after = n < bar
		}
		if !ok || id.Tag() != tag || !after && (n != bar || len(o.conds) > 1) {
			sel = append(sel, int32(row))
		}
	}
	return sel
}

const orderKeyBytes = 64

// rowBytes is what a row takes.
func (o *orderOp) rowBytes() int64 {
	return orderKeyBytes*int64(len(o.conds)) + idBytes*int64(len(o.rows.slots))
}

// fits reserves room for n rows, if there is some or none are kept.
func (o *orderOp) fits(n int) bool {
	return o.x.opt.Spill == nil || o.x.budget.admit(int64(n)*o.rowBytes(), o.rows.n == 0)
}

func (o *orderOp) add(ctx context.Context, c *chunk) error {
	if err := o.x.budget.grow(int64(c.n) * orderKeyBytes * int64(len(o.conds))); err != nil {
		return err
	}
	for i := range o.conds {
		if err := o.readKey(ctx, &o.conds[i], c, o.countText); err != nil {
			return err
		}
	}
	return o.rows.append(c)
}

// readKey adds the values of a condition for the rows of a chunk, and tells
// count how long their texts are.
func (o *orderOp) readKey(ctx context.Context, k *orderKey, c *chunk, count func(bytes int64) error) error {
	if k.slot >= 0 {
		return o.lookUp(k, c, count)
	}
	sel := identity(&o.sel, c.n)
	if err := k.eval.begin(ctx, c, sel); err != nil {
		return err
	}
	for _, row := range sel {
		if row%rowsPerCheck == 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
		o.x.exprs.NewSolution()
		if err := k.evaluate(row); err != nil {
			return err
		}
		if err := count(int64(len(k.terms[len(k.terms)-1].Value()))); err != nil {
			return err
		}
	}
	return nil
}

// countText notes text of the terms of a chunk, and refuses what cannot have
// room. Errors: *results.LimitError.
func (o *orderOp) countText(bytes int64) error {
	o.fresh += bytes
	b := o.x.budget
	if o.fresh > b.maxExcess() && b.used+o.fresh > b.max {
		return b.exceeded()
	}
	return nil
}

// settleText counts the text noted. Where there are files, some is let pass
// that has no room: it goes there at once.
func (o *orderOp) settleText() (err error) {
	if o.x.opt.Spill != nil {
		err = o.x.budget.growSoon(o.fresh, &o.excess)
	} else {
		err = o.x.budget.grow(o.fresh)
	}
	o.text, o.fresh = o.text+o.fresh, 0
	return err
}

// lookUp adds the values of a variable, as terms too if ids do not order them.
func (o *orderOp) lookUp(k *orderKey, c *chunk, count func(bytes int64) error) error {
	from := len(k.ids)
	for row := range c.n {
		k.ids = append(k.ids, c.at(k.slot, row))
	}
	if k.terms == nil && allIntegers(k.ids[from:]) {
		return nil
	}
	k.terms = append(k.terms, make([]rdf.Term, len(k.ids)-len(k.terms))...)
	if err := o.x.terms.terms(k.ids[from:], k.terms[from:]); err != nil {
		return err
	}
	var bytes int64
	for _, t := range k.terms[from:] {
		bytes += int64(len(t.Value()))
	}
	return count(bytes)
}

func allIntegers(ids []graph.TermID) bool {
	for _, id := range ids {
		if id.Tag() != graph.TagInteger {
			return false
		}
	}
	return true
}

// sort puts the rows in order and cuts them at the top.
func (o *orderOp) sort(ctx context.Context) error {
	o.order = o.order[:0]
	for i := range o.rows.n {
		o.order = append(o.order, int32(i))
	}
	if err := mergeSort(ctx, o.order, o.compare); err != nil {
		return err
	}
	if o.n.Top >= 0 && int64(len(o.order)) > o.n.Top {
		o.order = o.order[:o.n.Top]
		o.barred = o.n.Top > 0
	}
	o.rearrange()
	return nil
}

func (o *orderOp) compare(a, b int32) int {
	for i := range o.conds {
		if c := o.conds[i].compare(a, b); c != 0 {
			return c
		}
	}
	return 0
}

// Merge sort looks at the context once a block and so often while it merges.
const (
	sortBlock     = 1 << 10
	mergesPerLook = 1 << 13
)

// mergeSort sorts rows, given in rising order, keeping the order of what
// compares equal, and stops soon after the context ends.
func mergeSort(ctx context.Context, rows []int32, compare func(a, b int32) int) error {
	for from := 0; from < len(rows); from += sortBlock {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		slices.SortFunc(rows[from:min(from+sortBlock, len(rows))], func(a, b int32) int {
			if c := compare(a, b); c != 0 {
				return c
			}
			return int(a) - int(b) // they came in this order
		})
	}
	if len(rows) <= sortBlock {
		return nil
	}
	in, out := rows, make([]int32, len(rows))
	for width := sortBlock; width < len(rows); width *= 2 {
		for from := 0; from < len(rows); from += 2 * width {
			middle, to := min(from+width, len(rows)), min(from+2*width, len(rows))
			if err := merge(ctx, out[from:to], in[from:middle], in[middle:to], compare); err != nil {
				return err
			}
		}
		in, out = out, in
	}
	copy(rows, in)
	return nil
}

func merge(ctx context.Context, out, l, r []int32, compare func(a, b int32) int) error {
	for i := range out {
		if i%mergesPerLook == 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
		switch {
		case len(l) == 0:
			copy(out[i:], r)
			return nil
		case len(r) == 0:
			copy(out[i:], l)
			return nil
		case compare(r[0], l[0]) < 0:
			out[i], r = r[0], r[1:]
		default:
			out[i], l = l[0], l[1:]
		}
	}
	return nil
}

// rearrange keeps the rows of order, in that order.
func (o *orderOp) rearrange() {
	dropped := int64(o.rows.n - len(o.order))
	var text int64
	for i := range o.conds {
		k := &o.conds[i]
		ids := make([]graph.TermID, len(o.order))
		gather(ids, k.ids, o.order)
		k.ids = ids
		if k.terms == nil {
			continue
		}
		terms := make([]rdf.Term, len(o.order))
		for j, row := range o.order {
			terms[j] = k.terms[row]
			text += int64(len(terms[j].Value()))
		}
		k.terms = terms
	}
	for _, slot := range o.rows.slots {
		col := make([]graph.TermID, len(o.order))
		gather(col, o.rows.cols[slot], o.order)
		o.rows.cols[slot] = col
	}
	o.rows.n = len(o.order)
	o.x.budget.shrink(dropped*o.rowBytes() + o.text - text)
	o.text = text
}

func (k *orderKey) compare(a, b int32) int { return compareKeys(k, a, k, b) }

// compareKeys compares values of one condition, a in k and b in l.
func compareKeys(k *orderKey, a int32, l *orderKey, b int32) int {
	c := ascending(k, a, l, b)
	if k.descending {
		return -c
	}
	return c
}

func ascending(k *orderKey, a int32, l *orderKey, b int32) int {
	x, y := k.ids[a], l.ids[b]
	if x != graph.None && x == y {
		return 0
	}
	if x.Tag() == graph.TagInteger && y.Tag() == graph.TagInteger {
		m, _ := x.Integer()
		n, _ := y.Integer()
		if m < n {
			return -1
		}
		return 1
	}
	return expr.OrderCompare(k.term(a), l.term(b))
}

// term returns a value as a term.
func (k *orderKey) term(row int32) rdf.Term {
	if k.terms == nil || k.terms[row].IsZero() {
		t, _ := k.ids[row].Term()
		return t
	}
	return k.terms[row]
}

func (o *orderOp) reset() {
	switch {
	case o.merged != nil:
		o.merged.reset()
	case o.result != nil:
		o.result.reset()
	}
}

func (o *orderOp) close() error { return o.in.close() }
