package bulk

import (
	"math/bits"
	"slices"

	"nettwin/graph"
)

// batch is rows that are to be sorted together. Their codes are places in ids
// until sort.
type batch struct {
	rows  []row
	ids   []graph.TermID
	slots []uint32 // of ids, plus 1
}

func (b *batch) reset() {
	b.rows, b.ids = b.rows[:0], b.ids[:0]
	clear(b.slots)
}

// code returns the place of an id.
func (b *batch) code(id graph.TermID) uint32 {
	if 2*(len(b.ids)+1) > len(b.slots) {
		b.grow()
	}
	mask := uint32(len(b.slots) - 1)
	i := hashID(id) & mask
	for ; b.slots[i] != 0; i = (i + 1) & mask {
		if b.ids[b.slots[i]-1] == id {
			return b.slots[i] - 1
		}
	}
	b.ids = append(b.ids, id)
	b.slots[i] = uint32(len(b.ids))
	return uint32(len(b.ids) - 1)
}

func (b *batch) grow() {
	b.slots = make([]uint32, max(1<<10, 2*len(b.slots)))
	b.index()
}

// index fills the slots, which are empty.
func (b *batch) index() {
	if len(b.slots) == 0 {
		return
	}
	mask := uint32(len(b.slots) - 1)
	for k, id := range b.ids {
		i := hashID(id) & mask
		for b.slots[i] != 0 {
			i = (i + 1) & mask
		}
		b.slots[i] = uint32(k + 1)
	}
}

// add adds rows whose codes are places in ids.
func (b *batch) add(rows []row, ids []graph.TermID, codes []uint32) []uint32 {
	codes = codes[:0]
	for _, id := range ids {
		codes = append(codes, b.code(id))
	}
	b.room(len(rows))
	for i := range rows {
		r := &rows[i]
		b.rows = append(b.rows, row{codes[r[0]], codes[r[1]], codes[r[2]], codes[r[3]]})
	}
	return codes
}

// room makes room for rows, for at least twice as many as there are, so that
// little is copied.
func (b *batch) room(rows int) {
	if n := len(b.rows) + rows; n > cap(b.rows) {
		b.rows = append(make([]row, 0, max(n, 2*cap(b.rows))), b.rows...)
	}
	if len(b.ids) == cap(b.ids) {
		b.ids = slices.Grow(b.ids, len(b.ids)+1)
	}
}

// addIDs adds rows of ids, given as columns by position.
func (b *batch) addIDs(cols *[4][]graph.TermID) {
	b.room(len(cols[0]))
	for i := range cols[0] {
		b.rows = append(b.rows, row{b.code(cols[0][i]), b.code(cols[1][i]), b.code(cols[2][i]), b.code(cols[3][i])})
	}
}

// ranked is an id and its place.
type ranked struct {
	id graph.TermID
	at uint32
}

// sorted is a batch sorted by SPOG, and room to derive other orders.
type sorted struct {
	rows   []row // in SPOG, without repetitions
	tables [4][]graph.TermID
	b, c   []row
}

// sort makes codes ranks (I1), sorts by SPOG and drops repetitions. The batch
// is used up; scratch is taken over and may be empty.
func (b *batch) sort(scratch *sorted) *sorted {
	s := scratch
	order := b.order()
	used := make([]uint8, len(b.ids))
	for i := range b.rows {
		r := &b.rows[i]
		used[r[0]] |= 1
		used[r[1]] |= 2
		used[r[2]] |= 4
		used[r[3]] |= 8
	}
	var ranks [4][]uint32
	for pos := range ranks {
		ranks[pos] = make([]uint32, len(b.ids))
		s.tables[pos] = s.tables[pos][:0]
		for _, o := range order {
			if used[o.at]>>pos&1 == 0 {
				continue
			}
			n := len(s.tables[pos])
			if n == 0 || s.tables[pos][n-1] != o.id { // two places may have got one id
				s.tables[pos] = append(s.tables[pos], o.id)
				n++
			}
			ranks[pos][o.at] = uint32(n - 1)
		}
	}
	for i := range b.rows {
		r := &b.rows[i]
		r[0], r[1], r[2], r[3] = ranks[0][r[0]], ranks[1][r[1]], ranks[2][r[2]], ranks[3][r[3]]
	}
	s.b = slices.Grow(s.b[:0], len(b.rows))[:len(b.rows)]
	s.rows = s.by(b.rows, s.b, b.rows, graph.G, graph.O, graph.P, graph.S)
	if &s.rows[0] == &s.b[0] {
		s.b = b.rows
	}
	s.rows = slices.Compact(s.rows)
	b.rows = nil
	return s
}

// order sorts the ids.
func (b *batch) order() []ranked {
	in, out := make([]ranked, len(b.ids)), make([]ranked, len(b.ids))
	var varying graph.TermID
	for i, id := range b.ids {
		in[i] = ranked{id, uint32(i)}
		varying |= id ^ b.ids[0]
	}
	for shift := 0; shift < 64; shift += 8 {
		if varying>>shift&0xFF == 0 {
			continue
		}
		var starts [256]int
		for i := range in {
			starts[byte(in[i].id>>shift)]++
		}
		sum := 0
		for i, n := range starts {
			starts[i], sum = sum, sum+n
		}
		for i := range in {
			at := &starts[byte(in[i].id>>shift)]
			out[*at] = in[i]
			*at++
		}
		in, out = out, in
	}
	return in
}

// maxDigit bounds the bits that a pass sorts by, so that its places fit a cache.
const maxDigit = 11

// by sorts rows stably by positions, the last of which weighs most, to x or y.
// The result may also be where they were.
func (s *sorted) by(in, x, y []row, positions ...int) []row {
	for _, pos := range positions {
		width := bits.Len(uint(max(len(s.tables[pos]), 1) - 1))
		passes := (width + maxDigit - 1) / maxDigit
		for pass := range passes {
			digit := (width + passes - 1) / passes
			to := x
			if &in[0] == &x[0] {
				to = y
			}
			radixPass(to, in, pos, pass*digit, digit)
			in = to
		}
	}
	return in
}

// has tells whether a row is there.
func (s *sorted) has(q graph.Quad) bool {
	var r row
	for pos, id := range q {
		code, ok := slices.BinarySearch(s.tables[pos], id)
		if !ok {
			return false
		}
		r[pos] = uint32(code)
	}
	_, ok := slices.BinarySearchFunc(s.rows, r, func(a, b row) int { return slices.Compare(a[:], b[:]) })
	return ok
}

// derived names the positions by which rows in SPOG are sorted stably to be in
// another order.
var derived = [graph.NumOrders][]int{
	graph.SPOG: nil, graph.PSOG: {graph.P}, graph.POSG: {graph.O, graph.P}, graph.OSPG: {graph.O}, graph.GPSO: {graph.P, graph.G},
}

// in returns the rows in an order, until the next call.
func (s *sorted) in(o graph.Order) []row {
	if len(derived[o]) > 0 {
		s.b, s.c = slices.Grow(s.b[:0], len(s.rows))[:len(s.rows)], slices.Grow(s.c[:0], len(s.rows))[:len(s.rows)]
	}
	return s.by(s.rows, s.b, s.c, derived[o]...)
}

func radixPass(dst, src []row, pos, shift, digit int) {
	var starts [1 << maxDigit]uint32
	mask := uint32(1)<<digit - 1
	for i := range src {
		starts[src[i][pos&3]>>shift&mask&(1<<maxDigit-1)]++
	}
	sum := uint32(0)
	for i, n := range starts[:mask+1] {
		starts[i], sum = sum, sum+n
	}
	for i := range src {
		at := &starts[src[i][pos&3]>>shift&mask&(1<<maxDigit-1)]
		dst[*at] = src[i]
		*at++
	}
}
