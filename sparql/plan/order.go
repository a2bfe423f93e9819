package plan

import (
	"context"
	"fmt"
	"math"

	"nettwin/graph"
	"nettwin/sparql/algebra"
)

// item is a unit of a group while the group is ordered.
type item struct {
	unit logical
	node Node // planned by itself; nil for quads and paths, and under a seed

	// Quads and paths.
	places  [3]Place
	graph   Graph
	pattern graph.Pattern   // the constants
	base    float64         // rows of the pattern by itself
	kinds   map[int]float64 // distinct values by position
	domains map[int]float64 // those of the predicate
}

// ordering is a group while its units are joined, one after another.
type ordering struct {
	p       *planner
	items   []*item
	pending []*Expr // filters not placed yet
	seed    *Seed
	node    Node            // what is joined so far
	kinds   map[int]float64 // distinct values of its slots, estimated
	domains map[int]float64 // those of the predicates that bound them
	sorted  int             // slot by which it is sorted; -1: none
	key     int             // slot that a scan from nothing should be sorted by
	bar     *barring        // nil: no sort of few
}

// group joins the units of a group in an order that keeps intermediate
// results small: the smallest first, then always the one that leaves fewest
// solutions among those that share a slot with what is joined already.
func (p *planner) group(ctx context.Context, g *group, seed *Seed) (Node, error) {
	return p.groupFrom(ctx, g, seed, nil)
}

// groupFrom is group, under a sort of few if bar is not nil; then the result is
// nil if there is no pattern to begin with.
func (p *planner) groupFrom(ctx context.Context, g *group, seed *Seed, bar *barring) (Node, error) {
	o := &ordering{p: p, seed: seed, bar: bar, pending: g.filters, kinds: map[int]float64{}, domains: map[int]float64{}, sorted: -1}
	for _, u := range g.units {
		it, err := p.item(ctx, u, seed)
		if err != nil {
			return nil, err
		}
		if it.node != nil && isEmpty(it.node) || it.base == 0 && isQuad(u) {
			return newEmpty(g, seed), nil
		}
		o.items = append(o.items, it)
	}
	if err := o.start(ctx); err != nil || o.node == nil {
		return nil, err
	}
	for {
		if err := o.placeFilters(ctx); err != nil || len(o.items) == 0 || isEmpty(o.node) {
			if err == nil && isEmpty(o.node) {
				return newEmpty(g, seed), nil
			}
			return o.node, err
		}
		next, err := o.choose(ctx)
		if err != nil {
			return nil, err
		}
		it := o.items[next]
		o.items = append(o.items[:next], o.items[next+1:]...)
		if err := o.join(ctx, it); err != nil {
			return nil, err
		}
	}
}

func isService(l logical) bool {
	_, ok := l.(*service)
	return ok
}

func isQuad(l logical) bool {
	_, ok := l.(*quad)
	return ok
}

func (p *planner) item(ctx context.Context, u logical, seed *Seed) (*item, error) {
	it := &item{unit: u, kinds: map[int]float64{}, domains: map[int]float64{}}
	var err error
	switch u := u.(type) {
	case *quad:
		if it.graph, err = p.graph(u.graph); err != nil {
			return nil, err
		}
		known := true
		for i, at := range u.pos {
			if it.places[i], err = p.place(at); err != nil {
				return nil, err
			}
			it.pattern[i] = it.places[i].ID
			known = known && (at.IsVar() || it.places[i].ID != graph.None)
		}
		if known { // else no triple has that term
			it.base, err = p.rows(it.pattern, it.graph)
		}
	case *path:
		if it.places[0], err = p.place(u.s); err != nil {
			return nil, err
		}
		if it.places[2], err = p.place(u.o); err != nil {
			return nil, err
		}
		it.places[1] = Place{Slot: -1}
		it.graph, err = p.graph(u.graph)
	case *names:
		it.node, err = p.names(u)
	case *values:
		it.node = newValues(u)
	case *foreign:
		it.node = p.foreign(u)
	case *service: // asked for what the others leave open
	default:
		if seed == nil {
			it.node, err = p.plan(ctx, u, nil)
		}
	}
	return it, err
}

func newValues(v *values) Node {
	out := &Values{Slots: v.slots, Rows: v.rows}
	out.Info = Info{Rows: float64(len(v.rows)), Certain: v.certain, Maybe: v.maybe}
	if len(v.rows) == 0 {
		return &Empty{Info{Certain: v.certain, Maybe: v.maybe}}
	}
	return out
}

func (p *planner) names(n *names) (Node, error) {
	g, err := p.graph(graphSpec{kind: graphVar, slot: n.slot})
	if err != nil {
		return nil, err
	}
	rows := float64(len(p.named))
	if !p.limited {
		if rows, err = p.distinctGraphs(); err != nil {
			return nil, err
		}
	}
	s := setOf(n.slot)
	return &Names{Info: Info{Rows: rows, Cost: rows * seekCost, Certain: s, Maybe: s}, Slot: n.slot, Graph: g}, nil
}

// start puts the first unit in place: the seed if there is one, else the one
// that first found.
func (o *ordering) start(ctx context.Context) error {
	if o.seed != nil {
		o.node = o.seed
		return nil
	}
	if len(o.items) == 0 {
		o.node = newUnit()
		return nil
	}
	best, err := 0, error(nil)
	if o.bar == nil {
		best, err = o.first(ctx)
	} else if first, ok := o.bar.first(o); ok {
		best = first
	} else {
		return nil
	}
	if err != nil {
		return err
	}
	it := o.items[best]
	o.items = append(o.items[:best:best], o.items[best+1:]...)
	o.key = o.joinKey(it)
	o.node = newUnit()
	if it.node != nil {
		o.node = it.node
		for _, slot := range it.node.About().Maybe.Slots() {
			o.kinds[slot] = it.node.About().Rows
		}
		return nil
	}
	if err := o.join(ctx, it); err != nil || o.bar == nil || isEmpty(o.node) {
		return err
	}
	o.node = o.bar.over(o.node)
	for slot, n := range o.kinds {
		o.kinds[slot] = min(n, o.node.About().Rows)
	}
	return nil
}

// alone estimates the solutions of a unit by itself.
func (it *item) alone() float64 {
	switch {
	case it.node != nil:
		return it.node.About().Rows
	case isQuad(it.unit):
		return it.base
	case isService(it.unit):
		return math.Inf(1)
	case it.graph.Kind != GraphVar && (it.places[0].Slot < 0 || it.places[2].Slot < 0):
		return pathReach
	}
	return math.Inf(1) // a path without a known end goes first only if nothing else can
}

func newUnit() Node { return &Unit{Info{Rows: 1}} }

// joinKey returns the slot of a unit that most other units have too.
func (o *ordering) joinKey(it *item) int {
	best, most := -1, 0
	for _, slot := range it.unit.vars().maybe.Slots() {
		n := 0
		for _, other := range o.items {
			if other.unit.vars().maybe.Has(slot) {
				n++
			}
		}
		if n > most {
			best, most = slot, n
		}
	}
	return best
}

// placeFilters puts those filters on top whose values later joins leave as
// they are.
func (o *ordering) placeFilters(ctx context.Context) error {
	var later Set
	for _, it := range o.items {
		later = later.Union(it.unit.vars().maybe)
	}
	info := o.node.About()
	now := &bound{certain: info.Certain, maybe: info.Maybe}
	var ready, rest []*Expr
	for _, f := range o.pending {
		if steady(f, now, later) {
			ready = append(ready, f)
		} else {
			rest = append(rest, f)
		}
	}
	o.pending = rest
	node, err := o.p.filterNode(ctx, o.node, ready...)
	o.node = node
	return err
}

// choose returns the number of the unit to join next.
func (o *ordering) choose(ctx context.Context) (int, error) {
	best, bestRows, bestLinked := -1, math.Inf(1), false
	for i, it := range o.items {
		if !o.knowsGraph(it) || !o.knowsEndpoint(it) {
			continue
		}
		linked := it.unit.vars().maybe.Meets(o.node.About().Maybe)
		rows, err := o.estimate(ctx, it)
		if err != nil {
			return 0, err
		}
		rows = o.p.guess(rows)
		linked = linked || rows <= o.node.About().Rows
		if best < 0 || linked && !bestLinked || linked == bestLinked && rows < bestRows {
			best, bestRows, bestLinked = i, rows, linked
		}
	}
	return best, nil
}

// estimate returns how many solutions joining a unit would leave.
func (o *ordering) estimate(ctx context.Context, it *item) (float64, error) {
	have := o.node.About()
	switch u := it.unit.(type) {
	case *quad:
		rows := have.Rows * it.base
		seen := Set(nil)
		for pos, slot := range it.slots() {
			if slot < 0 || !have.Maybe.Has(slot) && !seen.Has(slot) {
				seen = seen.Union(setOf(slot))
				continue
			}
			n, err := it.distinct(ctx, o.p, pos)
			if err != nil {
				return 0, err
			}
			domain, err := it.domain(ctx, o.p, pos)
			if err != nil {
				return 0, err
			}
			if known, ok := o.domains[slot]; ok {
				domain = min(domain, known)
			}
			rows /= max(n, domain, o.kinds[slot], 1)
		}
		return rows, nil
	case *path:
		return o.estimatePath(it), nil
	case *service:
		if u.endpoint.IsVar() {
			return math.MaxFloat64, nil // last, for others may bind the endpoint
		}
		return math.MaxFloat64 / 1.5, nil
	}
	if it.node == nil { // unknown until planned under the seed: last
		return math.MaxFloat64 / 2, nil
	}
	i := it.node.About()
	rows := have.Rows * i.Rows
	for _, slot := range i.Maybe.Intersect(have.Maybe).Slots() {
		rows /= max(o.kinds[slot], i.Rows, 1)
	}
	return rows, nil
}

func (o *ordering) estimatePath(it *item) float64 {
	rows, free := o.node.About().Rows, 0
	for _, end := range [2]Place{it.places[0], it.places[2]} {
		if end.Slot >= 0 && !o.node.About().Maybe.Has(end.Slot) {
			free++
		}
	}
	switch free {
	case 0:
		return rows * pathHitShare
	case 1:
		return rows * pathFanOut
	}
	return math.MaxFloat64 / 4
}

// knowsGraph tells whether what is joined so far binds the graph that a path
// is followed in. Its group has a unit that does.
func (o *ordering) knowsGraph(it *item) bool {
	if _, ok := it.unit.(*path); !ok || it.graph.Kind != GraphVar {
		return true
	}
	return o.node.About().Certain.Has(it.graph.Slot)
}

// knowsEndpoint tells whether nothing else can bind the endpoint that a
// service asks.
func (o *ordering) knowsEndpoint(it *item) bool {
	s, ok := it.unit.(*service)
	if !ok || !s.endpoint.IsVar() {
		return true
	}
	for _, other := range o.items {
		if !isService(other.unit) && other.unit.vars().maybe.Has(s.endpoint.Slot) {
			return false
		}
	}
	return true
}

// slots returns the slots of a quad's positions, -1 for constants.
func (it *item) slots() [4]int {
	out := [4]int{it.places[0].Slot, it.places[1].Slot, it.places[2].Slot, -1}
	if it.graph.Kind == GraphVar {
		out[graph.G] = it.graph.Slot
	}
	return out
}

func (it *item) distinct(ctx context.Context, p *planner, pos int) (float64, error) {
	if n, ok := it.kinds[pos]; ok {
		return n, nil
	}
	n, err := p.distinct(ctx, it.pattern, pos, it.graph, it.base)
	it.kinds[pos] = n
	return n, err
}

// domain estimates how many values a position has for the unit's predicate,
// whatever its other end is: what joins there meets the unit's own rows as
// often as they are a share of those.
func (it *item) domain(ctx context.Context, p *planner, pos int) (float64, error) {
	whole := graph.Pattern{graph.P: it.pattern[graph.P]}
	if whole == it.pattern || whole[graph.P] == graph.None || pos == graph.P || it.graph.Kind == GraphVar {
		return 0, nil
	}
	if n, ok := it.domains[pos]; ok {
		return n, nil
	}
	base, err := p.rows(whole, it.graph)
	if err != nil {
		return 0, err
	}
	n, err := p.distinct(ctx, whole, pos, it.graph, base)
	it.domains[pos] = n
	return n, err
}

// join joins a unit with what there is, by the cheapest method.
func (o *ordering) join(ctx context.Context, it *item) error {
	switch u := it.unit.(type) {
	case *quad:
		return o.joinQuad(ctx, it)
	case *path:
		return o.joinPath(it, u)
	case *service:
		return o.joinService(u)
	}
	if it.node == nil || o.applies(it) {
		node, err := o.p.apply(ctx, o.node, it.unit, false)
		o.node, o.sorted = node, -1
		return err
	}
	o.hashJoin(o.node, it.node)
	for _, slot := range it.node.About().Maybe.Slots() {
		o.know(slot, it.node.About().Rows)
	}
	return nil
}

// applies tells whether a pattern is better evaluated under the solutions so
// far than by itself.
func (o *ordering) applies(it *item) bool {
	switch it.unit.(type) {
	case *values, *names, *foreign:
		return false
	}
	have := o.node.About()
	return o.p.guess(it.node.About().Cost) > have.Rows*seekCost*4 && o.p.depth < maxDepth &&
		it.unit.vars().maybe.Meets(have.Maybe) && safeIn(it.unit, have.Maybe)
}

func (o *ordering) know(slot int, n float64) {
	if old, ok := o.kinds[slot]; ok {
		n = min(n, old)
	}
	o.kinds[slot] = min(n, max(o.node.About().Rows, 1))
}

// hashJoin joins independent inputs; the smaller is held in memory. Under a
// seed, what depends on it is never the one held.
func (o *ordering) hashJoin(l, r Node) {
	if o.seed == nil && o.p.guess(l.About().Rows) < r.About().Rows {
		l, r = r, l
	}
	if l != o.node {
		o.sorted = -1
	}
	i, ri := l.About(), r.About()
	out := &HashJoin{Probe: l, Build: r}
	out.Keys, out.Shared = keysOf(i, ri)
	rows := i.Rows * ri.Rows
	for _, slot := range append(out.Keys, out.Shared...) {
		rows /= max(o.kinds[slot], min(i.Rows, ri.Rows), 1)
	}
	out.Info = Info{
		Rows: rows, Cost: i.Cost + ri.Cost + hashCost(i.Rows, ri.Rows) + rows*emitCost,
		Certain: i.Certain.Union(ri.Certain), Maybe: i.Maybe.Union(ri.Maybe),
	}
	o.node = out
}

// joinQuad joins a triple pattern by seeking for each solution, or by a hash
// table where that is cheaper.
func (o *ordering) joinQuad(ctx context.Context, it *item) error {
	rows, err := o.estimate(ctx, it)
	if err != nil {
		return err
	}
	if done, err := o.intersect(ctx, it, rows); done || err != nil {
		return err
	}
	have := o.node.About()
	key, keyed := it.firstKey(have.Maybe)
	seek := scanJoinCost(have.Rows, it.base, keyed, keyed && key == o.sorted)
	hash := it.base*scanCost + hashCost(max(have.Rows, it.base), min(have.Rows, it.base))
	shared := it.unit.vars().maybe.Intersect(have.Maybe)
	if o.p.guess(hash) < seek && !shared.Empty() && shared.Within(have.Certain) && (o.seed == nil || it.base <= have.Rows) {
		o.hashJoin(o.node, o.scanAlone(it))
		o.node.About().Rows = rows
	} else {
		scan := &Scan{In: o.node, S: it.places[0], P: it.places[1], O: it.places[2], Graph: it.graph}
		scan.Order = o.p.scanOrder(it, o.key)
		scan.Info = Info{
			Rows: rows, Cost: have.Cost + seek + rows*emitCost,
			Certain: have.Certain.Union(it.unit.vars().certain), Maybe: have.Maybe.Union(it.unit.vars().maybe),
		}
		if _, first := o.node.(*Unit); first {
			o.sorted = it.slots()[scan.Order.Positions()[scan.Order.PrefixLen(it.patternIn())%4]]
		} else if !keyed || key != o.sorted {
			o.sorted = -1
		}
		o.node = scan
	}
	return o.learn(ctx, it)
}

// firstKey returns the slot by which a scan under solutions seeks first.
func (it *item) firstKey(have Set) (int, bool) {
	for _, pos := range [4]int{graph.S, graph.O, graph.P, graph.G} {
		if slot := it.slots()[pos]; slot >= 0 && have.Has(slot) {
			return slot, true
		}
	}
	return -1, false
}

// patternIn is the pattern of constants with the graph, if it is one.
func (it *item) patternIn() graph.Pattern {
	p := it.pattern
	if it.graph.Kind == GraphOne {
		p[graph.G] = it.graph.IDs[0]
	}
	return p
}

// scanOrder chooses the order of a scan that nothing is given to: one whose
// prefix covers the constants, and of those one that is sorted by key.
func (p *planner) scanOrder(it *item, key int) graph.Order {
	pattern := it.patternIn()
	best, bestScore := graph.SPOG, -1
	for o := range graph.NumOrders {
		if o == graph.GPSO && (it.graph.Kind == GraphAll || it.graph.Kind == GraphSome) {
			continue // repetitions of a triple must be neighbours
		}
		n := o.PrefixLen(pattern)
		score := 0
		positions := o.Positions()
		for _, pos := range positions[:n] {
			score += positionWeight[pos]
		}
		if n < 4 && key >= 0 && it.slots()[positions[n]] == key {
			score += keyWeight
		}
		if score > bestScore {
			best, bestScore = o, score
		}
	}
	return best
}

// positionWeight ranks what a constant in a position leaves over. Sorting by
// the key of the next join is worth reading other graphs' rows.
var positionWeight = [4]int{graph.S: 16, graph.O: 12, graph.P: 6, graph.G: 2}

const keyWeight = 3

func (o *ordering) joinPath(it *item, u *path) error {
	step, err := o.p.step(u.step)
	if err != nil {
		return err
	}
	have := o.node.About()
	out := &Path{In: o.node, S: it.places[0], O: it.places[2], Step: step, Zero: u.zero, Once: u.once, Named: u.named, Graph: it.graph}
	rows := min(o.estimatePath(it), have.Rows*1e6)
	out.Info = Info{
		Rows: rows, Cost: have.Cost + rows*seekCost,
		Certain: have.Certain.Union(u.certain), Maybe: have.Maybe.Union(u.maybe),
	}
	o.node, o.sorted = out, -1
	for _, slot := range u.maybe.Slots() {
		o.know(slot, rows)
	}
	return nil
}

// step resolves the constants of a path.
func (p *planner) step(s algebra.Path) (Step, error) {
	switch s := s.(type) {
	case *algebra.PathLink:
		id, err := p.id(s.IRI)
		return &LinkStep{ID: id}, err
	case *algebra.PathInverse:
		in, err := p.step(s.P)
		if err != nil {
			return nil, err
		}
		return inverse(in), nil
	case *algebra.PathSeq:
		l, r, err := p.steps(s.L, s.R)
		return &SeqStep{l, r}, err
	case *algebra.PathAlt:
		l, r, err := p.steps(s.L, s.R)
		return &AltStep{l, r}, err
	case *algebra.PathNegated:
		return p.negatedStep(s)
	case *algebra.PathZeroOrMore:
		in, err := p.step(s.P)
		return &RepeatStep{In: in, Zero: true}, err
	case *algebra.PathOneOrMore:
		in, err := p.step(s.P)
		return &RepeatStep{In: in}, err
	case *algebra.PathZeroOrOne:
		in, err := p.step(s.P)
		return &RepeatStep{In: in, Zero: true, Once: true}, err
	}
	return nil, fmt.Errorf("path %T has no plan", s)
}

func (p *planner) steps(l, r algebra.Path) (Step, Step, error) {
	left, err := p.step(l)
	if err != nil {
		return nil, nil, err
	}
	right, err := p.step(r)
	return left, right, err
}

func (p *planner) negatedStep(s *algebra.PathNegated) (Step, error) {
	forward, err := p.known(s.Forward)
	if err != nil {
		return nil, err
	}
	back, err := p.known(s.Inverse)
	if err != nil {
		return nil, err
	}
	f := &LinkStep{Not: true, IDs: forward}
	b := &LinkStep{Not: true, IDs: back, Inverse: true}
	switch {
	case s.HasForward && s.HasInverse:
		return &AltStep{f, b}, nil
	case s.HasInverse:
		return b, nil
	}
	return f, nil
}

// inverse turns a step around.
func inverse(s Step) Step {
	switch s := s.(type) {
	case *LinkStep:
		out := *s
		out.Inverse = !out.Inverse
		return &out
	case *SeqStep:
		return &SeqStep{inverse(s.R), inverse(s.L)}
	case *AltStep:
		return &AltStep{inverse(s.L), inverse(s.R)}
	case *RepeatStep:
		return &RepeatStep{In: inverse(s.In), Zero: s.Zero, Once: s.Once}
	}
	return s
}

// Reverse returns the step from its end to its start.
func Reverse(s Step) Step { return inverse(s) }
