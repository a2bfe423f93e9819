package netconf_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/crypto/ssh"

	"nettwin/control"
	driver "nettwin/control/netconf"
	"nettwin/fixtures"
	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
	"nettwin/ingest"
	collector "nettwin/ingest/netconf"
	"nettwin/ingest/schemas"
	"nettwin/ingest/snmp"
	"nettwin/internal/netconf"
	"nettwin/internal/simulate/device"
	simulate "nettwin/internal/simulate/netconf"
	simsnmp "nettwin/internal/simulate/snmp"
	"nettwin/internal/simulate/snmprec"
	"nettwin/internal/testenv"
	"nettwin/naming"
	"nettwin/naming/items"
	"nettwin/ontology/mib"
	"nettwin/ontology/yang"
	"nettwin/reasoning/rules"
	"nettwin/sparql"
	"nettwin/sparql/results"
)

// knowledge is the shipped folder.
func knowledge(t *testing.T) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	root := os.DirFS(filepath.Join(testenv.ProjectRoot(), "ontology"))
	for _, folder := range []string{"actions", "align", "map", "rules"} {
		err := fs.WalkDir(root, folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.Contains(name, "testdata") {
				return err
			}
			text, err := fs.ReadFile(root, name)
			all[name] = &fstest.MapFile{Data: text}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// network is the routers r3 and r7, which a cable with a media converter joins.
// Both speak SNMP, r7 NETCONF too, through a wire that can be cut.
type network struct {
	*lab
	agents map[string]string // address of SNMP, by name
	wire   *wire
}

// scene says how a network is to behave.
type scene struct {
	bugs simulate.Bugs
	// wrap puts something before the device that NETCONF configures; may be nil.
	wrap func(simulate.Device) simulate.Device
}

func newNetwork(t *testing.T, s scene) *network {
	t.Helper()
	n := &network{lab: &lab{}, agents: map[string]string{}}
	options := device.NetworkOptions{Hold: 100 * time.Millisecond}
	for _, name := range []string{"r3", router} {
		o := device.Options{Name: name, Recording: must(snmprec.Read(name, bytes.NewReader(must(fixtures.Recording(name))(t)), snmprec.Limits{}))(t).Rows}
		if name == router {
			o.Datastores = recordedStores(t)
		}
		d := must(device.New(o))(t)
		options.Devices = append(options.Devices, d)
		agent := must(simsnmp.Listen(context.Background(), "127.0.0.1:0", simsnmp.Options{State: d, Communities: []string{"public"}}))(t)
		t.Cleanup(func() { agent.Close() })
		n.agents[name] = agent.Addr().String()
	}
	for _, l := range must(fixtures.ReadTopology())(t).Links {
		if l.Kind == "spare" {
			options.Cables = append(options.Cables, device.Cable{A: device.End{Device: l.A.Device, Interface: l.A.Interface},
				B: device.End{Device: l.B.Device, Interface: l.B.Interface}, Relay: true})
		}
	}
	n.network = must(device.NewNetwork(options))(t)
	t.Cleanup(func() { n.network.Close() })
	n.router, n.signer = n.network.Device(router), signer(t)
	configured := simulate.Device(n.router)
	if s.wrap != nil {
		configured = s.wrap(configured)
	}
	n.server = must(simulate.Listen(context.Background(), "127.0.0.1:0", simulate.Options{Device: configured, HostKey: n.signer,
		Passwords: map[string]string{"twin": "open"}, Bugs: s.bugs}))(t)
	t.Cleanup(func() { n.server.Close() })
	n.wire = newWire(t, n.server.Addr().String())
	return n
}

// twin is a twin of a network.
type twin struct {
	*testing.T
	store    graph.Store
	items    *items.Store
	engine   *rules.Engine
	pipeline *ingest.Pipeline
	mu       sync.Mutex // one collection at a time
	agents   map[string]string
	server   string // address of NETCONF
	dir      string // of the journal
	snmp     *snmp.Collector
	netconf  *collector.Collector
	know     fs.FS
	user     string // by which the driver logs in
}

// newTwin is a twin in memory that has just read its network.
func newTwin(t *testing.T, n *network) *twin {
	t.Helper()
	w := openTwin(t, "", n.agents, n.wire.addr())
	w.collectAll()
	return w
}

// openTwin opens a twin in a directory, in memory if it is "".
func openTwin(t *testing.T, dir string, agents map[string]string, server string) *twin {
	t.Helper()
	w := &twin{T: t, know: knowledge(t), agents: agents, server: server, dir: dir, user: "twin"}
	if dir == "" {
		w.dir = t.TempDir()
		w.store = mem.New(mem.Options{Base: base})
		w.items = must(items.Open("items", items.Options{FS: vfs.NewMem()}))(t)
	} else {
		w.store = must(disk.Open(filepath.Join(dir, "graph"), disk.Options{Base: base}))(t)
		w.items = must(items.Open(filepath.Join(dir, "items"), items.Options{}))(t)
	}
	t.Cleanup(w.close)
	w.engine = rules.New(rules.Options{Store: w.store, Base: base, Derived: naming.DerivedGraph(base).Value(), Knowledge: w.know,
		Log: slog.New(slog.DiscardHandler), Now: time.Now})
	w.pipeline = must(ingest.NewPipeline(ingest.Options{Store: w.store, Items: w.items, Base: base, Knowledge: w.know}))(t)
	w.snmp = must(snmp.New(snmp.Options{Tables: must(mib.Load(w.know, "map"))(w), Credentials: func(ingest.Target) (snmp.Credential, error) {
		return snmp.Credential{Community: "public"}, nil
	}}))(w)
	w.netconf = must(collector.New(collector.Options{Policy: must(schemas.LoadPolicy(w.know, "map/netconf.tsv"))(w),
		Schemas: schemas.NewMemoryCache(0), Credentials: func(ingest.Target) (collector.Credential, error) {
			return collector.Credential{User: "twin", Password: "open", HostKeys: []string{ssh.FingerprintSHA256(signer(w.T).PublicKey())}}, nil
		}}))(w)
	if err := w.engine.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// close is idempotent.
func (w *twin) close() {
	w.items.Close()
	w.store.Close()
}

// collect reads a device by one collector and runs the rules.
func (w *twin) collect(ctx context.Context, name, device string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, address := ingest.Collector(w.snmp), w.agents[device]
	if name == "netconf" {
		c, address = w.netconf, w.server
	}
	sample, err := c.Collect(ctx, ingest.Target{Name: device, Address: address})
	if err != nil {
		return err
	}
	if _, err := w.pipeline.Apply(ctx, sample); err != nil {
		return err
	}
	return w.engine.Apply(ctx, nil)
}

func (w *twin) collectAll() {
	w.Helper()
	for _, one := range [][2]string{{"snmp", "r3"}, {"snmp", router}, {"netconf", router}} {
		if err := w.collect(w.Context(), one[0], one[1]); err != nil {
			w.Fatal(err)
		}
	}
}

// controller opens a controller on the twin's journal.
func (w *twin) controller(edits ...func(*control.Options)) *control.Controller {
	w.Helper()
	d := must(driver.New(driver.Options{
		Dial: func(ctx context.Context, name string) (*netconf.Session, error) {
			if name != router {
				return nil, fmt.Errorf("%s has no NETCONF", name)
			}
			return dial(ctx, w.server, w.user, signer(w.T), 0)
		},
		Schema: func(context.Context, string) (*yang.Schema, error) { return schema() },
	}))(w)
	opt := control.Options{Store: w.store, Rules: w.engine, Items: w.items, Base: base, Knowledge: w.know,
		Dir: w.dir, Drivers: []control.Driver{d}, Collect: w.collect, PollInterval: 50 * time.Millisecond, SettleTimeout: 10 * time.Second}
	for _, edit := range edits {
		edit(&opt)
	}
	c := must(control.New(opt))(w)
	w.Cleanup(func() { c.Close() })
	return c
}

// ask answers a question with one row of text.
func (w *twin) ask(query string) string {
	w.Helper()
	q := must(sparql.Parse("PREFIX twin: <https://w3id.org/nettwin/ns#>\n"+query, base))(w)
	head := must(w.store.Snapshot(graph.At{}))(w)
	defer head.Close()
	rows := must(results.Collect(w.Context(), must(q.Run(w.Context(), head, sparql.Options{}))(w)))(w)
	if len(rows) != 1 {
		w.Fatalf("%s: %d rows, expected one", query, len(rows))
	}
	var cells []string
	for _, t := range rows[0] {
		cells = append(cells, t.Value())
	}
	return strings.Join(cells, " ")
}

const statusQuery = `SELECT ?admin ?oper { ?i twin:interfaceOf/twin:configuredName "r7" ; twin:name "eth3" ; twin:adminStatus ?admin ; twin:operStatus ?oper }`

var operator = control.Principal{Name: "olga", Role: "operator"}

// intend says that the disabled interface is intended to be up.
func (w *twin) intend() {
	w.Helper()
	intended := rdf.Quad{S: rdf.IRI(w.ask(`SELECT ?i { ?i twin:interfaceOf/twin:configuredName "r7" ; twin:name "eth3" }`)),
		P: rdf.IRI(naming.Twin + "adminStatus"), O: rdf.String("up"), G: naming.IntendedGraph(base)}
	must(w.store.Commit(w.Context(), &graph.Batch{Adds: []rdf.Quad{intended}}))(w)
	if err := w.engine.Apply(w.Context(), nil); err != nil {
		w.Fatal(err)
	}
}

// need is the need to enable the interface.
func (w *twin) need(c *control.Controller) string {
	w.Helper()
	for _, n := range must(c.Needs(w.Context()))(w) {
		if strings.Contains(n.IRI, "enable-intended") {
			return n.IRI
		}
	}
	w.Fatal("nothing needs the interface")
	return ""
}

// Goal: the loop closes over real protocols: what SNMP and NETCONF tell of a
// disabled interface becomes a need, a plan, a NETCONF edit, and is then told
// by SNMP. Method: two recorded routers, simulated; collectors, pipeline,
// rules, control and driver as the twin has them; the router's own state.
func TestLoop(t *testing.T) {
	n := newNetwork(t, scene{})
	w := newTwin(t, n)
	if got := w.ask(statusQuery); !strings.HasPrefix(got, "down ") {
		t.Fatalf("%s %s is %s, expected it to be disabled", router, disabled, got)
	}
	w.intend()
	c := w.controller()
	need := w.need(c)
	p := must(c.Propose(t.Context(), need))(t)
	if p.State != control.Verified {
		t.Fatalf("the plan is %s: %s", p.State, p.Reason)
	}
	if i, ok := n.router.Interface(disabled); !ok || i.Admin {
		t.Fatalf("the router's interface is %+v before the plan is applied", i)
	}
	must(c.Approve(t.Context(), p.ID, operator))(t)
	p = must(c.Apply(t.Context(), p.ID, operator))(t)
	if p.State != control.Done {
		t.Fatalf("the plan is %s: %s", p.State, p.Reason)
	}
	if i, ok := n.router.Interface(disabled); !ok || !i.Admin {
		t.Errorf("the router's interface is %+v after the plan was applied", i)
	}
	if got := w.ask(statusQuery); got != "up up" {
		t.Errorf("%s %s is %s", router, disabled, got)
	}
	for _, n := range must(c.Needs(t.Context()))(t) {
		if n.IRI == need {
			t.Errorf("the need is still there: %+v", n)
		}
	}
	if _, err := c.VerifyChain(); err != nil {
		t.Error(err)
	}
}
