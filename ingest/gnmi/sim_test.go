package gnmi_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"nettwin/fixtures"
	"nettwin/ingest"
	"nettwin/ingest/gnmi"
	"nettwin/ingest/netconf"
	"nettwin/ingest/schemas"
	"nettwin/internal/simulate/device"
	simulate "nettwin/internal/simulate/gnmi"
	ncsimulate "nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/selfsigned"
	"nettwin/internal/simulate/snmprec"
	"nettwin/internal/testenv"
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
	return must(device.New(device.Options{Name: name, Datastores: stores,
		Recording: must(snmprec.Read(name, bytes.NewReader(text), snmprec.Limits{}))(t).Rows}))(t)
}

func certificate(t testing.TB) tls.Certificate {
	t.Helper()
	return must(selfsigned.New(rand.Reader, time.Now(), "r1", net.IPv4(127, 0, 0, 1)))(t)
}

// served is where a device is read and by what.
type served struct {
	address string
	cred    gnmi.Credential
}

func credential(cert tls.Certificate) gnmi.Credential {
	return gnmi.Credential{User: user, Password: password, TLS: tlspeer.Config{Pins: []string{tlspeer.Fingerprint(cert.Certificate[0])}}}
}

// serve starts a server of a device; it ends with the test.
func serve(t testing.TB, d simulate.Device, change func(*simulate.Options)) served {
	t.Helper()
	return serveAt(t, "127.0.0.1:0", certificate(t), d, change)
}

func serveAt(t testing.TB, at string, cert tls.Certificate, d simulate.Device, change func(*simulate.Options)) served {
	t.Helper()
	options := simulate.Options{Device: d, Certificate: cert, Passwords: map[string]string{user: password}, Tick: 5 * time.Millisecond}
	if change != nil {
		change(&options)
	}
	s := must(simulate.Listen(context.Background(), at, options))(t)
	t.Cleanup(func() { s.Close() })
	return served{s.Addr().String(), credential(cert)}
}

func (s served) target() ingest.Target { return ingest.Target{Name: "r1", Address: s.address} }

func collector(t testing.TB, s served, change func(*gnmi.Options)) *gnmi.Collector {
	t.Helper()
	options := gnmi.Options{Credentials: func(ingest.Target) (gnmi.Credential, error) { return s.cred, nil },
		Directory: must(schemas.OpenDirectory(os.DirFS(filepath.Join(testenv.ProjectRoot(), "fixtures/network/netconf/modules"))))(t),
		Schemas:   schemas.NewMemoryCache(0), Timeout: 20 * time.Second, WatchGap: time.Millisecond}
	if change != nil {
		change(&options)
	}
	c := must(gnmi.New(options))(t)
	t.Cleanup(func() { c.Close() })
	return c
}

func asked(w gnmi.What) func(*gnmi.Options) {
	return func(o *gnmi.Options) { o.What = func(ingest.Target) gnmi.What { return w } }
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

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func head(list []string) string { return strings.Join(list[:min(len(list), 10)], "\n") }

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
