package netconf_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"nettwin/control"
	driver "nettwin/control/netconf"
	"nettwin/fixtures"
	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/internal/netconf"
	"nettwin/internal/simulate/clock"
	"nettwin/internal/simulate/device"
	simulate "nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/smi"
	"nettwin/internal/simulate/snmprec"
	"nettwin/ontology/yang"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const base = "https://twin.test/"

// The router whose recording has a disabled interface.
const (
	router    = "r7"
	disabled  = "eth3"
	enabledOf = "https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/enabled"
)

var sourceGraph = rdf.IRI(base + "graph/source/netconf/" + router)

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// schema compiles the recorded modules, once.
var schema = sync.OnceValues(func() (*yang.Schema, error) {
	sources := map[string][]byte{}
	modules, err := fixtures.Modules()
	if err != nil {
		return nil, err
	}
	for _, m := range modules {
		if sources[m.Name+".yang"], err = m.Text(); err != nil {
			return nil, err
		}
	}
	s, _, err := yang.Compile(sources, nil, yang.Options{})
	return s, err
})

// lab is a simulated router with NETCONF, and its clock.
type lab struct {
	network *device.Network
	router  *device.Device
	server  *simulate.Server
	clock   *clock.Manual
	signer  ssh.Signer
}

func newLab(t *testing.T, bugs simulate.Bugs) *lab {
	t.Helper()
	l := &lab{clock: clock.NewManual(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))}
	l.router = must(device.New(device.Options{Name: router, Recording: recording(t), Datastores: recordedStores(t), Clock: l.clock}))(t)
	l.network = must(device.NewNetwork(device.NetworkOptions{Devices: []*device.Device{l.router}, Clock: l.clock}))(t)
	t.Cleanup(func() { l.network.Close() })
	l.signer = signer(t)
	l.server = must(simulate.Listen(context.Background(), "127.0.0.1:0", simulate.Options{Device: l.router, HostKey: l.signer,
		Passwords: map[string]string{"twin": "open"}, Bugs: bugs, Clock: l.clock}))(t)
	t.Cleanup(func() { l.server.Close() })
	return l
}

// recordedStores are what the router's NETCONF server answered.
func recordedStores(t *testing.T) *device.Datastores {
	t.Helper()
	stores := &device.Datastores{Running: must(fixtures.Config(router, fixtures.Running))(t), State: must(fixtures.Operational(router))(t)}
	for _, m := range must(fixtures.Modules())(t) {
		stores.Modules = append(stores.Modules, must(m.Text())(t))
	}
	stores.Capabilities = must(device.Capabilities(must(fixtures.Hello(router))(t)))(t)
	return stores
}

func signer(t *testing.T) ssh.Signer {
	t.Helper()
	return must(ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))))(t)
}

func recording(t *testing.T) []smi.Varbind {
	t.Helper()
	return must(snmprec.Read(router, bytes.NewReader(must(fixtures.Recording(router))(t)), snmprec.Limits{}))(t).Rows
}

func (l *lab) dial(ctx context.Context, _ string) (*netconf.Session, error) {
	return dial(ctx, l.server.Addr().String(), "twin", l.signer, -1)
}

// dial opens a session; a delay of 0 is the default.
func dial(ctx context.Context, addr, user string, key ssh.Signer, delay time.Duration) (*netconf.Session, error) {
	return netconf.Dial(ctx, addr, netconf.Config{User: user, Peer: router,
		Password:   func(context.Context) (string, error) { return "open", nil },
		HostKey:    netconf.HostKeyFingerprints(ssh.FingerprintSHA256(key.PublicKey())),
		HelloDelay: delay, Timeout: 10 * time.Second})
}

func (l *lab) driver(t *testing.T) *driver.Driver {
	t.Helper()
	return must(driver.New(driver.Options{Dial: l.dial, Schema: func(context.Context, string) (*yang.Schema, error) { return schema() }}))(t)
}

// facts reads the router as a collector does.
func (l *lab) facts(t *testing.T) []rdf.Quad {
	t.Helper()
	s := must(l.dial(t.Context(), router))(t)
	defer s.Close()
	reply := must(s.Get(t.Context(), netconf.Query{}))(t)
	var quads []rdf.Quad
	_, _, err := must(schema())(t).DecodeXML(bytes.NewReader(reply.XML), yang.DecodeOptions{}, func(f yang.Fact) bool {
		quads = append(quads, f.Triple(sourceGraph.Value()+"/").In(sourceGraph))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return quads
}

// enabled is the fact that says whether the interface is enabled.
func enabled(t *testing.T, quads []rdf.Quad) rdf.Quad {
	t.Helper()
	i := slices.IndexFunc(quads, func(q rdf.Quad) bool {
		return q.P.Value() == enabledOf && strings.HasSuffix(q.S.Value(), "interface="+disabled)
	})
	if i < 0 {
		t.Fatalf("no fact says whether %s of %s is enabled", disabled, router)
	}
	return quads[i]
}

// branches is a graph with the router's facts, and a branch on which edit has
// changed them.
func branches(t *testing.T, quads []rdf.Quad, edit graph.Batch) (main, branch graph.Snapshot) {
	t.Helper()
	store := mem.New(mem.Options{Base: base})
	t.Cleanup(func() { store.Close() })
	must(store.Commit(t.Context(), &graph.Batch{Adds: quads}))(t)
	must(store.Fork(t.Context(), "plan", graph.At{}))(t)
	edit.Branch = "plan"
	must(store.Commit(t.Context(), &edit))(t)
	main, branch = must(store.Snapshot(graph.At{}))(t), must(store.Snapshot(graph.At{Branch: "plan"}))(t)
	t.Cleanup(func() { main.Close(); branch.Close() })
	return main, branch
}

var dev = control.Device{Name: router, IRI: rdf.IRI(base + "id/device/" + router), Graph: sourceGraph}

// enable turns false into true.
func enable(q rdf.Quad) graph.Batch {
	to := q
	to.O = rdf.Literal("true", rdf.XSDBoolean)
	return graph.Batch{Deletes: []rdf.Quad{q}, Adds: []rdf.Quad{to}}
}
