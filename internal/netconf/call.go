package netconf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// call is one request under way.
type call struct {
	id   string
	w    io.Writer     // nil: the reply is collected
	done chan struct{} // closed when what follows is set

	raw      []byte
	streamed bool
	err      error

	mu   sync.Mutex // held while w is written to
	gone bool       // the caller left
}

func (c *call) finish(err error) {
	c.err = err
	close(c.done)
}

// stream writes a reply to the caller's writer. A writer that fails concerns
// its call only.
func (c *call) stream(begun []byte, m *message) error {
	c.streamed = true
	buf := make([]byte, 32<<10)
	err := c.write(begun)
	for err == nil {
		n, readErr := m.Read(buf)
		if n > 0 {
			err = c.write(buf[:n])
		}
		if readErr == io.EOF {
			break
		}
		if readErr != nil {
			c.finish(lost(readErr))
			return readErr
		}
	}
	c.finish(err)
	return nil
}

func (c *call) write(p []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return context.Canceled // nobody hears it
	}
	_, err := c.w.Write(p)
	return err
}

// leave makes sure that w is not written to any more.
func (c *call) leave() {
	c.mu.Lock()
	c.gone = true
	c.mu.Unlock()
}

// RPC sends one operation, such as <get/>, and returns its reply; op is the
// content of the rpc element, one element with its namespaces (the base
// namespace is in scope). Calls may overlap. A call that is given up leaves
// the session in order.
//
// Errors: RPCErrors; ErrRequest, ErrTimeout, ErrLost, ErrClosed, ErrProtocol,
// ErrTooLarge; ctx's.
func (s *Session) RPC(ctx context.Context, op string) (*Reply, error) {
	c, err := s.call(ctx, op, nil)
	if err != nil {
		return nil, s.failed(op, err)
	}
	r, err := parseReply(c.raw)
	if err != nil {
		return nil, s.failed(op, err)
	}
	for _, w := range r.Warnings {
		s.cfg.Log.Warn("device warns", "device", s.peer, "session", s.hello.sessionID, "warning", w.Error())
	}
	return r, nil
}

// RPCTo is RPC for replies too large to collect: the message is written to w
// while it arrives, from its first byte; errors of the device are returned
// and nothing is written. A w that blocks stops all other calls of the
// session. Nothing is written after RPCTo has returned, which a w that blocks
// delays.
func (s *Session) RPCTo(ctx context.Context, op string, w io.Writer) error {
	c, err := s.call(ctx, op, w)
	if err == nil && !c.streamed {
		_, err = parseReply(c.raw)
		if err == nil {
			_, err = w.Write(c.raw)
		}
	}
	if err != nil {
		return s.failed(op, err)
	}
	return nil
}

func (s *Session) failed(op string, err error) error {
	return fmt.Errorf("netconf: %s: %s: %w", s.peer, operationName(op), err)
}

// call sends a request and waits for its reply.
func (s *Session) call(ctx context.Context, op string, w io.Writer) (*call, error) {
	c := &call{id: s.newID(), w: w, done: make(chan struct{})}
	frame, err := s.frame(c.id, op)
	if err != nil {
		return nil, err
	}
	if s.cfg.Meter != nil { // a wait for the pace is not the device's
		if err := s.cfg.Meter.Request(ctx); err != nil {
			return nil, err
		}
	}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return nil, timeoutOr(ctx)
	case <-s.done:
		return nil, s.over()
	}
	s.mu.Lock()
	s.pending[c.id] = c
	s.mu.Unlock()
	defer s.forget(c)
	select {
	case s.writes <- frame:
	case <-ctx.Done():
		return nil, timeoutOr(ctx)
	case <-s.done:
		return nil, s.over()
	}
	select {
	case <-c.done:
		return c, c.err
	case <-ctx.Done():
		return nil, timeoutOr(ctx)
	case <-s.done:
	}
	select { // an answer that came before the end counts
	case <-c.done:
		return c, c.err
	default:
		return nil, s.over()
	}
}

func (s *Session) forget(c *call) {
	s.mu.Lock()
	delete(s.pending, c.id)
	s.mu.Unlock()
	c.leave()
}

// over is why a call on an ended session failed.
func (s *Session) over() error {
	err := s.Err()
	if errors.Is(err, ErrClosed) || errors.Is(err, ErrLost) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

// frame makes the message of a request.
func (s *Session) frame(id, op string) ([]byte, error) {
	if len(op) > MaxRequestBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrRequest, len(op), MaxRequestBytes)
	}
	if err := checkFragment(op); err != nil {
		return nil, err
	}
	body := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<rpc xmlns="%s" message-id="%s">%s</rpc>`, baseNS, id, op)
	return appendFrame(nil, []byte(body), s.chunked)
}
