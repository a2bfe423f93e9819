package netconf

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/schemas"
	"nettwin/ingest/telemetry"
	"nettwin/internal/clock"
	client "nettwin/internal/netconf"
)

// Defaults of Options.
const (
	DefaultTimeout       = 30 * time.Second
	DefaultBudget        = 3 * time.Minute
	DefaultMaxReplyBytes = 64 << 20
)

// Options of a Collector. A zero value of a limit means its default.
type Options struct {
	// Credentials returns what a target wants to see. Required.
	Credentials func(ingest.Target) (Credential, error)
	// HostKey decides about devices whose credential has no fingerprints; nil
	// refuses them.
	HostKey client.HostKeyPolicy
	// Schemas keeps what devices tell of their schemas. Required.
	Schemas schemas.Cache
	Policy  schemas.Policy
	// Timeout of one request and Budget of a whole collection, where the
	// target does not say.
	Timeout, Budget time.Duration
	// MaxReplyBytes bounds one reply, MaxFacts one sample.
	MaxReplyBytes int64
	MaxFacts      int
	// Pushed takes what devices push (RFC 8641), as samples of this collector;
	// nil means that they are read when they tell of a change.
	Pushed *telemetry.Intake
	// WatchGap is the least time between two calls of Watch's function.
	WatchGap time.Duration
	Clock    clock.Clock  // nil means the machine's
	Log      *slog.Logger // nil means no log
}

// Collector reads devices by NETCONF. It is safe for concurrent use.
type Collector struct {
	opts   Options
	models *schemas.Models
}

// New returns a collector.
func New(opts Options) (*Collector, error) {
	switch {
	case opts.Credentials == nil:
		return nil, errors.New("netconf: new collector: Options.Credentials is missing")
	case opts.Schemas == nil:
		return nil, errors.New("netconf: new collector: Options.Schemas is missing")
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
	return &Collector{opts: opts, models: schemas.NewModels(schemas.Options{Cache: opts.Schemas, Policy: opts.Policy,
		Hidden: []string{monitoringNS}, Source: "NETCONF"})}, nil
}

// Name is "netconf".
func (c *Collector) Name() string { return "netconf" }

// open opens a session with a device.
func (c *Collector) open(ctx context.Context, t ingest.Target) (*client.Session, error) {
	cred, err := c.opts.Credentials(t)
	if err != nil {
		return nil, fmt.Errorf("netconf: credential of %s: %w", deviceName(t), err)
	}
	cfg, err := cred.config(c.opts.HostKey)
	if err != nil {
		return nil, fmt.Errorf("netconf: credential of %s: %w", deviceName(t), err)
	}
	cfg.Peer, cfg.Clock, cfg.Log = deviceName(t), c.opts.Clock, c.opts.Log
	cfg.Timeout = cmp.Or(t.Timeout, c.opts.Timeout)
	cfg.MaxMessageBytes = c.opts.MaxReplyBytes
	if t.Meter != nil {
		cfg.Meter = t.Meter
	}
	return client.Dial(ctx, t.Address, cfg)
}

// Collect reads the device once, see ingest.Collector.
func (c *Collector) Collect(ctx context.Context, t ingest.Target) (*ingest.Sample, error) {
	inner, cancel := context.WithTimeoutCause(ctx, cmp.Or(t.Budget, c.opts.Budget), errBudget)
	defer cancel()
	s, err := c.open(inner, t)
	if err != nil {
		return nil, contract(err)
	}
	defer goodbye(inner, s)
	m, err := c.model(inner, s, cmp.Or(t.Name, t.Address))
	if err != nil {
		return nil, contract(err)
	}
	m, asked, left := selected(m, t.Want)
	r := &reader{session: s, asked: asked, maxBytes: c.opts.MaxReplyBytes, Reading: schemas.Reading{
		Model: m, MaxFacts: c.opts.MaxFacts, Policy: c.opts.Policy, Sample: &ingest.Sample{Collector: c.Name(),
			Device: t.Name, Started: c.opts.Clock.Now(), Transport: transport(t, s), Instruction: "get", Left: left}}}
	err = r.read(inner)
	r.Sample.Ended = c.opts.Clock.Now()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("netconf: %s: %w", deviceName(t), ctx.Err())
	}
	if err != nil {
		return nil, contract(err)
	}
	r.Warn(m.Warnings...)
	return r.finish()
}

func transport(t ingest.Target, s *client.Session) string {
	version := "1.0"
	if s.Has(client.CapBase11) {
		version = "1.1"
	}
	address, _ := client.Endpoint(t.Address)
	return "NETCONF " + version + " over SSH " + address
}

// goodbyeTimeout bounds the polite end of a session.
const goodbyeTimeout = 2 * time.Second

// goodbye ends a session; a device that does not answer is left.
func goodbye(ctx context.Context, s *client.Session) {
	ctx, cancel := context.WithTimeout(ctx, goodbyeTimeout)
	defer cancel()
	_ = s.CloseSession(ctx) // the session is closed either way
}
