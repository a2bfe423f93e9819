package snmp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nettwin/ingest"
	"nettwin/internal/clock"
	"nettwin/ontology/mib"
)

// Defaults of Options.
const (
	DefaultMaxRepetitions = 25
	DefaultRetries        = 2
	DefaultTimeout        = 2 * time.Second
	DefaultBudget         = 2 * time.Minute
	DefaultMaxVarbinds    = 500_000
)

// Options of a Collector. A zero value of a limit means its default.
type Options struct {
	Tables *mib.Tables // required
	// Credentials returns what a target wants to see. Required.
	Credentials func(ingest.Target) (Credential, error)
	// MaxRepetitions is how many values one request asks for at most; agents
	// that cannot are asked for less.
	MaxRepetitions uint32
	// Retries after the first request of a pair; -1 means none.
	Retries int
	// Timeout of one request and Budget of a whole collection, where the
	// target does not say.
	Timeout, Budget time.Duration
	// MaxVarbinds bounds what one device can say.
	MaxVarbinds int
	Clock       clock.Clock // nil means the machine's
}

// Collector reads devices by SNMP. It is safe for concurrent use.
type Collector struct {
	opts   Options
	mapper *Mapper
}

// New returns a collector that reads the walk roots of opts.Tables.
func New(opts Options) (*Collector, error) {
	switch {
	case opts.Tables == nil:
		return nil, errors.New("snmp: new collector: Options.Tables is missing")
	case opts.Credentials == nil:
		return nil, errors.New("snmp: new collector: Options.Credentials is missing")
	case len(opts.Tables.Walk()) == 0:
		return nil, errors.New("snmp: new collector: the tables of facts name no walk root (walk.tsv)")
	}
	opts.MaxRepetitions = cmp.Or(opts.MaxRepetitions, DefaultMaxRepetitions)
	opts.Timeout = cmp.Or(opts.Timeout, DefaultTimeout)
	opts.Budget = cmp.Or(opts.Budget, DefaultBudget)
	opts.MaxVarbinds = cmp.Or(opts.MaxVarbinds, DefaultMaxVarbinds)
	opts.Retries = max(cmp.Or(opts.Retries, DefaultRetries), 0)
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	return &Collector{opts: opts, mapper: NewMapper(opts.Tables)}, nil
}

// Name is "snmp".
func (c *Collector) Name() string { return "snmp" }

// Collect reads the device once, see ingest.Collector.
func (c *Collector) Collect(ctx context.Context, t ingest.Target) (*ingest.Sample, error) {
	cred, err := c.opts.Credentials(t)
	if err != nil {
		return nil, fmt.Errorf("snmp: credential of %s: %w", deviceName(t), err)
	}
	inner, cancel := context.WithTimeoutCause(ctx, cmp.Or(t.Budget, c.opts.Budget), errBudget)
	defer cancel()
	s, err := open(inner, t, cred, cmp.Or(t.Timeout, c.opts.Timeout), c.opts.Retries)
	if err != nil {
		return nil, err
	}
	defer s.close()

	sample := &ingest.Sample{
		Collector: c.Name(), Device: t.Name, Started: c.opts.Clock.Now(),
		Transport: cred.Transport() + " " + s.address,
	}
	reading := &reading{unfinished: map[string]bool{}, choice: choose(c.opts.Tables, t.Want)}
	sample.Instruction, sample.Left = reading.instruction(), reading.left
	w := &walker{session: s, meter: t.Meter, repetitions: c.opts.MaxRepetitions, maxVarbinds: c.opts.MaxVarbinds}
	c.roots(inner, w, sample, reading)
	sample.Ended = c.opts.Clock.Now()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("snmp: %s: %w", s.device, err)
	}
	if len(reading.varbinds) == 0 && len(reading.failures) > 0 {
		return nil, c.diagnose(inner, t, s, reading.failures[0])
	}
	return c.finish(sample, reading, s.device)
}

// instruction names the subtrees that are read.
func (r *reading) instruction() string {
	var names []string
	for _, root := range r.read {
		names = append(names, root.Object.Name)
	}
	return "walk " + strings.Join(names, " ")
}

// reading collects what the walks of one device bring.
type reading struct {
	choice
	varbinds   []Varbind
	unfinished map[string]bool // things with a walk that did not end
	failures   []error
}

func (r *reading) fail(root mib.Root, err error) {
	r.failures = append(r.failures, fmt.Errorf("walk of %s: %w", root.Object.Name, err))
	for _, thing := range root.Things {
		r.unfinished[thing] = true
	}
}

// concerns tells whether what was read so far lets a subtree be read.
func (r *reading) concerns(root mib.Root) bool {
	return root.Condition == nil || slices.ContainsFunc(r.varbinds, func(v Varbind) bool {
		return v.Value.Kind == mib.ObjectID && root.Concerns(v.Name, v.Value.OID)
	})
}

// roots walks one subtree after another. A failure that concerns the whole
// device ends the reading: the roots behind it count as unfinished.
func (c *Collector) roots(ctx context.Context, w *walker, sample *ingest.Sample, r *reading) {
	for i, root := range r.read {
		if !r.concerns(root.Root) {
			continue
		}
		requests, bytes := w.meter.Count()
		part, err := w.walk(ctx, root.Object)
		nowRequests, nowBytes := w.meter.Count()
		sample.Costs = append(sample.Costs, ingest.Cost{Part: root.of, Requests: nowRequests - requests, Bytes: nowBytes - bytes})
		if len(part.varbinds) > 0 {
			sample.Raw = append(sample.Raw, ingest.RawItem{Label: mib.Dotted(root.Object.OID), Bytes: part.raw})
			r.varbinds = append(r.varbinds, part.varbinds...)
		}
		if err == nil {
			continue
		}
		r.fail(root.Root, err)
		if errors.Is(err, errOrder) || errors.Is(err, errStatus) {
			continue
		}
		for _, rest := range r.read[i+1:] {
			for _, thing := range rest.Things {
				r.unfinished[thing] = true
			}
		}
		return
	}
}

// finish maps and judges what was read.
func (c *Collector) finish(sample *ingest.Sample, r *reading, device string) (*ingest.Sample, error) {
	if len(r.varbinds) == 0 {
		return nil, fmt.Errorf("snmp: %s: %w: the agent answers but shows none of the objects asked for: check the view that its access control gives to this credential",
			device, ingest.ErrAuth)
	}
	m := c.mapper.Map(r.varbinds)
	sample.Facts, sample.Unmapped, sample.Warnings = m.Facts, m.Unmapped, m.Warnings
	for _, root := range c.opts.Tables.Walk() {
		for _, thing := range root.Things {
			if !r.unfinished[thing] && !r.held[thing] && !slices.Contains(sample.Complete, thing) {
				sample.Complete = append(sample.Complete, thing)
			}
		}
	}
	if len(r.failures) == 0 {
		return sample, nil
	}
	return sample, fmt.Errorf("snmp: %s: %w: %w", device, ingest.ErrPartial, errors.Join(r.failures...))
}
