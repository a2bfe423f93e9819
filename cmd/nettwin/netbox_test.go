package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nettwin/internal/testenv"
)

// Goal: an export of NetBox loads whole, once, and comes out as it went in.
// Method: NetBox's own demo data; numbers of objects that are not ours; the
// exported document taken in again.
func TestImportNetBoxExport(t *testing.T) {
	t.Parallel()
	file := filepath.Join(testenv.Shared(t, "data/inventory/netbox-demo"), "netbox-demo-v3.6.filtered.json")
	text, err := os.ReadFile(filepath.Join(filepath.Dir(file), "expected-counts.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := decodeJSON[map[string]json.Number](t, text)
	data := t.TempDir()
	command(t, 0, "import", "netbox", "--data", data, "--name", "demo", file)
	out := filepath.Join(t.TempDir(), "again.json")
	command(t, 0, "export", "netbox", "--data", data, "-o", out, "demo")
	for _, one := range decodeJSON[[]imported](t, command(t, 0, "--json", "import", "netbox", "--data", data, "--name", "demo", out)) {
		if one.Adds != 0 || one.Deletes != 0 || one.Facts < 50_000 {
			t.Errorf("taken in again: %+v", one)
		}
	}
	r := opened(t, data)
	got := map[string]string{}
	for _, one := range r.ask(`SELECT ?c (COUNT(?x) AS ?n) { GRAPH ?g { ?g twin:documentName "demo" . ?x <https://w3id.org/nettwin/netbox/object/pk> ?k ; a ?c } } GROUP BY ?c`) {
		got[strings.TrimPrefix(one.s("c"), "https://w3id.org/nettwin/netbox/")] = one.s("n")
	}
	for model, n := range want {
		if n != "0" && got[model] != n.String() {
			t.Errorf("%s: %s, want %s", model, got[model], n)
		}
	}
	records := r.ask(`SELECT (COUNT(DISTINCT ?r) AS ?n) (COUNT(DISTINCT ?m) AS ?m2) { ?r a twin:InventoryRecord OPTIONAL { ?r twin:recordModel ?m } }`)
	if len(records) != 1 || records[0].s("n") != want["dcim.device"].String() || records[0].s("m2") == "0" {
		t.Errorf("records: %v, want %s", records, want["dcim.device"])
	}
}

// netBox serves lists as NetBox's REST API does, two results a page, to whoever
// has the token.
func netBox(t *testing.T, lists map[string][]map[string]any) *httptest.Server {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Token s3cret" {
			http.Error(w, "who are you?", http.StatusForbidden)
			return
		}
		list := lists[r.URL.Path]
		from, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		to := min(from+2, len(list))
		answer := map[string]any{"count": len(list), "next": nil, "previous": nil, "results": []any{}}
		if to > from {
			answer["results"] = list[from:to]
		}
		if to < len(list) {
			answer["next"] = fmt.Sprintf("%s%s?limit=2&offset=%d", server.URL, r.URL.Path, to)
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	return server
}

// Goal: an inventory is held against the network: what matches, by what, what
// only one of them has, and what they say differently. Method: a small network,
// and a NetBox that is asked page by page; the answers by SPARQL, by hand; what
// was repaired in NetBox is no finding after the next import.
func TestImportNetBox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "twin")
	facts := write(t, dir, "facts.ttl", `@prefix twin: <https://w3id.org/nettwin/ns#> .
@prefix d: <http://e/id/device/> . @prefix i: <http://e/id/interface/> .
d:a a twin:Device ; twin:name "r1.example" ; twin:serialNumber "S1" ; twin:modelName "EX-1" ; twin:hasAddress <http://e/x> .
d:b a twin:Device ; twin:name "R2" ; twin:serialNumber "S2" .
d:c a twin:Device ; twin:name "r3" .
d:d a twin:Device ; twin:name "r4" ; twin:hasAddress <http://e/y> .
i:a0 twin:interfaceOf d:a ; twin:name "eth0" . i:a1 twin:interfaceOf d:a ; twin:name "eth1" .
<http://e/x> twin:address "192.0.2.1" ; twin:addressOf i:a1 . <http://e/y> twin:address "192.0.2.4" .
`)
	command(t, 0, "load", "--data", data, "--base", "http://e/", facts)
	at := func(list string, id int) string { return fmt.Sprintf("http://nb.example/api/%s/%d/", list, id) }
	pointer := func(list string, id int) map[string]any {
		return map[string]any{"id": id, "url": at(list, id), "display": "d"}
	}
	device := func(id int, name, serial string) map[string]any {
		return map[string]any{"id": id, "url": at("dcim/devices", id), "display": name, "name": name, "serial": serial, "device_type": pointer("dcim/device-types", 1),
			"site": pointer("dcim/sites", 1), "status": map[string]any{"value": "active", "label": "Active"}, "tags": []any{}}
	}
	port := func(id, owner int, name string) map[string]any {
		return map[string]any{"id": id, "url": at("dcim/interfaces", id), "name": name, "device": pointer("dcim/devices", owner), "enabled": true}
	}
	moved := device(4, "old-name", "")
	moved["primary_ip4"] = pointer("ipam/ip-addresses", 2)
	lists := map[string][]map[string]any{
		"/api/dcim/manufacturers/": {{"id": 1, "url": at("dcim/manufacturers", 1), "name": "Example"}},
		"/api/dcim/device-types/":  {{"id": 1, "url": at("dcim/device-types", 1), "model": "EX-1", "manufacturer": pointer("dcim/manufacturers", 1)}},
		"/api/dcim/sites/":         {{"id": 1, "url": at("dcim/sites", 1), "name": "Akron"}},
		"/api/dcim/devices/":       {device(1, "r1", "S1"), device(2, "r2", "S9"), moved, device(5, "gone", "S5")},
		"/api/dcim/interfaces/":    {port(1, 1, "eth0"), port(2, 1, "eth7"), port(3, 5, "eth0")},
		"/api/ipam/ip-addresses/": {
			{"id": 1, "url": at("ipam/ip-addresses", 1), "address": "192.0.2.1/24", "assigned_object_type": "dcim.interface", "assigned_object_id": 1},
			{"id": 2, "url": at("ipam/ip-addresses", 2), "address": "192.0.2.4/24"}},
	}
	server := netBox(t, lists)
	command(t, exitFailed, "import", "netbox", "--data", data, server.URL)
	read := func() []imported {
		return decodeJSON[[]imported](t, command(t, 0, "--json", "import", "netbox", "--data", data, "--netbox-token", "s3cret", "--name", "nb", server.URL+"/"))
	}
	if first := read(); first[0].Adds == 0 || first[0].Item == "" {
		t.Errorf("first import: %+v", first)
	}
	if again := read(); again[0].Adds+again[0].Deletes != 0 {
		t.Errorf("second import: %+v", again)
	}
	findings := func() []string {
		rows := decodeJSON[struct {
			Results struct{ Bindings []map[string]value }
		}](t, command(t, 0, "query", "--data", data, "--format", "json", twinPrefixes+`SELECT ?m { GRAPH ?g { ?f twin:message ?m ; a ?c
			FILTER(?c IN (twin:OnlyInInventoryFinding, twin:OnlyInNetworkFinding, twin:InventoryConflictFinding)) } }`))
		var list []string
		for _, b := range rows.Results.Bindings {
			list = append(list, b["m"].Value)
		}
		slices.Sort(list)
		return list
	}
	same(t, "findings", findings(), []string{
		"R2: the inventory says serial number S9, the device S2",
		"gone at Akron is in the inventory, and no device of the network is it",
		"r1.example: the inventory has 192.0.2.1 on eth0, the device on eth1",
		"r1.example: the inventory has interface eth7, the device does not",
		"r3 is in the network, and no inventory has it",
		"r4: the inventory says name old-name, the device r4",
	})
	lists["/api/dcim/devices/"] = []map[string]any{device(1, "r1", "S1"), device(2, "r2", "S2"), device(3, "r3", ""), device(4, "r4", "")}
	lists["/api/dcim/interfaces/"] = lists["/api/dcim/interfaces/"][:1]
	lists["/api/ipam/ip-addresses/"] = nil
	if repaired := read(); repaired[0].Deletes == 0 {
		t.Errorf("import after the repair: %+v", repaired)
	}
	if left := findings(); len(left) > 0 {
		t.Errorf("findings after the repair: %q", left)
	}
	r := opened(t, data)
	same(t, "matches", lines(r.ask(`SELECT ?line { ?r twin:recordFor ?d ; twin:matchedBy ?by ; twin:recordName ?n . ?d twin:name ?own BIND(CONCAT(?n, " ", ?own, " ", ?by) AS ?line) }`), "line"), []string{
		"r1 r1.example serial number", "r2 R2 serial number", "r3 r3 name", "r4 r4 name"})
}
