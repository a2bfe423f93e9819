package exec

import (
	"context"

	"nettwin/graph"
	"nettwin/sparql/plan"
)

// access is how a scan finds the triples for solutions that bind the same
// positions of its pattern.
type access struct {
	order   graph.Order
	pattern graph.Pattern // the constants that lead the order
	keys    []keyPart     // what is sought after them
	consts  []constCheck
	rows    []rowCheck
	same    [][2]int // positions that must be equal
	outs    []outColumn
	graphs  map[graph.TermID]bool // if not nil, only these
	named   bool                  // not the default graph
	merge   bool                  // each triple once
	single  bool                  // one key, and a row says by itself whether it matches
}

// keyPart is a position with the slot that gives its value, or a constant.
type keyPart struct {
	pos, slot int
	id        graph.TermID
}

type constCheck struct {
	pos int
	id  graph.TermID
}

type rowCheck struct{ pos, slot int }

type outColumn struct{ pos, slot int }

// pattern4 is a pattern as slots and ids of all four positions.
type pattern4 struct {
	slots [4]int
	ids   [4]graph.TermID
	plan.Graph
}

func newPattern4(s, p, o plan.Place, g plan.Graph) pattern4 {
	out := pattern4{
		slots: [4]int{s.Slot, p.Slot, o.Slot, -1},
		ids:   [4]graph.TermID{s.ID, p.ID, o.ID, graph.None},
		Graph: g,
	}
	switch g.Kind {
	case plan.GraphOne:
		out.ids[graph.G] = g.IDs[0]
	case plan.GraphVar:
		out.slots[graph.G] = g.Slot
	}
	return out
}

// positionWeight ranks how much a fixed position narrows a scan down.
var positionWeight = [4]int{graph.S: 16, graph.O: 12, graph.P: 6, graph.G: 2}

// newAccess makes the access for solutions that bind the positions of mask
// (bit 1<<position). first is the order for solutions that bind none.
func newAccess(p pattern4, mask uint8, first graph.Order, need plan.Set) *access {
	a := &access{merge: p.Kind == plan.GraphAll || p.Kind == plan.GraphSome}
	fixed := func(pos int) bool { return p.slots[pos] < 0 && p.ids[pos] != graph.None || mask>>pos&1 == 1 }
	a.order = first
	if mask != 0 {
		a.order = bestOrder(fixed, func(pos int) bool { return p.ids[pos] != graph.None }, a.merge)
	}
	a.placePositions(p, mask, fixed)
	a.limitGraphs(p)
	var bound plan.Set
	for pos, slot := range p.slots {
		if slot < 0 || mask>>pos&1 == 1 {
			continue
		}
		if before := firstWith(p, slot, pos, mask); before >= 0 {
			a.same = append(a.same, [2]int{before, pos})
			continue
		}
		if need.Has(slot) && !bound.Has(slot) {
			a.outs = append(a.outs, outColumn{pos, slot})
		}
	}
	a.single = len(a.keys) == 1 && a.keys[0].slot >= 0 && len(a.rows) == 0 && len(a.same) == 0 &&
		a.graphs == nil && !a.named && !a.merge
	return a
}

// firstWith returns an earlier free position with the same slot, or -1.
func firstWith(p pattern4, slot, pos int, mask uint8) int {
	for i := range pos {
		if p.slots[i] == slot && mask>>i&1 == 0 {
			return i
		}
	}
	return -1
}

func bestOrder(fixed, constant func(pos int) bool, merge bool) graph.Order {
	best, bestScore := graph.SPOG, -1
	for o := range graph.NumOrders {
		if merge && o == graph.GPSO {
			continue // repetitions of a triple must be neighbours
		}
		score, leading := 0, true
		for _, pos := range o.Positions() {
			if !fixed(pos) {
				break
			}
			score += positionWeight[pos] * 8
			if leading = leading && constant(pos); leading {
				score++
			}
		}
		if score > bestScore {
			best, bestScore = o, score
		}
	}
	return best
}

// placePositions decides for each fixed position whether it is part of the
// cursor's pattern, of the key or a check.
func (a *access) placePositions(p pattern4, mask uint8, fixed func(int) bool) {
	leading, prefix := true, true
	for _, pos := range a.order.Positions() {
		if prefix = prefix && fixed(pos); !prefix {
			switch {
			case mask>>pos&1 == 1:
				a.rows = append(a.rows, rowCheck{pos, p.slots[pos]})
			case p.slots[pos] < 0 && p.ids[pos] != graph.None:
				a.consts = append(a.consts, constCheck{pos, p.ids[pos]})
			}
			continue
		}
		isConst := p.slots[pos] < 0
		if leading = leading && isConst; leading {
			a.pattern[pos] = p.ids[pos]
			continue
		}
		slot := p.slots[pos]
		if isConst {
			slot = -1
		}
		a.keys = append(a.keys, keyPart{pos, slot, p.ids[pos]})
	}
}

func (a *access) limitGraphs(p pattern4) {
	a.named = p.Kind == plan.GraphVar
	if p.Kind == plan.GraphSome || p.Kind == plan.GraphVar && p.Limited {
		a.graphs = map[graph.TermID]bool{}
		for _, id := range p.IDs {
			a.graphs[id] = true
		}
	}
}

// plain tells whether every row under a key matches, whatever the solution.
func (a *access) plain() bool {
	return len(a.consts) == 0 && len(a.same) == 0 && a.graphs == nil && !a.named && !a.merge
}

// finder walks the rows of a source under ascending keys.
type finder struct {
	src    graph.Source
	a      *access
	cursor graph.Cursor
	seg    *graph.Chunk // the cursor's current chunk, nil before the first
	at     int          // the next row of seg
	end    bool         // the cursor has no more
	key    []graph.TermID
	placed bool // key has been sought on this cursor
	hits   int  // keys found in seg
	last   [3]graph.TermID
}

func newFinder(src graph.Source, a *access) *finder {
	return &finder{src: src, a: a, key: make([]graph.TermID, len(a.keys))}
}

func (f *finder) close() error {
	if f.cursor == nil {
		return nil
	}
	err := f.cursor.Close()
	f.cursor = nil
	return err
}

func (f *finder) open() (err error) {
	if err := f.close(); err != nil {
		return err
	}
	f.seg, f.at, f.end, f.placed, f.hits = nil, 0, false, false, 0
	f.last = [3]graph.TermID{}
	f.cursor, err = f.src.Scan(f.a.pattern, f.a.order)
	return err
}

// compare compares row i of the segment with the key.
func (f *finder) compare(i int) int {
	for k, part := range f.a.keys {
		if v := f.seg.Cols[part.pos][i]; v != f.key[k] {
			if v < f.key[k] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// find goes to the first row whose key is not less than key.
func (f *finder) find(ctx context.Context, key []graph.TermID) error {
	if f.cursor == nil || !f.ahead(key) {
		if err := f.open(); err != nil {
			return err
		}
	}
	copy(f.key, key)
	if len(key) == 0 {
		return nil
	}
	for !f.end {
		if f.seg != nil && f.at < f.seg.Len() && f.compare(f.seg.Len()-1) >= 0 {
			f.at = f.lowerBound(f.at)
			f.hits++
			return nil
		}
		if err := f.advance(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ahead tells whether key lies behind the last one, so that the cursor need
// not begin again.
func (f *finder) ahead(key []graph.TermID) bool {
	if len(key) == 0 || !f.placed {
		return !f.placed && f.seg == nil && !f.end
	}
	for i, id := range key {
		if id != f.key[i] {
			return id > f.key[i]
		}
	}
	return false
}

// denseShare: where at least one row in so many was looked for, the next
// chunk is read, and otherwise the key is sought.
const denseShare = 16

// advance moves on when the segment has no row for the key: to the next chunk
// where keys lie close together, else by seeking.
func (f *finder) advance(ctx context.Context) (err error) {
	dense := f.seg != nil && f.hits*denseShare >= f.seg.Len()
	if !f.placed || !dense {
		if err := f.cursor.Seek(f.key...); err != nil {
			return err
		}
		f.placed = true
	}
	return f.next(ctx)
}

func (f *finder) next(ctx context.Context) (err error) {
	f.seg, err = f.cursor.Next(ctx)
	f.at, f.hits = 0, 0
	f.end = f.seg == nil
	return err
}

// lowerBound returns the first row from on whose key is not less than the key
// sought; the last row's is not. It looks near from first.
func (f *finder) lowerBound(from int) int {
	lo, step := from, 1
	hi := from
	for hi < f.seg.Len() && f.compare(hi) < 0 {
		lo = hi + 1
		hi += step
		step *= 2
	}
	hi = min(hi, f.seg.Len())
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); f.compare(mid) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// upperBound returns the first row from on whose key is greater.
func (f *finder) upperBound(from int) int {
	if len(f.key) == 0 {
		return f.seg.Len()
	}
	lo, hi, step := from, from, 1
	for hi < f.seg.Len() && f.compare(hi) <= 0 {
		lo = hi + 1
		hi += step
		step *= 2
	}
	hi = min(hi, f.seg.Len())
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); f.compare(mid) <= 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// run returns the next rows of the segment that have the key sought, as
// [lo, hi); none at the end.
func (f *finder) run(ctx context.Context) (lo, hi int, err error) {
	if f.end {
		return 0, 0, nil
	}
	if f.seg == nil || f.at >= f.seg.Len() {
		if err := f.next(ctx); err != nil || f.end {
			return 0, 0, err
		}
	}
	lo = f.at
	if len(f.key) > 0 && f.compare(lo) != 0 {
		return lo, lo, nil
	}
	f.at = f.upperBound(lo)
	return lo, f.at, nil
}

// selectRows appends to sel the rows of [lo, hi) that pass the checks that do
// not depend on a solution.
func (f *finder) selectRows(sel []int32, lo, hi int) []int32 {
	cols := &f.seg.Cols
rows:
	for i := lo; i < hi; i++ {
		for _, c := range f.a.consts {
			if cols[c.pos][i] != c.id {
				continue rows
			}
		}
		for _, s := range f.a.same {
			if cols[s[0]][i] != cols[s[1]][i] {
				continue rows
			}
		}
		g := cols[graph.G][i]
		if f.a.named && g == graph.DefaultGraph || f.a.graphs != nil && !f.a.graphs[g] {
			continue
		}
		if f.a.merge {
			t := [3]graph.TermID{cols[graph.S][i], cols[graph.P][i], cols[graph.O][i]}
			if t == f.last {
				continue
			}
			f.last = t
		}
		sel = append(sel, int32(i))
	}
	return sel
}
