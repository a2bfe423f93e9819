package udpnotif

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/telemetry"
	"nettwin/internal/clock"
	"nettwin/internal/socket"
)

// Collector is the name of this source in source graphs.
const Collector = "udpnotif"

// Defaults and limits.
const (
	// DefaultQueue bounds the datagrams that wait to be read.
	DefaultQueue = 4096
	maxDatagram  = 65535
	readBuffer   = 8 << 20 // asked of the kernel, for bursts
	expirePeriod = time.Second
)

// Options of Listen. All but Queue, Clock and Log are required.
type Options struct {
	Address string // "host:port" of the UDP socket
	Intake  *telemetry.Intake
	Senders ingest.SenderOptions
	Queue   int
	Clock   clock.Clock
	Log     *slog.Logger
}

// Stats counts since the start.
type Stats struct {
	Datagrams uint64             `json:"datagrams"`
	Dropped   uint64             `json:"dropped"`       // because the queue was full
	Kernel    uint64             `json:"kernelDropped"` // before they were received, because the socket's buffer was full
	Damaged   uint64             `json:"damaged"`
	Messages  uint64             `json:"messages"` // whole ones
	Lost      uint64             `json:"lost"`     // of which segments were missing
	Senders   ingest.SenderStats `json:"senders"`
}

// Listener receives notifications on one UDP socket.
type Listener struct {
	opts   Options
	conn   *net.UDPConn
	kernel *socket.Losses
	from   *ingest.Senders
	queue  chan datagram
	parts  assembly

	datagrams, dropped, damaged, messages, lost atomic.Uint64
}

type datagram struct {
	at    time.Time
	from  netip.AddrPort
	bytes []byte
}

// Listen opens the socket; Run begins to receive.
func Listen(ctx context.Context, opts Options) (*Listener, error) {
	if opts.Intake == nil || opts.Senders.Resolve == nil {
		return nil, errors.New("udpnotif: listen: Options.Intake and Senders.Resolve are required")
	}
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	opts.Senders.Clock = opts.Clock
	packets, err := new(net.ListenConfig).ListenPacket(ctx, "udp", opts.Address)
	if err != nil {
		return nil, fmt.Errorf("udpnotif: listen: %w", err)
	}
	conn := packets.(*net.UDPConn)
	_ = conn.SetReadBuffer(readBuffer) // what the kernel allows is enough
	return &Listener{opts: opts, conn: conn, kernel: socket.Watch(conn), from: ingest.NewSenders(opts.Senders),
		queue: make(chan datagram, cmp.Or(opts.Queue, DefaultQueue))}, nil
}

// Address is where the listener receives.
func (l *Listener) Address() net.Addr { return l.conn.LocalAddr() }

// Close closes the socket, which ends Run.
func (l *Listener) Close() error {
	if err := l.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Run receives until ctx ends or the listener is closed, and returns nil then.
func (l *Listener) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.conn.Close() })
	defer stop()
	var worker sync.WaitGroup
	worker.Go(l.work)
	err := l.receive()
	close(l.queue)
	worker.Wait()
	return err
}

// receive reads the socket until it is closed.
func (l *Listener) receive() error {
	buffer := make([]byte, maxDatagram)
	for {
		n, from, err := l.conn.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("udpnotif: receive: %w", err)
		}
		l.datagrams.Add(1)
		select {
		case l.queue <- datagram{l.opts.Clock.Now(), from, slices.Clone(buffer[:n])}:
		default:
			l.dropped.Add(1)
		}
	}
}

func (l *Listener) work() {
	var expired time.Time
	for d := range l.queue {
		if d.at.Sub(expired) > expirePeriod {
			l.parts.expire(d.at)
			expired = d.at
		}
		l.take(d)
		l.lost.Store(l.parts.lost)
	}
}

// take finds out whose datagram it is and, once its message is whole, gives
// that to the intake.
func (l *Listener) take(d datagram) {
	device, ok := l.from.Device(d.from)
	if !ok || !l.from.Admit(device) {
		return
	}
	h, payload, err := parse(d.bytes)
	raw := d.bytes
	if err == nil && h.segmented {
		if payload, err = l.parts.add(d.from.Addr(), h, payload, d.at); payload == nil && err == nil {
			return
		}
		raw = payload
	}
	if err == nil {
		err = l.message(device, d, h, raw, payload)
	}
	if err != nil {
		l.damaged.Add(1)
		l.opts.Log.Debug("message not taken", "device", device, "error", err)
	}
}

func (l *Listener) message(device string, d datagram, h header, raw, payload []byte) error {
	m, err := message(h, payload)
	if err != nil {
		return err
	}
	defer l.messages.Add(1) // once it is taken
	m.Device, m.Received, m.Raw = device, d.at, raw
	m.Transport = fmt.Sprintf("UDP-notif %s publisher %d", d.from.Addr().Unmap(), h.publisher)
	return l.opts.Intake.Take(m)
}

// message says how a payload is to be read.
func message(h header, payload []byte) (telemetry.Message, error) {
	m := telemetry.Message{Label: "UDP-notif", Body: payload}
	switch h.media {
	case mediaXML:
		m.Format = telemetry.XML
	case mediaCBOR:
		body, err := cborToJSON(payload)
		if err != nil {
			return m, err
		}
		m.Body = body
	}
	return m, nil
}

// Decode reads the message of one whole datagram, such as a recorded one; its
// Device, Received and Transport are left to the caller.
func Decode(b []byte) (telemetry.Message, error) {
	h, payload, err := parse(b)
	if err == nil && h.segmented && !(h.segment == 0 && h.last) {
		err = fmt.Errorf("%w: one segment of several", ErrHeader)
	}
	if err != nil {
		return telemetry.Message{}, fmt.Errorf("udpnotif: %w", err)
	}
	m, err := message(h, payload)
	m.Raw = b
	return m, err
}

// Stats returns the counts.
func (l *Listener) Stats() Stats {
	return Stats{Datagrams: l.datagrams.Load(), Dropped: l.dropped.Load(), Kernel: l.kernel.Count(), Damaged: l.damaged.Load(), Messages: l.messages.Load(),
		Lost: l.lost.Load(), Senders: l.from.Stats()}
}
