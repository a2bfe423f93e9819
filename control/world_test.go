package control_test

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"nettwin/control"
	"nettwin/control/controltest"
	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/naming/items"
	"nettwin/ontology"
	"nettwin/reasoning/rules"
)

const testBase = "https://twin.test/"

// testNetwork is r1 between r2 and r3. r1 e0, to r2, is disabled; r1 e1, to r3,
// is up. Each of r1's interfaces is told of by two sources: snmp, and the
// collector of a driver.
const testNetwork = `
@prefix twin: <https://w3id.org/nettwin/ns#> .
@prefix if: <https://w3id.org/nettwin/mib/IF-MIB/> .
@prefix config: <https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/> .
@prefix i: <https://twin.test/id/interface/> .

GRAPH <graph/source/snmp/r1> {
  <graph/source/snmp/r1> a twin:Source ; twin:describes <id/device/r1> ; twin:deviceName "r1" ; twin:collector "snmp" ; twin:counterProperty if:ifInOctets .
  <graph/source/snmp/r1/system> <https://w3id.org/nettwin/mib/SNMPv2-MIB/sysName> "r1" .
  <graph/source/snmp/r1/ifTable/1> a if:ifEntry ; if:ifIndex 1 ; if:ifDescr "e0" ; if:ifAdminStatus "down" ; if:ifOperStatus "down" ; if:ifInOctets 7 .
  <graph/source/snmp/r1/ifTable/2> a if:ifEntry ; if:ifIndex 2 ; if:ifDescr "e1" ; if:ifAdminStatus "up" ; if:ifOperStatus "up" .
}
GRAPH <graph/source/snmp/r2> {
  <graph/source/snmp/r2> a twin:Source ; twin:describes <id/device/r2> ; twin:deviceName "r2" ; twin:collector "snmp" .
  <graph/source/snmp/r2/system> <https://w3id.org/nettwin/mib/SNMPv2-MIB/sysName> "r2" .
  <graph/source/snmp/r2/ifTable/1> a if:ifEntry ; if:ifIndex 1 ; if:ifDescr "e0" ; if:ifAdminStatus "up" ; if:ifOperStatus "up" .
}
GRAPH <graph/source/snmp/r3> {
  <graph/source/snmp/r3> a twin:Source ; twin:describes <id/device/r3> ; twin:deviceName "r3" ; twin:collector "snmp" .
  <graph/source/snmp/r3/system> <https://w3id.org/nettwin/mib/SNMPv2-MIB/sysName> "r3" .
  <graph/source/snmp/r3/ifTable/1> a if:ifEntry ; if:ifIndex 1 ; if:ifDescr "e0" ; if:ifAdminStatus "up" ; if:ifOperStatus "up" .
}
GRAPH <graph/source/memory/r1> {
  <graph/source/memory/r1> a twin:Source ; twin:describes <id/device/r1> ; twin:deviceName "r1" ; twin:collector "memory" .
  <graph/source/memory/r1/e0> config:name "e0" ; config:enabled false .
  <graph/source/memory/r1/e1> config:name "e1" ; config:enabled true .
}
<graph/source/memory/r1/e0> twin:represents i:r1\/e0 .
<graph/source/memory/r1/e1> twin:represents i:r1\/e1 .
<id/link/a> a twin:Link ; twin:endpoint i:r1\/e0, i:r2\/e0 .
<id/link/b> a twin:Link ; twin:endpoint i:r1\/e1, i:r3\/e0 .
`

const (
	needEnable  = testBase + "id/need/enable-fault/r1/e0"
	needDisable = testBase + "id/need/disable-intended/r1/e1"
	configSpace = "https://w3id.org/nettwin/yang/"
	ifMIB       = "https://w3id.org/nettwin/mib/IF-MIB/"
)

// The configuration of r1 before and after the repair.
var (
	before = []string{enabled("e0", false), enabled("e1", true), named("e0"), named("e1")}
	after  = []string{enabled("e0", true), enabled("e1", true), named("e0"), named("e1")}
)

func enabled(name string, value bool) string {
	return fmt.Sprintf(`<%[1]sgraph/source/memory/r1/%[2]s> <%[3]sietf-interfaces/interfaces/interface/enabled> "%[4]v"^^<%[5]sboolean> <%[1]sgraph/source/memory/r1> .`,
		testBase, name, configSpace, value, rdf.XSD)
}

func named(name string) string {
	return fmt.Sprintf(`<%[1]sgraph/source/memory/r1/%[2]s> <%[3]sietf-interfaces/interfaces/interface/name> "%[2]s" <%[1]sgraph/source/memory/r1> .`,
		testBase, name, configSpace)
}

// itemShelf keeps items in memory.
type itemShelf struct {
	mu   sync.Mutex
	kept map[string]string
}

func (s *itemShelf) Put(_ context.Context, batch []items.Item) ([]naming.Name, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []naming.Name
	for _, it := range batch {
		names = append(names, it.Name())
		s.kept[it.Name().String()] = string(it.Bytes)
	}
	return names, nil
}

// world is a twin with one device that can be written to.
type world struct {
	*testing.T
	ctx    context.Context
	store  graph.Store
	engine *rules.Engine
	shelf  *itemShelf
	dir    string
	mu     sync.Mutex
	time   time.Time
	// stuck makes sources not see what the device does.
	stuck     bool
	knowledge fs.FS
}

// loopRules are the rules that the loop of these tests rests on.
var loopRules = []string{"interface-down-neighbour-up", "need-enable-fault", "need-enable-intended", "need-disable-intended"}

// shippedPart is the shipped knowledge without the rules that do not matter
// here, which would make tests slow and their findings many.
func shippedPart(t *testing.T) fs.FS {
	t.Helper()
	part := fstest.MapFS{}
	for _, pattern := range []string{"actions/*.action", "align/*.rule", "rules/*.rule"} {
		files, err := fs.Glob(ontology.Knowledge(), pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if name := strings.TrimSuffix(path.Base(file), ".rule"); strings.HasPrefix(file, "rules/") && !slices.Contains(loopRules, name) {
				continue
			}
			text, err := fs.ReadFile(ontology.Knowledge(), file)
			if err != nil {
				t.Fatal(err)
			}
			part[file] = &fstest.MapFile{Data: text}
		}
	}
	return part
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, ctx: t.Context(), dir: t.TempDir(), shelf: &itemShelf{kept: map[string]string{}},
		time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), knowledge: shippedPart(t)}
	w.store = mem.New(mem.Options{Base: testBase})
	t.Cleanup(func() { w.store.Close() })
	w.engine = rules.New(rules.Options{Store: w.store, Base: testBase, Derived: naming.DerivedGraph(testBase).Value(),
		Knowledge: w.knowledge, Log: slog.New(slog.DiscardHandler), Now: w.now})
	w.add(testNetwork)
	w.contact()
	if err := w.engine.Reload(w.ctx); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.time
}

// pass lets time go by.
func (w *world) pass(_ context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.time = w.time.Add(d)
	return nil
}

func parseQuads(t *testing.T, trig string) []rdf.Quad {
	t.Helper()
	quads, err := rdf.ReadAll(strings.NewReader(trig), rdf.TriG, rdf.ReaderOptions{Base: testBase})
	if err != nil {
		t.Fatal(err)
	}
	return quads
}

func (w *world) add(trig string) { w.commit(&graph.Batch{Adds: parseQuads(w.T, trig)}) }

func (w *world) commit(b *graph.Batch) {
	w.Helper()
	if _, err := w.store.Commit(w.ctx, b); err != nil {
		w.Fatal(err)
	}
}

// contact says that all sources have just been read.
func (w *world) contact() {
	w.Helper()
	prov := naming.ProvenanceGraph(testBase)
	b := &graph.Batch{}
	for _, g := range []string{"snmp/r1", "snmp/r2", "snmp/r3", "memory/r1"} {
		s := rdf.IRI(testBase + "graph/source/" + g)
		b.Deletes = append(b.Deletes, w.quads(rdf.Quad{S: s, P: control.TermLastContact, G: prov})...)
		b.Adds = append(b.Adds, rdf.Quad{S: s, P: control.TermLastContact, O: control.Instant(w.now()), G: prov},
			rdf.Quad{S: s, P: control.TermSyncState, O: control.TermInSync, G: prov})
	}
	w.commit(b)
}

func (w *world) quads(p rdf.Quad) []rdf.Quad {
	w.Helper()
	head, err := w.store.Snapshot(graph.At{})
	if err != nil {
		w.Fatal(err)
	}
	defer head.Close()
	var list []rdf.Quad
	if err := control.Scan(w.ctx, head, p, func(q rdf.Quad) error { list = append(list, q); return nil }); err != nil {
		w.Fatal(err)
	}
	return list
}

// replace sets the one value of a property.
func (w *world) replace(s, p, o, g rdf.Term) {
	w.Helper()
	w.commit(&graph.Batch{Deletes: w.quads(rdf.Quad{S: s, P: p, G: g}), Adds: []rdf.Quad{{S: s, P: p, O: o, G: g}}})
}

// collect reads r1 as its two collectors do: the driver's tells what runs, the
// other one what the interface then does.
func (w *world) collect(d *controltest.Memory) func(context.Context, string, string) error {
	return func(ctx context.Context, collector, device string) error {
		if device != "r1" {
			return nil
		}
		for n, name := range []string{"e0", "e1"} {
			up := slices.Contains(d.Running("r1"), enabled(name, true))
			switch collector {
			case "memory":
				q, err := control.Change{Quad: enabled(name, up)}.Parse()
				if err != nil {
					return err
				}
				w.replace(q.S, q.P, q.O, q.G)
			case "snmp":
				if w.stuck {
					continue
				}
				state := rdf.String(map[bool]string{true: "up", false: "down"}[up])
				row, g := rdf.IRI(fmt.Sprintf("%sgraph/source/snmp/r1/ifTable/%d", testBase, n+1)), rdf.IRI(testBase+"graph/source/snmp/r1")
				w.replace(row, rdf.IRI(ifMIB+"ifAdminStatus"), state, g)
				w.replace(row, rdf.IRI(ifMIB+"ifOperStatus"), state, g)
			}
		}
		w.contact()
		return w.engine.Apply(ctx, nil)
	}
}

// controller opens a controller on the world's journal.
func (w *world) controller(d *controltest.Memory) *control.Controller {
	w.Helper()
	c, err := control.New(control.Options{Store: w.store, Rules: w.engine, Items: w.shelf, Base: testBase, Knowledge: w.knowledge, Dir: w.dir,
		Drivers: []control.Driver{d}, Collect: w.collect(d), Now: w.now, Sleep: w.pass})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// device is r1's configuration side, as the network has it.
func (w *world) device() *controltest.Memory {
	d := &controltest.Memory{Collector: "memory", Config: configSpace, Now: w.now}
	d.Set("r1", before...)
	return d
}

var (
	operator = control.Principal{Name: "olga", Role: "operator"}
	reader   = control.Principal{Name: "rudi", Role: "reader"}
)

// verified proposes the repair.
func (w *world) verified(c *control.Controller) control.Plan {
	w.Helper()
	p, err := c.Propose(w.ctx, needEnable)
	if err != nil {
		w.Fatal(err)
	}
	if p.State != control.Verified {
		w.Fatalf("the plan is %s: %s", p.State, p.Reason)
	}
	return p
}

// approved proposes and approves it.
func (w *world) approved(c *control.Controller) control.Plan {
	w.Helper()
	p, err := c.Approve(w.ctx, w.verified(c).ID, operator)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// apply carries an approved plan out.
func (w *world) apply(c *control.Controller, id string) control.Plan {
	w.Helper()
	p, err := c.Apply(w.ctx, id, operator)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// ended asks for a state, a reason that holds words, a device in order, no
// branch, and a whole chain.
func (w *world) ended(c *control.Controller, d *controltest.Memory, id string, state control.State, running []string, words ...string) {
	w.Helper()
	p, err := c.Plan(id)
	if err != nil {
		w.Fatal(err)
	}
	if p.State != state {
		w.Errorf("the plan is %s (%s), expected %s", p.State, p.Reason, state)
	}
	for _, word := range words {
		if !strings.Contains(p.Reason, word) {
			w.Errorf("reason %q does not tell %q", p.Reason, word)
		}
	}
	want := slices.Sorted(slices.Values(running))
	if got := d.Running("r1"); !slices.Equal(got, want) {
		w.Errorf("r1 runs %v, expected %v", got, want)
	}
	if !d.Quiet("r1") {
		w.Error("something is pending, locked or edited on r1")
	}
	branches, err := w.store.Branches()
	if err != nil || len(branches) != 1 {
		w.Errorf("branches %v, %v: expected main alone", branches, err)
	}
	if _, err := c.VerifyChain(); err != nil {
		w.Error(err)
	}
}
