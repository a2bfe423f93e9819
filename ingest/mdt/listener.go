package mdt

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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
	"nettwin/ontology/yang"
)

// Collector is the name of this source in source graphs.
const Collector = "mdt"

// Defaults and limits.
const (
	// DefaultMaxConnections bounds TCP connections.
	DefaultMaxConnections = 256
	// DefaultIdle is how long a connection may be silent.
	DefaultIdle = 30 * time.Minute

	maxDatagram = 65535
	queueLength = 1024 // datagrams that wait
	readBuffer  = 4 << 20
	socketPause = 100 * time.Millisecond
)

// The header of a message.
const (
	headerBytes   = 12
	messageType   = 1
	encodingGPB   = 1
	encodingJSON  = 2
	headerVersion = 1
	flagDeflated  = 1
)

// Options of Listen. At least one of TCP and UDP, Intake, Senders.Resolve and
// Schema are required.
type Options struct {
	TCP, UDP string // "host:port"; empty for none
	Intake   *telemetry.Intake
	Senders  ingest.SenderOptions
	// Schema returns what the modules of a device compile to; nil if nothing
	// is known of them.
	Schema         func(device string) (*yang.Schema, map[string]string)
	MaxConnections int
	Idle           time.Duration
	Clock          clock.Clock
	Log            *slog.Logger
}

// Stats counts since the start.
type Stats struct {
	Datagrams uint64             `json:"datagrams"`
	Messages  uint64             `json:"messages"`
	Rows      uint64             `json:"rows"`
	Damaged   uint64             `json:"damaged"`
	Dropped   uint64             `json:"dropped"`       // datagrams, because the queue was full
	Kernel    uint64             `json:"kernelDropped"` // datagrams before they were received, because the socket's buffer was full
	Refused   uint64             `json:"refusedConnections"`
	Senders   ingest.SenderStats `json:"senders"`
}

// Listener receives telemetry.
type Listener struct {
	opts   Options
	stream net.Listener   // nil for none
	udp    *net.UDPConn   // nil for none
	lost   *socket.Losses // of udp
	from   *ingest.Senders
	queue  chan datagram

	datagrams, messages, rows, damaged, dropped, refused atomic.Uint64

	mu     sync.Mutex // guards conns
	conns  map[net.Conn]bool
	closed bool
}

type datagram struct {
	from  netip.AddrPort
	bytes []byte
}

// Listen opens the sockets; Run begins to receive.
func Listen(ctx context.Context, opts Options) (*Listener, error) {
	if opts.TCP == "" && opts.UDP == "" || opts.Intake == nil || opts.Senders.Resolve == nil || opts.Schema == nil {
		return nil, errors.New("mdt: listen: Options.TCP or UDP, Intake, Senders.Resolve and Schema are required")
	}
	opts.MaxConnections = cmp.Or(opts.MaxConnections, DefaultMaxConnections)
	opts.Idle = cmp.Or(opts.Idle, DefaultIdle)
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	opts.Senders.Clock = opts.Clock
	l := &Listener{opts: opts, from: ingest.NewSenders(opts.Senders), queue: make(chan datagram, queueLength), conns: map[net.Conn]bool{}}
	var config net.ListenConfig
	var err error
	if opts.TCP != "" {
		if l.stream, err = config.Listen(ctx, "tcp", opts.TCP); err != nil {
			return nil, fmt.Errorf("mdt: listen: %w", err)
		}
	}
	if opts.UDP != "" {
		packets, err := config.ListenPacket(ctx, "udp", opts.UDP)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("mdt: listen: %w", err), l.Close())
		}
		l.udp = packets.(*net.UDPConn)
		l.lost = socket.Watch(l.udp)
		_ = l.udp.SetReadBuffer(readBuffer) // what the kernel allows is enough
	}
	return l, nil
}

// TCPAddress and UDPAddress are where the listener receives; nil for none.
func (l *Listener) TCPAddress() net.Addr {
	if l.stream == nil {
		return nil
	}
	return l.stream.Addr()
}

// UDPAddress is where datagrams are received; nil for none.
func (l *Listener) UDPAddress() net.Addr {
	if l.udp == nil {
		return nil
	}
	return l.udp.LocalAddr()
}

// Close closes sockets and connections, which ends Run. It is idempotent.
func (l *Listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	var all []error
	if l.stream != nil {
		all = append(all, l.stream.Close())
	}
	if l.udp != nil {
		all = append(all, l.udp.Close())
	}
	for c := range l.conns {
		all = append(all, c.Close())
	}
	return errors.Join(all...)
}

// Run receives until ctx ends or the listener is closed, and returns nil then.
func (l *Listener) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var parts sync.WaitGroup
	if l.stream != nil {
		parts.Go(func() { l.accept(ctx, &parts) })
	}
	if l.udp != nil {
		parts.Go(func() { l.receive(ctx) })
		parts.Go(func() {
			for d := range l.queue {
				l.datagram(d)
			}
		})
	}
	parts.Wait()
	return nil
}

// accept takes connections until the socket is closed.
func (l *Listener) accept(ctx context.Context, parts *sync.WaitGroup) {
	for {
		conn, err := l.stream.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // too many open files, for a moment
			l.opts.Log.Warn("connection not taken", "error", err)
			if l.opts.Clock.Sleep(ctx, socketPause) != nil {
				return
			}
			continue
		}
		from := conn.RemoteAddr().(*net.TCPAddr).AddrPort()
		device, known := l.from.Device(from)
		if !known || !l.keep(conn) {
			l.refused.Add(1)
			conn.Close()
			continue
		}
		parts.Go(func() {
			defer l.forget(conn)
			if err := l.serve(conn, device, from); err != nil {
				l.opts.Log.Warn("connection ended", "device", device, "error", err)
			}
		})
	}
}

func (l *Listener) keep(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.conns) >= l.opts.MaxConnections {
		return false
	}
	l.conns[conn] = true
	return true
}

func (l *Listener) forget(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
	conn.Close()
}

// serve reads messages of one connection.
func (l *Listener) serve(conn net.Conn, device string, from netip.AddrPort) error {
	in := bufio.NewReader(conn)
	for {
		if err := conn.SetReadDeadline(time.Now().Add(l.opts.Idle)); err != nil {
			return nil
		}
		raw, err := ReadFrame(in)
		if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			l.damaged.Add(1)
			return err
		}
		if l.from.Admit(device) {
			l.take(device, "TCP", from, raw)
		}
	}
}

// receive reads datagrams until the socket is closed.
func (l *Listener) receive(ctx context.Context) {
	defer close(l.queue)
	buffer := make([]byte, maxDatagram)
	for {
		n, from, err := l.udp.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			l.opts.Log.Warn("datagram not read", "error", err)
			if l.opts.Clock.Sleep(ctx, socketPause) != nil {
				return
			}
			continue
		}
		l.datagrams.Add(1)
		select {
		case l.queue <- datagram{from, slices.Clone(buffer[:n])}:
		default:
			l.dropped.Add(1)
		}
	}
}

func (l *Listener) datagram(d datagram) {
	device, ok := l.from.Device(d.from)
	if ok && l.from.Admit(device) {
		l.take(device, "UDP", d.from, d.bytes)
	}
}

// take gives the rows of a message to the intake.
func (l *Listener) take(device, carrier string, from netip.AddrPort, raw []byte) {
	schema, _ := l.opts.Schema(device)
	messages, err := Decode(raw, schema)
	if err != nil {
		l.damaged.Add(1)
		l.opts.Log.Debug("message not taken", "device", device, "error", err)
		return
	}
	defer l.messages.Add(1) // once all of it is taken
	for _, m := range messages {
		m.Device, m.Received = device, l.opts.Clock.Now()
		m.Transport = fmt.Sprintf("MDT over %s from %s", carrier, from.Addr().Unmap())
		if err := l.opts.Intake.Take(m); err != nil {
			l.damaged.Add(1)
			l.opts.Log.Debug("row not taken", "device", device, "error", err)
			continue
		}
		l.rows.Add(1)
	}
}

// Stats returns the counts.
func (l *Listener) Stats() Stats {
	return Stats{Datagrams: l.datagrams.Load(), Messages: l.messages.Load(), Rows: l.rows.Load(), Damaged: l.damaged.Load(), Dropped: l.dropped.Load(), Kernel: l.lost.Count(),
		Refused: l.refused.Load(), Senders: l.from.Stats()}
}

// ReadFrame reads one message with its header from a stream. io.EOF means that
// the stream ended between two.
func ReadFrame(r io.Reader) ([]byte, error) {
	header := make([]byte, headerBytes)
	if _, err := io.ReadFull(r, header); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("mdt: %w: a header ends too early", ErrMessage)
		}
		return nil, err
	}
	length := binary.BigEndian.Uint32(header[8:])
	if !framed(header) {
		return nil, fmt.Errorf("mdt: %w: no header stands where one was expected", ErrMessage)
	}
	if length > MaxMessageBytes {
		return nil, fmt.Errorf("mdt: %w: a message of %d bytes, at most %d", ErrMessage, length, MaxMessageBytes)
	}
	var b bytes.Buffer
	b.Write(header)
	if _, err := io.CopyN(&b, r, int64(length)); err != nil {
		return nil, fmt.Errorf("mdt: %w: it ends after %d of %d bytes", ErrMessage, b.Len()-headerBytes, length)
	}
	return b.Bytes(), nil
}

// framed tells whether a message begins with a header.
func framed(b []byte) bool {
	if len(b) < headerBytes {
		return false
	}
	encoding := binary.BigEndian.Uint16(b[2:])
	return binary.BigEndian.Uint16(b) == messageType && (encoding == encodingGPB || encoding == encodingJSON) &&
		binary.BigEndian.Uint16(b[4:]) == headerVersion
}

// Decode reads one whole message, with or without header: a telemetry.Message
// for each row. A nil schema keeps all as unknown. Device, Received and
// Transport are left to the caller.
func Decode(raw []byte, schema *yang.Schema) ([]telemetry.Message, error) {
	m, err := decode(raw)
	if err != nil {
		return nil, fmt.Errorf("mdt: %w", err)
	}
	if schema == nil {
		schema = &yang.Schema{}
	}
	var out []telemetry.Message
	for i, r := range m.rows {
		at, body := m.place(schema, r)
		t := telemetry.Message{Label: "MDT " + m.path, Body: body, At: at}
		if i == 0 {
			t.Raw = raw
		}
		out = append(out, t)
	}
	return out, nil
}

func decode(raw []byte) (message, error) {
	body := raw
	if framed(raw) {
		length := binary.BigEndian.Uint32(raw[8:])
		if uint64(length) > uint64(len(raw)-headerBytes) {
			return message{}, fmt.Errorf("%w: %d of %d bytes", ErrMessage, len(raw)-headerBytes, length)
		}
		body = raw[headerBytes : headerBytes+int(length)]
		if binary.BigEndian.Uint16(raw[6:])&flagDeflated != 0 {
			var err error
			if body, err = inflate(body); err != nil {
				return message{}, err
			}
		}
	}
	if len(body) == 0 {
		return message{}, fmt.Errorf("%w: it is empty", ErrMessage)
	}
	if body[0] == '{' {
		return decodeJSON(body)
	}
	return decodeGPB(body)
}

func inflate(b []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	defer r.Close()
	out, err := io.ReadAll(io.LimitReader(r, MaxMessageBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	if len(out) > MaxMessageBytes {
		return nil, fmt.Errorf("%w: more than %d bytes when inflated", ErrMessage, MaxMessageBytes)
	}
	return out, nil
}
