package gnmi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/openconfig/gnmi/proto/gnmi"

	"nettwin/ingest"
	"nettwin/ingest/schemas"
	"nettwin/internal/clock"
	"nettwin/ontology/yang"
)

// Encoding is the form in which values are asked for.
type Encoding uint8

// The encodings.
const (
	Any Encoding = iota // what the device has: JSON_IETF, else JSON, else scalars
	JSONIETF
	JSON
	Proto
)

// Mode is how a device is read.
type Mode uint8

// The modes.
const (
	Once Mode = iota // Subscribe ONCE
	Get
	Poll // Subscribe POLL: the connection stays between two readings
)

// StreamMode is when a device that is watched tells a value.
type StreamMode uint8

// The modes of streams.
const (
	OnChange StreamMode = iota // when it changes; what the device refuses so as it defines
	TargetDefined
	Sample // every period
)

// Defaults of Options.
const (
	DefaultTimeout         = 30 * time.Second
	DefaultBudget          = 3 * time.Minute
	DefaultMaxMessageBytes = 64 << 20
	DefaultMaxElements     = 5_000_000
	DefaultSamplePeriod    = 10 * time.Second
	DefaultWatchGap        = time.Second
	// maxRawBytes bounds the raw messages of one sample; more are left out.
	maxRawBytes = 32 << 20
)

// What says how a target is asked; the zero value asks for everything.
type What struct {
	Paths    []string // as ParsePath reads them; none means all
	Target   string   // of the prefix: which of the devices behind a gateway
	Encoding Encoding
	Mode     Mode
	Stream   StreamMode
	// Period is the sample interval of streams with Sample; 0 means
	// DefaultSamplePeriod.
	Period time.Duration
}

// Options of a Collector. A zero value of a limit means its default.
type Options struct {
	// Credentials returns what a target wants to see. Required.
	Credentials func(ingest.Target) (Credential, error)
	// What returns how a target is asked; nil asks all for everything.
	What func(ingest.Target) What
	// Schemas keeps what devices tell of their schemas. Required.
	Schemas schemas.Cache
	// Directory has the texts that no other protocol brought; may be nil.
	Directory *schemas.Directory
	Policy    schemas.Policy
	// Timeout of one answer and Budget of a whole collection, where the target
	// does not say.
	Timeout, Budget time.Duration
	// MaxMessageBytes bounds one message, MaxElements the data of one device,
	// MaxFacts one sample.
	MaxMessageBytes int64
	MaxElements     int
	MaxFacts        int
	// WatchGap is the least time between two calls of Watch's function.
	WatchGap time.Duration
	Clock    clock.Clock  // nil means the machine's
	Log      *slog.Logger // nil means no log
}

// Collector reads devices by gNMI. It is safe for concurrent use.
type Collector struct {
	opts   Options
	models *schemas.Models

	mu      sync.Mutex // guards what follows
	streams map[string]*stream
	polls   map[string]*poll
	closed  bool
}

// New returns a collector.
func New(opts Options) (*Collector, error) {
	switch {
	case opts.Credentials == nil:
		return nil, errors.New("gnmi: new collector: Options.Credentials is missing")
	case opts.Schemas == nil:
		return nil, errors.New("gnmi: new collector: Options.Schemas is missing")
	}
	if opts.What == nil {
		opts.What = func(ingest.Target) What { return What{} }
	}
	opts.Timeout = cmp.Or(opts.Timeout, DefaultTimeout)
	opts.Budget = cmp.Or(opts.Budget, DefaultBudget)
	opts.MaxMessageBytes = cmp.Or(opts.MaxMessageBytes, DefaultMaxMessageBytes)
	opts.MaxElements = cmp.Or(opts.MaxElements, DefaultMaxElements)
	opts.MaxFacts = cmp.Or(opts.MaxFacts, ingest.MaxFacts)
	opts.WatchGap = cmp.Or(opts.WatchGap, DefaultWatchGap)
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Collector{opts: opts, streams: map[string]*stream{}, polls: map[string]*poll{}, models: schemas.NewModels(schemas.Options{
		Cache: opts.Schemas, Directory: opts.Directory, Policy: opts.Policy, Source: "gNMI"})}, nil
}

// Name is "gnmi".
func (c *Collector) Name() string { return "gnmi" }

// Close ends the connections that polls keep.
func (c *Collector) Close() error {
	c.mu.Lock()
	c.closed = true
	polls := c.polls
	c.polls = map[string]*poll{}
	c.mu.Unlock()
	for _, p := range polls {
		p.close()
	}
	return nil
}

// Collect reads the device once, see ingest.Collector: from the tree of its
// stream if that is in sync, else by asking.
func (c *Collector) Collect(ctx context.Context, t ingest.Target) (*ingest.Sample, error) {
	what := c.opts.What(t)
	if sample, err := c.fromStream(t, what); sample != nil || err != nil {
		return sample, err
	}
	inner, cancel := context.WithTimeoutCause(ctx, cmp.Or(t.Budget, c.opts.Budget), errBudget)
	defer cancel()
	sample, err := c.ask(inner, t, what)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("gnmi: %s: %w", deviceName(t), ctx.Err())
	case err != nil && ingest.TimeUp(inner) && sample == nil:
		return nil, fmt.Errorf("gnmi: %s: %w", deviceName(t), errBudget)
	case err != nil:
		return sample, fmt.Errorf("gnmi: %s: %w", deviceName(t), err)
	}
	return sample, nil
}

// ask reads a device that has no stream.
func (c *Collector) ask(ctx context.Context, t ingest.Target, what What) (*ingest.Sample, error) {
	if what.Mode == Poll {
		return c.poll(ctx, t, what)
	}
	started := c.opts.Clock.Now()
	cl, err := c.dial(t)
	if err != nil {
		return nil, err
	}
	defer cl.close()
	s, err := c.prepare(ctx, cl, t, what)
	if err != nil {
		return nil, err
	}
	switch {
	case len(s.paths) == 0: // the device has nothing of what is wanted
	case what.Mode == Get:
		err = s.get(ctx)
	default:
		err = s.once(ctx)
	}
	if err != nil {
		return nil, err
	}
	return c.sample(s.received, t, what, started)
}

// received is what a device told and how.
type received struct {
	tree      *tree
	transport string
	roots     []string // paths of the schema that were asked for as a whole
	all       bool     // everything was asked for that is wanted
	left      []string // roots that nobody wants
	raw       []byte
	label     string
	rawLost   bool
	skew      skew
}

// sample maps what a device told.
func (c *Collector) sample(r *received, t ingest.Target, what What, started time.Time) (*ingest.Sample, error) {
	model := *r.tree.model
	model.Roots = r.complete()
	reading := schemas.Reading{Model: &model, MaxFacts: c.opts.MaxFacts, Policy: c.opts.Policy, Sample: &ingest.Sample{
		Collector: c.Name(), Device: t.Name, Started: started, Transport: r.transport, Instruction: r.label, Left: r.left}}
	data := &yang.Tree{Schema: r.tree.data.Schema}
	for _, e := range r.tree.data.Top {
		if !c.opts.Policy.Skips(e.Module + ":" + e.Name) {
			data.Top = append(data.Top, e)
		}
	}
	err := reading.Add(func(yield func(yang.Fact) bool) (yang.Stats, []yang.Problem, error) {
		data.Facts(yield)
		return yang.Stats{Unknown: r.tree.unknown()}, nil, nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	reading.Sample.Ended = c.opts.Clock.Now()
	if len(r.raw) > 0 && len(reading.Sample.Facts) > 0 {
		reading.Sample.Raw = []ingest.RawItem{{Label: r.label, Bytes: r.raw}}
	}
	reading.Sample.Complete = r.tree.gone
	if r.rawLost {
		reading.Warn(fmt.Sprintf("the messages of this sample have more than %d bytes: they are not kept", maxRawBytes))
	}
	if behind, ok := r.skew.estimate(); ok {
		reading.Sample.Clock = &ingest.ClockReading{Ahead: -behind, Uncertainty: time.Second}
	}
	if text := r.skew.warning(); text != "" {
		reading.Warn(text)
	}
	reading.Warn(r.tree.warnings...)
	if r.tree.missed > 0 {
		reading.Warn(fmt.Sprintf("and %d updates more that could not be taken", r.tree.missed))
	}
	reading.Warn(model.Warnings...)
	return reading.Finish()
}

// complete are the roots of which everything that the device has was asked for:
// those of the schema, and what it told without schema.
func (r *received) complete() []schemas.Root {
	var roots []schemas.Root
	for _, root := range r.tree.model.Roots {
		if r.all {
			roots = append(roots, root)
			continue
		}
		for _, asked := range r.roots {
			if asked == root.Path {
				roots = append(roots, root)
			}
		}
	}
	if !r.all {
		return roots
	}
	for _, e := range r.tree.data.Top {
		if e.Node == nil {
			roots = append(roots, schemas.Root{Path: e.Path(), Name: e.Name})
		}
	}
	return roots
}

// deviceName names a target in messages.
func deviceName(t ingest.Target) string {
	if t.Name == "" {
		return t.Address
	}
	return t.Name + " (" + t.Address + ")"
}

// key tells targets apart.
func key(t ingest.Target) string { return cmp.Or(t.Name, t.Address) + "\x00" + t.Address }

// transport tells how a device was asked.
func transport(caps capabilities, encoding gnmi.Encoding, host string) string {
	return fmt.Sprintf("gNMI %s %s over TLS %s", clip(cmp.Or(caps.version, "?")), encoding, host)
}
