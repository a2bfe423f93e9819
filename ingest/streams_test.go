package ingest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/ingest/syslog"
	"nettwin/ingest/trap"
	"nettwin/internal/testenv"
)

// certificate makes one for 127.0.0.1 and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// Goal: messages come by TCP in both framings and by TLS; logger of util-linux
// is a real client of both; faults cost a message or a connection, connections
// are bounded. Method: streams with known messages; texts in the graph.
func TestStreams(t *testing.T) {
	w := newTold(t)
	w.device("r1")
	cert, pool := certificate(t)
	m := w.messages(func(o *syslog.Options) {
		o.UDP, o.TCP, o.TLS = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
		o.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		o.Senders.Resolve = anyone("r1")
		o.MaxMessage, o.MaxConnections = 256, 2
	})
	conn, err := net.Dial("tcp", m.TCPAddress().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	secure, err := tls.Dial("tcp", m.TLSAddress().String(), &tls.Config{RootCAs: pool})
	if err != nil {
		t.Fatal(err)
	}
	defer secure.Close()
	for _, part := range []string{"<13>1 - r1 a - - - lin", "e one\n<13>1 - r1 a - - - line two\n", "32 <13>1 - r1 a - - - counted\nthree", "<13>broken\n", "300 " + strings.Repeat("x", 300), "bad\n", "<13>1 bad r1 a - - - x\n"} {
		if _, err := conn.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond)
	}
	if _, err := secure.Write([]byte("27 <13>1 - r1 a - - - by TLS 4")); err != nil {
		t.Fatal(err)
	}
	w.until("both connections", func() bool { return m.Stats().Connections == 2 })
	third, err := net.Dial("tcp", m.TCPAddress().String())
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	if err := third.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := third.Read(make([]byte, 1)); err == nil {
		t.Error("a third connection is served")
	}
	w.until("the messages", func() bool { return m.Stats().Messages == 5 })
	if _, err := conn.Write([]byte("12x ")); err != nil {
		t.Fatal(err)
	}
	w.until("broken framing", func() bool { return m.Stats().Refused["framing"] == 1 })
	secure.Close()
	w.until("what is refused", func() bool {
		s := m.Stats()
		return s.ConnectionsRefused == 1 && s.Refused["too long"] == 1 && s.Refused["priority"] == 1 && s.Refused["header"] == 1
	})
	host, port, _ := net.SplitHostPort(m.TCPAddress().String())
	for _, args := range [][]string{{"--tcp", "--rfc5424", "--octet-count"}, {"--tcp", "--rfc3164"}} {
		args = append(args, "--server", host, "--port", port, "--tag", "logger", "by "+args[1])
		if out, err := exec.Command(testenv.Tool(t, "logger"), args...).CombinedOutput(); err != nil {
			t.Errorf("logger: %v %s", err, out)
		}
	}
	_, udp, _ := net.SplitHostPort(m.Address().String())
	if out, err := exec.Command(testenv.Tool(t, "logger"), "--udp", "--rfc5424", "--server", host, "--port", udp, "--tag", "logger", "by UDP").CombinedOutput(); err != nil {
		t.Errorf("logger: %v %s", err, out)
	}
	w.until("logger", func() bool { return m.Stats().Messages == 8 })
	m.Close()
	got := w.rows(`SELECT ?m { GRAPH ?g { ?e a syslog:Message ; twin:reportedMessage ?m } }`)
	want := []string{"broken", "by --rfc3164", "by --rfc5424", "by TLS 4", "by UDP", "counted three", "line one", "line two"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Goal: relays and proxies speak for others only where the configuration says
// so. Method: one socket that is no device, with the names of two devices; a
// trap with snmpTrapAddress.
func TestRelays(t *testing.T) {
	w := newTold(t)
	w.device("r1")
	w.device("r2")
	relay := func(a netip.AddrPort) bool { return a.Addr().IsLoopback() }
	m := w.messages(func(o *syslog.Options) {
		o.Relay = relay
		o.Host = func(name string) (string, bool) { return name, name == "r1" || name == "r2" }
	})
	for _, host := range []string{"r1", "r2", "r3"} {
		w.send("relay", m.Address(), []byte("<13>1 - "+host+" a - - - from "+host))
	}
	w.until("messages", func() bool { return m.Stats().Messages == 2 && m.Stats().Senders.Unknown == 1 })
	m.Close()
	if got := w.rows(`SELECT ?d ?m { GRAPH ?g { ?g twin:deviceName ?d . ?e twin:reportedMessage ?m } }`); !slices.Equal(got, []string{"r1 from r1", "r2 from r2"}) {
		t.Errorf("%v", got)
	}
	l := w.traps(func(o *trap.Options) {
		o.Proxy = relay
		o.Senders.Resolve = func(a netip.AddrPort) (string, bool) { return "r1", a.Addr() == netip.MustParseAddr("192.0.2.1") }
	})
	for _, address := range []string{"192.0.2.1", "192.0.2.2"} {
		args := strings.Fields("-v2c -c public " + l.Address().String() + " 1 1.3.6.1.6.3.1.1.5.1 1.3.6.1.6.3.18.1.3.0 a " + address)
		if out, err := netsnmp(t, "snmptrap", args...); err != nil {
			t.Fatal(err, out)
		}
	}
	w.until("traps", func() bool { s := l.Stats(); return s.Traps == 1 && s.Refused["unknown device"] == 1 })
	l.Close()
	if got := w.rows(`SELECT ?d { GRAPH ?g { ?g twin:deviceName ?d . ?e a trap:Notification } }`); !slices.Equal(got, []string{"r1"}) {
		t.Errorf("%v", got)
	}
}
