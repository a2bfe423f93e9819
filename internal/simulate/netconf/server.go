package netconf

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

// A Server speaks NETCONF for one device. Its methods are safe for concurrent
// use.
type Server struct {
	options  Options
	device   Device
	schema   *yang.Set
	ssh      *ssh.ServerConfig
	listener net.Listener
	log      *slog.Logger
	unwatch  func()

	// mu guards the datastores (store.go).
	mu    sync.Mutex
	store store

	// sessionsMu guards what follows.
	sessionsMu sync.Mutex
	sessions   map[uint32]*session
	conns      map[net.Conn]bool
	lastID     uint32
	closed     bool

	wg     sync.WaitGroup // connections and sessions
	timers sync.WaitGroup // calls that the clock may make
	done   chan struct{}
	once   sync.Once

	pokes            chan struct{} // holds one
	lastSubscription atomic.Uint32
}

// Listen opens a TCP socket on addr ("127.0.0.1:0" lets the kernel choose the
// port) and serves until Close or until ctx is done. The caller calls Close in
// either case. Errors: the address is taken or malformed, options are missing.
func Listen(ctx context.Context, addr string, options Options) (*Server, error) {
	options = options.withDefaults()
	if err := options.check(); err != nil {
		return nil, fmt.Errorf("netconf listen: %s: %w", addr, err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("netconf listen: %s: %w", addr, err)
	}
	s := &Server{
		options: options, device: options.Device, schema: options.Device.Running().Schema(), listener: listener,
		log: options.Log.With("server", listener.Addr().String()), sessions: map[uint32]*session{}, conns: map[net.Conn]bool{},
		done: make(chan struct{}), pokes: make(chan struct{}, 1),
	}
	s.store = store{startup: options.Startup, locks: map[datastore]uint32{}}
	s.ssh = s.sshConfig()
	s.unwatch = s.device.Watch(s.tell)
	s.wg.Go(func() {
		select {
		case <-ctx.Done():
			s.stop()
		case <-s.done:
		}
	})
	s.wg.Go(s.accept)
	s.wg.Go(s.push)
	return s, nil
}

// Addr is the address on which the server listens.
func (s *Server) Addr() netip.AddrPort {
	addr := s.listener.Addr().(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
}

// Close ends all sessions and waits for the server's goroutines. A confirmed
// commit that waits for its confirmation is rolled back (invariant 2). Further
// calls do nothing.
func (s *Server) Close() error {
	s.stop()
	s.wg.Wait()
	s.mu.Lock()
	s.rollback("", 0, true)
	s.mu.Unlock()
	s.timers.Wait()
	return nil
}

// stop closes the sockets, whose readers then end.
func (s *Server) stop() {
	s.once.Do(func() {
		close(s.done)
		s.unwatch()
		s.listener.Close()
		s.sessionsMu.Lock()
		defer s.sessionsMu.Unlock()
		s.closed = true
		for conn := range s.conns {
			conn.Close()
		}
		for _, each := range s.sessions {
			each.out.kill()
		}
	})
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				s.log.Error("netconf server stops: it cannot accept connections", "error", err)
			}
			return
		}
		if !s.enter(conn) {
			conn.Close()
			continue
		}
		s.wg.Go(func() {
			defer s.leave(conn)
			if err := s.serveConn(conn); err != nil {
				s.log.Debug("netconf connection ends", "peer", conn.RemoteAddr(), "error", err)
			}
		})
	}
}

// enter admits a connection within the limit.
func (s *Server) enter(conn net.Conn) bool {
	s.sessionsMu.Lock()
	defer s.sessionsMu.Unlock()
	if s.closed || len(s.conns) >= 2*s.options.MaxSessions {
		return false
	}
	s.conns[conn] = true
	return true
}

func (s *Server) leave(conn net.Conn) {
	conn.Close()
	s.sessionsMu.Lock()
	defer s.sessionsMu.Unlock()
	delete(s.conns, conn)
}

// errLogin hides from clients what was wrong with their login.
var errLogin = errors.New("user unknown, or wrong password or key")

func (s *Server) sshConfig() *ssh.ServerConfig {
	c := &ssh.ServerConfig{ServerVersion: "SSH-2.0-nettwin-simulate"}
	if len(s.options.Passwords) > 0 {
		c.PasswordCallback = func(meta ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			want, ok := s.options.Passwords[meta.User()]
			if subtle.ConstantTimeCompare([]byte(want), password) != 1 || !ok {
				return nil, errLogin
			}
			return nil, nil
		}
	}
	if len(s.options.Keys) > 0 {
		c.PublicKeyCallback = func(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if slices.ContainsFunc(s.options.Keys[meta.User()], func(k ssh.PublicKey) bool { return string(k.Marshal()) == string(key.Marshal()) }) {
				return nil, nil
			}
			return nil, errLogin
		}
	}
	c.AddHostKey(s.options.HostKey)
	return c
}

// serveConn logs a client in and serves the channels it opens.
func (s *Server) serveConn(conn net.Conn) error {
	if err := conn.SetDeadline(time.Now().Add(s.options.HelloTimeout)); err != nil {
		return err
	}
	secured, channels, requests, err := ssh.NewServerConn(conn, s.ssh)
	if err != nil {
		return err
	}
	defer secured.Close()
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	s.wg.Go(func() { ssh.DiscardRequests(requests) })
	for each := range channels {
		if each.ChannelType() != "session" {
			// The client is gone when this fails.
			_ = each.Reject(ssh.UnknownChannelType, "only session channels are served")
			continue
		}
		channel, requests, err := each.Accept()
		if err != nil {
			return err
		}
		s.wg.Go(func() { s.serveChannel(conn, channel, requests, secured.User()) })
	}
	return nil
}

// serveChannel waits for the subsystem netconf and runs a session on it.
func (s *Server) serveChannel(conn net.Conn, channel ssh.Channel, requests <-chan *ssh.Request, user string) {
	defer channel.Close()
	started := false
	for request := range requests {
		ok := !started && request.Type == "subsystem" && subsystem(request.Payload) == "netconf"
		var each *session
		if ok {
			each = s.open(conn, channel, user)
			ok = each != nil
		}
		if request.WantReply {
			// The session sees it when this fails.
			_ = request.Reply(ok, nil)
		}
		if !ok {
			if !started {
				return
			}
			continue
		}
		started = true
		s.wg.Go(each.run)
	}
}

func subsystem(payload []byte) string {
	var message struct{ Name string }
	if err := ssh.Unmarshal(payload, &message); err != nil {
		return ""
	}
	return message.Name
}

// open enters a new session, or returns nil at the limit.
func (s *Server) open(conn net.Conn, channel ssh.Channel, user string) *session {
	s.sessionsMu.Lock()
	defer s.sessionsMu.Unlock()
	if s.closed || len(s.sessions) >= s.options.MaxSessions {
		return nil
	}
	s.lastID++
	each := newSession(s, conn, channel, s.lastID, user)
	s.sessions[each.id] = each
	return each
}

// close takes a session out: its locks go, and its confirmed commit unless it
// persists (RFC 6241 §7.5, §8.4.1). Of several calls the first holds.
func (s *Server) close(each *session, why string) {
	s.sessionsMu.Lock()
	open := s.sessions[each.id] != nil
	delete(s.sessions, each.id)
	s.sessionsMu.Unlock()
	if !open {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for target, holder := range s.store.locks {
		if holder == each.id {
			s.unlock(target)
		}
	}
	if p := s.store.pending; p != nil && p.session == each.id && p.persist == "" {
		s.rollback("cancel", 0, true)
	}
	s.sessionEvent("netconf-session-end", each, xmltree.Leaf(eventSpace, "termination-reason", why))
}

func (s *Server) session(id uint32) *session {
	s.sessionsMu.Lock()
	defer s.sessionsMu.Unlock()
	return s.sessions[id]
}

// list returns the sessions by id.
func (s *Server) list() []*session {
	s.sessionsMu.Lock()
	defer s.sessionsMu.Unlock()
	all := make([]*session, 0, len(s.sessions))
	for _, each := range s.sessions {
		all = append(all, each)
	}
	slices.SortFunc(all, func(a, b *session) int { return int(int64(a.id) - int64(b.id)) })
	return all
}

// after calls f later unless stop is called before; Close waits for it.
func (s *Server) after(d time.Duration, f func()) (stop func()) {
	s.timers.Add(1)
	timer := s.options.Clock.AfterFunc(d, func() {
		defer s.timers.Done()
		f()
	})
	return sync.OnceFunc(func() {
		if timer.Stop() {
			s.timers.Done()
		}
	})
}

// tell turns a device's event into a notification.
func (s *Server) tell(event Event) {
	s.poke()
	if event.Changes != nil {
		s.notify(event.Time, configChange(nil, running, event.Changes))
		return
	}
	s.notify(event.Time, event.Content)
}
