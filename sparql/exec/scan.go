package exec

import (
	"context"
	"slices"

	"nettwin/graph"
	"nettwin/sparql/plan"
)

// scanOp extends each solution of its input by the matching triples. It takes
// the solutions of a chunk in the order of their keys, so that one cursor goes
// forward through an index for all of them.
type scanOp struct {
	x       *execution
	n       *plan.Scan
	in      op
	pattern pattern4
	certain plan.Set // slots that all solutions of the input bind
	paths   [16]*finder
	out     *buffer
	outRows []int32 // for each row of out, the row of the input
	limit   int     // rows of the next chunk

	// The input chunk, and its rows by which positions they bind.
	from    *chunk
	masks   []maskRows
	pass    []int // slots that are copied from the input
	f       *finder
	rows    []int32
	keys    []graph.TermID // of rows, in their order
	group   [2]int         // rows under the key being sought
	seeking bool

	// The matches at hand and how far they are used.
	running bool
	lo, hi  int
	sel     []int32
	all     bool // the matches are [lo, hi), not sel
	row, at int

	near []int32 // scratch: rows of the segment
}

type maskRows struct {
	mask uint8
	rows []int32
}

// firstLimit is the size of the first chunk of a scan, so that a query that
// needs few rows reads few.
const firstLimit = 64

func (x *execution) newScan(n *plan.Scan, in op) op {
	o := &scanOp{x: x, n: n, in: in, pattern: newPattern4(n.S, n.P, n.O, n.Graph)}
	i := n.In.About()
	o.certain = i.Certain
	o.out = x.newBuffer()
	o.limit = min(firstLimit, x.chunkRows)
	return o
}

func (o *scanOp) reset() {
	o.in.reset()
	o.from, o.masks, o.rows, o.seeking, o.running = nil, nil, nil, false, false
	o.group = [2]int{}
}

func (o *scanOp) close() error {
	err := o.in.close()
	for _, f := range o.paths {
		if f != nil {
			if cerr := f.close(); err == nil {
				err = cerr
			}
		}
	}
	return err
}

func (o *scanOp) next(ctx context.Context) (*chunk, error) {
	for {
		if o.from == nil || o.group[1] == len(o.rows) && !o.seeking && !o.running {
			more, err := o.nextRows(ctx)
			if err != nil || !more {
				return nil, err
			}
		}
		if err := o.fill(ctx); err != nil {
			return nil, err
		}
		if o.out.n > 0 {
			o.limit = min(o.limit*4, o.x.chunkRows)
			return o.finish(), nil
		}
	}
}

// nextRows takes the next solutions that bind the same positions.
func (o *scanOp) nextRows(ctx context.Context) (bool, error) {
	for len(o.masks) == 0 {
		in, err := o.in.next(ctx)
		if err != nil || in == nil {
			return false, err
		}
		o.from = in
		o.split()
	}
	next := o.masks[0]
	o.masks = o.masks[1:]
	if o.paths[next.mask] == nil {
		o.paths[next.mask] = newFinder(o.x.src, newAccess(o.pattern, next.mask, o.n.Order, o.n.Out))
	}
	o.f, o.rows = o.paths[next.mask], next.rows
	o.group = [2]int{}
	o.sortRows()
	o.pass = o.pass[:0]
	for _, slot := range o.n.Out.Intersect(o.n.In.About().Maybe).Slots() {
		if !slices.ContainsFunc(o.f.a.outs, func(c outColumn) bool { return c.slot == slot }) {
			o.pass = append(o.pass, slot)
		}
	}
	return true, nil
}

// split sorts the rows of the input by the positions that they bind.
func (o *scanOp) split() {
	var mask uint8
	mixed := false
	for pos, slot := range o.pattern.slots {
		if slot < 0 || o.from.cols[slot] == nil {
			continue
		}
		mask |= 1 << pos
		mixed = mixed || !o.certain.Has(slot)
	}
	all := make([]int32, o.from.n)
	for i := range all {
		all[i] = int32(i)
	}
	if !mixed {
		o.masks = append(o.masks, maskRows{mask, all})
		return
	}
	var by [16][]int32
	for i := range all {
		m := mask
		for pos, slot := range o.pattern.slots {
			if m>>pos&1 == 1 && o.from.cols[slot][i] == graph.None {
				m &^= 1 << pos
			}
		}
		by[m] = append(by[m], int32(i))
	}
	for m, rows := range by {
		if len(rows) > 0 {
			o.masks = append(o.masks, maskRows{uint8(m), rows})
		}
	}
}

// sortRows puts rows in the order of their keys.
func (o *scanOp) sortRows() {
	parts := o.f.a.keys
	if len(parts) == 0 {
		return
	}
	o.keys = o.keys[:0]
	if len(parts) == 1 {
		o.sortByOne(o.from.cols[parts[0].slot])
		return
	}
	slices.SortFunc(o.rows, func(a, b int32) int {
		for _, p := range parts {
			if p.slot < 0 {
				continue
			}
			col := o.from.cols[p.slot]
			if x, y := col[a], col[b]; x != y {
				if x < y {
					return -1
				}
				return 1
			}
		}
		return int(a - b)
	})
	for _, r := range o.rows {
		for _, p := range parts {
			id := p.id
			if p.slot >= 0 {
				id = o.from.cols[p.slot][r]
			}
			o.keys = append(o.keys, id)
		}
	}
}

type keyRow struct {
	key graph.TermID
	row int32
}

func (o *scanOp) sortByOne(col []graph.TermID) {
	sorted := true
	var last graph.TermID
	for _, r := range o.rows {
		if col[r] < last {
			sorted = false
			break
		}
		last = col[r]
	}
	if sorted {
		for _, r := range o.rows {
			o.keys = append(o.keys, col[r])
		}
		return
	}
	pairs := make([]keyRow, len(o.rows))
	for i, r := range o.rows {
		pairs[i] = keyRow{col[r], r}
	}
	slices.SortFunc(pairs, func(a, b keyRow) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return int(a.row - b.row)
	})
	for i, p := range pairs {
		o.rows[i] = p.row
		o.keys = append(o.keys, p.key)
	}
}

func (o *scanOp) keyOf(i int) []graph.TermID {
	w := len(o.f.a.keys)
	if w == 0 {
		return nil
	}
	return o.keys[i*w : (i+1)*w]
}

// fill makes rows until the chunk is full or the solutions at hand are used.
func (o *scanOp) fill(ctx context.Context) error {
	o.out.clear()
	for o.out.n < o.limit {
		if o.running {
			o.emit()
			continue
		}
		if !o.seeking {
			if o.f.a.single && !o.n.First {
				o.fillNear()
			}
			if o.group[1] == len(o.rows) || o.out.n >= o.limit {
				return nil
			}
			if err := o.nextGroup(ctx); err != nil {
				return err
			}
		}
		lo, hi, err := o.f.run(ctx)
		if err != nil {
			return err
		}
		if lo == hi {
			o.seeking = false
			continue
		}
		o.match(lo, hi)
	}
	return nil
}

// fillNear makes rows for as many of the next keys as have all their matches
// within the segment at hand, in one pass over both.
func (o *scanOp) fillNear() {
	f := o.f
	if f.seg == nil || f.end || !f.placed {
		return
	}
	cols := &f.seg.Cols
	col := cols[f.a.keys[0].pos][:f.seg.Len()]
	last := col[len(col)-1]
	rows, near := sized(&o.outRows, o.limit), sized(&o.near, o.limit)
	start, n := o.out.n, o.out.n
	g := o.group[1]
	for g < len(o.rows) && n < o.limit {
		key := o.keys[g]
		if key >= last || key <= f.key[0] {
			break // the next segment may have matches too, or they lie behind
		}
		to := g + 1
		for to < len(o.rows) && o.keys[to] == key {
			to++
		}
		lo := ascend(col, f.at, key)
		hi := lo
		for hi < len(col) && col[hi] == key {
			hi++
		}
		if n+(to-g)*(hi-lo) > o.limit {
			break
		}
		f.key[0], f.at = key, hi
		f.hits++
		for ; g < to; g++ {
		match:
			for i := lo; i < hi; i++ {
				for _, c := range f.a.consts {
					if cols[c.pos][i] != c.id {
						continue match
					}
				}
				rows[n], near[n] = o.rows[g], int32(i)
				n++
			}
		}
	}
	o.group = [2]int{g, g}
	if n == start {
		return
	}
	for _, c := range f.a.outs {
		gather(o.out.column(c.slot, n)[start:], cols[c.pos], near[start:n])
	}
	o.out.n = n
}

// ascend returns the first place from at on whose id is not less than key, in
// a sorted column. It looks near at first.
func ascend(col []graph.TermID, at int, key graph.TermID) int {
	step := 1
	for at < len(col) && col[at] < key {
		if at+step < len(col) && col[at+step] < key {
			at += step
			step *= 2
			continue
		}
		if step == 1 {
			return at + 1
		}
		step = 1
		at++
	}
	return at
}

// nextGroup goes to the next solutions with one key.
func (o *scanOp) nextGroup(ctx context.Context) error {
	from := o.group[1]
	key := o.keyOf(from)
	to := from + 1
	if len(key) == 0 {
		to = len(o.rows)
	}
	for to < len(o.rows) && slices.Equal(o.keyOf(to), key) {
		to++
	}
	o.group = [2]int{from, to}
	o.seeking = true
	return o.f.find(ctx, key)
}

// match takes the rows [lo, hi) of the segment that pass the checks.
func (o *scanOp) match(lo, hi int) {
	o.lo, o.hi, o.all = lo, hi, o.f.a.plain()
	if !o.all {
		o.sel = o.f.selectRows(o.sel[:0], lo, hi)
		if len(o.sel) == 0 {
			return
		}
	}
	o.running, o.row, o.at = true, o.group[0], 0
}

// emit joins a solution with matches, as many as there is room for.
func (o *scanOp) emit() {
	if o.row == o.group[1] {
		o.running = false
		return
	}
	total := o.hi - o.lo
	if !o.all {
		total = len(o.sel)
	}
	row := o.rows[o.row]
	if len(o.f.a.rows) > 0 {
		o.emitChecked(row, total)
		return
	}
	if o.n.First {
		total = 1
	}
	k := min(o.limit-o.out.n, total-o.at)
	for _, c := range o.f.a.outs {
		dst := o.out.column(c.slot, o.out.n+k)[o.out.n:]
		src := o.f.seg.Cols[c.pos]
		if o.all {
			copy(dst, src[o.lo+o.at:])
		} else {
			gather(dst, src, o.sel[o.at:o.at+k])
		}
	}
	rows := sized(&o.outRows, o.out.n+k)[o.out.n:]
	for i := range rows {
		rows[i] = row
	}
	o.out.n += k
	o.at += k
	o.nextIfDone(total)
}

// emitChecked is emit with checks that depend on the solution.
func (o *scanOp) emitChecked(row int32, total int) {
	cols := &o.f.seg.Cols
match:
	for ; o.at < total && o.out.n < o.limit; o.at++ {
		i := o.lo + o.at
		if !o.all {
			i = int(o.sel[o.at])
		}
		for _, c := range o.f.a.rows {
			if cols[c.pos][i] != o.from.cols[c.slot][row] {
				continue match
			}
		}
		for _, c := range o.f.a.outs {
			o.out.column(c.slot, o.out.n+1)[o.out.n] = cols[c.pos][i]
		}
		sized(&o.outRows, o.out.n+1)[o.out.n] = row
		o.out.n++
	}
	o.nextIfDone(total)
}

// nextIfDone goes to the next solution of the group when this one has all its
// matches, and past the key when one match is enough.
func (o *scanOp) nextIfDone(total int) {
	if o.at < total {
		return
	}
	o.at = 0
	if o.row++; o.row == o.group[1] {
		o.running = false
		if o.n.First && len(o.f.a.rows) == 0 {
			o.seeking = false
		}
	}
}

// finish adds the columns of the input.
func (o *scanOp) finish() *chunk {
	for _, c := range o.f.a.outs {
		o.out.cols[c.slot] = o.out.column(c.slot, o.out.n)
	}
	for _, slot := range o.pass {
		o.out.take(slot, o.from.cols[slot], o.outRows[:o.out.n])
	}
	return &o.out.chunk
}
