package exec

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"nettwin/graph"
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
	"nettwin/sparql/plan"
)

// DefaultWorkersFrom is the estimated cost in nanoseconds from which several
// goroutines compute a part of a plan.
const DefaultWorkersFrom = 5e6

// Bounds of a spread.
const (
	morselsAhead = 8        // taken beyond the one that is delivered
	chunksAhead  = 16       // kept of a morsel that is not delivered yet
	helperBytes  = 64 << 20 // that a helper keeps otherwise
)

// spreadBase returns the scan from which a spread at n would begin, nil for
// none: n is a chain of index joins, filters and probes of hash joins above the
// scan of one pattern, and only ids of the source go through it.
func (x *execution) spreadBase(n plan.Node) plan.Node {
	if x.opt.Workers <= 1 || x.spreading || x.forked || n.About().Cost < x.opt.WorkersFrom {
		return nil
	}
	base := chainBase(n)
	if base == n {
		return nil
	}
	return base
}

func chainBase(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.Scan:
		if _, ok := n.In.(*plan.Unit); ok {
			return n
		}
		return chainBase(n.In)
	case *plan.Filter:
		for _, c := range n.Conds {
			if !alone(c) {
				return nil
			}
		}
		return chainBase(n.In)
	case *plan.HashJoin:
		if !fromSource(n.Build) {
			return nil
		}
		return chainBase(n.Probe)
	}
	return nil
}

// alone tells whether a condition may be tested by any goroutine: it depends on
// nothing but the solution and the source.
func alone(e *plan.Expr) bool {
	for _, ex := range e.Exists {
		if ex.Ask != nil || !local(ex.Plan) {
			return false
		}
	}
	ok := true
	algebra.WalkExpr(e.X, func(x expr.Expr) bool {
		call, is := x.(*expr.Call)
		ok = ok && (!is || call.Fn == nil || call.Fn.Deterministic)
		return ok
	})
	return ok
}

// local tells whether a pattern is evaluated without the caller's help.
func local(n plan.Node) bool {
	switch n.(type) {
	case *plan.Foreign, *plan.Service:
		return false
	}
	for _, in := range plan.Inputs(n) {
		if !local(in) {
			return false
		}
	}
	return true
}

// fromSource tells whether all ids that a pattern yields are the source's.
func fromSource(n plan.Node) bool {
	switch n.(type) {
	case *plan.Unit, *plan.Scan, *plan.Filter, *plan.HashJoin, *plan.Intersect, *plan.Path, *plan.Names, *plan.Union, *plan.Distinct, *plan.Project:
	default:
		return false
	}
	for _, in := range plan.Inputs(n) {
		if !fromSource(in) {
			return false
		}
	}
	return true
}

// spreadOp computes a chain by several goroutines, each with its own operators:
// they take the rows of the base chunk by chunk, morsels, and the solutions are
// delivered in the order of those. The query's own goroutine computes too, so
// that nothing depends on whether a helper has a turn.
type spreadOp struct {
	x       *execution
	base    op // used with mu held
	slots   []int
	joins   []*built
	chain   op // of the query's own goroutine
	in      *morselIn
	out     []int
	helpers []*helper

	prepared bool
	alone    bool // a build side is in files, which one goroutine reads
	started  bool
	cancel   context.CancelCauseFunc
	running  sync.WaitGroup
	own      int // the number of the own morsel, -1: none

	mu        sync.Mutex
	changed   *sync.Cond      // on mu
	taken     int             // morsels; guarded by mu
	delivered int             // of them; guarded by mu
	ended     bool            // the base has no more; guarded by mu
	morsels   map[int]*morsel // by number, those taken and not delivered; guarded by mu
}

// morsel is some rows of the base and what becomes of them.
type morsel struct {
	chunks []*chunk
	done   bool
	err    error
}

// morselIn is the input of a chain: one morsel.
type morselIn struct {
	c    *chunk
	done bool
	mem  *buffer
	all  op // in place of a morsel, if it is set
}

func (o *morselIn) next(ctx context.Context) (*chunk, error) {
	if o.all != nil {
		return o.all.next(ctx)
	}
	if o.done {
		return nil, nil
	}
	o.done = true
	return o.c, nil
}

func (o *morselIn) reset() {
	o.done = false
	if o.all != nil {
		o.all.reset()
	}
}

func (o *morselIn) close() error { return nil }

// take makes a copy of a chunk the input.
func (o *morselIn) take(c *chunk, slots []int) {
	o.mem.clear()
	o.mem.n = c.n
	for _, slot := range slots {
		if c.cols[slot] != nil {
			o.mem.cols[slot] = o.mem.column(slot, c.n)
			copy(o.mem.cols[slot], c.cols[slot][:c.n])
		}
	}
	o.c = &o.mem.chunk
}

// fork returns an execution of the same plan for another goroutine.
func (x *execution) fork(share *Share) *execution {
	lease := NewLease(share, helperBytes)
	lease.turn.ran, lease.turn.long = x.turn.ran, true
	f := &execution{
		plan: x.plan, src: x.src, opt: x.opt, chunkRows: x.chunkRows, seeds: map[*plan.Seed]*seedState{},
		budget: &lease.budget, turn: &lease.turn, noColumns: x.noColumns, infos: x.infos, forked: true,
		given: map[plan.Node]op{}, built: x.built,
	}
	return f.withTerms(x.exprs.Base)
}

func (x *execution) newSpread(n, base plan.Node) (_ op, err error) {
	o := &spreadOp{x: x, own: -1, morsels: map[int]*morsel{}, slots: base.About().Out.Slots(), out: n.About().Out.Slots()}
	o.changed = sync.NewCond(&o.mu)
	if o.base, err = x.fork(nil).build(base); err != nil {
		return nil, err
	}
	o.in = &morselIn{mem: x.newBuffer()}
	if x.given == nil {
		x.given, x.built = map[plan.Node]op{}, map[*plan.HashJoin]*built{}
	}
	o.joins = x.shareJoins(n, base)
	x.given[base], x.spreading = o.in, true
	o.chain, err = x.operator(n)
	x.spreading = false
	if err != nil {
		return nil, err
	}
	for range x.opt.Workers - 1 {
		f := x.fork(x.turn.share)
		h := &helper{x: f, in: &morselIn{mem: f.newBuffer()}}
		f.given[base] = h.in
		if h.chain, err = f.operator(n); err != nil {
			return nil, err
		}
		o.helpers = append(o.helpers, h)
	}
	return o, nil
}

// shareJoins makes the build sides of a chain's joins shared.
func (x *execution) shareJoins(n, base plan.Node) (list []*built) {
	for n != base {
		switch of := n.(type) {
		case *plan.Scan:
			n = of.In
		case *plan.Filter:
			n = of.In
		case *plan.HashJoin:
			b := &built{}
			x.built[of] = b
			list = append(list, b)
			n = of.Probe
		}
	}
	return list
}

// helper is a goroutine beside the query's own, with its operators.
type helper struct {
	x     *execution
	chain op
	in    *morselIn
}

func (o *spreadOp) next(ctx context.Context) (*chunk, error) {
	if !o.prepared {
		if err := o.prepare(ctx); err != nil {
			return nil, err
		}
	}
	if o.alone {
		return o.chain.next(ctx)
	}
	if !o.started && o.own < 0 && (o.x.turn.held || o.x.turn.free()) {
		o.start(ctx)
	}
	for {
		out, more, err := o.step(ctx)
		if out != nil || err != nil || !more {
			return out, err
		}
	}
}

// prepare reads the build sides, which all share.
func (o *spreadOp) prepare(ctx context.Context) error {
	o.prepared = true
	for _, b := range o.joins {
		if err := b.by.readBuild(ctx); err != nil {
			return err
		}
		o.alone = o.alone || b.right != nil
	}
	if o.alone {
		o.in.all = o.base
	}
	return nil
}

// start lets the helpers begin.
func (o *spreadOp) start(ctx context.Context) {
	o.started = true
	ctx, o.cancel = context.WithCancelCause(ctx)
	for _, h := range o.helpers {
		h.x.turn.ran = o.x.turn.ran
		o.running.Go(func() { o.help(ctx, h) })
	}
}

// step does a piece of work, which may yield a chunk; more is false at the end.
func (o *spreadOp) step(ctx context.Context) (out *chunk, more bool, err error) {
	o.mu.Lock()
	first := o.morsels[o.delivered]
	switch {
	case first != nil && len(first.chunks) > 0:
		out = first.chunks[0]
		first.chunks = first.chunks[1:]
		o.changed.Broadcast()
		o.mu.Unlock()
		return out, true, nil
	case first != nil && first.done:
		delete(o.morsels, o.delivered)
		o.delivered++
		o.changed.Broadcast()
		o.mu.Unlock()
		return nil, true, first.err
	case first == nil && o.ended && o.own < 0:
		o.mu.Unlock()
		return nil, false, nil
	}
	if o.own < 0 {
		if o.ended || o.taken-o.delivered >= morselsAhead {
			return nil, true, o.wait(ctx)
		}
		defer o.mu.Unlock()
		return nil, true, o.takeOwn(ctx)
	}
	mine := o.morsels[o.own]
	if mine != first && len(mine.chunks) >= chunksAhead {
		return nil, true, o.wait(ctx)
	}
	o.mu.Unlock()
	return o.compute(ctx, mine, mine == first)
}

// takeOwn takes the next morsel for the query's own goroutine; mu is held.
func (o *spreadOp) takeOwn(ctx context.Context) error {
	c, err := o.nextMorsel(ctx)
	if c == nil || err != nil {
		return err
	}
	if o.started {
		o.in.take(c, o.slots)
	} else {
		o.in.c = c
	}
	o.chain.reset()
	o.own = o.taken - 1
	return nil
}

// nextMorsel reads the base; mu is held. At the end there is none.
func (o *spreadOp) nextMorsel(ctx context.Context) (*chunk, error) {
	c, err := o.base.next(ctx)
	if c == nil || err != nil {
		o.ended = true
		o.changed.Broadcast()
		return nil, err
	}
	o.morsels[o.taken] = &morsel{}
	o.taken++
	return c, nil
}

// compute goes on with the own morsel. What comes is delivered if it is the
// morsel's turn, else kept.
func (o *spreadOp) compute(ctx context.Context, mine *morsel, first bool) (*chunk, bool, error) {
	c, err := o.chain.next(ctx)
	if err != nil {
		return nil, false, err
	}
	if c != nil && first {
		return c, true, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if c == nil {
		mine.done, o.own = true, -1
	} else {
		mine.chunks = append(mine.chunks, c.copy(o.out))
	}
	return nil, true, nil
}

// copy returns a chunk of memory of its own.
func (c *chunk) copy(slots []int) *chunk {
	out := &chunk{n: c.n, cols: make([][]graph.TermID, len(c.cols))}
	for _, slot := range slots {
		if c.cols[slot] != nil {
			out.cols[slot] = slices.Clone(c.cols[slot][:c.n])
		}
	}
	return out
}

// wait gives the turn up until a helper has something; it gives mu up, which
// is held.
func (o *spreadOp) wait(ctx context.Context) error {
	o.mu.Unlock()
	o.x.turn.end()
	stop := context.AfterFunc(ctx, o.wake)
	o.mu.Lock()
	first := o.morsels[o.delivered]
	for ctx.Err() == nil && (first == nil || len(first.chunks) == 0 && !first.done) {
		o.changed.Wait()
	}
	o.mu.Unlock()
	stop()
	o.x.turn.begin()
	return context.Cause(ctx)
}

func (o *spreadOp) wake() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.changed.Broadcast()
}

// help takes morsels as long as there are some.
func (o *spreadOp) help(ctx context.Context, h *helper) {
	defer h.x.turn.end()
	stop := context.AfterFunc(ctx, o.wake)
	defer stop()
	for {
		if !h.x.turn.held && !h.x.turn.free() {
			if h.x.turn.share.acquire(ctx, h.x.turn.ran, false) != nil {
				return
			}
			h.x.turn.held = true
			h.x.turn.since = time.Now()
		}
		m := o.helpWith(ctx, h)
		if m == nil {
			return
		}
		h.chain.reset()
		for {
			c, err := h.chain.next(ctx)
			if !o.keep(ctx, h, m, c, err) {
				break
			}
		}
	}
}

// pause waits until ok, with the turn given up; mu is held, before and after.
func (o *spreadOp) pause(ctx context.Context, h *helper, ok func() bool) {
	if ok() || ctx.Err() != nil {
		return
	}
	h.x.turn.end()
	for !ok() && ctx.Err() == nil {
		o.changed.Wait()
	}
	h.x.turn.begin()
}

// helpWith takes a morsel for a helper; nil: there is none.
func (o *spreadOp) helpWith(ctx context.Context, h *helper) *morsel {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pause(ctx, h, func() bool { return o.ended || o.taken-o.delivered < morselsAhead })
	if o.ended || ctx.Err() != nil {
		return nil
	}
	c, err := o.nextMorsel(ctx)
	if err != nil {
		o.morsels[o.taken] = &morsel{done: true, err: err}
		o.taken++
		return nil
	}
	if c == nil {
		return nil
	}
	h.in.take(c, o.slots)
	return o.morsels[o.taken-1]
}

// keep adds what a helper found to its morsel; false if that was all.
func (o *spreadOp) keep(ctx context.Context, h *helper, m *morsel, c *chunk, err error) bool {
	if c != nil {
		c = c.copy(o.out)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.changed.Broadcast()
	if c == nil || err != nil {
		m.done, m.err = true, err
		return false
	}
	m.chunks = append(m.chunks, c)
	o.pause(ctx, h, func() bool { return len(m.chunks) < chunksAhead })
	return true
}

// stop ends the helpers and waits for them.
func (o *spreadOp) stop() {
	if !o.started {
		return
	}
	o.cancel(errStopped)
	o.wake()
	o.running.Wait()
	o.started = false
}

// errStopped ends helpers of a query that needs no more.
var errStopped = errors.New("no more is needed")

func (o *spreadOp) reset() {
	o.stop()
	if o.alone {
		o.chain.reset()
		return
	}
	o.taken, o.delivered, o.ended, o.own = 0, 0, false, -1
	clear(o.morsels)
	o.base.reset()
}

func (o *spreadOp) close() error {
	o.stop()
	err := closeAll(o.base, o.chain)
	for _, h := range o.helpers {
		if cerr := closeAll(append(h.x.extra, h.chain)...); err == nil {
			err = cerr
		}
		for _, f := range h.x.files {
			if cerr := f.close(); err == nil {
				err = cerr
			}
		}
		h.x.budget.release()
	}
	return err
}
