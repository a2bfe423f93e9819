package gnmi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/openconfig/gnmi/proto/gnmi"

	"nettwin/ingest"
)

// The waits of Watch before it connects again double from the first to the
// longest.
const (
	firstReconnect   = time.Second
	longestReconnect = 5 * time.Minute
)

// silentPeriods is how many sample intervals a stream may say nothing.
const silentPeriods = 3

func (w What) period() time.Duration { return cmp.Or(w.Period, DefaultSamplePeriod) }

// stream is a subscription in sync: its tree is the device's data.
type stream struct {
	mu sync.Mutex // guards what follows
	*session
	sampled  bool // values come every period
	last     time.Time
	messages uint64
}

// StreamStatus is how a device's stream does.
type StreamStatus struct {
	Messages    uint64        // since it is in sync
	LastMessage time.Time     // when it came, by our clock
	ClockBehind time.Duration // how far the device's clock is behind ours, as estimated
	Elements    int           // of the device's data
}

// Stream tells how the stream of a device does; ok is false if it has none in
// sync.
func (c *Collector) Stream(t ingest.Target) (status StreamStatus, ok bool) {
	c.mu.Lock()
	s := c.streams[key(t)]
	c.mu.Unlock()
	if s == nil {
		return status, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	behind, _ := s.skew.estimate()
	return StreamStatus{s.messages, s.last, behind, len(s.tree.index)}, true
}

// fromStream maps the tree of a device's stream; without one in sync, or of one
// that is silent, there is neither sample nor error.
func (c *Collector) fromStream(t ingest.Target, what What) (*ingest.Sample, error) {
	c.mu.Lock()
	s := c.streams[key(t)]
	c.mu.Unlock()
	if s == nil {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := c.opts.Clock.Now()
	if s.sampled && now.Sub(s.last) > silentPeriods*what.period() {
		return nil, nil
	}
	sample, err := c.sample(s.received, t, what, now)
	if err != nil {
		return nil, fmt.Errorf("gnmi: %s: %w", deviceName(t), err)
	}
	s.raw, s.rawLost = nil, false
	s.tree.gone, s.tree.warnings, s.tree.missed = nil, nil, 0
	return sample, nil
}

// Watch subscribes to all that a device is asked for, keeps its tree, and calls
// changed when the tree is in sync and after changes. Calls do not overlap, and
// changes within Options.WatchGap of a call share the next one.
//
// Watch returns when ctx ends, with its error, or when trying again cannot
// help: ingest.ErrAuth, ErrUnsupported. Else it subscribes again, after waits
// that double.
func (c *Collector) Watch(ctx context.Context, t ingest.Target, changed func()) error {
	wait := firstReconnect
	for {
		synced, err := c.watch(ctx, t, changed)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, ingest.ErrAuth) || errors.Is(err, ErrUnsupported) {
			return fmt.Errorf("gnmi: %s: %w", deviceName(t), err)
		}
		if synced {
			wait = firstReconnect
		}
		c.opts.Log.Warn("device not watched", "device", deviceName(t), "error", err, "again", wait)
		if err := c.opts.Clock.Sleep(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, longestReconnect)
	}
}

// fallbacks are the modes that are tried after one that the device refuses.
func (m StreamMode) fallbacks() []gnmi.SubscriptionMode {
	all := []gnmi.SubscriptionMode{gnmi.SubscriptionMode_ON_CHANGE, gnmi.SubscriptionMode_TARGET_DEFINED, gnmi.SubscriptionMode_SAMPLE}
	return all[min(int(m), len(all)-1):]
}

// watch follows one connection to its end.
func (c *Collector) watch(ctx context.Context, t ingest.Target, changed func()) (synced bool, err error) {
	what := c.opts.What(t)
	cl, err := c.dial(t)
	if err != nil {
		return false, err
	}
	defer cl.close()
	for _, mode := range what.Stream.fallbacks() {
		for _, each := range []bool{false, true} {
			if each && (len(what.Paths) > 0 || t.Want != nil) {
				continue
			}
			synced, err = c.stream(ctx, cl, t, what, mode, each, changed)
			if synced || !errors.Is(err, ErrUnsupported) {
				return synced, err
			}
		}
	}
	return false, err
}

// stream subscribes in one mode, to all paths or to each root of the schema by
// itself, and follows the stream to its end.
func (c *Collector) stream(ctx context.Context, cl *client, t ingest.Target, what What, mode gnmi.SubscriptionMode, each bool, changed func()) (synced bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	session, err := c.prepare(ctx, cl, t, what)
	if err != nil {
		return false, err
	}
	if session.label = "subscribe stream " + mode.String(); each {
		session.paths, session.all = session.each(), false
		for _, path := range session.paths {
			session.asked(path)
		}
		if len(session.paths) == 0 {
			return false, fmt.Errorf("%w: it refuses to tell everything, and no schema says what there is: configure paths", ErrUnsupported)
		}
	}
	if len(session.paths) == 0 {
		<-ctx.Done() // the device has nothing of what is wanted
		return false, ctx.Err()
	}
	sub, err := session.subscribe(ctx, gnmi.SubscriptionList_STREAM, session.paths, mode)
	if err == nil {
		err = session.untilSync(ctx, sub)
	}
	if err != nil {
		return false, fmt.Errorf("subscribe %s to %s: %w", mode, pathTexts(session.paths), err)
	}
	s := &stream{session: session, sampled: mode == gnmi.SubscriptionMode_SAMPLE, last: c.opts.Clock.Now()}
	c.publish(t, s)
	defer c.withdraw(t, s)
	events := make(chan struct{}, 1)
	var calls sync.WaitGroup
	calls.Go(func() { c.call(ctx, events, changed) })
	defer calls.Wait()
	defer cancel()
	return true, c.follow(ctx, s, sub, events)
}

func (c *Collector) publish(t ingest.Target, s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.streams[key(t)] = s
}

func (c *Collector) withdraw(t ingest.Target, s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams[key(t)] == s {
		delete(c.streams, key(t))
	}
}

// call calls changed at once and after events.
func (c *Collector) call(ctx context.Context, events <-chan struct{}, changed func()) {
	for {
		changed()
		if c.opts.Clock.Sleep(ctx, c.opts.WatchGap) != nil {
			return
		}
		select {
		case <-events:
		case <-ctx.Done():
			return
		}
	}
}

// follow takes what comes after sync_response.
func (c *Collector) follow(ctx context.Context, s *stream, sub gnmi.GNMI_SubscribeClient, events chan<- struct{}) error {
	if s.sampled {
		stop := c.giveUpWhenSilent(ctx, s)
		defer stop()
	}
	for {
		r, err := s.next(ctx, sub, true)
		if err != nil {
			return err
		}
		if err := c.takeNext(s, r); err != nil {
			return err
		}
		select {
		case events <- struct{}{}:
		default: // one is waiting: a reading sees what both mean
		}
	}
}

func (c *Collector) takeNext(s *stream, r *gnmi.SubscribeResponse) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = c.opts.Clock.Now()
	s.messages++
	if n := r.GetUpdate(); n != nil {
		s.skew.note(s.last, n.GetTimestamp())
	}
	_, err := s.message(r)
	return err
}

// giveUpWhenSilent ends the connection of a stream that does not say what it
// promised.
func (c *Collector) giveUpWhenSilent(ctx context.Context, s *stream) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		for c.opts.Clock.Sleep(ctx, s.what.period()) == nil {
			s.mu.Lock()
			silent := c.opts.Clock.Now().Sub(s.last) > silentPeriods*s.what.period()
			s.mu.Unlock()
			if silent {
				c.opts.Log.Warn("stream given up", "device", s.client.host, "error", errSilent)
				s.client.close()
				return
			}
		}
	})
	return func() {
		cancel()
		done.Wait()
	}
}
