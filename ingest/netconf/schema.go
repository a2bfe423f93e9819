package netconf

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"nettwin/ingest"
	client "nettwin/internal/netconf"
	"nettwin/naming"
	"nettwin/ontology/yang"
)

// Limits of one device's schemas.
const (
	// MaxSchemaBytes bounds one schema text.
	MaxSchemaBytes = 16 << 20
	// MaxSchemasBytes bounds the texts of one device together.
	MaxSchemasBytes = 512 << 20
	// MaxModels bounds the compiled schemas that a collector keeps; devices
	// with the same texts share one.
	MaxModels = 32
)

// model is a device's compiled schema.
type model struct {
	schema   *yang.Schema
	roots    []root
	modules  map[string]string // namespace → module, also of those without text
	warnings []string
}

// root is a top-level data node that is asked for.
type root struct {
	path   string // of the schema, such as ietf-interfaces:interfaces
	filter string // of a subtree
}

// model returns the compiled schema of a device, from memory if its
// inventory is known.
func (c *Collector) model(ctx context.Context, s *client.Session, device string) (*model, error) {
	inv, err := readInventory(ctx, s)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	known, ok := c.models[c.devices[device+"\x00"+inv.set]]
	c.mu.Unlock()
	if ok {
		c.used(device, known)
		return known, nil
	}
	f := &fetcher{session: s, cache: c.opts.Schemas, device: device, set: inv.set, texts: map[string][]byte{}}
	if err := f.all(ctx, inv.texts); err != nil {
		return nil, err
	}
	compiled, err := c.compile(inv, f, device)
	if err == nil {
		c.used(device, compiled)
	}
	return compiled, err
}

// ErrNotRead: a device was not read yet, so that its schema is unknown.
var ErrNotRead = errors.New("netconf: not read yet")

// Schema returns what the modules of a device compiled to when it was read
// last, by its name, else its address. Errors: ErrNotRead.
func (c *Collector) Schema(device string) (*yang.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.latest[device]; m != nil {
		return m.schema, nil
	}
	return nil, fmt.Errorf("%s: %w", device, ErrNotRead)
}

// Open opens a session with a device as Collect does, for those who write.
func (c *Collector) Open(ctx context.Context, t ingest.Target) (*client.Session, error) {
	return c.open(ctx, t)
}

// used remembers the newest model of a device.
func (c *Collector) used(device string, m *model) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest[device] = m
}

// compile makes a model, unless another device's texts were the same.
func (c *Collector) compile(inv inventory, f *fetcher, device string) (*model, error) {
	key := f.digest(inv)
	c.compiling.Lock() // one at a time: a large one takes a second of every core
	defer c.compiling.Unlock()
	c.mu.Lock()
	known, ok := c.models[key]
	c.mu.Unlock()
	if !ok {
		var err error
		if known, err = compile(inv, f, c.opts.Policy); err != nil {
			return nil, fmt.Errorf("netconf: %s: schema: %w", f.session.Peer(), err)
		}
	}
	c.keep(device+"\x00"+inv.set, key, known)
	return known, nil
}

// keep remembers a model; the one that came first makes room.
func (c *Collector) keep(device, key string, m *model) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.models[key] == nil {
		c.models[key] = m
		c.kept = append(c.kept, key)
	}
	c.devices[device] = key
	for len(c.kept) > MaxModels {
		oldest := c.kept[0]
		c.kept = c.kept[1:]
		delete(c.models, oldest)
		for d, k := range c.devices {
			if k == oldest {
				delete(c.devices, d)
			}
		}
	}
}

func compile(inv inventory, f *fetcher, policy Policy) (*model, error) {
	var want []string
	m := &model{modules: map[string]string{}, warnings: f.warnings}
	for _, mod := range inv.modules {
		if mod.namespace != "" {
			m.modules[mod.namespace] = mod.name
		}
		if mod.implemented && f.texts[mod.id()+".yang"] != nil {
			want = append(want, mod.id())
		}
	}
	if len(want) == 0 {
		return nil, errors.New("no text of an implemented module could be had from the device")
	}
	schema, problems, err := yang.Compile(f.texts, want, yang.Options{Features: inv.features()})
	if err != nil {
		return nil, err
	}
	m.schema = schema
	for _, p := range problems {
		m.warnings = append(m.warnings, "schema: "+p.String())
	}
	for _, n := range schema.Data() {
		path := n.Module.Name + ":" + n.Name
		if n.Module.Namespace == monitoringNS || policy.skips(path) {
			continue
		}
		m.roots = append(m.roots, root{path, fmt.Sprintf(`<%s xmlns="%s"/>`, n.Name, escapeXML(n.Module.Namespace))})
	}
	return m, nil
}

// fetcher brings the texts of one device's schemas.
type fetcher struct {
	session     *client.Session
	cache       SchemaCache
	device, set string

	texts    map[string][]byte // by file name, as yang.Compile wants it
	names    []naming.Name
	bytes    int
	warnings []string
}

// all fetches what the cache does not have. A schema that the device does
// not give costs itself; an error means that the device cannot be asked on.
// What was fetched before stays in the cache.
func (f *fetcher) all(ctx context.Context, sources []source) error {
	for i, src := range sources {
		err := f.one(ctx, src)
		var refused client.RPCErrors
		switch {
		case err == nil:
		case errors.As(err, &refused), errors.Is(err, client.ErrTooLarge), errors.Is(err, client.ErrProtocol) && f.session.Err() == nil:
			f.warnings = append(f.warnings, fmt.Sprintf("schema %s was not to be had: %v", src.id(), err))
		default:
			return fmt.Errorf("schema %d of %d: %w", i+1, len(sources), err)
		}
	}
	return nil
}

func (f *fetcher) one(ctx context.Context, src source) error {
	id := SchemaID{Device: f.device, Set: f.set, Module: src.name, Revision: src.revision}
	text, name, err := f.cache.Schema(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		text, name, err = f.fetch(ctx, id)
	}
	if err != nil {
		return err
	}
	if f.bytes += len(text); f.bytes > MaxSchemasBytes {
		return fmt.Errorf("netconf: %s: the device's schemas have more than %d bytes", f.session.Peer(), MaxSchemasBytes)
	}
	f.texts[src.id()+".yang"] = text
	f.names = append(f.names, name)
	return nil
}

func (f *fetcher) fetch(ctx context.Context, id SchemaID) (text []byte, name naming.Name, err error) {
	got, err := f.session.GetSchema(ctx, id.Module, id.Revision, "yang")
	if err != nil {
		return nil, name, err
	}
	if len(got) > MaxSchemaBytes {
		return nil, name, fmt.Errorf("netconf: %s: schema %s: %w: %d bytes, at most %d", f.session.Peer(), id.Module, client.ErrTooLarge, len(got), MaxSchemaBytes)
	}
	text = []byte(got)
	name, err = f.cache.PutSchema(ctx, id, text)
	return text, name, err
}

// digest is equal for devices with the same texts and features.
func (f *fetcher) digest(inv inventory) string {
	key := inv.set
	for _, n := range f.names {
		key += " " + n.String()
	}
	return naming.Of(naming.CodecRaw, []byte(key)).String()
}
