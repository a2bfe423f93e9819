package netconf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
)

// Session is one NETCONF session. It is safe for concurrent use.
type Session struct {
	cfg       Config
	peer      string // for messages
	transport io.ReadWriteCloser
	hello     hello
	chunked   bool

	nextID  atomic.Uint64
	slots   chan struct{} // one a request under way
	writes  chan []byte
	done    chan struct{} // closed with the session, see err
	running sync.WaitGroup
	notices notices
	closing atomic.Bool // CloseSession was called: the device's end is no news

	mu      sync.Mutex // guards what follows
	err     error
	pending map[string]*call
}

// New opens a session over a transport, such as an SSH channel: it exchanges
// hellos (RFC 6241 §8.1) and waits Config.HelloDelay. The session closes the
// transport, also if New fails.
func New(ctx context.Context, transport io.ReadWriteCloser, cfg Config) (*Session, error) {
	s := &Session{cfg: cfg.withDefaults(), peer: cfg.Peer, transport: transport,
		writes: make(chan []byte), done: make(chan struct{}), pending: map[string]*call{}}
	s.slots = make(chan struct{}, s.cfg.MaxPending)
	s.notices.queue = make(chan Notification, s.cfg.NotificationBuffer)
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { transport.Close() })
	reader, err := s.greet()
	if err == nil {
		err = s.cfg.Clock.Sleep(ctx, max(s.cfg.HelloDelay, 0))
	}
	if !stop() || err != nil {
		transport.Close()
		if ctx.Err() != nil {
			err = timeoutOr(ctx)
		}
		return nil, fmt.Errorf("netconf: %s: hello: %w", s.peer, err)
	}
	s.running.Go(func() { s.end(s.read(reader)) })
	s.running.Go(func() { s.end(s.write()) })
	return s, nil
}

// greet sends our hello while it reads the server's: neither side waits for
// the other (RFC 6241 §8.1).
func (s *Session) greet() (*frameReader, error) {
	message, err := appendFrame(nil, []byte(clientHello), false)
	if err != nil {
		return nil, err
	}
	sent := make(chan error, 1)
	go func() {
		_, err := s.transport.Write(message)
		sent <- err
	}()
	reader := newFrameReader(s.transport, s.cfg.MaxStreamBytes)
	s.hello, err = readHello(reader)
	if err != nil {
		s.transport.Close()
		<-sent
		return nil, lost(err)
	}
	if err := <-sent; err != nil {
		return nil, lost(err)
	}
	s.chunked = s.hello.capabilities.Has(CapBase11)
	reader.chunked = s.chunked
	return reader, nil
}

// lost marks errors of the transport.
func lost(err error) error {
	if errors.Is(err, ErrProtocol) || errors.Is(err, ErrTooLarge) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

// deadline bounds a context by Config.Timeout.
func (s *Session) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, s.cfg.Timeout, fmt.Errorf("%w: %v", ErrTimeout, s.cfg.Timeout))
}

// timeoutOr is the reason why a context ended: ErrTimeout if time ran out.
func timeoutOr(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, context.DeadlineExceeded) && !errors.Is(cause, ErrTimeout) {
		return fmt.Errorf("%w: %w", ErrTimeout, cause)
	}
	return cause
}

// SessionID is the number that the server gave the session.
func (s *Session) SessionID() uint32 { return s.hello.sessionID }

// Capabilities are those that the server announced; not to be changed.
func (s *Session) Capabilities() Capabilities { return s.hello.capabilities }

// Has tells whether the server announced a capability, see Capabilities.Has.
func (s *Session) Has(capability string) bool { return s.hello.capabilities.Has(capability) }

// Peer names the other side, for messages.
func (s *Session) Peer() string { return s.peer }

// Done is closed when the session has ended.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err tells why the session ended: ErrClosed, or an error that wraps ErrLost,
// ErrProtocol or ErrTooLarge; nil while it lives.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close ends the session at once, without asking the server, and waits for
// its goroutines. It may be called again. It must not be called by an
// io.Writer that RPCTo writes to.
func (s *Session) Close() error {
	s.end(ErrClosed)
	s.running.Wait()
	return nil
}

// end ends the session for a reason; the first one counts.
func (s *Session) end(reason error) {
	s.mu.Lock()
	first := s.err == nil
	if first {
		s.err = reason
		close(s.done)
	}
	s.mu.Unlock()
	if first {
		s.transport.Close()
		if !errors.Is(reason, ErrClosed) && !s.closing.Load() {
			s.cfg.Log.Warn("session ended", "device", s.peer, "session", s.hello.sessionID, "error", reason)
		}
	}
}

// write sends queued messages until the session ends.
func (s *Session) write() error {
	for {
		select {
		case <-s.done:
			return ErrClosed
		case message := <-s.writes:
			if _, err := s.transport.Write(message); err != nil {
				return lost(err)
			}
		}
	}
}

// read takes messages until the session ends.
func (s *Session) read(f *frameReader) error {
	defer close(s.notices.queue)
	for {
		m, err := f.next()
		if err == nil {
			err = s.take(m)
		}
		if err != nil {
			return lost(err)
		}
	}
}

// take hands one message to whom it concerns, and reads it to its end.
func (s *Session) take(m *message) error {
	r, h, err := readHeader(m)
	if err != nil {
		return err
	}
	switch h.root.Name.Local {
	case "rpc-reply":
		err = s.reply(r, h)
	case "notification":
		err = s.notify(h, m)
	default:
		s.cfg.Log.Warn("message dropped", "device", s.peer, "session", s.hello.sessionID, "root", h.root.Name.Local)
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, m)
	return err
}

// reply finds the call that a reply answers.
func (s *Session) reply(r *headerReader, h *header) error {
	id := attr(h.root, "message-id")
	c := s.claim(id)
	if c == nil {
		s.cfg.Log.Warn("reply to no request", "device", s.peer, "session", s.hello.sessionID, "message", id)
		return nil
	}
	if c.w != nil {
		if err := r.toFirst(h); err != nil {
			c.finish(lost(err))
			return err
		}
		if h.first != "" && h.first != "rpc-error" && h.first != "ok" {
			return c.stream(h.bytes, r.m)
		}
	}
	raw, err := collect(h.bytes, r.m, s.cfg.MaxMessageBytes)
	c.raw = raw
	if fatal := transportError(err); fatal != nil {
		c.finish(lost(fatal))
		return fatal
	}
	c.finish(err)
	return nil
}

// claim takes a call out of pending. A reply without message-id, which a
// server may give to a request that it cannot read, belongs to the only call
// there is.
func (s *Session) claim(id string) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == "" && len(s.pending) == 1 {
		for id = range s.pending {
		}
	}
	c := s.pending[id]
	delete(s.pending, id)
	return c
}

// errLimit marks a message that was too large to collect; its transport is
// still in order.
var errLimit = fmt.Errorf("%w for collecting it", ErrTooLarge)

// collect reads a message up to a limit.
func collect(begun []byte, m *message, limit int64) ([]byte, error) {
	out := bytes.NewBuffer(bytes.Clone(begun))
	n, err := io.Copy(out, io.LimitReader(m, limit-int64(len(begun))+1))
	switch {
	case err != nil:
		return nil, err
	case n+int64(len(begun)) > limit:
		return nil, fmt.Errorf("%w: more than %d bytes", errLimit, limit)
	}
	return out.Bytes(), nil
}

// transportError is the error if it ends the session.
func transportError(err error) error {
	if errors.Is(err, errLimit) {
		return nil
	}
	return err
}

func (s *Session) newID() string { return strconv.FormatUint(s.nextID.Add(1), 10) }
