package flow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"nettwin/ingest"
	"nettwin/internal/socket"
)

// collectorName is the collector's part of source graph names.
const collectorName = "flow"

// Collector receives flow messages on one UDP socket.
type Collector struct {
	opts    Options
	conn    *net.UDPConn
	lost    *socket.Losses // of conn; nil without
	writer  *writer
	started time.Time
	queue   chan *datagram
	batches chan batch
	flushes chan chan error
	closed  sync.Once
	running atomic.Bool
	done    chan struct{} // closed when Run ends
	busy    atomic.Bool   // the writer is at work

	received, octets, dropped atomic.Uint64

	mu       sync.Mutex // guards what follows
	decoder  *decoder
	stats    Stats
	devices  map[string]*device
	unknown  map[netip.Addr]*UnknownExporter
	stateErr error
}

// batch is what one window gives.
type batch struct {
	samples []*ingest.Sample
	state   []byte     // of the file of templates; nil if it did not change
	done    chan error // may be nil
}

// ErrClosed: the collector does not run.
var ErrClosed = errors.New("flow: the collector is closed")

// Listen opens the socket and reads the file of templates; Run begins to
// receive. A file that cannot be read is put aside, see StateError.
func Listen(ctx context.Context, opts Options) (*Collector, error) {
	if err := opts.complete(); err != nil {
		return nil, fmt.Errorf("flow: listen: %w", err)
	}
	packets, err := new(net.ListenConfig).ListenPacket(ctx, "udp", opts.Address)
	if err != nil {
		return nil, fmt.Errorf("flow: listen: %s: %w", opts.Address, err)
	}
	conn := packets.(*net.UDPConn)
	if err := conn.SetReadBuffer(receiveBuffer); err != nil {
		opts.Log.Warn("the socket's buffer stays small", "address", opts.Address, "error", err)
	}
	c, err := newCollector(opts)
	if err != nil {
		conn.Close()
		return nil, err
	}
	c.conn, c.lost = conn, socket.Watch(conn)
	return c, nil
}

// newCollector makes all but the socket.
func newCollector(opts Options) (*Collector, error) {
	c := &Collector{opts: opts, writer: newWriter(opts.Tables), started: opts.Clock(),
		queue: make(chan *datagram, opts.Queue), batches: make(chan batch, 1), flushes: make(chan chan error),
		done: make(chan struct{}), devices: map[string]*device{}, unknown: map[netip.Addr]*UnknownExporter{}}
	var err error
	if c.decoder, err = newDecoder(opts.Tables, opts.TemplateLife, &c.stats); err != nil {
		return nil, err
	}
	c.decoder.sink = func(m *message, r *record) { c.device(m.domain.Device).add(m, r, opts.Conversations) }
	c.decoder.meter = func(m *message, index uint32, values []meterValue) {
		dev := c.device(m.domain.Device)
		dev.meters.take(index, values)
		dev.exporters[m.domain.domainID] = true
	}
	c.decoder.problem = func(_ *message, err *DecodeError) {
		c.device(err.Device).warn(err.Error())
		opts.Log.Debug("damaged datagram", "device", err.Device, "error", err)
	}
	if opts.StateFile != "" {
		if c.stateErr = c.readState(); c.stateErr != nil {
			c.stats.StateErrors++
			opts.Log.Error("templates not read", "error", c.stateErr)
		}
	}
	return c, nil
}

// Address is where the collector listens.
func (c *Collector) Address() netip.AddrPort {
	return c.conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// StateError says why the file of templates was not read or written the last
// time; nil if it was.
func (c *Collector) StateError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stateErr
}

// Close closes the socket, which ends Run, and waits for it. It is
// idempotent.
func (c *Collector) Close() error {
	var err error
	c.closed.Do(func() { err = c.conn.Close() })
	if c.running.Load() {
		<-c.done
	}
	return err
}

// Run receives until ctx ends or the collector is closed, and returns nil
// then; it returns an error if the socket fails. It runs once. Records of the
// window under way are lost, templates are not.
func (c *Collector) Run(ctx context.Context) error {
	if c.running.Swap(true) {
		return errors.New("flow: Run is called twice")
	}
	defer close(c.done)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() { c.closed.Do(func() { c.conn.Close() }) })
	defer stop()
	var parts sync.WaitGroup
	parts.Go(func() { c.work(ctx) })
	parts.Go(func() { c.write(ctx) })
	err := c.receive()
	cancel()
	parts.Wait()
	c.mu.Lock()
	state := c.decoder.encode()
	c.mu.Unlock()
	return errors.Join(err, c.saveState(state))
}

// receive reads the socket until it is closed.
func (c *Collector) receive() error {
	buffer := make([]byte, MaxDatagram)
	for {
		n, from, err := c.conn.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("flow: receive: %w", err)
		}
		g := &datagram{from: netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), at: c.opts.Clock(), payload: slices.Clone(buffer[:n])}
		select {
		case c.queue <- g:
		default:
			c.dropped.Add(1)
		}
		// Last: whoever sees the count finds the datagram in the queue.
		c.octets.Add(uint64(n))
		c.received.Add(1)
	}
}

// work decodes datagrams and closes windows.
func (c *Collector) work(ctx context.Context) {
	ticker := time.NewTicker(c.opts.Window)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case g := <-c.queue:
			c.take(g)
		case <-ticker.C:
			if c.busy.Load() {
				c.mu.Lock()
				c.stats.WindowsLate++
				c.mu.Unlock()
				continue
			}
			c.hand(ctx, nil)
		case done := <-c.flushes:
			for range len(c.queue) {
				c.take(<-c.queue)
			}
			c.hand(ctx, done)
		}
	}
}

// hand closes the window and gives it to the writer.
func (c *Collector) hand(ctx context.Context, done chan error) {
	b := c.closeWindow(c.opts.Clock())
	b.done = done
	c.busy.Store(true)
	select {
	case c.batches <- b:
	case <-ctx.Done():
	}
}

// Flush closes the window now, with all datagrams that were received before,
// and returns when the pipeline took it. Errors: ErrClosed, ctx.Err(), those
// of the sink.
func (c *Collector) Flush(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case c.flushes <- done:
	case <-c.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-done:
		return err
	case <-c.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take finds out whose datagram it is and decodes it.
func (c *Collector) take(g *datagram) {
	name, ok := c.opts.Resolve(g.from)
	if agent, is := sflowAgent(g.payload); !ok && is {
		name, ok = c.opts.Resolve(netip.AddrPortFrom(agent, g.from.Port()))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !ok {
		c.stranger(g)
		return
	}
	g.device = name
	c.device(name).heard(g)
	c.decoder.decode(g)
}

// stranger notes a datagram that belongs to no device.
func (c *Collector) stranger(g *datagram) {
	c.stats.Unknown++
	u := c.unknown[g.from.Addr()]
	if u == nil {
		if len(c.unknown) >= MaxUnknown {
			return
		}
		u = &UnknownExporter{Address: g.from.Addr().String(), First: g.at}
		c.unknown[g.from.Addr()] = u
		c.opts.Log.Warn("flow exporter belongs to no device: configure its address", "address", u.Address)
	}
	u.Datagrams++
	u.Last = g.at
}

func (c *Collector) device(name string) *device {
	dev := c.devices[name]
	if dev == nil {
		dev = newDevice(name)
		dev.owed = true
		c.devices[name] = dev
	}
	return dev
}

// closeWindow makes the samples of all devices that have something to say.
func (c *Collector) closeWindow(now time.Time) batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Windows++
	c.decoder.expire(now)
	// What the graph holds from before the start may go on until it would
	// have been idle.
	whole := now.Sub(c.started) >= c.opts.Idle
	var b batch
	for _, name := range slices.Sorted(maps.Keys(c.devices)) {
		dev := c.devices[name]
		if c.opts.Ready != nil && !c.opts.Ready(name) {
			continue
		}
		stated := dev.close(now, c.opts.Idle, c.opts.Top, c.writer.path)
		if !dev.first.IsZero() || dev.changed || dev.moving || dev.owed && whole {
			b.samples = append(b.samples, c.writer.sample(dev, stated, whole))
			dev.owed = dev.owed && !whole
		}
		dev.open(stated)
	}
	if c.decoder.changed && c.opts.StateFile != "" {
		b.state = c.decoder.encode()
		c.decoder.changed = false
	}
	return b
}

// write hands samples to the pipeline and writes the file of templates.
func (c *Collector) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case b := <-c.batches:
			err := c.apply(ctx, b)
			c.busy.Store(len(c.batches) > 0)
			if b.done != nil {
				b.done <- err
			}
		}
	}
}

func (c *Collector) apply(ctx context.Context, b batch) error {
	var all []error
	for _, s := range b.samples {
		report, err := c.opts.Sink.Apply(ctx, s)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.applied(s.Device, report, err)
		all = append(all, err)
	}
	if b.state != nil {
		all = append(all, c.saveState(b.state))
	}
	return errors.Join(all...)
}

// applied notes what became of a sample. One that was not taken is owed: the
// next says all that is stated again.
func (c *Collector) applied(name string, report ingest.Report, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	dev := c.device(name)
	c.stats.Samples++
	dev.lastError = ""
	if err != nil {
		c.stats.SampleErrors++
		dev.owed, dev.lastError = true, err.Error()
		c.opts.Log.Error("sample not taken", "device", name, "error", err)
		return
	}
	dev.graph = report.Graph
}
