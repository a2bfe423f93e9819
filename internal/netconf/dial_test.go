package netconf_test

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nettwin/internal/netconf"
)

// sshServer is an SSH server for one user, "twin", with password "right" or
// the key of its field.
type sshServer struct {
	hostKey, userKey ssh.Signer
	interactive      bool   // ask by keyboard-interactive instead of password
	noSubsystem      bool   // refuse subsystems
	stderr           string // before the channel ends at once
	address          string
}

func newSigner(t *testing.T) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func serveSSH(t *testing.T, change func(*sshServer)) *sshServer {
	t.Helper()
	s := &sshServer{hostKey: newSigner(t), userKey: newSigner(t)}
	if change != nil {
		change(s)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { s.serve(t, conn) })
		}
	})
	t.Cleanup(func() { l.Close(); running.Wait() })
	return s
}

func (s *sshServer) config() *ssh.ServerConfig {
	denied := errors.New("denied")
	c := &ssh.ServerConfig{
		PublicKeyCallback: func(m ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if m.User() == "twin" && string(key.Marshal()) == string(s.userKey.PublicKey().Marshal()) {
				return nil, nil
			}
			return nil, denied
		},
	}
	if s.interactive {
		c.KeyboardInteractiveCallback = func(m ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", []string{"Where? ", "Password: "}, []bool{true, false})
			if err == nil && m.User() == "twin" && answers[0] == "" && answers[1] == "right" {
				return nil, nil
			}
			return nil, denied
		}
	} else {
		c.PasswordCallback = func(m ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if m.User() == "twin" && string(password) == "right" {
				return nil, nil
			}
			return nil, denied
		}
	}
	c.AddHostKey(s.hostKey)
	return c
}

func (s *sshServer) serve(t *testing.T, raw net.Conn) {
	defer raw.Close()
	conn, channels, requests, err := ssh.NewServerConn(raw, s.config())
	if err != nil {
		return
	}
	var running sync.WaitGroup
	defer running.Wait()
	defer conn.Close()
	running.Go(func() { ssh.DiscardRequests(requests) })
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		running.Go(func() { s.channel(t, channel, requests) })
	}
}

func (s *sshServer) channel(t *testing.T, channel ssh.Channel, requests <-chan *ssh.Request) {
	defer channel.Close()
	for r := range requests {
		ok := r.Type == "subsystem" && string(r.Payload[4:]) == "netconf" && !s.noSubsystem
		r.Reply(ok, nil)
		if !ok {
			continue
		}
		if s.stderr != "" {
			io.WriteString(channel.Stderr(), s.stderr)
			time.Sleep(20 * time.Millisecond)
			return
		}
		p := &scripted{t: t, conn: channel, in: bufio.NewReader(channel)}
		p.write(helloText(allCapabilities...))
		p.read()
		p.chunked = true
		p.answer(func(string) string { return "<ok/>" })
		return
	}
}

func password(text string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return text, nil }
}

// TestDial logs in by each method and has a session.
func TestDial(t *testing.T) {
	plain := serveSSH(t, nil)
	interactive := serveSSH(t, func(s *sshServer) { s.interactive = true })
	pinned := netconf.HostKeyFingerprints("SHA256:other", ssh.FingerprintSHA256(plain.hostKey.PublicKey()))
	for name, c := range map[string]struct {
		server *sshServer
		cfg    netconf.Config
	}{
		"password":             {plain, netconf.Config{User: "twin", Password: password("right"), HostKey: pinned}},
		"key":                  {plain, netconf.Config{User: "twin", Signer: plain.userKey, HostKey: pinned}},
		"wrong key, password":  {plain, netconf.Config{User: "twin", Signer: newSigner(t), Password: password("right"), HostKey: pinned}},
		"keyboard-interactive": {interactive, netconf.Config{User: "twin", Password: password("right"), HostKey: netconf.AnyHostKey(t)}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := netconf.Dial(t.Context(), c.server.address, c.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Discard(t.Context()); err != nil {
				t.Error(err)
			}
			if err := s.CloseSession(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDialRefused: each way to fail has its error, and the message says what
// to look at.
func TestDialRefused(t *testing.T) {
	server := serveSSH(t, nil)
	none := serveSSH(t, func(s *sshServer) { s.noSubsystem = true })
	dying := serveSSH(t, func(s *sshServer) { s.stderr = "netconf-subsystem: cannot connect to ncxserver\n" })
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	broken := errors.New("vault is sealed")
	good := netconf.Config{User: "twin", Password: password("right"), HostKey: netconf.AnyHostKey(t), Timeout: 10 * time.Second}
	with := func(change func(*netconf.Config)) netconf.Config { c := good; change(&c); return c }
	for name, c := range map[string]struct {
		address string
		cfg     netconf.Config
		want    error
		says    string
	}{
		"password":     {server.address, with(func(c *netconf.Config) { c.Password = password("wrong") }), netconf.ErrAuth, `user "twin" with password`},
		"user":         {server.address, with(func(c *netconf.Config) { c.User = "eve" }), netconf.ErrAuth, `user "eve"`},
		"key":          {server.address, with(func(c *netconf.Config) { c.Password, c.Signer = nil, newSigner(t) }), netconf.ErrAuth, "key ssh-ed25519 SHA256:"},
		"secret":       {server.address, with(func(c *netconf.Config) { c.Password = func(context.Context) (string, error) { return "", broken } }), broken, "vault is sealed"},
		"nothing":      {server.address, with(func(c *netconf.Config) { c.Password = nil }), netconf.ErrAuth, "password or key"},
		"host key":     {server.address, with(func(c *netconf.Config) { c.HostKey = netconf.HostKeyFingerprints("SHA256:abc") }), netconf.ErrHostKey, ssh.FingerprintSHA256(server.hostKey.PublicKey())},
		"no policy":    {server.address, with(func(c *netconf.Config) { c.HostKey = nil }), netconf.ErrHostKey, "fingerprint"},
		"no subsystem": {none.address, good, netconf.ErrNoSubsystem, "check that NETCONF is enabled"},
		"dying":        {dying.address, good, netconf.ErrLost, "cannot connect to ncxserver"},
		"silent":       {silent.Addr().String(), with(func(c *netconf.Config) { c.Timeout = 50 * time.Millisecond }), netconf.ErrTimeout, "50ms"},
		"closed":       {closed.Addr().String(), good, netconf.ErrConnect, "refused"},
		"address":      {"a:b:c", good, nil, "no host:port"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := netconf.Dial(t.Context(), c.address, c.cfg)
			if s != nil || err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v; want %v saying %q", err, c.want, c.says)
			}
			if err != nil && (strings.Contains(err.Error(), "right") || strings.Contains(err.Error(), "wrong")) {
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := netconf.Dial(ctx, silent.Addr().String(), good); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// memory remembers host keys.
type memory struct {
	known  map[string]string
	refuse error
}

func (m *memory) HostKey(_ context.Context, address string) (string, error) {
	return m.known[address], nil
}

func (m *memory) TrustHostKey(_ context.Context, address, fingerprint string) error {
	if m.refuse == nil {
		m.known[address] = fingerprint
	}
	return m.refuse
}

// TestTrustOnFirstUse: the first key is asked for and remembered, another one
// later is refused, and so is a first one that the callback does not want.
func TestTrustOnFirstUse(t *testing.T) {
	server := serveSSH(t, nil)
	m := &memory{known: map[string]string{}, refuse: errors.New("not in the list")}
	dial := func() error {
		s, err := netconf.Dial(t.Context(), server.address, netconf.Config{User: "twin", Password: password("right"), HostKey: netconf.TrustOnFirstUse(m)})
		if s != nil {
			s.Close()
		}
		return err
	}
	if err := dial(); !errors.Is(err, netconf.ErrHostKey) || !errors.Is(err, m.refuse) {
		t.Error(err)
	}
	m.refuse = nil
	for range 2 {
		if err := dial(); err != nil {
			t.Error(err)
		}
	}
	if m.known[server.address] != ssh.FingerprintSHA256(server.hostKey.PublicKey()) {
		t.Errorf("remembers %q", m.known)
	}
	m.known[server.address] = "SHA256:before"
	if err := dial(); !errors.Is(err, netconf.ErrHostKey) || !strings.Contains(err.Error(), "SHA256:before") {
		t.Error(err)
	}
}

// TestEndpoint completes addresses.
func TestEndpoint(t *testing.T) {
	for in, want := range map[string]string{"r1": "r1:830", "192.0.2.1:22": "192.0.2.1:22", "2001:db8::1": "[2001:db8::1]:830",
		"[2001:db8::1]": "[2001:db8::1]:830", "[2001:db8::1]:22": "[2001:db8::1]:22", "": "", "r1:0": "", "r1:ssh": "", "ssh://r1": ""} {
		if got, err := netconf.Endpoint(in); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}
