package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"nettwin/ingest"
	"nettwin/internal/clock"
	"nettwin/ontology/yang"
)

// Sink takes samples; *ingest.Pipeline is one.
type Sink interface {
	Apply(ctx context.Context, s *ingest.Sample) (ingest.Report, error)
}

// Options make an Intake. Collector, Sink and Schema are required.
type Options struct {
	Collector   string // the collector's part of source graph names
	Instruction string // of the samples, such as "UDP-notif messages"
	Sink        Sink
	// Schema returns what the modules of a device compile to, and the modules
	// of namespaces that have no schema; an empty schema keeps all as unknown.
	Schema func(device string) (*yang.Schema, map[string]string)
	// Measures tells whether a property moves while nothing changes, so that
	// it is kept apart like a counter; nil means none but counters.
	Measures func(property string) bool
	// Ready tells whether a device may be stated, see flow.Options; nil means
	// always.
	Ready    func(device string) bool
	Window   time.Duration
	MaxFacts int
	Clock    clock.Clock
	Log      *slog.Logger
}

// Intake merges pushed messages to samples. It is safe for concurrent use.
type Intake struct {
	opts     Options
	flushing sync.Mutex // held while windows are given to the sink; before mu

	mu      sync.Mutex // guards what follows
	windows map[string]*window
	devices map[string]*DeviceStatus
	number  uint64 // of the last message
	stats   Stats
}

// Stats counts since the start.
type Stats struct {
	Messages     uint64 `json:"messages"`
	Damaged      uint64 `json:"damaged"` // could not be read
	Refused      uint64 `json:"refused"` // had no room
	Samples      uint64 `json:"samples"`
	SampleErrors uint64 `json:"sampleErrors"` // not taken by the pipeline; said again later
}

// DeviceStatus is how one device does.
type DeviceStatus struct {
	Device    string    `json:"device"`
	Last      time.Time `json:"last"`
	Messages  uint64    `json:"messages"`
	Facts     int       `json:"facts"` // of the last sample
	Graph     string    `json:"graph,omitempty"`
	LastError string    `json:"lastError,omitempty"`
}

// New returns an intake.
func New(opts Options) (*Intake, error) {
	if opts.Collector == "" || opts.Sink == nil || opts.Schema == nil {
		return nil, errors.New("telemetry: new intake: Options.Collector, Sink and Schema are required")
	}
	opts.Window = cmp.Or(opts.Window, DefaultWindow)
	opts.MaxFacts = cmp.Or(opts.MaxFacts, DefaultMaxFacts)
	if opts.Measures == nil {
		opts.Measures = func(string) bool { return false }
	}
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Intake{opts: opts, windows: map[string]*window{}, devices: map[string]*DeviceStatus{}}, nil
}

// Take decodes a message and merges it into the window of its device. Errors:
// ErrDecode, ErrFull; either costs this message.
func (in *Intake) Take(m Message) error {
	schema, modules := in.opts.Schema(m.Device)
	if schema == nil {
		schema = &yang.Schema{}
	}
	c, err := decode(m, schema, modules)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.stats.Messages++
	if err != nil {
		in.stats.Damaged++
		in.status(m.Device, m.Received).LastError = err.Error()
		return fmt.Errorf("telemetry: %s: %s: %w", m.Device, m.Transport, err)
	}
	w := in.windows[m.Device]
	if w == nil {
		if len(in.windows) >= MaxDevices {
			in.stats.Refused++
			return fmt.Errorf("telemetry: %s: %w: more than %d devices", m.Device, ErrFull, MaxDevices)
		}
		w = newWindow(m.Device, in.opts.Clock.Now())
		in.windows[m.Device] = w
	}
	in.number++
	if !w.take(m, in.number, c, in.opts.MaxFacts, in.opts.Measures) {
		in.stats.Refused++
		w.warn(fmt.Sprintf("messages were left out: more than %d facts or %d deletions in a window", in.opts.MaxFacts, maxGone))
		return fmt.Errorf("telemetry: %s: %w", m.Device, ErrFull)
	}
	in.status(m.Device, m.Received).Messages++
	return nil
}

// status returns that of a device, who was heard of at a time.
func (in *Intake) status(device string, at time.Time) *DeviceStatus {
	s := in.devices[device]
	if s == nil {
		s = &DeviceStatus{Device: device}
		if len(in.devices) < MaxDevices {
			in.devices[device] = s
		}
	}
	s.Last = at
	return s
}

// Run closes windows until ctx ends, and returns nil then. The windows under
// way are given to the sink at the end, in bounded time.
func (in *Intake) Run(ctx context.Context) error {
	for in.opts.Clock.Sleep(ctx, in.opts.Window) == nil {
		if err := in.Flush(ctx); err != nil && ctx.Err() == nil {
			in.opts.Log.Error("sample not taken", "collector", in.opts.Collector, "error", err)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
	defer cancel()
	if err := in.Flush(last); err != nil {
		in.opts.Log.Error("last sample not taken", "collector", in.opts.Collector, "error", err)
	}
	return nil
}

// lastFlush bounds the writing of what is left at the end.
const lastFlush = 5 * time.Second

// Flush closes the windows now and returns when the pipeline took their
// samples. The error joins those of the sink.
func (in *Intake) Flush(ctx context.Context) error {
	in.flushing.Lock()
	defer in.flushing.Unlock()
	var failures []error
	for _, w := range in.closeWindows() {
		sample := w.sample(in.opts.Collector, in.opts.Instruction)
		report, err := in.opts.Sink.Apply(ctx, sample)
		in.applied(w, len(sample.Facts), report, err)
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// closeWindows takes the windows out that have something to say.
func (in *Intake) closeWindows() []*window {
	in.mu.Lock()
	defer in.mu.Unlock()
	var list []*window
	for _, device := range slices.Sorted(maps.Keys(in.windows)) {
		w := in.windows[device]
		if w.empty() || in.opts.Ready != nil && !in.opts.Ready(device) {
			continue
		}
		delete(in.windows, device)
		list = append(list, w)
	}
	return list
}

// applied notes what became of a sample. One that was not taken is said
// again: what came meanwhile is merged behind it.
func (in *Intake) applied(w *window, facts int, report ingest.Report, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.stats.Samples++
	s := in.status(w.device, w.last)
	s.LastError = ""
	if err == nil {
		s.Facts, s.Graph = facts, report.Graph
		return
	}
	in.stats.SampleErrors++
	s.LastError = err.Error()
	if later := in.windows[w.device]; later != nil {
		if w.facts+later.facts > in.opts.MaxFacts || len(w.gone)+len(w.complete)+len(later.gone)+len(later.complete) > maxGone {
			// Together they could grow with every failure until no sink would
			// take them; what is older waits, so that its deletions stay true.
			in.stats.Refused += later.messages
			w.warn(fmt.Sprintf("%d messages were left out while samples were not taken: more than %d facts or %d deletions", later.messages, in.opts.MaxFacts, maxGone))
		} else {
			w.follow(later)
		}
	}
	in.windows[w.device] = w
}

// Stats returns the counts.
func (in *Intake) Stats() Stats {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.stats
}

// Devices returns the devices that were heard of, by name.
func (in *Intake) Devices() []DeviceStatus {
	in.mu.Lock()
	defer in.mu.Unlock()
	var list []DeviceStatus
	for _, device := range slices.Sorted(maps.Keys(in.devices)) {
		list = append(list, *in.devices[device])
	}
	return list
}
