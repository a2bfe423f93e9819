package syslog

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"nettwin/ingest"
	"nettwin/internal/clock"
	"nettwin/internal/socket"
)

// Collector is the name of this source in source graphs.
const Collector = "syslog"

// Defaults and limits of Options.
const (
	// DefaultQueue bounds the messages that wait to be read.
	DefaultQueue = 4096
	// DefaultMaxConnections bounds TCP and TLS connections.
	DefaultMaxConnections = 256
	// DefaultIdle is how long a connection may be silent.
	DefaultIdle = 30 * time.Minute

	handshakeTimeout = 10 * time.Second
	socketPause      = 100 * time.Millisecond
	readBuffer       = 4 << 20 // asked of the kernel, for storms
)

// Options of Listen. At least one of UDP, TCP and TLS, Knowledge,
// Events.Pipeline and Senders.Resolve are required.
type Options struct {
	UDP, TCP, TLS string      // "host:port"; empty for none
	TLSConfig     *tls.Config // of TLS: with a certificate, and who may connect
	// Knowledge is the store's knowledge folder: map/syslog.tsv is read.
	Knowledge fs.FS
	// Events say where events go and how many are kept; Collector, Class and
	// the clock are filled in.
	Events  ingest.EventLogOptions
	Senders ingest.SenderOptions
	// Relay tells whether a sender passes on messages of others, whose device
	// Host finds by the HOSTNAME of the message; nil means that nobody does.
	Relay func(netip.AddrPort) bool
	Host  func(hostname string) (device string, ok bool)

	MaxMessage, MaxConnections, Queue int
	Idle                              time.Duration
	Clock                             clock.Clock
	Log                               *slog.Logger
}

// Listener receives messages.
type Listener struct {
	opts  Options
	udp   *net.UDPConn
	lost  *socket.Losses // of udp
	lists []net.Listener // TCP, TLS
	tcp   net.Addr
	tls   net.Addr
	log   *ingest.EventLog
	from  *ingest.Senders
	rules *table
	queue chan datagram

	cancel  context.CancelFunc
	senders sync.WaitGroup // who writes to the queue
	wg      sync.WaitGroup
	counts  counters

	mu    sync.Mutex // guards conns
	conns map[net.Conn]bool
}

type datagram struct {
	at        time.Time
	from      netip.AddrPort
	device    string // "" of a relay
	relay     bool
	transport string
	bytes     []byte
}

// Listen opens the sockets and takes messages until ctx ends or Close.
func Listen(ctx context.Context, opts Options) (*Listener, error) {
	switch {
	case opts.UDP == "" && opts.TCP == "" && opts.TLS == "":
		return nil, errors.New("syslog: listen: none of Options.UDP, TCP and TLS is set")
	case opts.TLS != "" && opts.TLSConfig == nil:
		return nil, errors.New("syslog: listen: Options.TLSConfig is missing")
	case opts.Knowledge == nil:
		return nil, errors.New("syslog: listen: Options.Knowledge is missing")
	case opts.Senders.Resolve == nil:
		return nil, errors.New("syslog: listen: Options.Senders.Resolve is missing")
	case opts.Relay != nil && opts.Host == nil:
		return nil, errors.New("syslog: listen: Options.Relay needs Options.Host")
	}
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	opts.MaxMessage = cmp.Or(opts.MaxMessage, DefaultMaxMessage)
	opts.MaxConnections = cmp.Or(opts.MaxConnections, DefaultMaxConnections)
	opts.Idle = cmp.Or(opts.Idle, DefaultIdle)
	opts.Events.Collector, opts.Events.Class = Collector, classMessage
	opts.Events.Clock, opts.Senders.Clock = opts.Clock, opts.Clock
	opts.Events.Log = cmp.Or(opts.Events.Log, opts.Log)
	rules, err := loadTable(opts.Knowledge, tableFile)
	if err != nil {
		return nil, err
	}
	events, err := ingest.NewEventLog(opts.Events)
	if err != nil {
		return nil, err
	}
	l := &Listener{opts: opts, log: events, from: ingest.NewSenders(opts.Senders), rules: rules,
		queue: make(chan datagram, cmp.Or(opts.Queue, DefaultQueue)), conns: map[net.Conn]bool{}}
	if err := l.open(ctx); err != nil {
		return nil, errors.Join(err, l.shut())
	}
	l.start(ctx)
	return l, nil
}

// open opens the sockets.
func (l *Listener) open(ctx context.Context) error {
	var config net.ListenConfig
	if l.opts.UDP != "" {
		packets, err := config.ListenPacket(ctx, "udp", l.opts.UDP)
		if err != nil {
			return fmt.Errorf("syslog: listen: %w", err)
		}
		l.udp = packets.(*net.UDPConn)
		l.lost = socket.Watch(l.udp)
		_ = l.udp.SetReadBuffer(readBuffer) // what the kernel allows is enough
	}
	for _, s := range []struct {
		address string
		at      *net.Addr
		secure  bool
	}{{l.opts.TCP, &l.tcp, false}, {l.opts.TLS, &l.tls, true}} {
		if s.address == "" {
			continue
		}
		stream, err := config.Listen(ctx, "tcp", s.address)
		if err != nil {
			return fmt.Errorf("syslog: listen: %w", err)
		}
		*s.at = stream.Addr()
		if s.secure {
			stream = tls.NewListener(stream, l.opts.TLSConfig)
		}
		l.lists = append(l.lists, stream)
	}
	return nil
}

func (l *Listener) start(ctx context.Context) {
	inner, cancel := context.WithCancel(ctx)
	l.cancel = cancel
	if l.udp != nil {
		l.senders.Go(func() { l.read(inner) })
	}
	for _, stream := range l.lists {
		l.senders.Go(func() { l.accept(inner, stream) })
	}
	l.wg.Go(func() {
		<-inner.Done()
		_ = l.shut() // who reads notices
		l.senders.Wait()
		close(l.queue)
	})
	// The log ends after the last message was handed to it.
	logging, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.wg.Go(func() {
		defer stop()
		for d := range l.queue {
			l.take(d)
		}
	})
	l.wg.Go(func() {
		if err := l.log.Run(logging); err != nil && inner.Err() == nil {
			l.opts.Log.Error("messages are not stored", "error", err)
		}
	})
}

// shut closes the sockets.
func (l *Listener) shut() error {
	var all []error
	if l.udp != nil {
		all = append(all, l.udp.Close())
	}
	for _, stream := range l.lists {
		all = append(all, stream.Close())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.Close() // its reader ends
	}
	return errors.Join(all...)
}

// Address returns where the listener listens by UDP; nil if it does not.
func (l *Listener) Address() net.Addr {
	if l.udp == nil {
		return nil
	}
	return l.udp.LocalAddr()
}

// TCPAddress and TLSAddress return where the listener listens for streams; nil
// if it does not.
func (l *Listener) TCPAddress() net.Addr { return l.tcp }

// TLSAddress is TCPAddress of TLS.
func (l *Listener) TLSAddress() net.Addr { return l.tls }

// Close ends the listener, writes what waits and waits for it. Further calls
// do nothing.
func (l *Listener) Close() error {
	l.cancel()
	l.wg.Wait()
	return nil
}

// read takes datagrams (RFC 5426).
func (l *Listener) read(ctx context.Context) {
	buf := make([]byte, 65535)
	for ctx.Err() == nil {
		n, from, err := l.udp.ReadFromUDPAddrPort(buf)
		if err != nil {
			if ctx.Err() == nil && !l.failed(ctx, err) {
				return
			}
			continue
		}
		l.enter(ctx, "UDP", from, buf[:n], false)
	}
}

// failed notes an error of a socket; it is false when there is no use in going
// on.
func (l *Listener) failed(ctx context.Context, err error) bool {
	l.counts.socket.Add(1)
	l.opts.Log.Warn("syslog socket", "error", err)
	return !errors.Is(err, net.ErrClosed) && l.opts.Clock.Sleep(ctx, socketPause) == nil
}

// enter queues a message. A stream may wait for room, which slows its sender;
// a datagram is dropped.
func (l *Listener) enter(ctx context.Context, transport string, from netip.AddrPort, b []byte, wait bool) {
	l.counts.received.Add(1)
	d := datagram{at: l.opts.Clock.Now(), from: netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), transport: transport}
	if !l.admit(&d) {
		return
	}
	if len(b) > l.opts.MaxMessage {
		l.refuse(d, fmt.Errorf("%w: %d octets, at most %d", ErrTooLong, len(b), l.opts.MaxMessage))
		return
	}
	d.bytes = append([]byte(nil), b...)
	if wait {
		select {
		case l.queue <- d:
		case <-ctx.Done():
		}
		return
	}
	select {
	case l.queue <- d:
	default:
		l.counts.queueFull.Add(1)
	}
}

func (l *Listener) admit(d *datagram) bool {
	d.relay = l.opts.Relay != nil && l.opts.Relay(d.from)
	if d.relay {
		return l.from.Admit("relay " + d.from.Addr().String())
	}
	device, ok := l.from.Device(d.from)
	d.device = device
	return ok && l.from.Admit(device)
}

// accept takes connections of one listening socket.
func (l *Listener) accept(ctx context.Context, stream net.Listener) {
	for ctx.Err() == nil {
		conn, err := stream.Accept()
		if err != nil {
			if ctx.Err() == nil && !l.failed(ctx, err) {
				return
			}
			continue
		}
		if !l.enroll(ctx, conn) {
			_ = conn.Close() // refused
			continue
		}
		l.senders.Go(func() {
			defer l.leave(conn)
			l.follow(ctx, conn)
		})
	}
}

// enroll counts a connection in, unless there are too many or its sender is no
// device.
func (l *Listener) enroll(ctx context.Context, conn net.Conn) bool {
	from := peer(conn)
	if l.opts.Relay == nil || !l.opts.Relay(from) {
		if _, ok := l.from.Device(from); !ok {
			return false
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	if len(l.conns) >= l.opts.MaxConnections {
		l.counts.connectionsRefused.Add(1)
		l.opts.Log.Warn("syslog connection refused: too many", "from", from, "limit", l.opts.MaxConnections)
		return false
	}
	l.conns[conn] = true
	l.counts.connections.Add(1)
	return true
}

func (l *Listener) leave(conn net.Conn) {
	_ = conn.Close() // also closed by shut
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
}

func peer(conn net.Conn) netip.AddrPort {
	a, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// follow reads one stream to its end.
func (l *Listener) follow(ctx context.Context, conn net.Conn) {
	transport, from := "TCP", peer(conn)
	if secure, ok := conn.(*tls.Conn); ok {
		transport = "TLS"
		limited, cancel := context.WithTimeout(ctx, handshakeTimeout)
		err := secure.HandshakeContext(limited)
		cancel()
		if err != nil {
			l.refuse(datagram{from: from, at: l.opts.Clock.Now()}, fmt.Errorf("syslog: handshake: %w", err))
			return
		}
	}
	in := newFrames(conn, l.opts.MaxMessage)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(l.opts.Idle)) // a closed connection fails in next
		b, err := in.next()
		switch {
		case err == nil:
			l.enter(ctx, transport, from, b, true)
		case errors.Is(err, ErrTooLong):
			l.counts.received.Add(1)
			device, _ := l.from.Find(from)
			l.refuse(datagram{from: from, device: device, at: l.opts.Clock.Now()}, err)
		default:
			if !errors.Is(err, io.EOF) && ctx.Err() == nil {
				device, _ := l.from.Find(from)
				l.refuse(datagram{from: from, device: device, at: l.opts.Clock.Now()}, err)
			}
			return
		}
	}
}

// take reads one message and hands it on.
func (l *Listener) take(d datagram) {
	m, err := Parse(d.bytes, d.at)
	if err != nil {
		l.refuse(d, err)
		return
	}
	if d.relay {
		device, ok := l.opts.Host(m.Hostname)
		if !ok {
			l.from.Unknown(d.from.Addr(), fmt.Sprintf("relay: no device is called %.64q", m.Hostname))
			return
		}
		d.device = device
	}
	l.counts.messages.Add(1)
	e := l.rules.event(m)
	e.Received, e.Raw = d.at, ingest.RawItem{Label: d.transport + " message", Bytes: d.bytes}
	e.Transport = "syslog " + d.transport + " " + d.from.String()
	_ = l.log.Add(d.device, e) // counted there
}
