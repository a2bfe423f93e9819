package main

import (
	"errors"
	"testing"
	"time"

	"nettwin/graph/rdf"
	"nettwin/ingest"
)

// netconfSays takes in what a device says by NETCONF of eth0 and its name.
func (r *replay) netconfSays(device, hostname, oper, words string, at time.Time) {
	r.t.Helper()
	const module = "https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface"
	entry := "ietf-interfaces:interfaces/interface=eth0"
	_, err := r.twin.pipeline.Apply(r.t.Context(), &ingest.Sample{
		Collector: "netconf", Device: device, Started: at, Ended: at, Complete: []string{"ietf-interfaces:interfaces", "ietf-system:system"},
		Facts: []ingest.Fact{
			{Thing: entry, P: rdf.IRI(rdf.RDFType), O: rdf.IRI(module)},
			{Thing: entry, P: rdf.IRI(module + "/name"), O: rdf.String("eth0")},
			{Thing: entry, P: rdf.IRI(module + "/oper-status"), O: rdf.String(oper)},
			{Thing: entry, P: rdf.IRI(module + "/description"), O: rdf.String(words)},
			{Thing: "ietf-system:system", P: rdf.IRI("https://w3id.org/nettwin/yang/ietf-system/system/hostname"), O: rdf.String(hostname)},
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.apply()
}

// Goal: what two protocols say of one device is one answer each, which changes
// when the better source speaks, fails and comes back; what does not count is
// kept with its source and age. Method: one box over SNMP, played by an agent,
// and by samples of NETCONF through the pipeline, which then fails and is lost.
func TestSourcesDisagree(t *testing.T) {
	t.Parallel()
	r := newReplay(t)
	box := aBox{name: "core", serials: []string{"A1"}, interfaces: []string{"eth0"}}
	r.poll("p1", box)
	const state = `SELECT (CONCAT(?d, " ", COALESCE(?o, "-"), " ", COALESCE(?w, "-")) AS ?x) {
		?i a twin:Interface ; twin:interfaceOf/twin:name ?d OPTIONAL { ?i twin:operStatus ?o } OPTIONAL { ?i twin:alias ?w } }`
	r.says("SNMP alone", state, "core - -")

	later := time.Now().Add(time.Minute)
	r.netconfSays("p1", "core-2", "down", "to the north", later)
	r.says("NETCONF spoke last", state, "core-2 down to the north")

	fail := func(collector string, lost bool) {
		t.Helper()
		if err := r.twin.pipeline.Fail(t.Context(), ingest.Failure{Collector: collector, Device: "p1", Lost: lost, Err: errors.New("no answer")}); err != nil {
			t.Fatal(err)
		}
		r.apply()
	}
	fail("netconf", false)
	r.says("one failure costs no name", state, "core-2 down to the north")
	fail("netconf", true)
	r.says("a lost source names nobody", state, "core down to the north")
	r.says("what does not count", `SELECT DISTINCT (CONCAT(?v, " ", STRAFTER(STR(?g), "/source/"), " ", STR(?t = ?said)) AS ?x) {
		BIND("`+later.UTC().Format("2006-01-02T15:04:05Z")+`"^^<http://www.w3.org/2001/XMLSchema#dateTime> AS ?said)
		?c twin:claimProperty twin:name ; twin:claimRank 1 ; twin:claimValue ?v ; twin:claimSource ?g ; twin:claimTime ?t ; twin:outdatedBy ?better }`, "core-2 netconf/p1 true")

	r.netconfSays("p1", "core-2", "up", "to the north", later.Add(time.Minute))
	r.says("it is back", state, "core-2 up to the north")
	box.name = "core-3"
	r.poll("p1", box)
	r.says("SNMP is asked before that", state, "core-2 up to the north")
}
