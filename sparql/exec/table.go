package exec

import (
	"nettwin/graph"
)

// tuples numbers different tuples of ids from 0, by open addressing. It holds
// no pointers, so that the collector has nothing to follow.
type tuples struct {
	width  int
	n      int
	keys   []graph.TermID // n tuples
	places []uint32       // number + 1, 0: free
	budget *budget
}

const firstPlaces = 64

func newTuples(width int, b *budget) *tuples {
	return &tuples{width: width, places: make([]uint32, firstPlaces), budget: b}
}

const hashMultiplier = 0x9E3779B97F4A7C15

func hashTuple(key []graph.TermID) uint64 {
	h := uint64(len(key))
	for _, id := range key {
		h = (h ^ uint64(id)) * hashMultiplier
		h ^= h >> 29
	}
	return h ^ h>>32
}

// key returns tuple number i.
func (t *tuples) key(i int) []graph.TermID { return t.keys[i*t.width : (i+1)*t.width] }

func (t *tuples) equal(i int, key []graph.TermID) bool {
	if t.width == 1 {
		return t.keys[i] == key[0]
	}
	for j, id := range t.key(i) {
		if id != key[j] {
			return false
		}
	}
	return true
}

// find returns the number of a tuple, -1 if it has none.
func (t *tuples) find(key []graph.TermID) int {
	mask := uint64(len(t.places) - 1)
	for h := hashTuple(key) & mask; ; h = (h + 1) & mask {
		p := t.places[h]
		if p == 0 {
			return -1
		}
		if t.equal(int(p-1), key) {
			return int(p - 1)
		}
	}
}

// insert returns the number of a tuple, and whether it is new. If there is no
// room for it, it is as if it had not been given.
func (t *tuples) insert(key []graph.TermID) (number int, added bool, err error) {
	mask := uint64(len(t.places) - 1)
	h := hashTuple(key) & mask
	for ; t.places[h] != 0; h = (h + 1) & mask {
		if p := int(t.places[h] - 1); t.equal(p, key) {
			return p, false, nil
		}
	}
	if err := t.budget.grow(int64(t.width) * idBytes); err != nil {
		return 0, false, err
	}
	if (t.n+1)*2 > len(t.places) {
		if err := t.rehash(); err != nil {
			t.budget.shrink(int64(t.width) * idBytes)
			return 0, false, err
		}
		mask = uint64(len(t.places) - 1)
		for h = hashTuple(key) & mask; t.places[h] != 0; h = (h + 1) & mask {
		}
	}
	t.keys = append(t.keys, key...)
	t.n++
	t.places[h] = uint32(t.n)
	return t.n - 1, true, nil
}

// growth returns the bytes that n more tuples take at most.
func (t *tuples) growth(n int) int64 {
	size := len(t.places)
	for (t.n+n)*2 > size {
		size *= 4
	}
	return int64(n*t.width)*idBytes + int64(size-len(t.places))*placeBytes
}

const placeBytes = 4

func (t *tuples) rehash() error {
	size := len(t.places) * 4
	if err := t.budget.grow(int64(size-len(t.places)) * placeBytes); err != nil {
		return err
	}
	t.places = make([]uint32, size)
	mask := uint64(size - 1)
	for i := range t.n {
		h := hashTuple(t.key(i)) & mask
		for t.places[h] != 0 {
			h = (h + 1) & mask
		}
		t.places[h] = uint32(i + 1)
	}
	return nil
}

// reset forgets all tuples and keeps the memory.
func (t *tuples) reset() {
	t.budget.shrink(int64(t.n*t.width) * idBytes)
	t.n, t.keys = 0, t.keys[:0]
	clear(t.places)
}

// release forgets all tuples and gives the memory back.
func (t *tuples) release() {
	t.budget.shrink(int64(t.n*t.width)*idBytes + int64(len(t.places)-firstPlaces)*placeBytes)
	t.n, t.keys, t.places = 0, nil, make([]uint32, firstPlaces)
}
