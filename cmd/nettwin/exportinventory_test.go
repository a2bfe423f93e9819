package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Goal: what a twin knows by another way than SNMP is in the inventory document
// too, under the same names. Method: facts loaded as RDF, exported from the
// data directory, all and one by its address; an unknown device is exit 3.
func TestExportInventory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	facts := filepath.Join(dir, "facts.ttl")
	if err := os.WriteFile(facts, []byte(`@prefix twin: <https://w3id.org/nettwin/ns#> .
<http://e/id/device/a> a twin:Device ; twin:name "a" ; twin:vendor "Example Networks" ; twin:serialNumber "S1" ;
  twin:hasAddress <http://e/id/address/a/192.0.2.1> .
<http://e/id/address/a/192.0.2.1> twin:address "192.0.2.1" ; twin:prefixLength 24 ; twin:addressOf <http://e/id/interface/a/eth0> .
<http://e/id/interface/a/eth0> a twin:Interface ; twin:interfaceOf <http://e/id/device/a> ; twin:name "eth0" ; twin:ifIndex 2 ; twin:operStatus "up" .
<http://e/id/device/b> a twin:Device ; twin:name "b" .
`), 0o644); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "twin")
	command := func(wantCode int, args ...string) []byte {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), &out, &errs); code != wantCode {
			t.Fatalf("nettwin %v: exit %d, want %d: %s", args, code, wantCode, errs.String())
		}
		return out.Bytes()
	}
	command(0, "load", "--data", data, "--base", "http://e/", facts)
	var all []struct {
		Name, Vendor, Serial string
		Interfaces           []struct {
			IfIndex              int
			IfName, IfOperStatus string
		}
		Addresses []struct {
			Address               string
			IfIndex, PrefixLength int
		} `json:"ipAddresses_ipAddressTable"`
	}
	if err := json.Unmarshal(command(0, "export", "inventory", "--json", "--data", data), &all); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%+v", all), "[{Name:a Vendor:Example Networks Serial:S1 Interfaces:[{IfIndex:2 IfName:eth0 IfOperStatus:up}] "+
		"Addresses:[{Address:192.0.2.1 IfIndex:2 PrefixLength:24}]} {Name:b Vendor: Serial: Interfaces:[] Addresses:[]}]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := json.Unmarshal(command(0, "export", "inventory", "--data", data, "--device", "192.0.2.1"), &all); err != nil || len(all) != 1 || all[0].Name != "a" {
		t.Errorf("by address: %v, %v", all, err)
	}
	command(exitNotFound, "export", "inventory", "--data", data, "--device", "nobody")
	command(0, "export", "--data", data, "--default") // RDF is the form without a name
}
