package plan

import (
	"context"
	"math"

	"nettwin/sparql/expr"
)

const (
	// barRows is about how many solutions a sort keeps before it knows which
	// ones cannot be among the first.
	barRows = 4096
	// barGain is by how much a bar must be better than none: where values
	// happen to come in the order of the sort, it lets all pass.
	barGain = 0.5
)

// tellTop tells the sort below a slice how many solutions are asked of it.
func (l *slice) tellTop() {
	below := l.in
	if project, ok := below.(*project); ok {
		below = project.in
	}
	if sort, ok := below.(*orderBy); ok && l.limit >= 0 && l.offset <= math.MaxInt64-l.limit {
		sort.top = l.offset + l.limit
	}
}

// bar plans the group below a sort of few in another way, and takes it if that
// costs much less: the pattern that binds the first condition comes first, and
// only what the sort may keep is joined with the others.
func (p *planner) bar(ctx context.Context, l *orderBy, sort *OrderBy) error {
	g, ok := l.in.(*group)
	name, mere := sort.Conditions[0].Expr.X.(*expr.Var)
	if !ok || !mere || l.top <= 0 || len(g.units) < 2 {
		return nil
	}
	slot, ok := sort.Conditions[0].Expr.Slots[name.Name]
	if !ok {
		return nil
	}
	barred, err := p.groupFrom(ctx, g, nil, &barring{sort: sort, slot: slot, top: float64(l.top), rows: sort.In.About().Rows})
	if err != nil || barred == nil {
		return err
	}
	if p.guess(barred.About().Cost) < barGain*sort.In.About().Cost {
		barred.About().Rows = sort.In.About().Rows
		sort.In = barred
	}
	return nil
}

// barring is how a group is joined under a sort of few.
type barring struct {
	sort *OrderBy
	slot int
	top  float64
	rows float64 // of the whole group
}

// first returns the number of the triple pattern with fewest rows that binds
// the slot; false if none does.
func (b *barring) first(o *ordering) (best int, ok bool) {
	for i, it := range o.items {
		if isQuad(it.unit) && it.unit.vars().certain.Has(b.slot) && (!ok || it.base < o.items[best].base) {
			best, ok = i, true
		}
	}
	return best, ok
}

// over puts the bar on top of the first pattern. Of n values in no order, those
// that are among the top ones so far are about top·ln(n/top).
func (b *barring) over(in Node) Node {
	i := in.About()
	share := min(1, max(b.rows/max(i.Rows, 1), 1e-9)) // of its rows that the others leave
	pass := (2*b.top+barRows)/share + b.top/share*math.Log(max(i.Rows*share/b.top, 1))
	return &Bar{In: in, Of: b.sort, Info: Info{
		Rows: min(pass, i.Rows), Cost: i.Cost + i.Rows*emitCost, Certain: i.Certain, Maybe: i.Maybe,
	}}
}
