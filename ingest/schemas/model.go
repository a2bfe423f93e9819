package schemas

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"sync"

	"nettwin/naming"
	"nettwin/ontology/yang"
)

// Limits of one device's schemas.
const (
	// MaxTextBytes bounds one schema text.
	MaxTextBytes = 16 << 20
	// MaxTextsBytes bounds the texts of one device together.
	MaxTextsBytes = 512 << 20
	// MaxModels bounds the compiled schemas that Models keeps; devices with
	// the same texts share one.
	MaxModels = 32
)

// ErrRefused is wrapped by errors of a Fetch that cost the text alone: the
// device can be asked on.
var ErrRefused = errors.New("schema not to be had")

// Model is a device's compiled schema.
type Model struct {
	Schema   *yang.Schema
	Roots    []Root
	Modules  map[string]string // namespace → module, also of those without text
	Warnings []string
}

// Root is a top-level data node that is asked for.
type Root struct {
	Path            string // of the schema, such as ietf-interfaces:interfaces
	Name, Namespace string
}

// Term is the IRI of the root in the vocabulary of its module.
func (r Root) Term() string {
	module, _, _ := strings.Cut(r.Path, ":")
	return yang.Namespace + module + "/" + r.Name
}

// Fetch brings a schema text from the device itself. An error that wraps
// ErrRefused costs this text only.
type Fetch func(ctx context.Context, t Text) ([]byte, error)

// Options of Models.
type Options struct {
	Cache     Cache      // required
	Directory *Directory // of texts that devices do not hand out; nil for none
	Policy    Policy
	// Hidden are namespaces whose data are about the protocol itself and
	// change with every session.
	Hidden []string
	// Source begins messages: the protocol.
	Source string
}

// Models keeps the compiled schemas of devices. It is safe for concurrent use.
type Models struct {
	opts      Options
	compiling sync.Mutex // held while a schema is compiled; before mu

	mu      sync.Mutex        // guards what follows
	devices map[string]string // device and inventory → key of models
	models  map[string]*Model
	kept    []string          // keys of models, as they came
	latest  map[string]*Model // by device
}

// NewModels returns an empty set of models.
func NewModels(opts Options) *Models {
	return &Models{opts: opts, devices: map[string]string{}, latest: map[string]*Model{}, models: map[string]*Model{}}
}

// Latest returns what a device's modules compiled to last; nil before.
func (c *Models) Latest(device string) *Model {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest[device]
}

// Get returns the compiled schema of a device, from memory if its inventory is
// known. Texts come from the cache, else from fetch, which may be nil, else
// from the directory.
func (c *Models) Get(ctx context.Context, device string, inv Inventory, fetch Fetch) (*Model, error) {
	c.mu.Lock()
	known, ok := c.models[c.devices[device+"\x00"+inv.Set]]
	c.mu.Unlock()
	if ok {
		c.used(device, known)
		return known, nil
	}
	f := &fetcher{source: c.opts.Source, cache: c.opts.Cache, directory: c.opts.Directory, fetch: fetch,
		device: device, set: inv.Set, texts: map[string][]byte{}}
	if err := f.all(ctx, inv.Texts); err != nil {
		return nil, err
	}
	if err := f.imported(ctx); err != nil {
		return nil, err
	}
	compiled, err := c.compile(inv, f, device)
	if err == nil {
		c.used(device, compiled)
	}
	return compiled, err
}

// used remembers the newest model of a device.
func (c *Models) used(device string, m *Model) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest[device] = m
}

// compile makes a model, unless another device's texts were the same.
func (c *Models) compile(inv Inventory, f *fetcher, device string) (*Model, error) {
	key := f.digest(inv)
	c.compiling.Lock() // one at a time: a large one takes a second of every core
	defer c.compiling.Unlock()
	c.mu.Lock()
	known, ok := c.models[key]
	c.mu.Unlock()
	if !ok {
		var err error
		if known, err = c.build(inv, f); err != nil {
			return nil, fmt.Errorf("schema: %w", err)
		}
	}
	c.keep(device+"\x00"+inv.Set, key, known)
	return known, nil
}

// keep remembers a model; the one that came first makes room.
func (c *Models) keep(device, key string, m *Model) {
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

// Unmapped is the model of a device of which no schema is known: its data are
// kept below yang/unknown.
func Unmapped(why string) (*Model, error) {
	schema, _, err := yang.Compile(map[string][]byte{"none.yang": []byte(`module none { namespace "urn:none"; prefix n; }`)}, nil, yang.Options{})
	if err != nil {
		return nil, fmt.Errorf("schema without modules: %w", err)
	}
	return &Model{Schema: schema, Modules: map[string]string{}, Warnings: []string{why}}, nil
}

// ErrNoText: no schema text could be had, so that nothing can be compiled.
var ErrNoText = errors.New("no text of an implemented module could be had from the device")

func (c *Models) build(inv Inventory, f *fetcher) (*Model, error) {
	var want []string
	m := &Model{Modules: map[string]string{}, Warnings: f.warnings}
	for _, mod := range inv.Modules {
		if mod.Namespace != "" {
			m.Modules[mod.Namespace] = mod.Name
		}
		if mod.Implemented && f.texts[mod.ID()+".yang"] != nil {
			want = append(want, mod.ID())
		}
	}
	if len(want) == 0 {
		return nil, ErrNoText
	}
	schema, problems, err := yang.Compile(f.texts, want, yang.Options{Features: inv.Feature()})
	if err != nil {
		return nil, err
	}
	m.Schema = schema
	for _, p := range problems {
		m.Warnings = append(m.Warnings, "schema: "+p.String())
	}
	for _, n := range schema.Data() {
		if path := n.Module.Name + ":" + n.Name; !c.hides(n.Module.Namespace) && !c.opts.Policy.Skips(path) {
			m.Roots = append(m.Roots, Root{path, n.Name, n.Module.Namespace})
		}
	}
	return m, nil
}

func (c *Models) hides(namespace string) bool {
	for _, hidden := range c.opts.Hidden {
		if namespace == hidden {
			return true
		}
	}
	return false
}

// fetcher brings the texts of one device's schemas.
type fetcher struct {
	source      string
	cache       Cache
	directory   *Directory
	fetch       Fetch
	device, set string

	texts    map[string][]byte // by file name, as yang.Compile wants it
	names    []naming.Name
	bytes    int
	warnings []string
}

// all fetches what the cache does not have. A schema that is not to be had
// costs itself; an error means that the device cannot be asked on. What was
// fetched before stays in the cache.
func (f *fetcher) all(ctx context.Context, texts []Text) error {
	for i, t := range texts {
		err := f.one(ctx, t)
		switch {
		case err == nil:
		case errors.Is(err, ErrRefused), errors.Is(err, fs.ErrNotExist):
			f.warnings = append(f.warnings, fmt.Sprintf("schema %s was not to be had: %v", t.ID(), err))
		default:
			return fmt.Errorf("schema %d of %d: %w", i+1, len(texts), err)
		}
	}
	return nil
}

// imports are the modules and submodules that a text needs (RFC 7950 §7.1.5,
// §7.1.6).
var imports = regexp.MustCompile(`(?m)^[ \t]*(?:import|include)[ \t\r\n]+["']?([A-Za-z_][A-Za-z0-9_.-]*)`)

// imported fetches what the texts need and the inventory does not list. What is
// not to be had is told when it is compiled.
func (f *fetcher) imported(ctx context.Context) error {
	asked := map[string]bool{}
	var wait [][]byte
	for file, text := range f.texts {
		module, _, _ := strings.Cut(strings.TrimSuffix(file, ".yang"), "@")
		asked[module] = true
		wait = append(wait, text)
	}
	for len(wait) > 0 {
		for _, m := range imports.FindAllSubmatch(wait[0], -1) {
			name := string(m[1])
			if asked[name] {
				continue
			}
			if asked[name] = true; len(asked) > MaxModules {
				return fmt.Errorf("the device's modules import more than %d others", MaxModules)
			}
			err := f.one(ctx, Text{Name: name})
			switch {
			case err == nil:
				wait = append(wait, f.texts[name+".yang"])
			case !errors.Is(err, ErrRefused) && !errors.Is(err, fs.ErrNotExist):
				return fmt.Errorf("schema %s: %w", name, err)
			}
		}
		wait = wait[1:]
	}
	return nil
}

func (f *fetcher) one(ctx context.Context, t Text) error {
	id := ID{Device: f.device, Set: f.set, Module: t.Name, Revision: t.Revision}
	text, name, err := f.cache.Schema(ctx, id)
	if shared, ok := f.cache.(Sharing); ok && f.fetch == nil && errors.Is(err, fs.ErrNotExist) {
		text, name, err = shared.SchemaOf(ctx, id)
	}
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = f.bring(ctx, t); err == nil {
			name, err = f.cache.PutSchema(ctx, id, text)
		}
	}
	if err != nil {
		return err
	}
	if f.bytes += len(text); f.bytes > MaxTextsBytes {
		return fmt.Errorf("the device's schemas have more than %d bytes", MaxTextsBytes)
	}
	f.texts[t.ID()+".yang"] = text
	f.names = append(f.names, name)
	return nil
}

// bring has a text from the device, else from the directory.
func (f *fetcher) bring(ctx context.Context, t Text) ([]byte, error) {
	err := fmt.Errorf("%w: by %s the device hands out no schemas", ErrRefused, f.source)
	if f.fetch != nil {
		var text []byte
		if text, err = f.fetch(ctx, t); err == nil && len(text) <= MaxTextBytes {
			return text, nil
		}
		if err == nil {
			err = fmt.Errorf("%w: schema %s: %d bytes, at most %d", ErrRefused, t.Name, len(text), MaxTextBytes)
		}
		if !errors.Is(err, ErrRefused) {
			return nil, err
		}
	}
	text, exact, missing := f.directory.Text(t)
	if missing != nil {
		return nil, err
	}
	if !exact {
		f.warnings = append(f.warnings, fmt.Sprintf("schema %s: another revision of the folder of YANG modules is used", t.ID()))
	}
	return text, nil
}

// digest is equal for devices with the same texts and features.
func (f *fetcher) digest(inv Inventory) string {
	key := inv.Set
	for _, n := range f.names {
		key += " " + n.String()
	}
	return naming.Of(naming.CodecRaw, []byte(key)).String()
}
