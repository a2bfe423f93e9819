package trap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"nettwin/ingest"
	"nettwin/internal/clock"
	"nettwin/internal/snmp"
	"nettwin/internal/socket"
	"nettwin/ontology/mib"
)

// Collector is the name of this source in source graphs.
const Collector = "trap"

// Defaults and limits.
const (
	// DefaultQueue bounds the datagrams that wait to be decoded.
	DefaultQueue = 4096
	// MaxDatagram bounds one message: that of UDP.
	MaxDatagram = 65535
	// MaxVarbinds bounds the variables of one notification.
	MaxVarbinds = 256
	// MaxMessageBytes bounds the text that is made of a notification.
	MaxMessageBytes = 2048

	readBuffer = 4 << 20 // asked of the kernel, for storms
)

// Options of Listen. Address, Tables, Knowledge, Events.Pipeline,
// Senders.Resolve and Credentials are required.
type Options struct {
	Address string // "host:port" of the UDP socket
	Tables  *mib.Tables
	// Knowledge is the store's knowledge folder: map/trap.tsv is read.
	Knowledge fs.FS
	// Events say where events go and how many are kept; Collector, Class and
	// the clock are filled in.
	Events  ingest.EventLogOptions
	Senders ingest.SenderOptions
	// Credentials returns what a device's notifications must show; "" asks for
	// those of proxies.
	Credentials func(device string) []snmp.Credential
	// Proxy tells whether a sender speaks for others: the device is then that
	// of snmpTrapAddress.0 (RFC 3584 §3.1) or an SNMPv1 agent-addr. nil means
	// that nobody does.
	Proxy func(netip.AddrPort) bool
	// EngineID is ours as authoritative engine of informs (RFC 3411 §5); nil
	// means one that spells "nettwin".
	EngineID []byte
	Queue    int
	Clock    clock.Clock
	Log      *slog.Logger
}

// Listener receives notifications.
type Listener struct {
	opts   Options
	conn   *net.UDPConn
	lost   *socket.Losses
	log    *ingest.EventLog
	from   *ingest.Senders
	rules  *table
	engine *engine
	queue  chan datagram

	cancel context.CancelFunc
	wg     sync.WaitGroup
	counts counters
}

type datagram struct {
	at     time.Time
	from   netip.AddrPort
	device string // "" of a proxy
	proxy  bool
	bytes  []byte
}

// Listen opens the socket and takes notifications until ctx ends or Close.
func Listen(ctx context.Context, opts Options) (*Listener, error) {
	switch {
	case opts.Tables == nil:
		return nil, errors.New("trap: listen: Options.Tables is missing")
	case opts.Knowledge == nil:
		return nil, errors.New("trap: listen: Options.Knowledge is missing")
	case opts.Senders.Resolve == nil:
		return nil, errors.New("trap: listen: Options.Senders.Resolve is missing")
	case opts.Credentials == nil:
		return nil, errors.New("trap: listen: Options.Credentials is missing")
	}
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	opts.Events.Collector, opts.Events.Class = Collector, classNotification
	opts.Events.Clock, opts.Senders.Clock = opts.Clock, opts.Clock
	opts.Events.Log = cmp.Or(opts.Events.Log, opts.Log)
	rules, err := loadTable(opts.Knowledge, tableFile, opts.Tables)
	if err != nil {
		return nil, err
	}
	events, err := ingest.NewEventLog(opts.Events)
	if err != nil {
		return nil, err
	}
	eng, err := newEngine(opts.EngineID, opts.Clock)
	if err != nil {
		return nil, err
	}
	packets, err := new(net.ListenConfig).ListenPacket(ctx, "udp", opts.Address)
	if err != nil {
		return nil, fmt.Errorf("trap: listen: %w", err)
	}
	conn := packets.(*net.UDPConn)
	_ = conn.SetReadBuffer(readBuffer) // what the kernel allows is enough
	inner, cancel := context.WithCancel(ctx)
	l := &Listener{opts: opts, conn: conn, lost: socket.Watch(conn), log: events, from: ingest.NewSenders(opts.Senders), rules: rules, engine: eng,
		queue: make(chan datagram, cmp.Or(opts.Queue, DefaultQueue)), cancel: cancel}
	l.wg.Go(func() { l.read(inner) })
	// The log ends after the last trap was handed to it.
	logging, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.wg.Go(func() {
		defer stop()
		l.work()
	})
	l.wg.Go(func() {
		<-inner.Done()
		_ = conn.SetReadDeadline(time.Unix(1, 0)) // ends read; informs can still be answered
	})
	l.wg.Go(func() {
		if err := events.Run(logging); err != nil && inner.Err() == nil {
			opts.Log.Error("traps are not stored", "error", err)
		}
	})
	return l, nil
}

// Address returns where the listener listens.
func (l *Listener) Address() net.Addr { return l.conn.LocalAddr() }

// Close ends the listener, writes what waits and waits for it. Further calls
// do nothing.
func (l *Listener) Close() error {
	l.cancel()
	l.wg.Wait()
	if err := l.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("trap: close: %w", err)
	}
	return nil
}

// read takes datagrams from the socket into the queue.
func (l *Listener) read(ctx context.Context) {
	defer close(l.queue)
	buf := make([]byte, MaxDatagram)
	for ctx.Err() == nil {
		n, from, err := l.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			if ctx.Err() == nil {
				l.counts.socket.Add(1)
				l.opts.Log.Warn("trap socket", "error", err)
				if l.opts.Clock.Sleep(ctx, socketPause) != nil {
					return
				}
			}
			continue
		}
		l.counts.received.Add(1)
		d := datagram{at: l.opts.Clock.Now(), from: netip.AddrPortFrom(from.Addr().Unmap(), from.Port())}
		if !l.admit(&d) {
			continue
		}
		d.bytes = append([]byte(nil), buf[:n]...)
		select {
		case l.queue <- d:
		default:
			l.counts.queueFull.Add(1)
		}
	}
}

// socketPause keeps a socket that fails from filling the log.
const socketPause = 100 * time.Millisecond

// admit finds the sender and whether it may send more.
func (l *Listener) admit(d *datagram) bool {
	d.proxy = l.opts.Proxy != nil && l.opts.Proxy(d.from)
	if d.proxy {
		return l.from.Admit("proxy " + d.from.Addr().String())
	}
	device, ok := l.from.Device(d.from)
	d.device = device
	return ok && l.from.Admit(device)
}

// work decodes what waits until the queue is closed.
func (l *Listener) work() {
	for d := range l.queue {
		l.take(d)
	}
}

// take decodes one datagram and hands it on.
func (l *Listener) take(d datagram) {
	m, err := l.open(d)
	if err != nil {
		l.refuse(d, err)
		return
	}
	if m == nil {
		return // answered by a report
	}
	device := d.device
	if d.proxy {
		if device, err = l.behind(d, m); err != nil {
			l.refuse(d, err)
			return
		}
	}
	e := l.rules.event(m)
	e.Received, e.Raw = d.at, ingest.RawItem{Label: m.label(), Bytes: d.bytes}
	e.Transport = m.transport + " " + d.from.String()
	if m.inform {
		e.Confirmed = true
		e.Done = func(err error) {
			if err == nil {
				l.acknowledge(d, m)
			}
		}
	}
	l.counts.took(m)
	_ = l.log.Add(device, e) // counted there
}

// behind finds the device that a proxy speaks for, and checks the community
// again: it must be that device's or the proxy's.
func (l *Listener) behind(d datagram, m *message) (string, error) {
	address, ok := m.agent(l.opts.Tables)
	if !ok {
		if device, known := l.from.Find(d.from); known {
			return device, nil
		}
		l.from.Unknown(d.from.Addr(), "no snmpTrapAddress")
		return "", &refusal{reason: reasonUnknown, detail: "a proxy's notification without snmpTrapAddress"}
	}
	device, ok := l.from.Find(netip.AddrPortFrom(address, 0))
	if !ok {
		l.from.Unknown(address, "behind "+d.from.Addr().String())
		return "", &refusal{reason: reasonUnknown, detail: fmt.Sprintf("snmpTrapAddress %s is no device's", address)}
	}
	return device, nil
}

func (l *Listener) refuse(d datagram, err error) {
	var r *refusal
	if !errors.As(err, &r) {
		r = &refusal{reason: reasonMalformed, detail: err.Error()}
	}
	if l.counts.refusals.Add(cmp.Or(d.device, d.from.Addr().String()), r.reason, r.detail, d.at) {
		l.opts.Log.Warn("notification refused", "device", d.device, "from", d.from, "reason", r.reason, "detail", r.detail)
	}
}

func (l *Listener) acknowledge(d datagram, m *message) {
	answer, err := l.engine.response(m)
	if err == nil {
		_, err = l.conn.WriteToUDPAddrPort(answer, d.from)
	}
	if err != nil {
		l.counts.unanswered.Add(1)
		l.opts.Log.Warn("inform not answered", "device", d.device, "error", err)
		return
	}
	l.counts.answered.Add(1)
}
