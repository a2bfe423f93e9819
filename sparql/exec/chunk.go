package exec

import (
	"nettwin/graph"
	"nettwin/sparql/plan"
)

// chunk is up to execution.chunkRows solutions, as one column for each slot.
type chunk struct {
	n    int
	cols [][]graph.TermID // by slot; nil: unbound in all rows
}

// at returns the value of a slot in a row.
func (c *chunk) at(slot, row int) graph.TermID {
	if slot < 0 || c.cols[slot] == nil {
		return graph.None
	}
	return c.cols[slot][row]
}

// buffer is a chunk with memory of its own, which is used again and again.
type buffer struct {
	chunk
	mem [][]graph.TermID
}

func (x *execution) newBuffer() *buffer {
	slots := len(x.plan.Slots) + 1 // numberSlot
	return &buffer{chunk: chunk{cols: make([][]graph.TermID, slots)}, mem: make([][]graph.TermID, slots)}
}

// numberSlot is a column of buffers that no operator of the plan sees.
func (x *execution) numberSlot() int { return len(x.plan.Slots) }

// column returns the memory of a column for n rows, with what it holds.
func (b *buffer) column(slot, n int) []graph.TermID { return sized(&b.mem[slot], n) }

// leastSize is the size of the smallest memory that grows.
const leastSize = 16

// sized returns memory for n values, with what it holds. It grows with the
// chunks, so that small queries stay small.
func sized[T any](mem *[]T, n int) []T {
	if len(*mem) < n {
		size := leastSize
		for size < n {
			size *= 2
		}
		grown := make([]T, size)
		copy(grown, *mem)
		*mem = grown
	}
	return (*mem)[:n]
}

// clear makes the buffer empty.
func (b *buffer) clear() {
	b.n = 0
	clear(b.cols)
}

// gather sets dst[i] to src[rows[i]].
func gather(dst, src []graph.TermID, rows []int32) {
	dst = dst[:len(rows)]
	for i, r := range rows {
		dst[i] = src[r]
	}
}

// take makes column slot of b the given rows of a column.
func (b *buffer) take(slot int, from []graph.TermID, rows []int32) {
	if from == nil {
		b.cols[slot] = nil
		return
	}
	col := b.column(slot, len(rows))
	gather(col, from, rows)
	b.cols[slot] = col
}

// pick makes b the given rows of c, in the slots listed.
func (b *buffer) pick(c *chunk, slots []int, rows []int32) *chunk {
	b.clear()
	b.n = len(rows)
	for _, slot := range slots {
		b.take(slot, c.cols[slot], rows)
	}
	return &b.chunk
}

// store keeps rows as columns that grow.
type store struct {
	slots  []int
	cols   [][]graph.TermID // by slot
	n      int
	budget *budget
}

func newStore(x *execution, slots plan.Set) *store {
	return &store{slots: slots.Slots(), cols: make([][]graph.TermID, len(x.plan.Slots)), budget: x.budget}
}

const idBytes = 8

// append adds all rows of a chunk.
func (s *store) append(c *chunk) error {
	if err := s.budget.grow(int64(c.n) * int64(len(s.slots)) * idBytes); err != nil {
		return err
	}
	for _, slot := range s.slots {
		if c.cols[slot] == nil {
			s.cols[slot] = append(s.cols[slot], make([]graph.TermID, c.n)...)
		} else {
			s.cols[slot] = append(s.cols[slot], c.cols[slot][:c.n]...)
		}
	}
	s.n += c.n
	return nil
}

// identity lists the rows 0 to n-1, in scratch memory of one operator: the
// list may be narrowed in place.
func identity(scratch *[]int32, n int) []int32 {
	rows := sized(scratch, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

// rowIDs numbers n rows, for a seed; None is no number.
func (x *execution) rowIDs(n int) []graph.TermID {
	for i := len(x.numbers); i < n; i++ {
		x.numbers = append(x.numbers, graph.TermID(i+1))
	}
	return x.numbers[:n]
}

func rowOf(id graph.TermID) int32 { return int32(id - 1) }
