package netconf_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/ingest/netconf"
	"nettwin/ingest/schemas"
	"nettwin/internal/simulate/config"
	"nettwin/naming"
)

// countingCache counts the texts that devices had to be asked for.
type countingCache struct {
	*schemas.MemoryCache
	puts atomic.Int64
}

func (c *countingCache) PutSchema(ctx context.Context, id schemas.ID, text []byte) (naming.Name, error) {
	c.puts.Add(1)
	return c.MemoryCache.PutSchema(ctx, id, text)
}

// lines writes facts about what is asked for, one a line.
func lines(facts []ingest.Fact, about func(thing string) bool) []string {
	short := strings.NewReplacer("https://w3id.org/nettwin/yang/", "", rdf.RDFType, "a", rdf.XSD, "xsd:", "https://w3id.org/nettwin/ns#", "twin:")
	var out []string
	for _, f := range facts {
		if !about(f.Thing) {
			continue
		}
		o := f.O.String()
		if f.Ref != "" {
			o = "→ " + f.Ref
		}
		counter := ""
		if f.Counter {
			counter = " (counter)"
		}
		out = append(out, short.Replace(fmt.Sprintf("%s %s %s%s", f.Thing, f.P.Value(), o, counter)))
	}
	slices.Sort(out)
	return out
}

func ofPorts(thing string) bool { return strings.HasPrefix(thing, "example-ports") }

// TestCollect reads a simulated device with modules that no code knows: facts
// in the modules' vocabulary (DESIGN.md §2, "IRIs"), counters apart, what was
// read to its end, raw items; a second reading asks for no schema again and
// says the same.
func TestCollect(t *testing.T) {
	d := newDevice(t, twoPorts)
	d.state = elements(t, twoPortsState)
	s := serve(t, d)
	cache := &countingCache{MemoryCache: schemas.NewMemoryCache(0)}
	policy, err := schemas.LoadPolicy(fstest.MapFS{"p": {Data: []byte("# what moves\nmeasure\texample-ports/ports/port/age\nskip\texample-notes:notes\n")}}, "p")
	if err != nil {
		t.Fatal(err)
	}
	c := collector(t, func(o *netconf.Options) { o.Schemas, o.Policy = cache, policy })
	sample, err := c.Collect(t.Context(), target(s))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`example-ports a <example-ports>`,
		`example-ports example-ports/motto "carpe"`,
		`example-ports:ports a <example-ports/ports>`,
		`example-ports:ports/port=a%2F1%3A2 a <example-ports/ports/port>`,
		`example-ports:ports/port=a%2F1%3A2 example-ports/ports/port/name "a/1:2"`,
		`example-ports:ports/port=a%2F1%3A2 twin:within → example-ports:ports`,
		`example-ports:ports/port=eth0 a <example-ports/ports/port>`,
		`example-ports:ports/port=eth0 example-ports/ports/port/age "7"^^<xsd:integer> (counter)`,
		`example-ports:ports/port=eth0 example-ports/ports/port/label "to r2"`,
		`example-ports:ports/port=eth0 example-ports/ports/port/name "eth0"`,
		`example-ports:ports/port=eth0 example-ports/ports/port/packets "42"^^<xsd:integer> (counter)`,
		`example-ports:ports/port=eth0 example-ports/ports/port/speed "1000"^^<xsd:integer>`,
		`example-ports:ports/port=eth0 twin:within → example-ports:ports`,
	}
	got := lines(sample.Facts, ofPorts)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("facts\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if sample.Collector != "netconf" || sample.Device != "r1" || sample.Ended.Before(sample.Started) || sample.Unmapped != 0 ||
		sample.Transport != "NETCONF 1.1 over SSH "+s.Addr().String() {
		t.Errorf("%+v", sample)
	}
	for _, thing := range []string{"example-ports:ports", "example-ports"} {
		if !slices.Contains(sample.Complete, thing) {
			t.Errorf("complete %q lacks %s", sample.Complete, thing)
		}
	}
	if slices.ContainsFunc(sample.Complete, func(s string) bool { return strings.Contains(s, "notes") || strings.Contains(s, "netconf-state") }) {
		t.Errorf("complete %q has what was not asked for", sample.Complete)
	}
	if len(sample.Raw) != 1 || !strings.Contains(string(sample.Raw[0].Bytes), "<age>7</age>") {
		t.Errorf("raw items %+v", sample.Raw)
	}
	fetched := cache.puts.Load()
	if fetched == 0 {
		t.Error("no schema was fetched")
	}
	again, err := c.Collect(t.Context(), target(s))
	if err != nil || cache.puts.Load() != fetched || !slices.Equal(lines(again.Facts, ofPorts), got) {
		t.Errorf("again: %v, %d schemas fetched", err, cache.puts.Load()-fetched)
	}
	other := collector(t, func(o *netconf.Options) { o.Schemas = cache })
	if _, err := other.Collect(t.Context(), target(s)); err != nil || cache.puts.Load() != fetched {
		t.Errorf("with the cache of another: %v, %d schemas fetched", err, cache.puts.Load()-fetched)
	}
}

// TestEdited: what an edit changed is seen by the next reading.
func TestEdited(t *testing.T) {
	d := newDevice(t, twoPorts)
	s := serve(t, d)
	c := collector(t, nil)
	if _, err := c.Collect(t.Context(), target(s)); err != nil {
		t.Fatal(err)
	}
	tree, errs := config.Load(d.Running().Schema(), elements(t, strings.Replace(twoPorts, "to r2", "to r3", 1)))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	d.Apply(tree, true)
	sample, err := c.Collect(t.Context(), target(s))
	if err != nil || !slices.Contains(lines(sample.Facts, ofPorts), `example-ports:ports/port=eth0 example-ports/ports/port/label "to r3"`) {
		t.Errorf("%v, %v", err, lines(sample.Facts, ofPorts))
	}
}

// TestInParts: where the whole answer is too large, nodes are asked for one by
// one; one that is too large alone leaves a partial sample, in which only it
// is not complete.
func TestInParts(t *testing.T) {
	text := func(n int) string {
		return `<notes xmlns="` + notesSpace + `"><text>` + strings.Repeat("x", n) + `</text></notes>`
	}
	for name, c := range map[string]struct {
		notes   int
		partial bool
	}{"each fits": {6000, false}, "one does not": {20_000, true}} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, newDevice(t, strings.Replace(twoPorts, "to r2", strings.Repeat("y", 6000), 1)+text(c.notes)))
			sample, err := collector(t, func(o *netconf.Options) { o.MaxReplyBytes = 9000 }).Collect(t.Context(), target(s))
			if sample == nil || errors.Is(err, ingest.ErrPartial) != c.partial || (err != nil) != c.partial {
				t.Fatalf("%v", err)
			}
			if !slices.Contains(sample.Complete, "example-ports:ports") || slices.Contains(sample.Complete, "example-notes:notes") == c.partial {
				t.Errorf("complete %q", sample.Complete)
			}
			if c.partial && !strings.Contains(err.Error(), "example-notes:notes") {
				t.Errorf("%v", err)
			}
			if !slices.Contains(lines(sample.Facts, ofPorts), `example-ports example-ports/motto "carpe"`) {
				t.Errorf("facts %q", lines(sample.Facts, ofPorts))
			}
			labels := 0
			for _, r := range sample.Raw {
				if r.Label == "get example-ports:ports" {
					labels++
				}
			}
			if labels != 1 {
				t.Errorf("%d raw items of the ports", labels)
			}
		})
	}
}

// TestRefused: what an operator did wrong is classified and said, with device
// and user, and without secrets.
func TestRefused(t *testing.T) {
	s := serve(t, newDevice(t, twoPorts))
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	good := credential(t)
	for name, c := range map[string]struct {
		change  func(*netconf.Credential)
		address string
		want    error
		says    []string
	}{
		"password":    {func(c *netconf.Credential) { c.Password = "battery staple" }, "", ingest.ErrAuth, []string{"r1 (", `"twin"`, "password", "check"}},
		"user":        {func(c *netconf.Credential) { c.User = "eve" }, "", ingest.ErrAuth, []string{`"eve"`}},
		"host key":    {func(c *netconf.Credential) { c.HostKeys = []string{"SHA256:other"} }, "", ingest.ErrAuth, []string{good.HostKeys[0], "SHA256:other"}},
		"no host key": {func(c *netconf.Credential) { c.HostKeys = nil }, "", ingest.ErrAuth, []string{"fingerprint"}},
		"silent":      {nil, silent.Addr().String(), ingest.ErrTimeout, []string{"r1 ("}},
		"closed":      {nil, "127.0.0.1:1", ingest.ErrTimeout, []string{"refused"}},
		"no user":     {func(c *netconf.Credential) { c.User = "" }, "", nil, []string{"r1", "user"}},
		"bad key":     {func(c *netconf.Credential) { c.Key = []byte("top secret") }, "", nil, []string{"private key"}},
	} {
		t.Run(name, func(t *testing.T) {
			cred := good
			if c.change != nil {
				c.change(&cred)
			}
			at := target(s)
			if c.address != "" {
				at.Address = c.address
				at.Timeout = 100 * time.Millisecond
			}
			sample, err := collector(t, func(o *netconf.Options) {
				o.Credentials = func(ingest.Target) (netconf.Credential, error) { return cred, nil }
			}).Collect(t.Context(), at)
			if sample != nil || err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q lacks %q", err, part)
				}
			}
			for _, secret := range []string{"horse", "staple", "top secret"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("a secret is told: %v", err)
				}
			}
		})
	}
}

// TestBudget: the time for a device ends the reading with what the contract
// calls a timeout, a cancelled context with its own error.
func TestBudget(t *testing.T) {
	s := serve(t, newDevice(t, twoPorts))
	at := target(s)
	at.Budget = time.Millisecond
	if _, err := collector(t, nil).Collect(t.Context(), at); !errors.Is(err, ingest.ErrTimeout) || !strings.Contains(err.Error(), "the time for one device") {
		t.Errorf("budget: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := collector(t, nil).Collect(ctx, target(s)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
