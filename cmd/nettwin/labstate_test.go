package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// deviceState is what a lab's expected.json says of a device, read from the same
// recordings by another program.
type deviceState struct {
	System     struct{ Model, Version, Hostname string }
	Interfaces []struct {
		Name, Oper, MAC, Description string
		IPv4                         any
	}
	BGP []struct{ Peer, State, ASN string }
}

// compareState holds the twin against what a lab's expected.json says of its
// devices, and returns how many values agree.
func (l *lab) compareState() int {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join(l.dir, "expected.json"))
	var doc struct{ DeviceState map[string]deviceState }
	if err == nil {
		err = json.Unmarshal(text, &doc)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	if len(doc.DeviceState) == 0 {
		return 0
	}
	has := map[string]bool{}
	for _, one := range l.ask(`SELECT ?device ?text WHERE { ?d twin:configuredName ?device .
		{ ?d twin:modelName ?v . BIND(CONCAT("model ", ?v) AS ?text) }
		UNION { ?d twin:softwareVersion ?v . BIND(CONCAT("version ", ?v) AS ?text) }
		UNION { ?d twin:name ?v . BIND(CONCAT("hostname ", ?v) AS ?text) }
		UNION { ?d twin:hasInterface ?i . ?i twin:name ?n .
			{ ?i twin:operStatus ?v . BIND(" is " AS ?says) }
			UNION { ?i twin:macAddress ?v . BIND(" mac " AS ?says) }
			UNION { ?i twin:alias ?v . BIND(" called " AS ?says) }
			UNION { ?i twin:hasAddress/twin:address ?v . BIND(" has " AS ?says) }
			BIND(CONCAT(?n, ?says, ?v) AS ?text) }
		UNION { ?s a twin:BgpSession ; twin:localDevice ?d ; twin:remoteAddress ?a ; twin:state ?v . BIND(CONCAT("peer ", ?a, " ", ?v) AS ?text) } }`) {
		has[one.s("device")+": "+one.s("text")] = true
	}
	agree := 0
	check := func(device, what, value string) {
		l.t.Helper()
		if value == "" {
			return
		}
		if !has[device+": "+what+value] {
			l.t.Errorf("the twin does not say of %s: %s%s", device, what, value)
			return
		}
		agree++
	}
	for device, want := range doc.DeviceState {
		check(device, "model ", want.System.Model)
		check(device, "version ", want.System.Version)
		check(device, "hostname ", want.System.Hostname)
		for _, i := range want.Interfaces {
			oper := "down"
			if slices.Contains([]string{"up", "connected"}, i.Oper) {
				oper = "up"
			}
			check(device, i.Name+" is ", oper)
			check(device, i.Name+" mac ", i.MAC)
			check(device, i.Name+" called ", i.Description)
			for _, a := range texts(i.IPv4) {
				a, _, _ = strings.Cut(a, "/")
				check(device, i.Name+" has ", strings.TrimSuffix(a, "0.0.0.0"))
			}
		}
		for _, p := range want.BGP {
			peer, _, _ := strings.Cut(p.Peer, "+")
			check(device, "peer "+peer+" ", strings.ToLower(p.State))
		}
	}
	return agree
}

// texts are those of a text or an array of them.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, one := range v {
			list = append(list, texts(one)...)
		}
		return list
	}
	return nil
}
