package main

import (
	"crypto/ed25519"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"nettwin/fixtures"
	"nettwin/internal/invariant"
	"nettwin/internal/simulate/notify"
)

// freePort is a UDP address of loopback that nobody uses at the moment.
func freePort(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().String()
}

// sourceState is an entry of /api/v1/sources.
type sourceState struct {
	Device, Collector, State, LastError, LastReason string
	Facts                                           int
}

func (d *demo) sources(t *testing.T) []sourceState {
	t.Helper()
	var all struct{ Sources []sourceState }
	if _, text := d.fetch(t, "api/v1/sources"); json.Unmarshal(text, &all) != nil {
		t.Fatalf("%s", text)
	}
	return all.Sources
}

// eventually waits until a condition holds, longer with the invariants compiled
// in, which make everything slower.
func eventually(t *testing.T, what string, holds func() bool) time.Duration {
	t.Helper()
	start, limit := time.Now(), 30*time.Second
	if invariant.Enabled {
		limit *= 3
	}
	for !holds() {
		if time.Since(start) > limit {
			t.Fatalf("%s: not within %v", what, limit)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(start)
}

// TestServeEverything configures "nettwin serve" with two simulated devices:
// r1 by SNMP, by NETCONF on change with its key in known_hosts, by traps,
// syslog and flows; r2 by SNMP, so rarely that only a trap can tell. What the
// devices then tell is in the graph, under the right device; the schemas are
// on disk.
func TestServeEverything(t *testing.T) {
	p := play(t)
	dir := t.TempDir()
	at := map[string]string{}
	for _, target := range append(p.targets, p.netconf...) {
		at[target.Target.Name] += " " + target.Target.Address
	}
	r1, r2 := strings.Fields(at["r1"]), strings.Fields(at["r2"])
	hosts := write(t, dir, "known_hosts", knownhosts.Line([]string{knownhosts.Normalize(r1[1])}, p.hostKey)+"\n")
	_, port, _ := net.SplitHostPort(r1[1])
	t.Setenv("NETTWIN_TEST_COMMUNITY", "public")
	t.Setenv("NETTWIN_TEST_PASSWORD", p.credential.Password)
	to := sinks{freePort(t), freePort(t), freePort(t)}
	config := write(t, dir, "nettwin.yaml", fmt.Sprintf(`
base: https://noc.example/
credentials:
  lab: {snmp: {version: 2c, community: env:NETTWIN_TEST_COMMUNITY}, ssh: {user: %s, password: env:NETTWIN_TEST_PASSWORD, knownHosts: %s}}
listeners: {trap: %s, syslog: %s, flow: %s}
devices:
  - {name: r1, address: %q, netconfPort: %s, credential: lab, collect: {snmp: 1h, netconf: on-change, trap: true, syslog: true, flow: true}}
  - {name: r2, address: %q, credential: lab, collect: {snmp: 1h, trap: true}}
`, netconfUser, hosts, to.trap, to.syslog, to.flow, r1[0], port, r2[0]))
	if got := nettwin(t, "", "config", "check", "--secrets", config); got.code != 0 {
		t.Fatal(got.stderr)
	}
	d, stop := ownServer(t, "serve", filepath.Join(dir, "data"), "--config", config)
	inSync := func(d *demo, want ...string) func() bool {
		return func() bool {
			seen := map[string]bool{}
			for _, s := range d.sources(t) {
				seen[s.Device+" "+s.Collector] = s.State == "in sync" && s.LastError == ""
			}
			for _, w := range want {
				if !seen[w] {
					return false
				}
			}
			return true
		}
	}
	eventually(t, "reading", inSync(d, "r1 snmp", "r2 snmp", "r1 netconf"))
	if err := p.tell(t.Context(), p.dir, to); err != nil {
		t.Fatal(err)
	}
	if err := p.network.Set("r2", "eth2", "enabled", "false"); err != nil {
		t.Fatal(err)
	}
	state := func(device, name string) func() bool {
		return func() bool {
			rows := d.ask(t, fmt.Sprintf(`SELECT ?oper { ?i twin:interfaceOf/twin:name %q ; twin:name %q ; twin:operStatus ?oper }`, device, name))
			return len(rows) == 1 && rows[0].s("oper") == "down"
		}
	}
	t.Logf("r2's interface was seen down %v after the trap", eventually(t, "trap of r2", state("r2", "eth2")))
	if err := p.network.Set("r1", "eth1", "enabled", "false"); err != nil {
		t.Fatal(err)
	}
	t.Logf("r1's interface was seen down %v after the trap", eventually(t, "trap of r1", state("r1", "eth1")))
	eventually(t, "events", inSync(d, " trap", " syslog"))
	recorded, err := fixtures.Flows()
	if err != nil {
		t.Fatal(err)
	}
	packets := flowPackets(recorded)
	if _, err := p.send(t.Context(), maxReplaySpeed*100, part{packets, notify.ReplayOptions{Sink: to.flow, Sources: p.senders()}}); err != nil {
		t.Fatal(err)
	}
	for _, graph := range []string{"trap/r1", "trap/r2", "syslog/r1"} {
		rows := d.ask(t, fmt.Sprintf(`SELECT (COUNT(*) AS ?n) { GRAPH <https://noc.example/graph/source/%s> { ?s ?p ?o } }`, graph))
		if rows[0].s("n") == "0" {
			t.Errorf("%s is empty", graph)
		}
	}
	// r2's messages are not asked for, and r3 is not configured.
	if rows := d.ask(t, `SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } FILTER(CONTAINS(STR(?g), "source/syslog/r2") || CONTAINS(STR(?g), "/r3")) }`); len(rows) > 0 {
		t.Errorf("graphs of what is not collected: %v", rows)
	}
	metric := func(name string) float64 {
		_, metrics := d.fetch(t, "metrics")
		for line := range strings.Lines(string(metrics)) {
			if value, ok := strings.CutPrefix(line, name+" "); ok {
				n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
				if err != nil {
					t.Error(err)
				}
				return n
			}
		}
		t.Errorf("no metric %s", name)
		return 0
	}
	flows := func(event string) float64 {
		return metric(fmt.Sprintf(`nettwin_flow_events_total{event=%q,listener=%q}`, event, to.flow))
	}
	others := 0
	for _, p := range packets {
		if p.Device != "r1" {
			others++
		}
	}
	eventually(t, "flow packets", func() bool { return flows("datagram") >= float64(len(packets)) })
	if flows("record") == 0 || flows("datagram-unknown") < float64(others) || flows("decode-error") > 0 {
		t.Errorf("%v records, %v datagrams of %d others, %v errors", flows("record"), flows("datagram-unknown"), others, flows("decode-error"))
	}
	if n := metric(fmt.Sprintf(`nettwin_events_total{collector="trap",listener=%q,outcome="added"}`, to.trap)); n < 2 {
		t.Errorf("%v traps", n)
	}
	stop()
	schemas, err := os.ReadDir(filepath.Join(dir, "data", "schemas", "texts"))
	if err != nil || len(schemas) < 10 {
		t.Errorf("%d schemas on disk, %v", len(schemas), err)
	}
}

// TestHostKeys holds devices' keys against known_hosts: the right key passes,
// another one and an unknown address do not, with a message that says what to
// do.
func TestHostKeys(t *testing.T) {
	key := func(seed byte) ssh.PublicKey {
		signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), ed25519.SeedSize))))
		if err != nil {
			t.Fatal(err)
		}
		return signer.PublicKey()
	}
	file := write(t, t.TempDir(), "known_hosts", knownhosts.Line([]string{"[192.0.2.1]:830"}, key('a'))+"\n")
	known := hostFiles{}
	if err := known.add("192.0.2.1:830", file); err != nil {
		t.Fatal(err)
	}
	if err := known.check(t.Context(), "192.0.2.1:830", key('a')); err != nil {
		t.Error(err)
	}
	if err := known.check(t.Context(), "192.0.2.1:830", key('b')); err == nil || !strings.Contains(err.Error(), "add it to the file knownHosts") {
		t.Errorf("another key: %v", err)
	}
	if err := known.check(t.Context(), "192.0.2.2:830", key('a')); err == nil {
		t.Error("an address that is not known passes")
	}
	if err := known.add("192.0.2.1:830", write(t, t.TempDir(), "bad", "[192.0.2.1]:830 ssh-ed25519 nonsense\n")); err == nil {
		t.Error("a broken file passes")
	}
}

// TestSSHKeyCredential reads a private key from a file, as a configuration
// refers to it.
func TestSSHKeyCredential(t *testing.T) {
	block, err := ssh.MarshalPrivateKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), "")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	id := write(t, dir, "id", string(pem.EncodeToMemory(block)))
	config := write(t, dir, "nettwin.yaml", fmt.Sprintf(`
credentials: {lab: {ssh: {user: twin, key: "file:%s"}}}
devices: [{name: r1, address: 192.0.2.1, credential: lab, hostKey: SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU, collect: {netconf: 1m}}]
`, id))
	if got := nettwin(t, "", "config", "check", "--secrets", config); got.code != 0 {
		t.Error(got.stderr)
	}
}
