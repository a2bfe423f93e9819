package ontology_test

import (
	"context"
	"strings"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/ontology"
	"nettwin/reasoning/rules"
	"nettwin/sparql"
)

// intentPrefixes are those of the documents below.
const intentPrefixes = `@prefix twin: <https://w3id.org/nettwin/ns#> .
@prefix ex: <https://example.com/intents/> .
@prefix icm: <http://tio.models.tmforum.org/tio/v3.6.0/IntentCommonModel/> .
@prefix log: <http://tio.models.tmforum.org/tio/v3.6.0/LogicalOperators/> .
@prefix quan: <http://tio.models.tmforum.org/tio/v3.6.0/QuantityOntology/> .
@prefix met: <http://tio.models.tmforum.org/tio/v3.6.0/MetricsAndObservations/> .
@prefix old: <http://tio.models.tmforum.org/tio/v1.0.0/IntentCommonModel#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
`

// intentTwin is what the twin knows in the tests of intents.
const intentTwin = `<id/service/voice> a twin:Service ; twin:name "Voice" .
<id/interface/r1/lan0> a twin:Interface ; twin:name "lan0" ; twin:interfaceOf <id/device/r1> . <id/device/r1> twin:name "r1" .
<id/interface/r1/lan1> a twin:Interface ; twin:name "lan1" ; twin:interfaceOf <id/device/r1> .
GRAPH <graph/intended> {
  ex:X a twin:Intent, icm:Intent ; log:allOf ex:XE, ex:XD .
  ex:XD a icm:DeliveryExpectation ; icm:target ex:XI ; icm:deliveryType twin:DownInterface . ex:XI a icm:Target ; rdfs:member <id/interface/r1/lan1> .
  ex:XE a icm:PropertyExpectation ; icm:target ex:XT ; quan:atMost ( ex:XM ex:XQ ) .
  ex:XT a icm:Target ; rdfs:member <id/service/voice> . ex:XM met:lastValue ( twin:disjointPaths ) . ex:XQ rdf:value 4 .
}
`

// goodIntent asks for all that is understood, in each of the ways in which it
// may be written.
const goodIntent = `
ex:I a twin:Intent, icm:Intent ; log:allOf ( ex:E1 ex:E2 ex:E3 ex:E4 ex:E5 ) .
ex:E1 a icm:DeliveryExpectation ; icm:target ex:T1 ; icm:deliveryType twin:ReachableService .
ex:E2 a icm:DeliveryExpectation ; icm:target ex:T2 ; icm:deliveryType twin:UpInterface .
ex:E3 a icm:PropertyExpectation ; icm:target ex:T1 ; quan:atLeast ( ex:M ex:Q ) .
ex:M met:lastValue ( twin:disjointPaths ) . ex:Q rdf:value 2 .
ex:E4 a icm:PropertyExpectation ; icm:target ex:T1 ; log:allOf ex:C .
ex:C a log:Condition ; quan:atMost ( ex:M ex:Q ) .
ex:E5 a icm:ReportingExpectation ; icm:target ex:T1 .
ex:T1 a icm:Target ; rdfs:member <id/service/voice> .
ex:T2 a icm:Target ; rdfs:member <id/interface/r1/lan0> .
`

// Goal: an intent that can be assured is accepted, and each thing that cannot
// be is told with its place and reason, and nothing else. Method: one good
// document and edits of it; what must be said is written by hand. Another
// intent is there, to conflict with.
func TestIntentShapes(t *testing.T) {
	checks, err := rules.LoadFolder(ontology.Knowledge(), "shapes", "intent-", base)
	if err != nil {
		t.Fatal(err)
	}
	notUnderstood := " is not understood here: log:allOf, quan:atLeast and quan:atMost are"
	fired := map[string]bool{}
	for _, c := range []struct {
		what, from, to string
		want           []string // rule, focus, path and reason
	}{
		{what: "good"},
		{"members instead of a list", "( ex:E1 ex:E2 ex:E3 ex:E4 ex:E5 )", "ex:E1, ex:E2, ex:E3, ex:E4, ex:E5", nil},
		{"older version", "twin:Intent, icm:Intent", "twin:Intent, old:Intent", []string{
			"intent-version ex:I rdf:type http://tio.models.tmforum.org/tio/v1.0.0/IntentCommonModel#Intent is of another version: write it in the terms of http://tio.models.tmforum.org/tio/v3.6.0/"}},
		{"nothing expected", "log:allOf ( ex:E1 ex:E2 ex:E3 ex:E4 ex:E5 )", "rdfs:label \"nothing\"", []string{
			"intent-without-expectation ex:I log:allOf the intent names no expectation by log:allOf"}},
		{"empty list", "( ex:E1 ex:E2 ex:E3 ex:E4 ex:E5 )", "( )", []string{
			"intent-without-expectation ex:I log:allOf the intent names no expectation by log:allOf"}},
		{"alternatives", "icm:Intent ;", "icm:Intent ; log:anyOf ( ex:E1 ex:E2 ) ;", []string{
			"intent-operator ex:I log:anyOf log:anyOf" + notUnderstood}},
		{"another comparison", "a log:Condition ;", "a log:Condition ; quan:inRange ( ex:M ex:Q ex:Q ) ;", []string{
			"intent-operator ex:C quan:inRange quan:inRange" + notUnderstood}},
		{"undescribed expectation", "ex:E5 )", "ex:E6 )", []string{
			"intent-expectation-class ex:E6 rdf:type it is none of icm:DeliveryExpectation, icm:PropertyExpectation, icm:ReportingExpectation, icm:ObservationReportingExpectation"}},
		{"no target", "ex:E1 a icm:DeliveryExpectation ; icm:target ex:T1 ;", "ex:E1 a icm:DeliveryExpectation ;", []string{
			"intent-without-target ex:E1 icm:target it has no icm:target"}},
		{"target without members", "ex:T2 a icm:Target ; rdfs:member <id/interface/r1/lan0> .", "ex:T2 a icm:Target .", []string{
			"intent-without-target ex:E2 icm:target its icm:target is not an icm:Target with rdfs:member"}},
		{"unknown service", "<id/service/voice>", "<id/service/video>", []string{
			"intent-target-unknown ex:T1 rdfs:member https://twin.test/id/service/video is no service and no interface that the twin knows"}},
		{"nothing to deliver", "icm:target ex:T1 ; icm:deliveryType twin:ReachableService", "icm:target ex:T1", []string{
			"intent-delivery-type ex:E1 icm:deliveryType it does not say what to deliver: twin:ReachableService, twin:UpInterface and twin:DownInterface are"}},
		{"unknown delivery", "twin:ReachableService", "ex:Slice", []string{
			"intent-delivery-type ex:E1 icm:deliveryType delivery of https://example.com/intents/Slice is not understood: twin:ReachableService, twin:UpInterface and twin:DownInterface are"}},
		{"reachable interface", "twin:UpInterface", "twin:ReachableService", []string{
			"intent-delivery-mismatch ex:E2 icm:deliveryType https://twin.test/id/interface/r1/lan0 is an interface: ask for twin:UpInterface or twin:DownInterface of it"}},
		{"no condition", "log:allOf ex:C", "log:allOf ex:T2", []string{
			"intent-without-condition ex:E4 quan:atLeast it has no condition by quan:atLeast or quan:atMost"}},
		{"unknown metric", "ex:C a log:Condition ; quan:atMost ( ex:M ex:Q )", "ex:C a log:Condition ; quan:atMost ( ex:N ex:Q ) . ex:N met:lastValue ( ex:latency )", []string{
			"intent-metric ex:C quan:atMost https://example.com/intents/latency is no metric that the twin has: twin:disjointPaths is"}},
		{"no metric", "quan:atLeast ( ex:M ex:Q )", "quan:atLeast ( ex:Q ex:Q )", []string{
			"intent-metric ex:E3 quan:atLeast its first argument is not [ met:lastValue ( metric ) ]"}},
		{"metric of an interface", "ex:E4 a icm:PropertyExpectation ; icm:target ex:T1", "ex:E4 a icm:PropertyExpectation ; icm:target ex:T2", []string{
			"intent-metric-mismatch ex:E4 icm:target https://twin.test/id/interface/r1/lan0 is an interface: the twin has no metric of it"}},
		{"no bound", "quan:atLeast ( ex:M ex:Q )", "quan:atLeast ( ex:M )", []string{
			"intent-bound ex:E3 quan:atLeast its second argument is not [ rdf:value number ]"}},
		{"bound that is no number", "quan:atLeast ( ex:M ex:Q )", "quan:atLeast ( ex:M ex:R ) . ex:R rdf:value \"two\"", []string{
			"intent-bound ex:E3 quan:atLeast its bound two is no number"}},
		{"more than another intent allows", "ex:Q rdf:value 2", "ex:Q rdf:value 5", []string{
			"intent-conflict-bounds ex:E3 quan:atLeast service Voice: at least 5 ways cannot be, since at most 4 are allowed"}},
		{"up where another intent wants down", "rdfs:member <id/interface/r1/lan0>", "rdfs:member <id/interface/r1/lan1>", []string{
			"intent-conflict-interface ex:E2 icm:deliveryType r1 lan1 cannot be up, since another expectation wants it down"}},
		{"against what is intended", "ex:C a log:Condition", "<id/interface/r1/lan0> twin:adminStatus \"down\" . ex:C a log:Condition", []string{
			"intent-against-intended ex:E2 icm:target r1 lan0 is intended to be down"}},
	} {
		edited := strings.Replace(goodIntent, c.from, c.to, 1)
		if c.what != "good" && edited == goodIntent {
			t.Fatalf("%s: the edit changes nothing", c.what)
		}
		got := askIntent(t, checks, edited)
		for _, said := range got {
			name, _, _ := strings.Cut(said, " ")
			fired[name] = true
		}
		compare(t, c.what, got, c.want)
	}
	for _, r := range checks {
		if !fired[r.Name] {
			t.Errorf("%s never spoke", r.Name)
		}
	}
}

// askIntent returns what the checks say of a document.
func askIntent(t *testing.T, checks []*rules.Rule, document string) []string {
	t.Helper()
	w := newWorld(t, base, nil)
	text := intentPrefixes + intentTwin + "GRAPH <graph/intended> { " + document + " }"
	quads, err := rdf.ReadAll(strings.NewReader(text), rdf.TriG, rdf.ReaderOptions{Base: base})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	w.add(quads)
	w.run(shippedRules(t, base))
	snapshot, err := w.store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	short := strings.NewReplacer("https://example.com/intents/", "ex:", "http://tio.models.tmforum.org/tio/v3.6.0/IntentCommonModel/", "icm:",
		"http://tio.models.tmforum.org/tio/v3.6.0/LogicalOperators/", "log:", "http://tio.models.tmforum.org/tio/v3.6.0/QuantityOntology/", "quan:",
		"http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf:", "http://www.w3.org/2000/01/rdf-schema#", "rdfs:", base, "")
	var said []string
	for _, r := range checks {
		triples, err := r.Ask(context.Background(), snapshot, sparql.Options{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		results := map[string]map[string]string{}
		for _, tr := range triples {
			if results[tr.S.Value()] == nil {
				results[tr.S.Value()] = map[string]string{}
			}
			results[tr.S.Value()][strings.TrimPrefix(tr.P.Value(), "http://www.w3.org/ns/shacl#")] = tr.O.Value()
		}
		for _, result := range results {
			if focus := short.Replace(result["focusNode"]); focus != "ex:XE" && focus != "ex:XD" {
				said = append(said, r.Name+" "+focus+" "+short.Replace(result["resultPath"])+" "+result["resultMessage"])
			}
		}
	}
	return said
}
