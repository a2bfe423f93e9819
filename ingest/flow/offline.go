package flow

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"time"
)

// Offline returns a collector without a socket, for recorded datagrams: all
// that is fed until Settle is one window, and nothing in it is idle. Address,
// Resolve and Window of the options are not used. Neither Run nor Flush may be
// called, and Feed and Settle by one goroutine only.
func Offline(opts Options) (*Collector, error) {
	opts.Address = "offline"
	opts.Resolve = func(netip.AddrPort) (string, bool) { return "", false }
	opts.Idle = math.MaxInt64
	if err := opts.complete(); err != nil {
		return nil, fmt.Errorf("flow: offline: %w", err)
	}
	c, err := newCollector(opts)
	if err != nil {
		return nil, err
	}
	c.started = time.Time{} // what the graph holds of another recording goes
	return c, nil
}

// Feed decodes a recorded datagram of a device. The error is that of the first
// damage in it; the rest of it is kept.
func (c *Collector) Feed(device string, from netip.AddrPort, at time.Time, payload []byte) error {
	if len(payload) > MaxDatagram {
		return fmt.Errorf("flow: a datagram of %d octets, at most %d", len(payload), MaxDatagram)
	}
	c.received.Add(1)
	c.octets.Add(uint64(len(payload)))
	c.mu.Lock()
	defer c.mu.Unlock()
	g := &datagram{from: from, at: at, device: device, payload: payload}
	var first error
	problem := c.decoder.problem
	c.decoder.problem = func(m *message, err *DecodeError) {
		if first == nil {
			first = err
		}
		problem(m, err)
	}
	c.device(device).heard(g)
	c.decoder.decode(g)
	c.decoder.problem = problem
	return first
}

// Settle closes the window and returns when the pipeline took it.
func (c *Collector) Settle(ctx context.Context) error {
	return c.apply(ctx, c.closeWindow(c.latest()))
}

// latest is when the last datagram came.
func (c *Collector) latest() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	var last time.Time
	for _, dev := range c.devices {
		if dev.latest.After(last) {
			last = dev.latest
		}
	}
	return last
}
