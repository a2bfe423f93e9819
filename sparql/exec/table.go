package exec

import (
	"nettwin/graph"
)

// tuples numbers different tuples of ids from 0: by open addressing, or where
// single ids lie close together, as those of things loaded together do, by
// their distance from the least. It holds no pointers, so that the collector
// has nothing to follow.
//
// Invariants:
//
//	I1  n tuples are in keys; each has one place, which holds its number + 1.
//	I2  Direct, the place of id is places[id-base], of which there are at most
//	    2*mostSpan; else the number of places is a power of two and at least
//	    twice n.
type tuples struct {
	width  int
	n      int
	keys   []graph.TermID // n tuples
	places []uint32       // number + 1, 0: free
	direct bool
	base   graph.TermID // direct: the id of places[0]
	budget *budget
}

const (
	firstPlaces = 64
	placeBytes  = 4
	// How far ids may lie apart for places to be found directly: for each id as
	// far as open addressing has places, and while that is cheap farther.
	nearSpan  = 4
	farSpan   = 64
	cheapSpan = 1 << 21
	// leastDirect is the number of ids from which on they are worth a look.
	leastDirect = 512
)

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
	if t.direct {
		return t.findDirect(key[0])
	}
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

// findDirect is find where places are found directly.
func (t *tuples) findDirect(id graph.TermID) int {
	i := uint64(id - t.base)
	if i >= uint64(len(t.places)) {
		return -1
	}
	return int(t.places[i]) - 1
}

// insert returns the number of a tuple, and whether it is new. If there is no
// room for it, it is as if it had not been given.
func (t *tuples) insert(key []graph.TermID) (number int, added bool, err error) {
	if number = t.find(key); number >= 0 {
		return number, false, nil
	}
	if err := t.budget.grow(int64(t.width) * idBytes); err != nil {
		return 0, false, err
	}
	if err := t.makePlace(key); err != nil {
		t.budget.shrink(int64(t.width) * idBytes)
		return 0, false, err
	}
	t.keys = append(t.keys, key...)
	t.n++
	*t.place(key) = uint32(t.n)
	return t.n - 1, true, nil
}

// place returns the free place for a new tuple.
func (t *tuples) place(key []graph.TermID) *uint32 {
	if t.direct {
		return &t.places[key[0]-t.base]
	}
	mask := uint64(len(t.places) - 1)
	h := hashTuple(key) & mask
	for t.places[h] != 0 {
		h = (h + 1) & mask
	}
	return &t.places[h]
}

// makePlace sees to it that there is a place for one more tuple.
func (t *tuples) makePlace(key []graph.TermID) error {
	switch {
	case t.direct:
		if uint64(key[0]-t.base) < uint64(len(t.places)) {
			return nil
		}
	case (t.n+1)*2 <= len(t.places):
		return nil
	}
	if t.width == 1 && t.n >= leastDirect {
		if base, size, ok := t.directPlaces(key[0]); ok && t.resize(true, base, size) == nil {
			return nil
		}
	}
	return t.resize(false, 0, openPlaces(t.n+1))
}

// directPlaces returns the places for the ids there are and one more, and as
// many again on the side of that one, so that they seldom move; false if those
// are too many.
func (t *tuples) directPlaces(id graph.TermID) (base graph.TermID, size int, ok bool) {
	least, most := id, id
	for _, other := range t.keys {
		least, most = min(least, other), max(most, other)
	}
	span := uint64(most-least) + 1
	if span > mostSpan(t.n+1) {
		return 0, 0, false
	}
	if id == least {
		least -= min(graph.TermID(span), least)
	}
	return least, int(2 * span), true
}

// mostSpan is how far n ids may lie apart.
func mostSpan(n int) uint64 { return uint64(max(nearSpan*n, min(farSpan*n, cheapSpan))) }

// openPlaces is the number of places of n tuples by open addressing.
func openPlaces(n int) int {
	size := firstPlaces
	for n*2 > size {
		size *= 4
	}
	return size
}

// resize puts all tuples into other places.
func (t *tuples) resize(direct bool, base graph.TermID, size int) error {
	more := int64(size-len(t.places)) * placeBytes
	if more > 0 {
		if err := t.budget.grow(more); err != nil {
			return err
		}
	} else {
		t.budget.shrink(-more)
	}
	t.direct, t.base, t.places = direct, base, make([]uint32, size)
	for i := range t.n {
		*t.place(t.key(i)) = uint32(i + 1)
	}
	return nil
}

// growth returns the bytes that n more tuples need at most.
func (t *tuples) growth(n int) int64 {
	return int64(n*t.width)*idBytes + int64(max(openPlaces(t.n+n)-len(t.places), 0))*placeBytes
}

// reset forgets all tuples and keeps the memory.
func (t *tuples) reset() {
	t.budget.shrink(int64(t.n*t.width) * idBytes)
	if t.direct {
		for _, id := range t.keys {
			t.places[id-t.base] = 0
		}
	} else {
		clear(t.places)
	}
	t.n, t.keys = 0, t.keys[:0]
}

// release forgets all tuples and gives the memory back.
func (t *tuples) release() {
	t.budget.shrink(int64(t.n*t.width)*idBytes + int64(len(t.places)-firstPlaces)*placeBytes)
	t.n, t.keys, t.places, t.direct = 0, nil, make([]uint32, firstPlaces), false
}
