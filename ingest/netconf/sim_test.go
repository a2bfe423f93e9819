package netconf_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"nettwin/ingest"
	"nettwin/ingest/netconf"
	"nettwin/ingest/schemas"
	"nettwin/internal/simulate/config"
	simulate "nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Modules that no code knows.
const (
	portsSpace  = "urn:example:ports"
	portsModule = `module example-ports { yang-version 1.1; namespace "urn:example:ports"; prefix p;
  import example-types { prefix t; }
  revision 2026-01-02;
  feature colour;
  container ports {
    list port { key name;
      leaf name { type string; }
      leaf label { type string; }
      leaf speed { type uint32; units "Mbit/s"; }
      leaf colour { if-feature colour; type string; }
      leaf age { config false; type uint32; }
      leaf packets { config false; type t:zero-based-counter32; } } }
  leaf motto { type string; } }`
	typesModule = `module ietf-yang-types { namespace "urn:ietf:params:xml:ns:yang:ietf-yang-types"; prefix yang; revision 2013-07-15;
  typedef zero-based-counter32 { type uint32; default 0; } }`
	aliasModule = `module example-types { namespace "urn:example:types"; prefix t; revision 2020-01-01;
  import ietf-yang-types { prefix y; }
  typedef zero-based-counter32 { type y:zero-based-counter32; } }`
	notesSpace  = "urn:example:notes"
	notesModule = `module example-notes { namespace "urn:example:notes"; prefix n; revision 2026-01-03;
  container notes { leaf text { type string; } } }`
)

// device is a simulated device that remembers.
type device struct {
	mu       sync.Mutex
	running  *config.Tree
	state    []*xmltree.Node
	watchers map[int]func(simulate.Event)
}

func newDevice(t *testing.T, running string) *device {
	t.Helper()
	var texts [][]byte
	for _, m := range []string{portsModule, typesModule, aliasModule, notesModule} {
		texts = append(texts, []byte(m))
	}
	set, err := yang.Parse(texts, yang.Options{Features: func(string, string) bool { return false }})
	if err != nil {
		t.Fatal(err)
	}
	tree, errs := config.Load(set, elements(t, running))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return &device{running: tree, watchers: map[int]func(simulate.Event){}}
}

func elements(t *testing.T, text string) []*xmltree.Node {
	t.Helper()
	n, err := xmltree.Parse([]byte("<c>"+text+"</c>"), xmltree.Limits{Depth: 20, Elements: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return n.Children
}

func (d *device) Running() *config.Tree {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.running
}

func (d *device) Apply(next *config.Tree, _ bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running = next
	return nil
}

func (d *device) State() []*xmltree.Node { return d.state }

func (d *device) Watch(f func(simulate.Event)) func() {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := len(d.watchers)
	d.watchers[id] = f
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.watchers, id)
	}
}

// tell makes the device tell an event.
func (d *device) tell(e simulate.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.watchers {
		f(e)
	}
}

func testSigner(t *testing.T, seed byte) ssh.Signer {
	t.Helper()
	key, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// twoPorts is a running configuration.
const twoPorts = `<ports xmlns="urn:example:ports"><port><name>eth0</name><label>to r2</label><speed>1000</speed></port>` +
	`<port><name>a/1:2</name></port></ports><motto xmlns="urn:example:ports">carpe</motto>`

// twoPortsState is the state beside it.
const twoPortsState = `<ports xmlns="urn:example:ports"><port><name>eth0</name><age>7</age><packets>42</packets></port></ports>`

// serve starts a simulated device; it ends with the test.
func serve(t *testing.T, d *device) *simulate.Server {
	t.Helper()
	return serveAt(t, d, "127.0.0.1:0")
}

func serveAt(t *testing.T, d *device, address string) *simulate.Server {
	t.Helper()
	s, err := simulate.Listen(context.Background(), address, simulate.Options{Device: d, HostKey: testSigner(t, 1),
		Passwords: map[string]string{"twin": "correct horse"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func credential(t *testing.T) netconf.Credential {
	return netconf.Credential{User: "twin", Password: "correct horse", HostKeys: []string{ssh.FingerprintSHA256(testSigner(t, 1).PublicKey())}}
}

func collector(t *testing.T, change func(*netconf.Options)) *netconf.Collector {
	t.Helper()
	cred := credential(t)
	options := netconf.Options{Credentials: func(ingest.Target) (netconf.Credential, error) { return cred, nil },
		Schemas: schemas.NewMemoryCache(0), Timeout: 10 * time.Second, WatchGap: time.Millisecond}
	if change != nil {
		change(&options)
	}
	c, err := netconf.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func target(s *simulate.Server) ingest.Target {
	return ingest.Target{Name: "r1", Address: s.Addr().String()}
}
