package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh/knownhosts"
)

// TestServeNeeded serves a twin that reads only what is needed of a simulated
// router, by SNMP and NETCONF, where one rule asks, about what is intended, which
// is nothing: only what tells its identity is read. A query that subscribes has interfaces read by both; when it
// ends they are withdrawn, and NETCONF, of which nothing else is needed, is not
// asked any more. Then an intended state, put into the graph, makes a rule ask.
func TestServeNeeded(t *testing.T) {
	p := play(t)
	dir := t.TempDir()
	at := map[string]string{}
	for _, target := range append(p.targets, p.netconf...) {
		at[target.Target.Name] += " " + target.Target.Address
	}
	r1 := strings.Fields(at["r1"])
	_, port, _ := net.SplitHostPort(r1[1])
	hosts := write(t, dir, "known_hosts", knownhosts.Line([]string{knownhosts.Normalize(r1[1])}, p.hostKey)+"\n")
	t.Setenv("NETTWIN_TEST_COMMUNITY", "public")
	t.Setenv("NETTWIN_TEST_PASSWORD", p.credential.Password)
	config := write(t, dir, "nettwin.yaml", fmt.Sprintf(`
credentials:
  lab: {snmp: {version: 2c, community: env:NETTWIN_TEST_COMMUNITY}, ssh: {user: %s, password: env:NETTWIN_TEST_PASSWORD, knownHosts: %s}}
devices:
  - {name: r1, address: %q, netconfPort: %s, credential: lab, collect: {snmp: 1h, netconf: 1h}}
collection: {mode: needed, rules: [drift-property]}
`, netconfUser, hosts, r1[0], port))
	d, _ := ownServer(t, "serve", filepath.Join(dir, "data"), "--config", config)
	state := func(collector, want string) func() bool {
		return func() bool {
			return slices.ContainsFunc(d.sources(t), func(s sourceState) bool { return s.Collector == collector && s.State == want && s.LastError == "" })
		}
	}
	interfaces := func() int {
		return len(d.ask(t, `SELECT ?i ?s { ?i a twin:Interface ; twin:operStatus ?s }`))
	}
	rows := func(collector string) int {
		return len(d.ask(t, fmt.Sprintf(`SELECT ?r { GRAPH ?g { ?g twin:collector %q . ?r a ?class . FILTER(?r != ?g) } FILTER(STRSTARTS(STR(?class), "https://w3id.org/nettwin/yang/") || STR(?class) = "https://w3id.org/nettwin/mib/IF-MIB/ifEntry") }`, collector)))
	}
	eventually(t, "reading by SNMP", state("snmp", "in sync"))
	eventually(t, "NETCONF idle", state("netconf", "unasked"))
	if interfaces() != 0 || rows("snmp") != 0 || rows("netconf") != 0 {
		t.Errorf("%d interfaces, %d rows by SNMP, %d by NETCONF, which nobody needs", interfaces(), rows("snmp"), rows("netconf"))
	}
	if got := d.needs(t); !slices.Equal(got, []string{"identity keys"}) {
		t.Errorf("needs: %q", got)
	}

	const name = "/api/v1/collection/needs/page"
	d.send(t, http.MethodPut, name, `{"query": "PREFIX twin: <https://w3id.org/nettwin/ns#> SELECT * { ?i a twin:Interface ; twin:operStatus ?s }"}`, http.StatusOK)
	eventually(t, "interfaces", func() bool { return interfaces() > 0 && rows("snmp") > 0 && rows("netconf") > 0 })
	if got := d.needs(t); !slices.Contains(got, "subscription page") {
		t.Errorf("needs: %q", got)
	}
	d.send(t, http.MethodDelete, name, "", http.StatusNoContent)
	eventually(t, "withdrawal", func() bool { return interfaces() == 0 && rows("snmp") == 0 && rows("netconf") == 0 })
	eventually(t, "NETCONF idle again", state("netconf", "unasked"))
	d.send(t, http.MethodDelete, name, "", http.StatusNotFound)
	d.send(t, http.MethodPut, name, `{"objects": ["noSuchTable"]}`, http.StatusBadRequest)

	d.send(t, http.MethodPost, "/update", `PREFIX twin: <https://w3id.org/nettwin/ns#>
INSERT DATA { GRAPH <`+d.base(t)+`graph/intended> { <`+d.base(t)+`id/interface/x> twin:mtu 9000 } }`, http.StatusNoContent, http.StatusOK)
	eventually(t, "a rule about what is intended", func() bool {
		return slices.Contains(d.needs(t), "rule drift-property") && interfaces() >= 0 && rows("snmp") > 0
	})
	if _, text := d.fetch(t, "metrics"); !strings.Contains(string(text), `nettwin_source_needs{collector="snmp",device="r1"} 2`) ||
		!strings.Contains(string(text), `nettwin_source_saved_bytes_total{collector="snmp",device="r1"}`) {
		t.Error("the metrics do not tell of needs")
	}
}

// needs lists kinds and names of what is needed.
func (d *demo) needs(t *testing.T) (list []string) {
	t.Helper()
	_, text := d.fetch(t, "api/v1/collection/needs")
	var answer struct{ Needs []struct{ Kind, Name string } }
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatal(err)
	}
	for _, n := range answer.Needs {
		list = append(list, n.Kind+" "+n.Name)
	}
	return list
}

// base is the base IRI of the server's store.
func (d *demo) base(t *testing.T) string {
	t.Helper()
	_, text := d.fetch(t, "api/v1/info")
	var info struct{ Base string }
	if err := json.Unmarshal(text, &info); err != nil {
		t.Fatal(err)
	}
	return info.Base
}

// send makes a request and demands one of the statuses.
func (d *demo) send(t *testing.T, method, path, body string, want ...int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(d.url, "/")+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", map[bool]string{true: "application/sparql-update", false: "application/json"}[path == "/update"])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if !slices.Contains(want, resp.StatusCode) {
		t.Errorf("%s %s: %s", method, path, resp.Status)
	}
}
