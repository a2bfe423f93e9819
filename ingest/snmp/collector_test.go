package snmp_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/snmp"
	"nettwin/internal/simulate/smi"
	simulate "nettwin/internal/simulate/snmp"
	"nettwin/internal/simulate/snmprec"
	"nettwin/internal/testenv"
	"nettwin/ontology/mib"
)

// serve starts an agent on loopback; it ends with the test.
func serve(t *testing.T, options simulate.Options) *simulate.Agent {
	t.Helper()
	agent, err := simulate.Listen(t.Context(), "127.0.0.1:0", options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { agent.Close() })
	return agent
}

func recordingState(t *testing.T, name string) (*simulate.Table, string) {
	t.Helper()
	path := filepath.Join(testenv.Shared(t, "data/snmp"), name+".snmprec")
	r, err := snmprec.Open(path, snmprec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	table, err := simulate.NewTable(r.Rows)
	if err != nil {
		t.Fatal(err)
	}
	return table, path
}

// smallState is a device with a name and n interfaces.
func smallState(t *testing.T, n int) *simulate.Table {
	t.Helper()
	rows := []smi.Varbind{{OID: smi.MustOID("1.3.6.1.2.1.1.5.0"), Value: smi.Octets("r1")}}
	for i := 1; i <= n; i++ {
		rows = append(rows, smi.Varbind{OID: smi.MustOID("1.3.6.1.2.1.2.2.1.1").Append(uint32(i)), Value: smi.Integer(int32(i))})
	}
	table, err := simulate.NewTable(rows)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func collector(t *testing.T, cred snmp.Credential, change func(*snmp.Options)) *snmp.Collector {
	t.Helper()
	options := snmp.Options{
		Tables:      tables(t),
		Credentials: func(ingest.Target) (snmp.Credential, error) { return cred, nil },
		Timeout:     time.Second, Retries: -1,
	}
	if change != nil {
		change(&options)
	}
	c, err := snmp.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var community = snmp.Credential{Community: "public"}

// Goal: a device read over a socket gives the same facts as its recording
// read from the file, over SNMPv2c and over SNMPv3 at each level. Method: the
// simulator serves a recording; the facts of the walked things are compared
// as sets, counters included.
func TestCollect(t *testing.T) {
	table, path := recordingState(t, "ios_2960x")
	agent := serve(t, simulate.Options{State: table, Communities: []string{"public"}, Users: []simulate.User{
		{Name: "none"},
		{Name: "auth", AuthProtocol: simulate.SHA256, AuthPassword: "authpass123"},
		{Name: "priv", AuthProtocol: simulate.SHA1, AuthPassword: "authpass123", PrivProtocol: simulate.AES128, PrivPassword: "privpass123"},
		{Name: "des", AuthProtocol: simulate.MD5, AuthPassword: "authpass123", PrivProtocol: simulate.DES, PrivPassword: "privpass123"},
	}})
	tb := tables(t)
	want := walkedFacts(tb, snmp.NewMapper(tb).Map(readRecording(t, path)).Facts)
	for name, cred := range map[string]snmp.Credential{
		"v2c":  community,
		"none": {User: "none"},
		"auth": {User: "auth", Auth: "sha256", AuthPass: "authpass123"},
		"priv": {User: "priv", Auth: "sha", AuthPass: "authpass123", Priv: "aes", PrivPass: "privpass123"},
		"des":  {User: "des", Auth: "md5", AuthPass: "authpass123", Priv: "des", PrivPass: "privpass123"},
	} {
		t.Run(name, func(t *testing.T) {
			sample, err := collector(t, cred, nil).Collect(t.Context(), ingest.Target{Name: "sw1", Address: agent.Addr().String()})
			if err != nil {
				t.Fatal(err)
			}
			got := map[ingest.Fact]bool{}
			for _, f := range sample.Facts {
				got[f] = true
			}
			missing, extra := 0, 0
			for f := range want {
				if !got[f] {
					if missing++; missing <= 5 {
						t.Errorf("missing: %v", f)
					}
				}
			}
			for f := range got {
				if !want[f] {
					if extra++; extra <= 5 {
						t.Errorf("not in the recording: %v", f)
					}
				}
			}
			if missing+extra > 0 {
				t.Errorf("%d facts missing, %d too many, of %d", missing, extra, len(want))
			}
			for _, thing := range []string{"system", "ifTable", "ifXTable", "entPhysicalTable", "bgp", "lldpRemTable"} {
				if !slices.Contains(sample.Complete, thing) {
					t.Errorf("%s is not complete in %v", thing, sample.Complete)
				}
			}
			if !strings.HasSuffix(sample.Transport, " "+agent.Addr().String()) || !strings.HasPrefix(sample.Instruction, "walk system ") ||
				strings.Contains(sample.Transport+sample.Instruction, "pass123") || strings.Contains(sample.Transport, "public") {
				t.Errorf("transport %q, instruction %q", sample.Transport, sample.Instruction)
			}
			checkRaw(t, sample)
		})
	}
}

// walkedFacts are the facts of things below a walk root.
func walkedFacts(tb *mib.Tables, facts []ingest.Fact) map[ingest.Fact]bool {
	roots := map[string]bool{}
	for _, root := range tb.Walk() {
		for _, thing := range root.Things {
			roots[thing] = true
		}
	}
	out := map[ingest.Fact]bool{}
	for _, f := range facts {
		table, _, _ := strings.Cut(f.Thing, "/")
		if roots[table] {
			out[f] = true
		}
	}
	return out
}

// checkRaw maps the raw items again: they must hold the whole sample.
func checkRaw(t *testing.T, sample *ingest.Sample) {
	t.Helper()
	var varbinds []snmp.Varbind
	for _, item := range sample.Raw {
		root, err := mib.ParseOID(item.Label)
		if err != nil {
			t.Fatal(err)
		}
		responses, err := snmp.DecodeResponses(item.Bytes)
		if err != nil {
			t.Fatalf("raw item %s: %v", item.Label, err)
		}
		for _, r := range responses {
			for _, v := range r.Varbinds {
				if len(v.Name) > len(root) && slices.Equal(v.Name[:len(root)], root) {
					varbinds = append(varbinds, v)
				}
			}
		}
	}
	again := snmp.NewMapper(tables(t)).Map(varbinds)
	if !slices.Equal(again.Facts, sample.Facts) {
		t.Errorf("the raw items map to %d facts, the sample has %d", len(again.Facts), len(sample.Facts))
	}
}

// Goal: each refusal is told apart and says what to check, without secrets.
// Method: an agent with one user, asked with one thing wrong at a time.
func TestRefused(t *testing.T) {
	agent := serve(t, simulate.Options{State: smallState(t, 2), Communities: []string{"public"}, Users: []simulate.User{
		{Name: "twin", AuthProtocol: simulate.SHA256, AuthPassword: "authpass123", PrivProtocol: simulate.AES128, PrivPassword: "privpass123"},
	}})
	good := snmp.Credential{User: "twin", Auth: "sha256", AuthPass: "authpass123", Priv: "aes", PrivPass: "privpass123"}
	for name, c := range map[string]struct {
		change func(*snmp.Credential)
		kind   error
		want   string
	}{
		"password":  {func(c *snmp.Credential) { c.AuthPass = "wrongpass123" }, ingest.ErrAuth, "check the authentication password"},
		"user":      {func(c *snmp.Credential) { c.User = "nobody" }, ingest.ErrAuth, `does not know the user "nobody"`},
		"privacy":   {func(c *snmp.Credential) { c.PrivPass = "wrongpass123" }, ingest.ErrAuth, "privacy password"},
		"protocol":  {func(c *snmp.Credential) { c.Auth = "sha" }, ingest.ErrAuth, "protocol (sha)"},
		"community": {func(c *snmp.Credential) { *c = snmp.Credential{Community: "wrong"} }, ingest.ErrTimeout, "the community is right"},
		"short":     {func(c *snmp.Credential) { c.AuthPass = "short" }, nil, "fewer than 8 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			cred := good
			c.change(&cred)
			sample, err := collector(t, cred, func(o *snmp.Options) { o.Timeout = 300 * time.Millisecond }).
				Collect(t.Context(), ingest.Target{Name: "r1", Address: agent.Addr().String()})
			if sample != nil || err == nil || c.kind != nil && !errors.Is(err, c.kind) {
				t.Fatalf("sample %v, error %v", sample, err)
			}
			for _, part := range []string{"r1 (127.0.0.1:", c.want} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "pass123") {
				t.Errorf("%q holds a secret", err)
			}
		})
	}
}

// Goal: a silent device is a timeout that names the device and what to check.
// Method: a socket that reads and never answers.
func TestTimeout(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := collector(t, community, func(o *snmp.Options) { o.Timeout = 50 * time.Millisecond; o.Retries = 1 })
	sample, err := c.Collect(t.Context(), ingest.Target{Name: "r7", Address: conn.LocalAddr().String()})
	if sample != nil || !errors.Is(err, ingest.ErrTimeout) || errors.Is(err, ingest.ErrPartial) {
		t.Fatalf("sample %v, error %v", sample, err)
	}
	for _, part := range []string{"r7", conn.LocalAddr().String(), "check that the address is right", "1 retries"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

// Goal: what limits cut off is a partial sample whose Complete is true.
// Method: a device with many interfaces; a limit of values that ends inside
// ifTable, then an agent that falls silent.
func TestPartial(t *testing.T) {
	agent := serve(t, simulate.Options{State: smallState(t, 300), Communities: []string{"public"}})
	target := ingest.Target{Name: "r1", Address: agent.Addr().String()}
	c := collector(t, community, func(o *snmp.Options) { o.MaxVarbinds = 100 })
	sample, err := c.Collect(t.Context(), target)
	if !errors.Is(err, ingest.ErrPartial) || sample == nil {
		t.Fatalf("sample %v, error %v", sample, err)
	}
	if !slices.Contains(sample.Complete, "system") || slices.Contains(sample.Complete, "ifTable") || slices.Contains(sample.Complete, "bgp") {
		t.Errorf("complete: %v", sample.Complete)
	}

	clock := &countingClock{silenceAfter: 8, agent: agent}
	c = collector(t, community, func(o *snmp.Options) {
		o.Clock = clock
		o.Timeout = 50 * time.Millisecond
	})
	target.Meter = ingest.NewMeter(ingest.NewPace(ingest.PaceOptions{RequestsPerSecond: 1, Clock: clock}))
	sample, err = c.Collect(t.Context(), target)
	if !errors.Is(err, ingest.ErrPartial) || !errors.Is(err, ingest.ErrTimeout) || sample == nil {
		t.Fatalf("sample %v, error %v", sample, err)
	}
	if !slices.Contains(sample.Complete, "system") || slices.Contains(sample.Complete, "ifTable") {
		t.Errorf("complete after silence: %v", sample.Complete)
	}
}

// countingClock is a clock that advances only by sleeping, and silences an
// agent after some requests.
type countingClock struct {
	now          time.Time
	slept        int
	silenceAfter int
	agent        *simulate.Agent
}

func (c *countingClock) Now() time.Time { return c.now }

func (c *countingClock) Sleep(_ context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	if c.slept++; c.slept == c.silenceAfter && c.agent != nil {
		c.agent.SetSilent(true)
	}
	return nil
}

// Goal: requests keep to the device's pace and are counted, answers too.
// Method: a clock that only sleeping advances: n requests at one a second take
// n-1 seconds.
func TestRate(t *testing.T) {
	agent := serve(t, simulate.Options{State: smallState(t, 3), Communities: []string{"public"}})
	clock := &countingClock{now: time.Unix(1000, 0)}
	c := collector(t, community, func(o *snmp.Options) { o.Clock = clock })
	meter := ingest.NewMeter(ingest.NewPace(ingest.PaceOptions{RequestsPerSecond: 1, Clock: clock}))
	sample, err := c.Collect(t.Context(), ingest.Target{Address: agent.Addr().String(), Meter: meter})
	if err != nil {
		t.Fatal(err)
	}
	requests, bytes := meter.Count()
	if got := sample.Ended.Sub(sample.Started); got != time.Duration(requests-1)*time.Second || requests < 10 {
		t.Errorf("%d requests took %v", requests, got)
	}
	raw := 0
	for _, item := range sample.Raw {
		raw += len(item.Bytes)
	}
	if bytes < uint64(raw) {
		t.Errorf("%d bytes counted, the sample holds %d", bytes, raw)
	}
}

// brokenState is an agent whose names do not increase below ifTable.
type brokenState struct{ *simulate.Table }

func (b brokenState) Next(o smi.OID) (smi.OID, smi.Value, bool) {
	first := smi.MustOID("1.3.6.1.2.1.2.2.1.1.1")
	if o.Compare(first) >= 0 && o.HasPrefix(first.Prefix(first.Len()-1)) {
		return first, smi.Integer(1), true
	}
	return b.Table.Next(o)
}

// Goal: an agent that repeats names does not hold the collector for ever, and
// the other tables are still read. Method: an agent with such a loop.
func TestLoop(t *testing.T) {
	agent := serve(t, simulate.Options{State: brokenState{smallState(t, 3)}, Communities: []string{"public"}})
	sample, err := collector(t, community, nil).Collect(t.Context(), ingest.Target{Address: agent.Addr().String()})
	if !errors.Is(err, ingest.ErrPartial) || sample == nil || !strings.Contains(err.Error(), "names do not increase") {
		t.Fatalf("sample %v, error %v", sample, err)
	}
	if slices.Contains(sample.Complete, "ifTable") || !slices.Contains(sample.Complete, "bgp") {
		t.Errorf("complete: %v", sample.Complete)
	}
}

// Goal: cancellation ends a collection at once. Method: a silent agent, a
// long timeout, a context that is cancelled.
func TestCancel(t *testing.T) {
	agent := serve(t, simulate.Options{State: smallState(t, 3), Communities: []string{"public"}})
	agent.SetSilent(true)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	_, err := collector(t, community, func(o *snmp.Options) { o.Timeout = time.Minute }).Collect(ctx, ingest.Target{Address: agent.Addr().String()})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if time.Since(start) > 20*time.Second {
		t.Errorf("took %v", time.Since(start))
	}
}

// Goal: an agent with small messages is read whole. Method: an agent whose
// messages hold few values.
func TestSmallMessages(t *testing.T) {
	agent := serve(t, simulate.Options{State: smallState(t, 200), Communities: []string{"public"}, MaxMessageBytes: 484})
	sample, err := collector(t, community, func(o *snmp.Options) { o.MaxRepetitions = 50 }).Collect(t.Context(), ingest.Target{Address: agent.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if got := len(thingsOf(sample.Facts).rows("ifTable")); got != 200 {
		t.Errorf("%d interfaces, expected 200", got)
	}
}

// Goal: addresses of devices are read and secrets stay out of errors. Method:
// a table of good and bad ones.
func TestParseURL(t *testing.T) {
	for _, c := range []struct {
		url, address string
		cred         snmp.Credential
		err          string
	}{
		{url: "snmp://public@192.0.2.1:1161", address: "192.0.2.1:1161", cred: snmp.Credential{Community: "public"}},
		{url: "snmp://p%40ss@r1.example", address: "r1.example:161", cred: snmp.Credential{Community: "p@ss"}},
		{url: "snmp://public@[2001:db8::1]", address: "[2001:db8::1]:161", cred: snmp.Credential{Community: "public"}},
		{url: "snmp://twin@r1?v=3", address: "r1:161", cred: snmp.Credential{User: "twin"}},
		{url: "snmp://twin:secret123@r1?auth=sha256&priv=aes&privpass=other1234", address: "r1:161",
			cred: snmp.Credential{User: "twin", Auth: "sha256", AuthPass: "secret123", Priv: "aes", PrivPass: "other1234"}},
		{url: "snmp://twin:secret123@r1", err: "needs the parameter auth"},
		{url: "snmp://twin:secret123@r1?auth=rot13", err: `"rot13" is none of md5`},
		{url: "snmp://twin@r1?v=3&priv=aes&privpass=secret123", err: "privacy needs authentication"},
		{url: "snmp://r1", err: "neither community"},
		{url: "snmp://secret123@", err: "the host is missing"},
		{url: "snmp://secret123@r1:99999", err: "no host:port"},
		{url: "http://secret123@r1", err: "expected snmp"},
		{url: "snmp://secret123@r1/path", err: "has no path"},
		{url: "snmp://secret123@r1?x=1", err: `"x" is none of`},
		{url: "snmp://secret123@r1:port", err: "no URL"},
	} {
		target, cred, err := snmp.ParseURL(c.url)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "secret123") {
				t.Errorf("%s: error %v, expected %q", c.url, err, c.err)
			}
			continue
		}
		if err != nil || target.Address != c.address || cred != c.cred {
			t.Errorf("%s: %v %#v %v", c.url, target, cred, err)
		}
	}
}

// FuzzMapping: no bytes make the reader of raw items or the mapping panic,
// and what was read is written again as it was understood.
func FuzzMapping(f *testing.F) {
	tb, err := mib.Load(os.DirFS("../../ontology"), "map")
	if err != nil {
		f.Fatal(err)
	}
	mapper := snmp.NewMapper(tb)
	seed := func(name string, tag byte, v mib.Value) {
		oid, err := mib.ParseOID(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(snmp.AppendResponse(nil, snmp.Response{Varbinds: []snmp.Varbind{{Name: oid, Tag: tag, Value: v}}}))
	}
	seed("1.3.6.1.2.1.2.2.1.8.3", snmp.TagInteger, mib.Value{Kind: mib.Number, Int: -1})
	seed("1.3.6.1.2.1.31.1.1.1.6.3", snmp.TagCounter64, mib.Unsigned64(1<<64-1))
	seed("1.3.6.1.2.1.4.34.1.3.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1", snmp.TagInteger, mib.Value{Kind: mib.Number, Int: 7})
	seed("1.0.8802.1.1.2.1.4.1.1.5.0.1.2", snmp.TagOctets, mib.Value{Kind: mib.Bytes, Bytes: []byte{4, 0, 1}})
	seed("1.3.6.1.2.1.47.1.1.1.1.17.1", snmp.TagOctets, mib.Value{Kind: mib.Bytes, Bytes: make([]byte, 11)})
	seed("1.3.6.1.2.1.47.1.3.2.1.2.1.0", snmp.TagOID, mib.Value{Kind: mib.ObjectID, OID: []uint32{1, 3, 6, 1, 2, 1, 2, 2, 1, 1, 4294967295}})
	seed("1.3.6.1.2.1.1.1.0", snmp.TagOpaque, mib.Value{Kind: mib.Bytes, Bytes: []byte{0x9f, 0x78, 4, 0x3f, 0x80, 0, 0}})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 4096 {
			return // longer ones only repeat: they make the fuzzer slow
		}
		responses, err := snmp.DecodeResponses(raw)
		if err != nil {
			return
		}
		var varbinds []snmp.Varbind
		var again []byte
		for _, r := range responses {
			varbinds = append(varbinds, r.Varbinds...)
			again = snmp.AppendResponse(again, r)
		}
		m := mapper.Map(varbinds)
		twice, err := snmp.DecodeResponses(again)
		if err != nil {
			t.Fatalf("written again it does not read: %v", err)
		}
		varbinds = nil
		for _, r := range twice {
			varbinds = append(varbinds, r.Varbinds...)
		}
		if other := mapper.Map(varbinds); !slices.Equal(m.Facts, other.Facts) || m.Unmapped != other.Unmapped {
			t.Fatalf("written and read again it maps to other facts:\n%v\n%v", m.Facts, other.Facts)
		}
	})
}
