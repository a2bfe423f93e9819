package segment

import (
	"sync"
	"sync/atomic"
)

// Cache bounds the memory of blocks of all segments that share it. A block in
// use is found without a lock, by its number; the cache only decides which
// blocks to let go (CLOCK: those not read since the hand last passed).
type Cache struct {
	limit int64

	mu   sync.Mutex
	size int64
	ring []*slot
	hand int

	reads atomic.Uint64
}

// slot is the place of one block.
type slot struct {
	block atomic.Pointer[block]
	used  atomic.Bool
}

// NewCache returns a cache of at most limit bytes, and always of the block
// read last.
func NewCache(limitBytes int64) *Cache { return &Cache{limit: limitBytes} }

// SizeBytes is the memory that cached blocks take.
func (c *Cache) SizeBytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}

// Reads counts the blocks read from files.
func (c *Cache) Reads() uint64 { return c.reads.Load() }

// get returns the block of a slot if it is there.
func (s *slot) get() *block {
	b := s.block.Load()
	if b != nil && !s.used.Load() {
		s.used.Store(true)
	}
	return b
}

// put places a block, unless another goroutine did, and returns the one that
// is there.
func (c *Cache) put(s *slot, b *block) *block {
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := s.block.Load(); other != nil {
		return other
	}
	s.block.Store(b)
	s.used.Store(true)
	c.size += b.size
	c.ring = append(c.ring, s)
	for c.size > c.limit && len(c.ring) > 1 {
		c.evict(s)
	}
	return b
}

// evict lets one block go, or takes its mark; never the one just placed.
func (c *Cache) evict(keep *slot) {
	if c.hand >= len(c.ring) {
		c.hand = 0
	}
	s := c.ring[c.hand]
	if s == keep || s.used.Swap(false) {
		c.hand++
		return
	}
	c.remove(c.hand)
}

func (c *Cache) remove(i int) {
	s := c.ring[i]
	if b := s.block.Swap(nil); b != nil {
		c.size -= b.size
	}
	last := len(c.ring) - 1
	c.ring[i] = c.ring[last]
	c.ring[last] = nil
	c.ring = c.ring[:last]
}

// drop lets go of all blocks of a segment that was closed.
func (c *Cache) drop(gone map[*slot]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := 0; i < len(c.ring); {
		if gone[c.ring[i]] {
			c.remove(i)
		} else {
			i++
		}
	}
}
