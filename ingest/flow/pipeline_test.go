package flow_test

import (
	"context"
	"encoding/hex"
	"testing"
	"time"

	"nettwin/fixtures"
	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
	"nettwin/ingest"
	"nettwin/ingest/flow"
	"nettwin/naming"
	"nettwin/naming/items"
	"nettwin/ontology"
	"nettwin/ontology/ipfix"
)

const base = "https://twin.test/"

// reporter keeps what the pipeline reports.
type reporter struct {
	*ingest.Pipeline
	reports []ingest.Report
}

func (r *reporter) Apply(ctx context.Context, s *ingest.Sample) (ingest.Report, error) {
	report, err := r.Pipeline.Apply(ctx, s)
	r.reports = append(r.reports, report)
	return report, err
}

// Goal: windows become commits as they should: new conversations state with
// raw items, moving counters without, ended ones deletes; the flows of a
// device belong to the device that another source described before. Method:
// recorded packets of r1 through the pipeline into a store.
func TestIntoTheGraph(t *testing.T) {
	store := mem.New(mem.Options{Base: base})
	defer store.Close()
	kept, err := items.Open("items", items.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	p, err := ingest.NewPipeline(ingest.Options{Store: store, Items: kept, Base: base, Knowledge: ontology.Knowledge()})
	if err != nil {
		t.Fatal(err)
	}
	known, err := p.Apply(t.Context(), &ingest.Sample{Collector: "snmp", Device: "r1", Facts: []ingest.Fact{
		{Thing: "system", P: rdf.IRI("https://w3id.org/nettwin/mib/SNMPv2-MIB/sysName"), O: rdf.String("r1")}}})
	if err != nil {
		t.Fatal(err)
	}
	sink := &reporter{Pipeline: p}
	r := start(t, func(o *flow.Options) { o.Sink = sink; o.Idle = time.Minute })
	packets, err := fixtures.Flows()
	if err != nil {
		t.Fatal(err)
	}
	var own [][]byte
	for _, p := range packets {
		if p.Device == "r1" {
			own = append(own, p.Payload)
		}
	}
	r.send("r1", own[0])
	r.flush()
	r.send("r1", own[1])
	r.flush()
	r.send("r1", own[2:]...)
	r.flush()
	r.flush() // the deltas go back to zero
	r.clock.advance(2 * time.Minute)
	r.flush()
	if len(sink.reports) != 5 {
		t.Fatalf("%d reports, expected 5", len(sink.reports))
	}
	for i, want := range []struct{ newState, raw, ended, counters bool }{
		{true, true, false, true}, {false, false, false, true}, {true, true, false, true}, {false, false, false, true}, {false, false, true, false}} {
		got := sink.reports[i]
		if got.Device != "r1" || got.DeviceIRI != known.DeviceIRI || got.Minted || len(got.Warnings) > 0 {
			t.Errorf("window %d: %+v, device should be %s", i, got, known.DeviceIRI)
		}
		if got.StateAdds > 0 != want.newState || len(got.Raw) > 0 != (want.raw || want.ended && len(got.Raw) > 0) || got.StateDeletes > 0 != want.ended {
			t.Errorf("window %d: %d adds, %d deletes, %d raw items, expected %+v", i, got.StateAdds, got.StateDeletes, len(got.Raw), want)
		}
		if want.counters && got.Counters == 0 {
			t.Errorf("window %d: no counters", i)
		}
	}
	raw, err := kept.Get(sink.reports[0].Raw[0])
	if err != nil || string(raw.Bytes) != string(own[0]) {
		t.Errorf("the raw item is not the datagram: %v", err)
	}
	// Right after the third window the graph says of h1's first call what
	// nfdump read (truth/r1): 4 records.
	snapshot, err := store.Snapshot(graph.At{Seq: sink.reports[2].Commits[len(sink.reports[2].Commits)-1].Seq})
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	g := naming.SourceGraph(base, "flow", "r1")
	call := naming.SourceThing(g, "flow/198.18.101.10~198.18.105.10~17~51014~5060~~~5~5~0~~")
	for property, want := range map[string]string{"octetTotalCount": "223720", "packetTotalCount": "1190", "reverseOctetTotalCount": "0"} {
		if got := object(t, snapshot, call, rdf.IRI(ipfix.NS+property), g); got != want {
			t.Errorf("%s is %q, expected %s", property, got, want)
		}
	}
	head, err := store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer head.Close()
	if got := object(t, head, call, rdf.IRI(rdf.RDFType), g); got != "" {
		t.Errorf("the call is still a %s after its end", got)
	}
	for _, property := range []rdf.Term{rdf.IRI(naming.Twin + "lastItem"), rdf.IRI(naming.Twin + "lastSeen"), rdf.IRI(naming.Twin + "firstSeen")} {
		if got := object(t, head, call, property, naming.ProvenanceGraph(base)); got != "" {
			t.Errorf("provenance still has %s %s of the call: it grows with every call", property, got)
		}
	}
	if d := r.collector.Devices(); len(d) != 1 || d[0].Graph != g.Value() || d[0].LastError != "" {
		t.Errorf("devices %+v", d)
	}
}

// object returns the one object of a subject and property.
func object(t *testing.T, s graph.Snapshot, subject, property, g rdf.Term) string {
	t.Helper()
	ids := make([]graph.TermID, 3)
	if err := s.IDs([]rdf.Term{subject, property, g}, ids); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if id == graph.None {
			return ""
		}
	}
	pattern := graph.Pattern{}
	pattern[graph.S], pattern[graph.P], pattern[graph.G] = ids[0], ids[1], ids[2]
	cursor, err := s.Scan(pattern, graph.SPOG)
	if err != nil {
		t.Fatal(err)
	}
	defer cursor.Close()
	chunk, err := cursor.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if chunk == nil {
		return ""
	}
	if chunk.Len() != 1 {
		t.Fatalf("%s %s has %d values", subject, property, chunk.Len())
	}
	terms := make([]rdf.Term, 1)
	q := chunk.Quad(0)
	if err := s.Terms([]graph.TermID{q[graph.O]}, terms); err != nil {
		t.Fatal(err)
	}
	return terms[0].Value()
}

// Goal: samples of sFlow get into the graph like records of NetFlow: the
// conversation scaled by its sampling rate, the counters of the interface
// beside it. Method: a datagram with both, written after the specification,
// through socket, collector and pipeline into a store.
func TestSFlowIntoTheGraph(t *testing.T) {
	store := mem.New(mem.Options{Base: base})
	defer store.Close()
	kept, err := items.Open("items", items.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	p, err := ingest.NewPipeline(ingest.Options{Store: store, Items: kept, Base: base, Knowledge: ontology.Knowledge()})
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, func(o *flow.Options) { o.Sink = p })
	datagram, err := hex.DecodeString("00000005" + "00000001c0000209" + "00000000" + "00000007" + "0000ea60" + "00000002" + // header, 2 samples
		// a flow sample: 1 of 500, in 3, out 4, one header of IPv4 and UDP, 28 octets of 1200
		"00000001" + "00000054" + "00000001" + "00000003" + "000001f4" + "00000000" + "00000000" + "00000003" + "00000004" + "00000001" +
		"00000001" + "0000002c" + "0000000b" + "000004b0" + "00000000" + "0000001c" +
		"450004b0" + "00000000" + "40110000" + "0a000001" + "0a000002" + "13c413c4" + "049c0000" +
		// a counter sample of interface 3: its name
		"00000002" + "0000001c" + "00000001" + "00000003" + "00000001" + "000003ed" + "00000008" + "00000004" + "65746831")
	if err != nil {
		t.Fatal(err)
	}
	r.send("r1", datagram)
	r.flush()
	head, err := store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer head.Close()
	g := naming.SourceGraph(base, "flow", "r1")
	call := naming.SourceThing(g, "flow/10.0.0.1~10.0.0.2~17~5060~5060~~~3~4~~~")
	for property, want := range map[string]string{"octetTotalCount": "600000", "packetTotalCount": "500", "samplingPopulation": "500"} {
		if got := object(t, head, call, rdf.IRI(ipfix.NS+property), g); got != want {
			t.Errorf("%s is %q, expected %s", property, got, want)
		}
	}
	if got := object(t, head, naming.SourceThing(g, "interface/3"), rdf.IRI("https://w3id.org/nettwin/mib/IF-MIB/ifName"), g); got != "eth1" {
		t.Errorf("the interface is called %q, expected eth1", got)
	}
}
