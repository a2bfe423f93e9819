package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nettwin/control"
	"nettwin/control/controltest"
	driver "nettwin/control/netconf"
	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/ingest/netconf"
	"nettwin/ingest/schemas"
	ncclient "nettwin/internal/netconf"
	"nettwin/naming"
	"nettwin/ontology/yang"
)

// carryOutPlan has the twin repair something by netconfd: r7 eth3 is disabled
// and its neighbour is up. netconfd stores what it is told and does nothing
// about it, so the test is the hand that enables the port once the device's
// running configuration says so. The plan is confirmed when SNMP says that the
// port is up; then r3 and r7 have an adjacency over it.
func (s labTwin) carryOutPlan(t *testing.T) {
	p := s.propose(t, s.needFor(t, "enable r7 eth3"))
	if p.State != "verified" || len(p.Payloads) != 1 || p.Payloads[0].Device != "r7" {
		t.Fatalf("the plan: %+v", p)
	}
	hand := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { hand <- s.enableAsConfigured(ctx) }()
	took := s.carryOut(t, p)
	cancel()
	if err := <-hand; err != nil {
		t.Error(err)
	}
	t.Logf("plan %s was applied and confirmed in %v; %d audit entries", p.ID, took.Round(time.Millisecond), s.audited(t))
	if got := s.inGraph(t, "r7", "eth3"); got != "up up" {
		t.Errorf("in the graph r7 eth3 is %s", got)
	}
	eventually(t, "the adjacency of r3 and r7", func() bool {
		rows := s.ask(t, `SELECT ?at { ?n a twin:OspfAdjacency ; twin:localInterface ?i ; twin:remoteInterface ?j ; twin:state "full" .
			?i twin:name "eth3" ; twin:interfaceOf/twin:name ?at . ?j twin:name "eth3" ; twin:interfaceOf/twin:name ?far . FILTER(?at IN ("r3", "r7") && ?far IN ("r3", "r7")) }`)
		return len(rows) == 2
	})
	if needs, _ := s.needs(t); slices.ContainsFunc(needs, func(n need) bool { return strings.HasPrefix(n.Message, "enable r7 eth3") }) {
		t.Error("the need is still there")
	}
}

// enableAsConfigured enables r7 eth3 as soon as its NETCONF server says that
// its configuration is so.
func (s labTwin) enableAsConfigured(ctx context.Context) error {
	const configured = `SELECT * { GRAPH <https://demo.example/graph/source/netconf/r7> {
		<https://demo.example/graph/source/netconf/r7/ietf-interfaces:interfaces/interface=eth3> <https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/enabled> true } }`
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if rows, err := askSPARQL(s.url, configured); err == nil && len(rows) > 0 {
			if out, err := exec.Command("ip", "-n", labPrefix+"r7", "link", "set", "eth3", "up").CombinedOutput(); err != nil {
				return fmt.Errorf("enable r7 eth3: %w: %s", err, out)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("the running configuration of r7 never said that eth3 is enabled")
		case <-tick.C:
		}
	}
}

// labRouter is a router by the product's own collector and driver.
type labRouter struct {
	target    ingest.Target
	collector *netconf.Collector
	driver    *driver.Driver
	device    control.Device
}

// newLabRouter takes over the schemas that the service fetched: netconfd dies
// when it is asked for about fifty.
func newLabRouter(t *testing.T, s labTwin, name, address string) *labRouter {
	t.Helper()
	texts := t.TempDir()
	if err := os.CopyFS(texts, os.DirFS(filepath.Join(s.dir, "schemas"))); err != nil {
		t.Fatal(err)
	}
	cache, err := schemas.OpenFileCache(texts, 0, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cache.Close() })
	key, err := os.ReadFile(labState + "/ssh/client")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(labState + "/ssh/host.pub")
	if err != nil {
		t.Fatal(err)
	}
	hostKey, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		t.Fatal(err)
	}
	credential := netconf.Credential{User: "root", Key: key, HostKeys: []string{ssh.FingerprintSHA256(hostKey)}}
	r := &labRouter{target: ingest.Target{Name: name, Address: address}}
	r.collector, err = netconf.New(netconf.Options{Schemas: cache,
		Credentials: func(ingest.Target) (netconf.Credential, error) { return credential, nil }})
	if err != nil {
		t.Fatal(err)
	}
	r.driver, err = driver.New(driver.Options{
		Dial:   func(ctx context.Context, _ string) (*ncclient.Session, error) { return r.collector.Open(ctx, r.target) },
		Schema: func(_ context.Context, device string) (*yang.Schema, error) { return r.collector.Schema(device) }})
	if err != nil {
		t.Fatal(err)
	}
	r.device = control.Device{Name: name, IRI: rdf.IRI("https://demo.example/id/device/" + name), Graph: naming.SourceGraph("https://demo.example/", driver.Collector, name)}
	return r
}

// branches is what the device says now, and a branch on which the description
// of eth1 is another.
func (r *labRouter) branches(t *testing.T, description string) (base, branch graph.Snapshot) {
	t.Helper()
	sample, err := r.collector.Collect(t.Context(), r.target)
	if err != nil {
		t.Fatal(err)
	}
	edit := graph.Batch{Branch: "plan"}
	var quads []rdf.Quad
	for _, f := range sample.Facts {
		q := rdf.Quad{S: naming.SourceThing(r.device.Graph, f.Thing), P: f.P, O: f.O, G: r.device.Graph}
		if f.Ref != "" {
			q.O = naming.SourceThing(r.device.Graph, f.Ref)
		}
		quads = append(quads, q)
		if f.Thing == "ietf-interfaces:interfaces/interface=eth1" && strings.HasSuffix(f.P.Value(), "/interface/description") {
			changed := q
			changed.O = rdf.String(description)
			edit.Deletes, edit.Adds = []rdf.Quad{q}, []rdf.Quad{changed}
		}
	}
	if len(edit.Adds) != 1 {
		t.Fatalf("%s has no description of eth1", r.device.Name)
	}
	store := mem.New(mem.Options{Base: "https://demo.example/"})
	t.Cleanup(func() { store.Close() })
	_, err = store.Commit(t.Context(), &graph.Batch{Adds: quads})
	_, forked := store.Fork(t.Context(), edit.Branch, graph.At{})
	_, edited := store.Commit(t.Context(), &edit)
	var one, two error
	base, one = store.Snapshot(graph.At{})
	branch, two = store.Snapshot(graph.At{Branch: edit.Branch})
	if err := errors.Join(err, forked, edited, one, two); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { base.Close(); branch.Close() })
	return base, branch
}

// payload is what the driver makes of a new description.
func (r *labRouter) payload(t *testing.T, description string) control.Payload {
	t.Helper()
	base, branch := r.branches(t, description)
	p, err := r.driver.Payload(t.Context(), r.device, base, branch)
	if err != nil || len(p.Changes) != 2 || !strings.Contains(p.Body, description) {
		t.Fatalf("payload: %v: %+v", err, p)
	}
	return p
}

// running is the running configuration, octet by octet; the element around it
// tells when it was changed last.
func (r *labRouter) running(t *testing.T) []byte {
	t.Helper()
	session, err := r.collector.Open(t.Context(), r.target)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	reply, err := session.GetConfig(t.Context(), ncclient.Running, ncclient.Query{})
	if err != nil {
		t.Fatal(err)
	}
	return reply.XML[max(0, bytes.Index(reply.XML, []byte("<data"))):]
}

// begin locks, edits and commits until a timeout, and looks at what runs then.
func (r *labRouter) begin(t *testing.T, p control.Payload, token string, timeout time.Duration) control.Session {
	t.Helper()
	session, err := r.driver.Open(t.Context(), r.device)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"lock", func() error { return session.Lock(t.Context()) }},
		{"edit", func() error { return session.Edit(t.Context(), &p) }},
		{"commit", func() error { return session.Commit(t.Context(), token, timeout) }},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
	}
	r.holds(t, session, p, control.HoldsAfter)
	return session
}

func (r *labRouter) holds(t *testing.T, session control.Session, p control.Payload, want control.Holding) {
	t.Helper()
	if got, err := session.Compare(t.Context(), &p); err != nil || got != want {
		t.Errorf("the running configuration holds %q (%v), want %q", got, err, want)
	}
}

// commitToNetconfd writes to netconfd by the product's driver. The first commit
// is confirmed: it stays, a new session reads it, and the twin is told. The
// second one is not: netconfd takes it back after its time (it wants a second
// without messages, hence the pauses), what runs is octet by octet what ran
// before, and confirming it then is refused as not pending.
func commitToNetconfd(t *testing.T, s labTwin) {
	started := time.Now()
	r := newLabRouter(t, s, "r1", "198.18.0.1:830")
	kept := r.payload(t, "kept by the test")
	session := r.begin(t, kept, "lab-kept", time.Minute)
	if err := errors.Join(session.Confirm(t.Context(), "lab-kept"), session.Unlock(t.Context()), session.Close()); err != nil {
		t.Fatal(err)
	}
	again, err := r.driver.Open(t.Context(), r.device)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	r.holds(t, again, kept, control.HoldsAfter)
	if err := again.Confirm(t.Context(), "lab-kept"); !errors.Is(err, control.ErrNothingPending) {
		t.Errorf("a commit that was confirmed is confirmed again: %v", err)
	}
	t.Logf("confirmed and read again after %v", time.Since(started).Round(time.Millisecond))
	told := eventually(t, "the twin is told of the commit", func() bool {
		rows := s.ask(t, `SELECT ?d { GRAPH <https://demo.example/graph/source/netconf/r1> { ?i <https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/description> ?d FILTER(?d = "kept by the test") } }`)
		return len(rows) == 1
	})
	t.Logf("SPARQL shows it %v later", told.Round(time.Millisecond))

	lost := r.payload(t, "taken back by the device")
	before := r.running(t)
	started = time.Now()
	session = r.begin(t, lost, "lab-lost", 2*time.Second)
	took := eventually(t, "the roll back", func() bool {
		<-time.After(control.DefaultPollInterval)
		got, err := session.Compare(t.Context(), &lost)
		return err == nil && got == control.HoldsBefore
	})
	t.Logf("rolled back %v after the commit", took.Round(time.Millisecond))
	if took < time.Second {
		t.Errorf("a commit of 2 s was taken back after %v", took)
	}
	if err := session.Confirm(t.Context(), "lab-lost"); !errors.Is(err, control.ErrNothingPending) {
		t.Errorf("confirmed after its time: %v", err)
	} else {
		t.Logf("confirming it then: %v", err)
	}
	if err := errors.Join(session.Discard(t.Context()), session.Unlock(t.Context()), session.Close()); err != nil {
		t.Error(err)
	}
	if after := r.running(t); !bytes.Equal(before, after) {
		t.Errorf("before:\n%s\nafter the roll back:\n%s", before, after)
	}
	t.Logf("timed out and as before after %v", time.Since(started).Round(time.Millisecond))
}

// conformOnNetconfd holds the driver to the contract of control on netconfd,
// with the time of a clock.
func conformOnNetconfd(t *testing.T, s labTwin) {
	r := newLabRouter(t, s, "r4", "198.18.0.4:830")
	turn := 0
	controltest.Run(t, func(t *testing.T) controltest.Case {
		turn++
		base, branch := r.branches(t, fmt.Sprintf("turn %d of the test", turn))
		return controltest.Case{Driver: r.driver, Device: r.device, Base: base, Branch: branch, Elapse: func(d time.Duration) { <-time.After(d) }}
	})
}
