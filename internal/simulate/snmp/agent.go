package snmp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxDelayed bounds the answers that wait for SetDelay's time.
	maxDelayed = 1024
	// maxReadFailures in a row end the agent: a socket that only fails is
	// not worth a busy loop.
	maxReadFailures = 16
)

// An Agent answers SNMP requests on one UDP socket. Its methods are safe for
// concurrent use.
type Agent struct {
	conn        *net.UDPConn
	addr        netip.AddrPort
	communities map[string]bool
	states      map[string]State
	engine      *engine
	maxBytes    int
	log         *slog.Logger

	tally  tally
	silent atomic.Bool
	delay  atomic.Int64 // time.Duration

	closed  chan struct{}
	once    sync.Once
	delayed chan struct{} // a slot for each waiting answer
	wg      sync.WaitGroup
}

// Listen opens a UDP socket on addr ("127.0.0.1:0" lets the kernel choose the
// port) and serves until Close or until ctx is done. The caller calls Close in
// either case. Errors: the address is taken or malformed, the options are
// contradictory.
//
// On a wildcard address of a machine with several addresses the kernel chooses
// the source of the answers; listen on each address where that matters.
func Listen(ctx context.Context, addr string, options Options) (*Agent, error) {
	options = options.withDefaults()
	if err := options.check(); err != nil {
		return nil, fmt.Errorf("snmp listen: %s: %w", addr, err)
	}
	packets, err := new(net.ListenConfig).ListenPacket(ctx, "udp", addr)
	if err != nil {
		return nil, fmt.Errorf("snmp listen: %s: %w", addr, err)
	}
	conn := packets.(*net.UDPConn)
	bound := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	a, err := newAgent(options, netip.AddrPortFrom(bound.Addr().Unmap(), bound.Port()))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("snmp listen: %s: %w", addr, err)
	}
	a.conn = conn
	a.wg.Go(func() { a.closeWith(ctx) })
	a.wg.Go(a.serve)
	return a, nil
}

// newAgent makes an agent without its socket.
func newAgent(options Options, bound netip.AddrPort) (*Agent, error) {
	engine, err := newEngine(options, bound.String())
	if err != nil {
		return nil, err
	}
	a := &Agent{
		addr: bound, communities: map[string]bool{}, states: options.states(), engine: engine,
		maxBytes: options.MaxMessageBytes, log: options.Log.With("agent", bound.String()),
		closed: make(chan struct{}), delayed: make(chan struct{}, maxDelayed),
	}
	for _, community := range options.Communities {
		a.communities[community] = true
	}
	return a, nil
}

// Addr is the address on which the agent listens.
func (a *Agent) Addr() netip.AddrPort { return a.addr }

// EngineID is the agent's snmpEngineID.
func (a *Agent) EngineID() []byte { return []byte(a.engine.id) }

// Stats returns the counts so far.
func (a *Agent) Stats() Stats { return a.tally.stats() }

// SetSilent makes the agent drop every request while silent is true, like a
// device that is down.
func (a *Agent) SetSilent(silent bool) { a.silent.Store(silent) }

// SetDelay makes the agent hold each answer for d before it is sent, like a
// device that is slow; 0 ends it. Answers are made when the request arrives.
// Beyond 1,024 waiting answers requests are dropped.
func (a *Agent) SetDelay(d time.Duration) { a.delay.Store(int64(max(d, 0))) }

// Close ends the agent and waits for its goroutines. Answers that wait for
// their delay are not sent. Further calls do nothing.
func (a *Agent) Close() error {
	var err error
	a.once.Do(func() {
		close(a.closed)
		err = a.conn.Close()
	})
	a.wg.Wait()
	if errors.Is(err, net.ErrClosed) { // ctx was done before
		return nil
	}
	return err
}

func (a *Agent) closeWith(ctx context.Context) {
	select {
	case <-ctx.Done():
		a.conn.Close()
	case <-a.closed:
	}
}

// serve reads packets until the socket is closed.
func (a *Agent) serve() {
	// One byte more than the limit tells a packet that is too long.
	buf := make([]byte, a.maxBytes+1)
	failures := 0
	for {
		n, peer, err := a.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			failures++
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if failures == maxReadFailures {
				a.log.Error("snmp agent stops: the socket cannot be read", "error", err)
				return
			}
			continue
		}
		failures = 0
		a.receive(buf[:n], peer)
	}
}

// receive counts a packet, answers it and counts what became of it
// (invariant 2).
func (a *Agent) receive(packet []byte, peer netip.AddrPort) {
	a.tally.add(received)
	switch {
	case a.silent.Load():
		a.tally.add(silenced)
		return
	case len(packet) > a.maxBytes:
		a.tally.add(tooLong)
		a.log.Debug("snmp packet dropped", "peer", peer, "reason", "longer than the limit")
		return
	}
	answer, refused := a.handle(packet)
	if refused != nil {
		a.tally.add(refused.counter)
		a.log.Debug("snmp packet refused", "peer", peer, "reported", answer != nil, "error", refused)
	}
	if answer == nil {
		return
	}
	outcome := answered
	if refused != nil {
		outcome = reported
	}
	if delay := time.Duration(a.delay.Load()); delay > 0 {
		a.sendLater(delay, answer, peer, outcome)
		return
	}
	a.send(answer, peer, outcome)
}

func (a *Agent) sendLater(delay time.Duration, answer []byte, peer netip.AddrPort, outcome counter) {
	select {
	case a.delayed <- struct{}{}:
	default:
		a.tally.add(overflowed)
		return
	}
	a.wg.Go(func() {
		defer func() { <-a.delayed }()
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
			a.send(answer, peer, outcome)
		case <-a.closed:
		}
	})
}

func (a *Agent) send(answer []byte, peer netip.AddrPort, outcome counter) {
	if _, err := a.conn.WriteToUDPAddrPort(answer, peer); err != nil {
		a.tally.add(sendErrors)
		a.log.Debug("snmp answer not sent", "peer", peer, "error", err)
		return
	}
	a.tally.add(outcome)
}
