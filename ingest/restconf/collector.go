package restconf

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/schemas"
	"nettwin/internal/clock"
	"nettwin/ontology/yang"
)

// Encoding is the form in which data is asked for.
type Encoding uint8

// The encodings.
const (
	Any Encoding = iota // JSON, else XML
	JSON
	XML
)

// Defaults of Options.
const (
	DefaultTimeout       = 30 * time.Second
	DefaultBudget        = 3 * time.Minute
	DefaultMaxReplyBytes = 64 << 20
	// maxKept bounds the devices whose configuration is kept for If-None-Match.
	maxKept = 4096
)

// Options of a Collector. A zero value of a limit means its default.
type Options struct {
	// Credentials returns what a target wants to see. Required.
	Credentials func(ingest.Target) (Credential, error)
	// Schemas keeps what devices tell of their schemas. Required.
	Schemas schemas.Cache
	// Directory has the texts that devices do not hand out; may be nil.
	Directory *schemas.Directory
	Policy    schemas.Policy
	Encoding  Encoding
	// Depth bounds how deep data is asked for (RFC 8040 §4.8.2), of devices
	// that have the parameter; 0 does not bound.
	Depth int
	// Timeout of one request and Budget of a whole collection, where the
	// target does not say.
	Timeout, Budget time.Duration
	// MaxReplyBytes bounds one answer, MaxFacts one sample.
	MaxReplyBytes int64
	MaxFacts      int
	// WatchGap is the least time between two calls of Watch's function.
	WatchGap time.Duration
	Clock    clock.Clock  // nil means the machine's
	Log      *slog.Logger // nil means no log
}

// Collector reads devices by RESTCONF. It is safe for concurrent use.
type Collector struct {
	opts   Options
	models *schemas.Models

	mu   sync.Mutex // guards what follows
	kept map[string]kept
}

// kept is a device's configuration with its entity tag, by resource.
type kept struct {
	model *schemas.Model
	trees map[string]tagged
}

type tagged struct {
	tag  string
	tree *yang.Tree
	raw  ingest.RawItem
}

// New returns a collector.
func New(opts Options) (*Collector, error) {
	switch {
	case opts.Credentials == nil:
		return nil, errors.New("restconf: new collector: Options.Credentials is missing")
	case opts.Schemas == nil:
		return nil, errors.New("restconf: new collector: Options.Schemas is missing")
	}
	opts.Timeout = cmp.Or(opts.Timeout, DefaultTimeout)
	opts.Budget = cmp.Or(opts.Budget, DefaultBudget)
	opts.MaxReplyBytes = cmp.Or(opts.MaxReplyBytes, DefaultMaxReplyBytes)
	opts.MaxFacts = cmp.Or(opts.MaxFacts, ingest.MaxFacts)
	opts.WatchGap = cmp.Or(opts.WatchGap, DefaultWatchGap)
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Collector{opts: opts, kept: map[string]kept{}, models: schemas.NewModels(schemas.Options{Cache: opts.Schemas,
		Directory: opts.Directory, Policy: opts.Policy, Hidden: []string{monitoringNS}, Source: "RESTCONF"})}, nil
}

// Name is "restconf".
func (c *Collector) Name() string { return "restconf" }

// Collect reads the device once, see ingest.Collector.
func (c *Collector) Collect(ctx context.Context, t ingest.Target) (*ingest.Sample, error) {
	inner, cancel := context.WithTimeoutCause(ctx, cmp.Or(t.Budget, c.opts.Budget), errBudget)
	defer cancel()
	sample, err := c.collect(inner, t)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("restconf: %s: %w", deviceName(t), ctx.Err())
	case err != nil && ingest.TimeUp(inner) && sample == nil:
		return nil, fmt.Errorf("restconf: %s: %w", deviceName(t), errBudget)
	case err != nil:
		return sample, fmt.Errorf("restconf: %s: %w", deviceName(t), contract(err))
	}
	return sample, nil
}

func (c *Collector) collect(ctx context.Context, t ingest.Target) (*ingest.Sample, error) {
	cl, err := c.dial(t)
	if err != nil {
		return nil, err
	}
	defer cl.close()
	if err := cl.discover(ctx); err != nil {
		return nil, err
	}
	device, err := cl.describe(ctx)
	if err != nil {
		return nil, err
	}
	inv, err := cl.inventory(ctx)
	if err != nil {
		return nil, err
	}
	name := cmp.Or(t.Name, t.Address)
	model, err := c.models.Get(ctx, name, inv, cl.fetch)
	if err != nil {
		return nil, err
	}
	r := &reader{client: cl, server: device, depth: c.opts.Depth, before: c.keptOf(name, model), after: map[string]tagged{},
		Reading: schemas.Reading{Model: model, MaxFacts: c.opts.MaxFacts, Policy: c.opts.Policy, Sample: &ingest.Sample{Collector: c.Name(),
			Device: t.Name, Started: c.opts.Clock.Now(), Transport: "RESTCONF over TLS " + cl.host, Instruction: "get data"}}}
	err = r.read(ctx)
	r.Sample.Ended = c.opts.Clock.Now()
	if err != nil {
		return nil, err
	}
	r.Warn(model.Warnings...)
	c.keep(name, kept{model, r.after})
	return r.Finish()
}

// keptOf returns what is known of a device's configuration, if its modules are
// the same as then.
func (c *Collector) keptOf(device string, model *schemas.Model) map[string]tagged {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.kept[device]; k.model == model {
		return k.trees
	}
	return nil
}

func (c *Collector) keep(device string, k kept) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.kept[device]; !known && len(c.kept) >= maxKept {
		for other := range c.kept {
			delete(c.kept, other)
			break
		}
	}
	c.kept[device] = k
}

// deviceName names a target in messages.
func deviceName(t ingest.Target) string {
	if t.Name == "" {
		return t.Address
	}
	return t.Name + " (" + t.Address + ")"
}
