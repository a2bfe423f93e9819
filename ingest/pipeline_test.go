package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/naming/items"
)

// TestFirstContact applies one sample to an empty store and reads all that it
// wrote: facts, what the graph describes, provenance, and items that the
// store returns under the names in the graph.
func TestFirstContact(t *testing.T) {
	f := newFixture(t)
	facts := []Fact{
		fact("system", "SNMPv2-MIB/sysName", "r1"),
		{Thing: "ifTable/3", P: rdf.IRI(rdf.RDFType), O: prop("IF-MIB/ifEntry")},
		{Thing: "ifTable/3", P: prop("IF-MIB/above"), Ref: "ifTable/4"},
		counter("ifTable/3", "IF-MIB/ifInOctets", "7"),
	}
	s := f.sample("r1", facts...)
	s.Transport, s.Instruction = "SNMPv2c 192.0.2.1:161", "walk"
	r := f.apply(s)
	if !r.Minted || r.Device != "r1" || r.DeviceIRI != device("host-name/r1") || len(r.Commits) != 2 || r.StateAdds != 3 || r.Counters != 1 {
		t.Errorf("report %+v", r)
	}
	f.wantLines("source graph", f.quads(r.Graph),
		`<graph/source/snmp/r1/ifTable/3> <IF-MIB/above> <graph/source/snmp/r1/ifTable/4> .`,
		`<graph/source/snmp/r1/ifTable/3> <IF-MIB/ifInOctets> "7"^^<http://www.w3.org/2001/XMLSchema#integer> .`,
		`<graph/source/snmp/r1/ifTable/3> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <IF-MIB/ifEntry> .`,
		`<graph/source/snmp/r1/system> <SNMPv2-MIB/sysName> "r1" .`,
		`<graph/source/snmp/r1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <twin:Source> .`,
		`<graph/source/snmp/r1> <twin:collector> "snmp" .`,
		`<graph/source/snmp/r1> <twin:counterProperty> <IF-MIB/ifInOctets> .`,
		`<graph/source/snmp/r1> <twin:describes> <id/device/host-name/r1> .`,
		`<graph/source/snmp/r1> <twin:deviceName> "r1" .`,
		`<graph/source/snmp/r1> <twin:statedKey> "host-name:r1" .`,
	)
	when := `"2026-11-22T10:00:10Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .`
	item := func(text string) string {
		return "<names/" + naming.Of(naming.CodecRDFC1, []byte(strings.ReplaceAll(text, "~", testBase+"graph/source/snmp/r1/"))).String() + "> ."
	}
	row := item("<~ifTable/3> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <" + mibNS + "IF-MIB/ifEntry> .\n" +
		"<~ifTable/3> <" + mibNS + "IF-MIB/above> <~ifTable/4> .\n")
	system := item("<~system> <" + mibNS + "SNMPv2-MIB/sysName> \"r1\" .\n")
	activity := `<id/activity/snmp/r1/20261122T100010.000Z> `
	f.wantLines("provenance", f.prov(),
		activity+`<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <prov:Activity> .`,
		activity+`<prov:endedAtTime> `+when,
		activity+`<prov:startedAtTime> "2026-11-22T10:00:09Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .`,
		activity+`<prov:generated> `+row,
		activity+`<prov:generated> `+system,
		activity+`<prov:used> <names/`+naming.Of(naming.CodecRaw, s.Raw[0].Bytes).String()+`> .`,
		activity+`<twin:envelope> <names/`+r.Envelope.String()+`> .`,
		activity+`<twin:sourceGraph> <graph/source/snmp/r1> .`,
		`<graph/source/snmp/r1/ifTable/3> <twin:firstSeen> `+when,
		`<graph/source/snmp/r1/ifTable/3> <twin:item> `+row,
		`<graph/source/snmp/r1/system> <twin:firstSeen> `+when,
		`<graph/source/snmp/r1/system> <twin:item> `+system,
		`<graph/source/snmp/r1> <twin:lastContact> `+when,
		`<graph/source/snmp/r1> <twin:syncState> "in sync" .`,
		`<id/device/host-name/r1> <twin:firstSeen> `+when,
		`<id/device/host-name/r1> <twin:identityKey> "host-name:r1" .`,
	)
	envelope, err := f.items.Get(r.Envelope)
	if err != nil || envelope.Kind != items.KindEnvelope {
		t.Fatalf("envelope: %v, %v", envelope, err)
	}
	for _, part := range []string{"SNMPv2c 192.0.2.1:161", `instruction> "walk"`, `endedAtTime> "2026-11-22T10:00:10.000Z"`, `label> "walk"`, r.Raw[0].String(), r.Knowledge[0].String(), r.Knowledge[1].String()} {
		if !strings.Contains(string(envelope.Bytes), part) {
			t.Errorf("the envelope does not say %s:\n%s", part, envelope.Bytes)
		}
	}
}

// TestUnchanged polls a device that says the same: one quad is replaced, and
// nothing else is stored. A counter that moves is a commit of its own.
func TestUnchanged(t *testing.T) {
	f := newFixture(t)
	facts := append(box{name: "r1", serial: "A"}.facts(), counter("ifTable/1", "IF-MIB/ifInOctets", "7"), fact("ifTable/1", "IF-MIB/ifName", "e1"))
	f.apply(f.sample("r1", facts...))
	before, _ := f.items.Len()

	r := f.apply(f.sample("r1", facts...))
	if len(r.Commits) != 1 || r.Commits[0].Adds != 1 || r.Commits[0].Deletes != 1 || r.Raw != nil {
		t.Errorf("unchanged: %+v", r)
	}
	f.wantLines("contact", f.prov(propLastContact), `<graph/source/snmp/r1> <twin:lastContact> "2026-11-22T10:00:20Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .`)

	s := f.sample("r1", facts...)
	s.Started, s.Ended = s.Started.Add(-10e9), s.Ended.Add(-10e9)
	if r := f.apply(s); len(r.Commits) != 0 {
		t.Errorf("unchanged within a second: %+v", r)
	}

	facts[len(facts)-2] = counter("ifTable/1", "IF-MIB/ifInOctets", "8")
	r = f.apply(f.sample("r1", facts...))
	if len(r.Commits) != 1 || r.Commits[0].Adds != 2 || r.Commits[0].Deletes != 2 || r.Raw != nil || r.StateAdds+r.StateDeletes != 0 {
		t.Errorf("counter: %+v", r)
	}
	if after, _ := f.items.Len(); after != before {
		t.Errorf("%d items became %d", before, after)
	}
}

// TestChange changes one row, takes one away and brings it back: only changed
// things get items, and what went away keeps a trace.
func TestChange(t *testing.T) {
	f := newFixture(t)
	system := fact("system", "SNMPv2-MIB/sysName", "r1")
	up, down := fact("ifTable/1", "IF-MIB/ifOperStatus", "up"), fact("ifTable/1", "IF-MIB/ifOperStatus", "down")
	row := []Fact{fact("ifTable/2", "IF-MIB/ifName", "e2"), counter("ifTable/2", "IF-MIB/ifInOctets", "1")}
	first := f.apply(f.sample("r1", append(row, system, up)...))

	r := f.apply(f.sample("r1", append(row, system, down)...))
	if len(r.Commits) != 1 || r.StateAdds != 1 || r.StateDeletes != 1 || len(r.Knowledge) != 1 {
		t.Errorf("changed row: %+v", r)
	}
	r = f.apply(f.sample("r1", append(row, system, up)...))
	if len(r.Knowledge) != 1 || !slices.Contains(first.Knowledge, r.Knowledge[0]) {
		t.Error("the same state has another name")
	}

	r = f.apply(f.sample("r1", system, up))
	if r.StateDeletes != 2 || r.StateAdds != 0 || len(r.Knowledge) != 0 || len(r.Commits) != 1 {
		t.Errorf("row gone: %+v", r)
	}
	gone := f.prov(propLastSeen, propLastItem)
	if len(gone) != 2 || gone[1] != `<graph/source/snmp/r1/ifTable/2> <twin:lastSeen> "2026-11-22T10:00:30Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .` {
		t.Errorf("trace of what is gone: %v", gone)
	}
	if now := f.quads(r.Graph, prop("IF-MIB/ifInOctets")); len(now) != 0 {
		t.Errorf("its counter is left: %v", now)
	}

	f.apply(f.sample("r1", append(row, system, up)...))
	if gone := f.prov(propLastSeen, propLastItem); len(gone) != 0 {
		t.Errorf("back again, yet %v", gone)
	}
	firstSeen := f.prov(propFirstSeen)
	if !slices.Contains(firstSeen, `<graph/source/snmp/r1/ifTable/2> <twin:firstSeen> "2026-11-22T10:00:10Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .`) {
		t.Errorf("first seen: %v", firstSeen)
	}
}

// TestPartial: under a prefix that was not read to its end nothing absent is
// deleted, but a value that was read takes the old one's place.
func TestPartial(t *testing.T) {
	f := newFixture(t)
	name := fact("system", "SNMPv2-MIB/sysName", "r1")
	member := func(n string) Fact { return Fact{Thing: "ifTable/1", P: prop("IF-MIB/member"), Ref: "ifTable/" + n} }
	f.apply(f.sample("r1", name, fact("ifTable/1", "IF-MIB/ifOperStatus", "up"), fact("ifTable/2", "IF-MIB/ifName", "e2"),
		fact("ifTable/1", "IF-MIB/ifName", "e1"), member("2"), counter("ifTable/1", "IF-MIB/ifInOctets", "1")))

	s := f.sample("r1", name, fact("ifTable/1", "IF-MIB/ifOperStatus", "down"), member("3"), counter("ifTable/1", "IF-MIB/ifInOctets", "2"))
	s.Complete = []string{"system", "if"} // no prefix of ifTable as a path
	r := f.apply(s)
	if r.StateAdds != 2 || r.StateDeletes != 1 || r.Counters != 1 {
		t.Errorf("report %+v", r)
	}
	f.wantLines("rows", f.quads(r.Graph, prop("IF-MIB/ifOperStatus"), prop("IF-MIB/ifName"), prop("IF-MIB/member")),
		`<graph/source/snmp/r1/ifTable/1> <IF-MIB/ifName> "e1" .`,
		`<graph/source/snmp/r1/ifTable/1> <IF-MIB/ifOperStatus> "down" .`,
		`<graph/source/snmp/r1/ifTable/1> <IF-MIB/member> <graph/source/snmp/r1/ifTable/2> .`,
		`<graph/source/snmp/r1/ifTable/1> <IF-MIB/member> <graph/source/snmp/r1/ifTable/3> .`,
		`<graph/source/snmp/r1/ifTable/2> <IF-MIB/ifName> "e2" .`)
	it, err := f.items.Get(r.Knowledge[0])
	if err != nil || strings.Count(string(it.Bytes), "\n") != 4 || strings.Contains(string(it.Bytes), "ifInOctets") {
		t.Errorf("the item holds not the whole state without counters: %s, %v", it.Bytes, err)
	}
}

// TestBadFacts: what no store can hold is left out with a warning; the rest
// of the sample is taken.
func TestBadFacts(t *testing.T) {
	f := newFixture(t)
	s := f.sample("r1", fact("system", "SNMPv2-MIB/sysName", "r1"), fact("system", "SNMPv2-MIB/sysDescr", "a\xff"),
		fact("bad path", "IF-MIB/ifName", "x"), Fact{Thing: "system", P: prop("SNMPv2-MIB/sysContact")},
		fact("system", "SNMPv2-MIB/sysName", "r1"))
	r := f.apply(s)
	if r.StateAdds != 1 || len(r.Warnings) != 3 {
		t.Errorf("report %+v", r)
	}
}

// TestConflictRetries lets another writer commit between reading and writing.
func TestConflictRetries(t *testing.T) {
	f := newFixture(t)
	other := 0
	store := &racingStore{Store: f.store, before: func() {
		if other++; other <= 3 {
			q := rdf.Quad{S: rdf.IRI("http://e/s"), P: rdf.IRI("http://e/p"), O: rdf.String(fmt.Sprint(other))}
			if _, err := f.store.Commit(context.Background(), &graph.Batch{Adds: []rdf.Quad{q}}); err != nil {
				t.Error(err)
			}
		}
	}}
	f.pipeline.opts.Store = store
	r := f.poll("r1", box{name: "r1"})
	if len(r.Commits) != 1 || other != 4 {
		t.Errorf("%d tries, %+v", other, r)
	}
	store.before = func() {
		q := rdf.Quad{S: rdf.IRI("http://e/s"), P: rdf.IRI("http://e/p"), O: rdf.String(fmt.Sprint("again", other))}
		other++
		if _, err := f.store.Commit(context.Background(), &graph.Batch{Adds: []rdf.Quad{q}}); err != nil {
			t.Error(err)
		}
	}
	if _, err := f.pipeline.Apply(context.Background(), f.sample("r1", box{name: "r2"}.facts()...)); !errors.Is(err, graph.ErrConflict) {
		t.Errorf("endless conflict: error %v", err)
	}
}

type racingStore struct {
	graph.Store
	before func()
}

func (s *racingStore) Commit(ctx context.Context, b *graph.Batch) (graph.Commit, error) {
	s.before()
	return s.Store.Commit(ctx, b)
}

// TestItemsBeforeCommit: if items cannot be kept, nothing is committed.
func TestItemsBeforeCommit(t *testing.T) {
	f := newFixture(t)
	f.pipeline.opts.Items = brokenItems{}
	if _, err := f.pipeline.Apply(context.Background(), f.sample("r1", box{name: "r1"}.facts()...)); !errors.Is(err, errDisk) {
		t.Errorf("error %v", err)
	}
	if info := f.store.Info(); info.Quads != 0 {
		t.Errorf("%d quads", info.Quads)
	}
}

var errDisk = errors.New("disk full")

type brokenItems struct{}

func (brokenItems) Put(context.Context, []items.Item) ([]naming.Name, error) { return nil, errDisk }

// TestFailure: a source becomes stale, then lost, with the reason, and in
// sync again; what it said stays. The device was last seen at its last
// contact.
func TestFailure(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	r := f.poll("r1", box{name: "r1"})
	facts := f.quads(r.Graph)
	state := []rdf.Term{propSyncState, propLastError, propLastContact, propLastSeen}
	contact := `"2026-11-22T10:00:10Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .`

	for range 2 {
		if err := f.pipeline.Fail(ctx, Failure{Collector: "snmp", Device: "r1", Err: fmt.Errorf("poll: %w", ErrTimeout)}); err != nil {
			t.Fatal(err)
		}
	}
	head := f.store.Info().Head
	f.wantLines("stale", f.prov(state...),
		`<graph/source/snmp/r1> <twin:lastContact> `+contact,
		`<graph/source/snmp/r1> <twin:lastError> "poll: ingest: no answer" .`,
		`<graph/source/snmp/r1> <twin:syncState> "stale" .`,
		`<id/device/host-name/r1> <twin:lastSeen> `+contact)
	if head != r.Commits[0].Seq+1 {
		t.Errorf("a repeated failure made commits: %d after %d", head, r.Commits[0].Seq)
	}
	if err := f.pipeline.Fail(ctx, Failure{Collector: "snmp", Device: "r1", Lost: true, Err: ErrTimeout}); err != nil {
		t.Fatal(err)
	}
	if got := f.prov(propSyncState); got[0] != `<graph/source/snmp/r1> <twin:syncState> "lost" .` {
		t.Errorf("state %v", got)
	}
	if now := f.quads(r.Graph); !slices.Equal(now, facts) {
		t.Errorf("the source graph changed: %v", now)
	}
	f.poll("r1", box{name: "r1"})
	f.wantLines("in sync", f.prov(state...),
		`<graph/source/snmp/r1> <twin:lastContact> "2026-11-22T10:00:20Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .`,
		`<graph/source/snmp/r1> <twin:syncState> "in sync" .`)

	if err := f.pipeline.Fail(ctx, Failure{Collector: "snmp", Device: "never", Lost: true, Err: errors.New(strings.Repeat("é", 400))}); err != nil {
		t.Fatal(err)
	}
	if got := f.prov(propLastError); len(got) != 1 || len(got[0]) > 600 {
		t.Errorf("error of a device that never answered: %v", got)
	}
	if at, err := f.pipeline.LastContact(ctx, "snmp", "r1"); err != nil || !at.Equal(f.now) {
		t.Errorf("last contact %v, %v", at, err)
	}
}

// TestGone says of properties that they are no more: what the graph held of
// them goes, references and parts too, and nothing else; one value where one
// is named; nothing that the same sample says again.
func TestGone(t *testing.T) {
	f := newFixture(t)
	f.apply(f.sample("r1",
		fact("system", "SNMPv2-MIB/sysName", "r1"),
		fact("a", "X-MIB/one", "1"), fact("a", "X-MIB/one/part", "2"), fact("a", "X-MIB/oneMore", "3"),
		Fact{Thing: "a", P: prop("X-MIB/one#target"), Ref: "b"},
		fact("b", "X-MIB/one", "4"), fact("b", "X-MIB/tag", "5"), fact("b", "X-MIB/tag", "6"), fact("b", "X-MIB/said", "7")))
	s := f.sample("r1", fact("b", "X-MIB/said", "7"))
	s.Complete = nil
	s.Gone = []Gone{{Thing: "a", Property: mibNS + "X-MIB/one"}, {Thing: "b", Property: mibNS + "X-MIB/tag", Value: rdf.String("5")},
		{Thing: "b", Property: mibNS + "X-MIB/said"}}
	r := f.apply(s)
	if r.StateDeletes != 4 || r.StateAdds != 0 {
		t.Errorf("%d deletes, %d adds, expected 4 and 0", r.StateDeletes, r.StateAdds)
	}
	for _, want := range []string{"X-MIB/oneMore", "X-MIB/said", `"6"`, `"4"`} {
		if !slices.ContainsFunc(f.quads(r.Graph), func(l string) bool { return strings.Contains(l, want) }) {
			t.Errorf("%s went too", want)
		}
	}
}
