package exec

import (
	"context"
	"errors"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/expr"
	"nettwin/sparql/plan"
	"nettwin/sparql/results"
)

// evaluator evaluates one expression on the rows of chunks. It is the
// expr.Env of the row at hand.
type evaluator struct {
	x      *execution
	expr   *plan.Expr
	names  []string
	cols   []termColumn
	exists []*existsTest
	chunk  *chunk
	sel    []int32
	row    int32
	single bool  // columns may grow between rows: read terms one by one
	err    error // first failure of the query itself
}

// termColumn is a column as terms, read when first asked for.
type termColumn struct {
	slot  int
	read  bool
	terms []rdf.Term // by row
}

func (x *execution) newEvaluator(e *plan.Expr) (*evaluator, error) {
	v := &evaluator{x: x, expr: e}
	for name, slot := range e.Slots {
		v.names = append(v.names, name)
		v.cols = append(v.cols, termColumn{slot: slot})
	}
	for _, ex := range e.Exists {
		test, err := x.newExists(ex)
		if err != nil {
			return nil, err
		}
		v.exists = append(v.exists, test)
	}
	return v, nil
}

// begin takes the rows sel of a chunk: those that will be asked for.
func (v *evaluator) begin(ctx context.Context, c *chunk, sel []int32) error {
	v.chunk, v.sel, v.err = c, sel, nil
	v.x.exprs.Done = ctx.Done()
	for i := range v.cols {
		v.cols[i].read = false
	}
	for _, test := range v.exists {
		if err := test.run(ctx, c, sel); err != nil {
			return err
		}
	}
	return nil
}

// value evaluates the expression on a row; ok is false for an expression
// error, err is a failure of the query. The caller tells the expressions'
// context when a new solution begins.
func (v *evaluator) value(row int32) (t rdf.Term, ok bool, err error) {
	select {
	case <-v.x.exprs.Done:
		return rdf.Term{}, false, errNobodyWaits
	default:
	}
	v.row = row
	t, ok = expr.Eval(v.x.exprs, v.expr.X, v)
	if limit := v.x.exprs.Limit(); limit != nil {
		v.fail(&results.LimitError{Limit: limit.Limit, Value: limit.Value})
	}
	return t, ok, v.err
}

// errNobodyWaits ends an evaluation when the context has ended, whose cause the
// caller is told.
var errNobodyWaits = errors.New("stopped")

// holds tells whether the effective boolean value is true.
func (v *evaluator) holds(row int32) (bool, error) {
	v.x.exprs.NewSolution()
	t, ok, err := v.value(row)
	if err != nil || !ok {
		return false, err
	}
	truth, ok := expr.EBV(t)
	return truth && ok, nil
}

// Lookup implements expr.Env.
func (v *evaluator) Lookup(name string) (rdf.Term, bool) {
	for i, n := range v.names {
		if n == name {
			t := v.term(&v.cols[i])
			return t, !t.IsZero()
		}
	}
	return rdf.Term{}, false
}

// batchShare: where at least one row in so many is asked for, a column's
// terms are read all at once.
const batchShare = 4

func (v *evaluator) term(c *termColumn) rdf.Term {
	col := v.chunk.cols[c.slot]
	if col == nil || col[v.row] == graph.None {
		return rdf.Term{}
	}
	if v.single || len(v.sel)*batchShare < v.chunk.n {
		t, err := v.x.terms.term(col[v.row])
		v.fail(err)
		return t
	}
	if !c.read {
		if err := v.x.terms.terms(col[:v.chunk.n], sized(&c.terms, v.chunk.n)); err != nil {
			v.fail(err)
			return rdf.Term{}
		}
		c.read = true
	}
	return c.terms[v.row]
}

func (v *evaluator) fail(err error) {
	if v.err == nil {
		v.err = err
	}
}

// Exists implements expr.Env: begin has tested all rows.
func (v *evaluator) Exists(pattern any) (found, ok bool) {
	for i, ex := range v.expr.Exists {
		if ex.Pattern == pattern {
			return v.exists[i].found[v.row], true
		}
	}
	return false, false
}

// existsTest finds out for which rows the pattern of an EXISTS has a solution
// (SPARQL 1.1 §18.6). Rows that agree on what the pattern reads are tested
// once, and remembered over chunks.
type existsTest struct {
	x      *execution
	n      *plan.Exists
	in     op
	seed   *seedState
	shared []int
	known  *tuples
	answer []bool // by tuple
	given  *buffer
	found  []bool
	number []int32 // of each row's tuple
	key    []graph.TermID
	asked  int // rows that met a tuple of known again
}

func (x *execution) newExists(n *plan.Exists) (*existsTest, error) {
	t := &existsTest{
		x: x, n: n, shared: n.Shared.Slots(), known: newTuples(n.Shared.Len(), x.budget),
		key: make([]graph.TermID, n.Shared.Len()),
	}
	if n.Ask != nil {
		return t, nil
	}
	in, err := x.build(n.Plan)
	if err != nil {
		return nil, err
	}
	x.extra = append(x.extra, in)
	t.in, t.seed, t.given = in, x.seed(n.Seed), x.newBuffer()
	return t, nil
}

// Bounds of the answers that are kept: fewer, so that they stay in the
// processor's cache, where rows seldom ask for one again.
const (
	maxRemembered = 1 << 16
	maxUnasked    = 1 << 12
	seldom        = 8
)

func (t *existsTest) run(ctx context.Context, c *chunk, sel []int32) error {
	if n := t.known.n; n > maxRemembered || n > maxUnasked && t.asked < n/seldom {
		t.known.reset()
		t.answer, t.asked = t.answer[:0], 0
	}
	sized(&t.found, c.n)
	sized(&t.number, c.n)
	from := t.known.n
	for _, row := range sel {
		for i, slot := range t.shared {
			t.key[i] = c.at(slot, int(row))
		}
		n, added, err := t.known.insert(t.key)
		if err != nil {
			return err
		}
		if !added {
			t.asked++
		}
		t.number[row] = int32(n)
	}
	if err := t.test(ctx, from); err != nil {
		return err
	}
	for _, row := range sel {
		t.found[row] = t.answer[t.number[row]]
	}
	return nil
}

// test evaluates the pattern under the tuples from number from on.
func (t *existsTest) test(ctx context.Context, from int) error {
	t.answer = append(t.answer, make([]bool, t.known.n-from)...)
	if t.known.n == from {
		return nil
	}
	if t.n.Ask != nil {
		return t.ask(ctx, from)
	}
	t.given.clear()
	t.given.n = t.known.n - from
	for i, slot := range t.shared {
		col := t.given.column(slot, t.given.n)
		for row := range col {
			col[row] = t.known.key(from + row)[i]
		}
		t.given.cols[slot] = col
	}
	t.given.cols[t.n.Seed.RowID] = t.x.rowIDs(t.given.n)
	t.seed.rows = &t.given.chunk
	t.in.reset()
	for left := t.given.n; left > 0; {
		c, err := t.in.next(ctx)
		if err != nil {
			return err
		}
		if c == nil {
			return nil
		}
		for _, id := range c.cols[t.n.Seed.RowID][:c.n] {
			if at := from + int(rowOf(id)); !t.answer[at] {
				t.answer[at] = true
				left--
			}
		}
	}
	return nil
}
