package restconf_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"nettwin/fixtures"
	"nettwin/ingest"
	"nettwin/ingest/netconf"
	"nettwin/ingest/restconf"
	"nettwin/ingest/schemas"
	"nettwin/internal/simulate/device"
	ncsimulate "nettwin/internal/simulate/netconf"
	simulate "nettwin/internal/simulate/restconf"
	"nettwin/internal/simulate/selfsigned"
	"nettwin/internal/simulate/snmprec"
	"nettwin/internal/tlspeer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	user     = "twin"
	password = "correct horse"
)

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// recorded is a device of the demo network, with its NETCONF datastores.
func recorded(t testing.TB, name string) *device.Device {
	t.Helper()
	text := must(fixtures.Recording(name))(t)
	stores := &device.Datastores{
		Running: must(fixtures.Config(name, fixtures.Running))(t), State: must(fixtures.Operational(name))(t),
		Capabilities: must(device.Capabilities(must(fixtures.Hello(name))(t)))(t),
	}
	for _, m := range must(fixtures.Modules())(t) {
		stores.Modules = append(stores.Modules, must(m.Text())(t))
	}
	d := must(device.New(device.Options{Name: name, Datastores: stores,
		Recording: must(snmprec.Read(name, bytes.NewReader(text), snmprec.Limits{}))(t).Rows}))(t)
	return d
}

func certificate(t testing.TB) tls.Certificate {
	t.Helper()
	return must(selfsigned.New(rand.Reader, time.Now(), "r1", net.IPv4(127, 0, 0, 1)))(t)
}

// served is a running server with what a collector needs to know of it.
type served struct {
	*simulate.Server
	cred restconf.Credential
}

// serve starts a server of a device; it ends with the test.
func serve(t testing.TB, d simulate.Device, change func(*simulate.Options)) served {
	t.Helper()
	cert := certificate(t)
	options := simulate.Options{Device: d, Certificate: cert, Passwords: map[string]string{user: password}, Tick: 5 * time.Millisecond}
	if change != nil {
		change(&options)
	}
	s := must(simulate.Listen(context.Background(), "127.0.0.1:0", options))(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return served{s, restconf.Credential{User: user, Password: password,
		TLS: tlspeer.Config{Pins: []string{tlspeer.Fingerprint(cert.Certificate[0])}}}}
}

func (s served) target() ingest.Target { return ingest.Target{Name: "r1", Address: s.Addr().String()} }

func collector(t testing.TB, s served, change func(*restconf.Options)) *restconf.Collector {
	t.Helper()
	options := restconf.Options{Credentials: func(ingest.Target) (restconf.Credential, error) { return s.cred, nil },
		Schemas: schemas.NewMemoryCache(0), Timeout: 20 * time.Second, WatchGap: time.Millisecond}
	if change != nil {
		change(&options)
	}
	return must(restconf.New(options))(t)
}

// lines writes facts, sorted, one a line, without those of what devices say of
// the protocols themselves.
func lines(facts []ingest.Fact) []string {
	var out []string
	for _, f := range facts {
		if strings.HasPrefix(f.Thing, "ietf-yang-library:") || strings.HasPrefix(f.Thing, "ietf-netconf-monitoring:") || strings.HasPrefix(f.Thing, "nc-notifications:") {
			continue
		}
		o := f.O.String()
		if f.Ref != "" {
			o = "→ " + f.Ref
		}
		out = append(out, fmt.Sprintf("%s %s %s %v", f.Thing, f.P.Value(), o, f.Counter))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// byNETCONF reads a device by the other protocol.
func byNETCONF(t testing.TB, d *device.Device) []ingest.Fact {
	t.Helper()
	key := must(ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))))(t)
	s := must(ncsimulate.Listen(context.Background(), "127.0.0.1:0", ncsimulate.Options{Device: d, HostKey: key, Passwords: map[string]string{user: password}}))(t)
	defer s.Close()
	c := must(netconf.New(netconf.Options{Schemas: schemas.NewMemoryCache(0), Credentials: func(ingest.Target) (netconf.Credential, error) {
		return netconf.Credential{User: user, Password: password, HostKeys: []string{ssh.FingerprintSHA256(key.PublicKey())}}, nil
	}}))(t)
	return must(c.Collect(t.Context(), ingest.Target{Name: "r1", Address: s.Addr().String()}))(t).Facts
}

// counting counts requests by what they ask for and how they were answered.
type counting struct{ requests []string }

func (c *counting) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &statusRecorder{ResponseWriter: w, status: 200}
		next.ServeHTTP(rec, r)
		c.requests = append(c.requests, fmt.Sprintf("%d %s", rec.status, r.URL.RequestURI()))
	})
}

func (c *counting) count(has ...string) int {
	n := 0
	for _, r := range c.requests {
		all := true
		for _, h := range has {
			all = all && strings.Contains(r, h)
		}
		if all {
			n++
		}
	}
	return n
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(code int) {
	s.status = code
	s.ResponseWriter.WriteHeader(code)
}
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }
