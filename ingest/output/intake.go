package output

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nettwin/ingest"
)

// Collector is the collector's part of the names of source graphs.
const Collector = "output"

// MaxPending bounds the octets of answers between two Flush.
const MaxPending = 1 << 30

// Sink takes samples in.
type Sink interface {
	Apply(ctx context.Context, s *ingest.Sample) (ingest.Report, error)
}

// Answer is what one device answered.
type Answer struct {
	Device string
	At     time.Time
	Place  string // where it is recorded, which stands for what was asked
	Text   []byte
}

// Intake makes of all answers of a device one sample. It is not safe for
// concurrent use.
type Intake struct {
	tables  *Tables
	sink    Sink
	samples map[string]*pending
	octets  int
}

// pending is the sample of a device.
type pending struct {
	sample *ingest.Sample
	stated map[ingest.Fact]bool
}

// NewIntake makes one that gives samples to a sink.
func NewIntake(tables *Tables, sink Sink) *Intake {
	return &Intake{tables: tables, sink: sink, samples: map[string]*pending{}}
}

// Take reads an answer; what it says waits for Flush. Errors: those of
// Tables.Read.
func (in *Intake) Take(a Answer) error {
	if in.octets += len(a.Text); in.octets > MaxPending {
		return fmt.Errorf("%w: more than %d octets of answers at once: replay fewer files", ErrTooLarge, MaxPending)
	}
	reading, err := in.tables.Read(a.Text)
	if err != nil {
		return err
	}
	p := in.samples[a.Device]
	if p == nil {
		p = &pending{&ingest.Sample{Collector: Collector, Device: a.Device, Started: a.At, Ended: a.At,
			Transport: "recorded answers", Instruction: "what the device answered"}, map[ingest.Fact]bool{}}
		in.samples[a.Device] = p
	}
	p.add(a, reading)
	return nil
}

func (p *pending) add(a Answer, reading Reading) {
	s := p.sample
	if a.At.Before(s.Started) {
		s.Started = a.At
	}
	if a.At.After(s.Ended) {
		s.Ended = a.At
	}
	s.Raw = append(s.Raw, ingest.RawItem{Label: a.Place, Bytes: a.Text})
	s.Unmapped += reading.Unread
	for _, w := range reading.Warnings {
		if len(s.Warnings) < maxWarnings {
			s.Warnings = append(s.Warnings, a.Place+": "+w)
		}
	}
	for _, f := range reading.Facts {
		if !p.stated[f] {
			p.stated[f] = true
			s.Facts = append(s.Facts, f)
		}
	}
}

// Flush gives each device's sample to the sink, in the order of their names.
// All that a table told of before is told anew: what is missing now is gone.
func (in *Intake) Flush(ctx context.Context) error {
	var failures []error
	for _, device := range slices.Sorted(maps.Keys(in.samples)) {
		sample := in.samples[device].sample
		sample.Complete = roots(sample.Facts)
		if _, err := in.sink.Apply(ctx, sample); err != nil {
			failures = append(failures, fmt.Errorf("output: %s: %w", device, err))
		}
	}
	in.samples, in.octets = map[string]*pending{}, 0
	return errors.Join(failures...)
}

// roots are the first steps of the things' names.
func roots(facts []ingest.Fact) []string {
	seen := map[string]bool{}
	for _, f := range facts {
		root, _, _ := strings.Cut(f.Thing, "/")
		seen[root] = true
	}
	return slices.Sorted(maps.Keys(seen))
}
