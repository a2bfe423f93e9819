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
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
	"nettwin/ingest"
	collector "nettwin/ingest/netconf"
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

// twin is a twin of the routers r3 and r7, which a cable with a media
// converter joins, read by SNMP both, and r7 by NETCONF.
type twin struct {
	*testing.T
	lab      *lab
	store    graph.Store
	items    *items.Store
	engine   *rules.Engine
	pipeline *ingest.Pipeline
	mu       sync.Mutex // one collection at a time
	agents   map[string]string
	snmp     *snmp.Collector
	netconf  *collector.Collector
	know     fs.FS
}

func newTwin(t *testing.T) *twin {
	t.Helper()
	w := &twin{T: t, store: mem.New(mem.Options{Base: base}), know: knowledge(t), agents: map[string]string{}}
	t.Cleanup(func() { w.store.Close() })
	w.items = must(items.Open("items", items.Options{FS: vfs.NewMem()}))(t)
	t.Cleanup(func() { w.items.Close() })
	w.engine = rules.New(rules.Options{Store: w.store, Base: base, Derived: naming.DerivedGraph(base).Value(), Knowledge: w.know,
		Log: slog.New(slog.DiscardHandler), Now: time.Now})
	w.pipeline = must(ingest.NewPipeline(ingest.Options{Store: w.store, Items: w.items, Base: base, Knowledge: w.know}))(t)
	w.start()
	w.collectAll()
	if err := w.engine.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// start makes the routers and the collectors.
func (w *twin) start() {
	w.Helper()
	w.lab = &lab{}
	options := device.NetworkOptions{Hold: 100 * time.Millisecond}
	for _, name := range []string{"r3", router} {
		o := device.Options{Name: name, Recording: must(snmprec.Read(name, bytes.NewReader(must(fixtures.Recording(name))(w)), snmprec.Limits{}))(w).Rows}
		if name == router {
			o.Datastores = recordedStores(w.T)
		}
		d := must(device.New(o))(w)
		options.Devices = append(options.Devices, d)
		agent := must(simsnmp.Listen(context.Background(), "127.0.0.1:0", simsnmp.Options{State: d, Communities: []string{"public"}}))(w)
		w.Cleanup(func() { agent.Close() })
		w.agents[name] = agent.Addr().String()
	}
	for _, l := range must(fixtures.ReadTopology())(w).Links {
		if l.Kind == "spare" {
			options.Cables = append(options.Cables, device.Cable{A: device.End{Device: l.A.Device, Interface: l.A.Interface},
				B: device.End{Device: l.B.Device, Interface: l.B.Interface}, Relay: true})
		}
	}
	w.lab.network = must(device.NewNetwork(options))(w)
	w.Cleanup(func() { w.lab.network.Close() })
	w.lab.router, w.lab.signer = w.lab.network.Device(router), signer(w.T)
	w.lab.server = must(simulate.Listen(context.Background(), "127.0.0.1:0", simulate.Options{Device: w.lab.router, HostKey: w.lab.signer,
		Passwords: map[string]string{"twin": "open"}}))(w)
	w.Cleanup(func() { w.lab.server.Close() })
	w.snmp = must(snmp.New(snmp.Options{Tables: must(mib.Load(w.know, "map"))(w), Credentials: func(ingest.Target) (snmp.Credential, error) {
		return snmp.Credential{Community: "public"}, nil
	}}))(w)
	w.netconf = must(collector.New(collector.Options{Policy: must(collector.LoadPolicy(w.know, "map/netconf.tsv"))(w),
		Schemas: collector.NewMemoryCache(0), Credentials: func(ingest.Target) (collector.Credential, error) {
			return collector.Credential{User: "twin", Password: "open", HostKeys: []string{ssh.FingerprintSHA256(w.lab.signer.PublicKey())}}, nil
		}}))(w)
}

// collect reads a device by one collector and runs the rules.
func (w *twin) collect(ctx context.Context, name, device string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, address := ingest.Collector(w.snmp), w.agents[device]
	if name == "netconf" {
		c, address = w.netconf, w.lab.server.Addr().String()
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

func (w *twin) controller() *control.Controller {
	w.Helper()
	d := must(driver.New(driver.Options{
		Dial: func(ctx context.Context, name string) (*netconf.Session, error) {
			if name != router {
				return nil, fmt.Errorf("%s has no NETCONF", name)
			}
			return w.lab.dial(ctx, name)
		},
		Schema: func(context.Context, string) (*yang.Schema, error) { return schema() },
	}))(w)
	return must(control.New(control.Options{Store: w.store, Rules: w.engine, Items: w.items, Base: base, Knowledge: w.know,
		Dir: w.TempDir(), Drivers: []control.Driver{d}, Collect: w.collect, PollInterval: 50 * time.Millisecond, SettleTimeout: 10 * time.Second}))(w)
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

// Goal: the loop closes over real protocols: what SNMP and NETCONF tell of a
// disabled interface becomes a need, a plan, a NETCONF edit, and is then told
// by SNMP. Method: two recorded routers, simulated; collectors, pipeline,
// rules, control and driver as the twin has them; the router's own state.
func TestLoop(t *testing.T) {
	w := newTwin(t)
	if got := w.ask(statusQuery); !strings.HasPrefix(got, "down ") {
		t.Fatalf("%s %s is %s, expected it to be disabled", router, disabled, got)
	}
	intended := rdf.Quad{S: rdf.IRI(w.ask(`SELECT ?i { ?i twin:interfaceOf/twin:configuredName "r7" ; twin:name "eth3" }`)),
		P: rdf.IRI(naming.Twin + "adminStatus"), O: rdf.String("up"), G: naming.IntendedGraph(base)}
	must(w.store.Commit(t.Context(), &graph.Batch{Adds: []rdf.Quad{intended}}))(t)
	if err := w.engine.Apply(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	c := w.controller()
	var need string
	for _, n := range must(c.Needs(t.Context()))(t) {
		if strings.Contains(n.IRI, "enable-intended") {
			need = n.IRI
		}
	}
	p := must(c.Propose(t.Context(), need))(t)
	if p.State != control.Verified {
		t.Fatalf("the plan is %s: %s", p.State, p.Reason)
	}
	if i, ok := w.lab.router.Interface(disabled); !ok || i.Admin {
		t.Fatalf("the router's interface is %+v before the plan is applied", i)
	}
	operator := control.Principal{Name: "olga", Role: "operator"}
	must(c.Approve(t.Context(), p.ID, operator))(t)
	p = must(c.Apply(t.Context(), p.ID, operator))(t)
	if p.State != control.Done {
		t.Fatalf("the plan is %s: %s", p.State, p.Reason)
	}
	if i, ok := w.lab.router.Interface(disabled); !ok || !i.Admin {
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
