// Package cache bounds the memory of decoded pieces of immutable files, such
// as blocks of segments and pages of the dictionary. Who owns a file keeps a
// Slot for each piece, so a piece that is there is found without a lock or a
// search; the Cache only decides which ones to let go. They are memory of the
// garbage collector: a piece that was evicted lives as long as it is used.
package cache

import (
	"sync"
	"sync/atomic"
)

// Cache bounds what slots hold together. The policy is CLOCK: pieces not read
// since the hand last passed go first.
type Cache struct {
	limit int64

	mu   sync.Mutex
	size int64
	ring []slot
	hand int

	reads atomic.Uint64
}

// slot is a Slot of any type. Its methods are called with Cache.mu held.
type slot interface {
	unmark() bool // tells whether it was marked
	drop() int64  // empties it and returns its size
}

// Slot is the place of one piece. The zero Slot is empty.
type Slot[T any] struct {
	value atomic.Pointer[T]
	used  atomic.Bool
	size  int64 // guarded by Cache.mu
}

// New returns a cache of at most limit bytes, and always of the piece read last.
func New(limitBytes int64) *Cache { return &Cache{limit: limitBytes} }

// SizeBytes is what the pieces take.
func (c *Cache) SizeBytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}

// Reads counts the pieces that were placed, which is how often files were read.
func (c *Cache) Reads() uint64 { return c.reads.Load() }

// Get returns the piece, nil if it is not there.
func (s *Slot[T]) Get() *T {
	v := s.value.Load()
	if v != nil && !s.used.Load() {
		s.used.Store(true)
	}
	return v
}

func (s *Slot[T]) unmark() bool { return s.used.Swap(false) }

func (s *Slot[T]) drop() int64 {
	s.value.Store(nil)
	return s.size
}

// Put places a piece of a size in a slot, unless another goroutine did, and
// returns the one that is there.
func Put[T any](c *Cache, s *Slot[T], v *T, sizeBytes int64) *T {
	c.reads.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := s.value.Load(); other != nil {
		return other
	}
	s.value.Store(v)
	s.used.Store(false) // a scan that reads everything once pushes out nothing that is read again
	s.size = sizeBytes
	c.size += sizeBytes
	c.ring = append(c.ring, s)
	for c.size > c.limit && len(c.ring) > 1 {
		c.evict(s)
	}
	return v
}

// evict lets one piece go, or takes its mark; never the one just placed.
func (c *Cache) evict(keep slot) {
	if c.hand >= len(c.ring) {
		c.hand = 0
	}
	s := c.ring[c.hand]
	if s == keep || s.unmark() {
		c.hand++
		return
	}
	c.remove(c.hand)
}

func (c *Cache) remove(i int) {
	c.size -= c.ring[i].drop()
	last := len(c.ring) - 1
	c.ring[i] = c.ring[last]
	c.ring[last] = nil
	c.ring = c.ring[:last]
}

// Drop lets go of the pieces of a file that was closed.
func Drop[T any](c *Cache, slots []Slot[T]) {
	gone := make(map[slot]bool, len(slots))
	for i := range slots {
		gone[&slots[i]] = true
	}
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
