package segment

import (
	"slices"

	"nettwin/graph"
)

const (
	// maxBlockGraphs is how many graphs a block lists; above, a Bloom filter
	// of bloomBits bits for each stands for them, up to maxBloomWords words.
	maxBlockGraphs = 16
	bloomBits      = 8
	maxBloomWords  = 64
	bloomMark      = 0x80 // beside the number of words
)

// graphSet is what the directory knows about the graphs of a block: their ids,
// sorted, or the words of a Bloom filter with three bits for each.
type graphSet struct {
	bloom bool
	words []uint64
}

func hashGraph(g graph.TermID) uint64 {
	h := uint64(g) * 0x9E3779B97F4A7C15
	return (h ^ h>>32) * 0xD6E8FEB86659FD93
}

// mayHold tells whether rows of graph g may be in the block.
func (s *graphSet) mayHold(g graph.TermID) bool {
	if !s.bloom {
		return slices.Contains(s.words, uint64(g))
	}
	h, n := hashGraph(g), uint64(64*len(s.words))
	for range 3 {
		bit := h & 0xFFFF % n
		if s.words[bit/64]>>(bit%64)&1 == 0 {
			return false
		}
		h >>= 16
	}
	return true
}

func (s *graphSet) addBits(g graph.TermID) {
	h, n := hashGraph(g), uint64(64*len(s.words))
	for range 3 {
		bit := h & 0xFFFF % n
		s.words[bit/64] |= 1 << (bit % 64)
		h >>= 16
	}
}

func (s *graphSet) decode(r *reader, mark byte) {
	n := int(mark &^ bloomMark)
	s.bloom = mark&bloomMark != 0
	if n == 0 || s.bloom && n > maxBloomWords || !s.bloom && n > maxBlockGraphs {
		r.bad = true
		return
	}
	for range n {
		s.words = append(s.words, r.u64())
	}
}

// graphCollector finds the distinct graphs of a block by hashing.
type graphCollector struct {
	ids   []graph.TermID
	slots [2 * BlockRows]uint16 // place in ids, plus 1
}

// collect returns the graphs of a column, which is one of a block.
func (c *graphCollector) collect(col []graph.TermID) (s graphSet) {
	clear(c.slots[:])
	c.ids = c.ids[:0]
	for i, g := range col {
		if i > 0 && g == col[i-1] {
			continue
		}
		at := hashGraph(g) % uint64(len(c.slots))
		for c.slots[at] != 0 && c.ids[c.slots[at]-1] != g {
			at = (at + 1) % uint64(len(c.slots))
		}
		if c.slots[at] == 0 {
			c.ids = append(c.ids, g)
			c.slots[at] = uint16(len(c.ids))
		}
	}
	if len(c.ids) > maxBlockGraphs {
		s.bloom = true
		s.words = make([]uint64, min((len(c.ids)*bloomBits+63)/64, maxBloomWords))
		for _, g := range c.ids {
			s.addBits(g)
		}
		return s
	}
	for _, g := range c.ids {
		s.words = append(s.words, uint64(g))
	}
	slices.Sort(s.words)
	return s
}
