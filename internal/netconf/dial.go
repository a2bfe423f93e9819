package netconf

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Dial opens a session over SSH (RFC 6242 §3). The address is host or
// host:port. Errors: ErrConnect, ErrAuth,
// ErrHostKey, ErrNoSubsystem, ErrTimeout, those of New.
func Dial(ctx context.Context, address string, cfg Config) (*Session, error) {
	cfg = cfg.withDefaults()
	address, err := Endpoint(address)
	if err != nil {
		return nil, fmt.Errorf("netconf: address: %w", err)
	}
	cfg.Peer = cmp.Or(cfg.Peer, address)
	switch {
	case cfg.HostKey == nil:
		return nil, fmt.Errorf("netconf: %s: %w: Config.HostKey is missing: give the device's fingerprint", cfg.Peer, ErrHostKey)
	case cfg.User == "" || cfg.Password == nil && cfg.Signer == nil:
		return nil, fmt.Errorf("netconf: %s: %w: a user and a password or key are needed", cfg.Peer, ErrAuth)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, cfg.Timeout, fmt.Errorf("%w: %v", ErrTimeout, cfg.Timeout))
	defer cancel()
	t, err := dialSSH(ctx, address, cfg)
	if err != nil {
		return nil, fmt.Errorf("netconf: %s: %w", cfg.Peer, err)
	}
	s, err := New(ctx, t, cfg)
	if err != nil && t.stderr.String() != "" {
		err = fmt.Errorf("%w (the device says %q)", err, t.stderr.String())
	}
	return s, err
}

// Endpoint completes host or host:port with the default port.
func Endpoint(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = address, strconv.Itoa(DefaultPort)
		if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
			host = host[1 : len(host)-1]
		}
	}
	bad := host == "" || strings.ContainsAny(host, "/@ ")
	if strings.Contains(host, ":") {
		_, err := netip.ParseAddr(host)
		bad = err != nil
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || bad {
		return "", fmt.Errorf("%q is no host:port", address)
	}
	return net.JoinHostPort(host, port), nil
}

// sshTransport is an SSH channel with the connection below it.
type sshTransport struct {
	ssh.Channel
	conn    ssh.Conn
	stderr  firstBytes
	running sync.WaitGroup
	once    sync.Once
}

// Close ends the connection and waits for what serves it.
func (t *sshTransport) Close() error {
	t.once.Do(func() {
		t.conn.Close()
		t.conn.Wait()
		t.running.Wait()
	})
	return nil
}

// dialSSH connects, authenticates, and starts the subsystem.
func dialSSH(ctx context.Context, address string, cfg Config) (*sshTransport, error) {
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, connectError(ctx, err)
	}
	// The handshake knows no context: closing its connection ends it.
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	a := &authentication{ctx: ctx, cfg: cfg}
	conn, channels, requests, err := ssh.NewClientConn(metered(raw, cfg.Meter), address, a.config())
	if err != nil {
		stop()
		raw.Close()
		return nil, a.explain(err)
	}
	t := &sshTransport{conn: conn}
	t.running.Go(func() { ssh.DiscardRequests(requests) })
	t.running.Go(func() { rejectChannels(channels) })
	err = t.subsystem()
	if !stop() || err != nil {
		t.Close()
		if ctx.Err() != nil {
			err = timeoutOr(ctx)
		}
		return nil, err
	}
	return t, nil
}

func connectError(ctx context.Context, err error) error {
	if at, ok := ctx.Deadline(); ok && !time.Now().Before(at) {
		<-ctx.Done() // the dialer's own timer for the same deadline was first
	}
	if ctx.Err() != nil {
		return fmt.Errorf("connect: %w", timeoutOr(ctx))
	}
	return fmt.Errorf("%w: %w", ErrConnect, err)
}

func rejectChannels(channels <-chan ssh.NewChannel) {
	for c := range channels {
		c.Reject(ssh.Prohibited, "no channels to this client")
	}
}

// subsystem opens the channel (RFC 6242 §3.1).
func (t *sshTransport) subsystem() error {
	channel, requests, err := t.conn.OpenChannel("session", nil)
	if err != nil {
		return fmt.Errorf("%w: open a channel: %w", ErrNoSubsystem, err)
	}
	t.Channel = channel
	t.running.Go(func() { ssh.DiscardRequests(requests) })
	t.running.Go(func() { io.Copy(&t.stderr, channel.Stderr()) })
	ok, err := channel.SendRequest("subsystem", true, ssh.Marshal(struct{ Name string }{"netconf"}))
	switch {
	case err != nil:
		return fmt.Errorf("%w: subsystem: %w", ErrLost, err)
	case !ok:
		return fmt.Errorf("%w: the device's SSH server refuses subsystem netconf: check that NETCONF is enabled, its port (often %d), and that this user may use it", ErrNoSubsystem, DefaultPort)
	}
	return nil
}

// authentication remembers how far a handshake came, because the library's
// errors do not tell.
type authentication struct {
	ctx     context.Context
	cfg     Config
	hostKey error // of the policy
	keyed   bool  // the host key was accepted: what follows is authentication
	secret  error // of Config.Password
	offered []string
}

func (a *authentication) config() *ssh.ClientConfig {
	c := &ssh.ClientConfig{User: a.cfg.User, HostKeyCallback: func(address string, _ net.Addr, key ssh.PublicKey) error {
		a.hostKey = a.cfg.HostKey(a.ctx, address, key)
		a.keyed = a.hostKey == nil
		return a.hostKey
	}}
	if a.cfg.Signer != nil {
		a.offered = append(a.offered, "key "+a.cfg.Signer.PublicKey().Type()+" "+ssh.FingerprintSHA256(a.cfg.Signer.PublicKey()))
		c.Auth = append(c.Auth, ssh.PublicKeys(a.cfg.Signer))
	}
	if a.cfg.Password != nil {
		a.offered = append(a.offered, "password")
		c.Auth = append(c.Auth, ssh.PasswordCallback(a.password), ssh.KeyboardInteractive(a.interactive))
	}
	return c
}

func (a *authentication) password() (string, error) {
	text, err := a.cfg.Password(a.ctx)
	a.secret = errors.Join(a.secret, err)
	return text, err
}

// interactive answers the one hidden question that routers ask (RFC 4256);
// what else is asked stays empty.
func (a *authentication) interactive(_, _ string, questions []string, echos []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i := range questions {
		if echos[i] {
			continue
		}
		text, err := a.password()
		if err != nil {
			return nil, err
		}
		answers[i] = text
	}
	return answers, nil
}

// explain says what an operator should look at.
func (a *authentication) explain(err error) error {
	var op *net.OpError
	switch {
	case a.hostKey != nil:
		return a.hostKey
	case a.secret != nil:
		return fmt.Errorf("%w: user %q: password: %w", ErrAuth, a.cfg.User, a.secret)
	case a.ctx.Err() != nil:
		return fmt.Errorf("ssh handshake: %w", timeoutOr(a.ctx))
	case a.keyed && (errors.Is(err, io.EOF) || errors.As(err, &op)):
		return fmt.Errorf("%w: the device ends the connection while user %q logs in: %w", ErrConnect, a.cfg.User, err)
	case a.keyed:
		return fmt.Errorf("%w: the device refuses user %q with %s: check the user's name, the password, that the key is authorised for the user on the device, and that the user is not locked (%w)",
			ErrAuth, a.cfg.User, strings.Join(a.offered, " and "), err)
	}
	var algorithms *ssh.AlgorithmNegotiationError
	if errors.As(err, &algorithms) {
		return fmt.Errorf("%w: the device speaks only SSH algorithms that are refused here: %w", ErrConnect, err)
	}
	return fmt.Errorf("%w: no SSH server answers at this port, or it closes the connection at once: %w", ErrConnect, err)
}

// maxStderrBytes is how much of a device's error output is kept.
const maxStderrBytes = 512

// firstBytes keeps the beginning of what is written to it.
type firstBytes struct {
	mu   sync.Mutex
	text []byte
}

func (t *firstBytes) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := maxStderrBytes - len(t.text); room > 0 {
		t.text = append(t.text, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

func (t *firstBytes) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(strings.ToValidUTF8(string(t.text), "\uFFFD"))
}

// metered counts what comes on a connection.
func metered(c net.Conn, m Meter) net.Conn {
	if m == nil {
		return c
	}
	return meteredConn{c, m}
}

type meteredConn struct {
	net.Conn
	meter Meter
}

func (c meteredConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.meter.Answered(n)
	return n, err
}
