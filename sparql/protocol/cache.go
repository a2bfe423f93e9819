package protocol

import (
	"container/list"
	"sync"
)

// cache keeps what was used last, within a number of bytes. Safe for
// concurrent use.
type cache[V any] struct {
	maxBytes int64

	mu    sync.Mutex
	bytes int64                    // guarded by mu
	by    map[string]*list.Element // guarded by mu
	order *list.List               // guarded by mu; of *entry[V], the last used first
	stats CacheStats               // guarded by mu
}

type entry[V any] struct {
	key   string
	value V
	bytes int64
}

// CacheStats tells how a cache does.
type CacheStats struct {
	Hits    uint64 `json:"hits"`
	Misses  uint64 `json:"misses"`
	Entries int    `json:"entries"`
	Bytes   int64  `json:"sizeBytes"`
}

func newCache[V any](maxBytes int64) *cache[V] {
	return &cache[V]{maxBytes: maxBytes, by: map[string]*list.Element{}, order: list.New()}
}

func (c *cache[V]) get(key string) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.by[key]
	if !ok {
		c.stats.Misses++
		return value, false
	}
	c.stats.Hits++
	c.order.MoveToFront(e)
	return e.Value.(*entry[V]).value, true //nolint:errcheck // the list holds nothing else
}

// put keeps a value of so many bytes, if it is worth a place: one value may
// take an eighth of the cache.
func (c *cache[V]) put(key string, value V, bytes int64) {
	const overheadBytes = 200
	bytes += int64(len(key)) + overheadBytes
	if bytes > c.maxBytes/8 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.by[key]; ok {
		c.remove(old)
	}
	c.by[key] = c.order.PushFront(&entry[V]{key, value, bytes})
	c.bytes += bytes
	for c.bytes > c.maxBytes {
		c.remove(c.order.Back())
	}
}

func (c *cache[V]) remove(e *list.Element) {
	old := c.order.Remove(e).(*entry[V]) //nolint:errcheck // the list holds nothing else
	delete(c.by, old.key)
	c.bytes -= old.bytes
}

func (c *cache[V]) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.Entries, s.Bytes = len(c.by), c.bytes
	return s
}
