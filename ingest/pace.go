package ingest

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"nettwin/internal/clock"
)

// paceBurst is how much of a second's allowance may be used at once after a
// quiet time.
const paceBurst = time.Second

// PaceOptions bound what a device is asked. Zero does not bound.
type PaceOptions struct {
	RequestsPerSecond float64
	// BytesPerSecond bounds what the device answers. An answer cannot be
	// stopped when it has been asked for: what is too much delays the next
	// request.
	BytesPerSecond float64
	Clock          clock.Clock // nil means the system's
}

// Pace is the budget of one device, which all collectors that read it share.
// It is safe for concurrent use; a nil Pace does not bound.
type Pace struct {
	opts PaceOptions

	mu       sync.Mutex // guards what follows
	requests allowance
	bytes    allowance
}

// allowance is a bucket that fills with time; it may owe.
type allowance struct {
	rate float64 // a second
	left float64
	at   time.Time
}

// NewPace returns a pace whose allowances are full.
func NewPace(opts PaceOptions) *Pace {
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	now := opts.Clock.Now()
	p := &Pace{opts: opts}
	p.requests = newAllowance(opts.RequestsPerSecond, now)
	p.bytes = newAllowance(opts.BytesPerSecond, now)
	return p
}

func newAllowance(rate float64, now time.Time) allowance {
	a := allowance{rate: rate, at: now}
	a.left = a.most()
	return a
}

// most is what may be used at once: a second's worth, and one request at least.
func (a *allowance) most() float64 { return max(a.rate*paceBurst.Seconds(), 1) }

// take uses n and returns how long to wait until that much was there.
func (a *allowance) take(n float64, now time.Time) time.Duration {
	if a.rate <= 0 {
		return 0
	}
	past := max(now.Sub(a.at), 0) // a clock that was set back takes nothing away
	a.left = min(a.left+a.rate*past.Seconds(), a.most()) - n
	a.at = now
	if a.left >= 0 {
		return 0
	}
	return time.Duration(-a.left / a.rate * float64(time.Second))
}

// Wait returns when one more request may be sent, or with ctx's cause. Who
// waits is served in order of arrival.
func (p *Pace) Wait(ctx context.Context) error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	now := p.opts.Clock.Now()
	wait := max(p.requests.take(1, now), p.bytes.take(0, now))
	p.mu.Unlock()
	if wait > 0 {
		if err := p.opts.Clock.Sleep(ctx, wait); err != nil {
			return causeOr(ctx, err)
		}
	}
	return context.Cause(ctx)
}

func causeOr(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// Answered notes what an answer took.
func (p *Pace) Answered(bytes int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes.take(float64(bytes), p.opts.Clock.Now())
}

// Meter counts what one collector asks of one device, within the device's
// pace. It is safe for concurrent use; a nil Meter neither counts nor bounds.
type Meter struct {
	pace            *Pace
	requests, bytes atomic.Uint64
}

// NewMeter returns a meter that begins at zero; pace may be nil.
func NewMeter(pace *Pace) *Meter { return &Meter{pace: pace} }

// Request waits until one more request may be sent, see Pace.Wait, and counts
// it.
func (m *Meter) Request(ctx context.Context) error {
	if m == nil {
		return context.Cause(ctx)
	}
	if err := m.pace.Wait(ctx); err != nil {
		return err
	}
	m.requests.Add(1)
	return context.Cause(ctx)
}

// Answered counts the bytes of an answer.
func (m *Meter) Answered(bytes int) {
	if m == nil || bytes <= 0 {
		return
	}
	m.bytes.Add(uint64(bytes))
	m.pace.Answered(bytes)
}

// Count returns the requests and the bytes of answers since the beginning.
func (m *Meter) Count() (requests, bytes uint64) {
	if m == nil {
		return 0, 0
	}
	return m.requests.Load(), m.bytes.Load()
}
