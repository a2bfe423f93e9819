package schemas

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"nettwin/naming"
)

// ID says which schema text of which device is meant.
type ID struct {
	Device string // name, else address: one device's texts are never taken for another's
	// Set is a digest of the device's whole list of modules: a device with
	// new software is asked again.
	Set              string
	Module, Revision string
}

// Cache keeps the texts of schemas under their content names, and
// which text a device's module has. It is safe for concurrent use.
type Cache interface {
	// Schema returns a text and its name. The error wraps fs.ErrNotExist if
	// the cache does not know it.
	Schema(ctx context.Context, id ID) ([]byte, naming.Name, error)
	// PutSchema keeps a text and returns its name.
	PutSchema(ctx context.Context, id ID, text []byte) (naming.Name, error)
}

// Sharing is a Cache that finds the text of a device's module whatever list of
// modules it came with: what the device told by another protocol.
type Sharing interface {
	// SchemaOf is Schema for any Set; the newest counts.
	SchemaOf(ctx context.Context, id ID) ([]byte, naming.Name, error)
}

// newestOf finds the last id of the device and module, of any revision if id
// has none.
func newestOf(order []ID, id ID) (ID, bool) {
	for _, known := range slices.Backward(order) {
		if known.Device == id.Device && known.Module == id.Module && (id.Revision == "" || known.Revision == id.Revision) {
			return known, true
		}
	}
	return id, false
}

// DefaultCacheBytes bounds the texts of a MemoryCache.
const DefaultCacheBytes = 256 << 20

// MemoryCache keeps schemas in memory, each text once. What came first goes
// first when it is full.
type MemoryCache struct {
	maxBytes int

	mu    sync.Mutex // guards what follows
	bytes int
	names map[ID]naming.Name
	order []ID // as they came
	texts map[naming.Name]*cachedText
}

type cachedText struct {
	text []byte
	uses int
}

// NewMemoryCache returns an empty cache; maxBytes 0 means DefaultCacheBytes.
func NewMemoryCache(maxBytes int) *MemoryCache {
	if maxBytes == 0 {
		maxBytes = DefaultCacheBytes
	}
	return &MemoryCache{maxBytes: maxBytes, names: map[ID]naming.Name{}, texts: map[naming.Name]*cachedText{}}
}

// Schema returns a text; it must not be changed.
func (c *MemoryCache) Schema(_ context.Context, id ID) ([]byte, naming.Name, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name, ok := c.names[id]
	if !ok {
		return nil, name, fmt.Errorf("schema %s@%s of %s: %w", id.Module, id.Revision, id.Device, fs.ErrNotExist)
	}
	return c.texts[name].text, name, nil
}

// SchemaOf implements Sharing.
func (c *MemoryCache) SchemaOf(ctx context.Context, id ID) ([]byte, naming.Name, error) {
	c.mu.Lock()
	id, _ = newestOf(c.order, id)
	c.mu.Unlock()
	return c.Schema(ctx, id)
}

// PutSchema keeps a copy of a text.
func (c *MemoryCache) PutSchema(_ context.Context, id ID, text []byte) (naming.Name, error) {
	name := naming.Of(naming.CodecRaw, text)
	c.mu.Lock()
	defer c.mu.Unlock()
	if before, ok := c.names[id]; ok {
		if before == name {
			return name, nil
		}
		c.drop(id)
		c.order = slices.DeleteFunc(c.order, func(o ID) bool { return o == id })
	}
	if c.texts[name] == nil {
		c.texts[name] = &cachedText{text: slices.Clone(text)}
		c.bytes += len(text)
	}
	c.texts[name].uses++
	c.names[id] = name
	c.order = append(c.order, id)
	for c.bytes > c.maxBytes && len(c.order) > 1 {
		c.drop(c.order[0])
		c.order = c.order[1:]
	}
	return name, nil
}

func (c *MemoryCache) drop(id ID) {
	name := c.names[id]
	delete(c.names, id)
	if t := c.texts[name]; t.uses > 1 {
		t.uses--
		return
	}
	c.bytes -= len(c.texts[name].text)
	delete(c.texts, name)
}
