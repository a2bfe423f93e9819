package ingest

import (
	"slices"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

// Goal: what nobody needs any more is withdrawn without asking the device: the
// facts go, when they were last seen stays, and the source is neither in sync
// nor lost; a source that never stated anything gets no graph. Method: a
// pipeline over a store in memory takes a sample and then a withdrawal.
func TestWithdrawn(t *testing.T) {
	f := newFixture(t)
	at := f.now
	s := &Sample{Collector: "netconf", Device: "r1", Started: at, Ended: at, Facts: []Fact{fact("ifTable/1", "IF-MIB/ifName", "eth0")}}
	if _, err := f.pipeline.Apply(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	later := at.Add(time.Minute)
	for range 2 {
		if _, err := f.pipeline.Apply(t.Context(), &Sample{Collector: "netconf", Device: "r1", Started: later, Ended: later, Withdrawn: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.pipeline.Apply(t.Context(), &Sample{Collector: "gnmi", Device: "r1", Started: later, Ended: later, Withdrawn: true}); err == nil {
		t.Error("a source that never stated anything was withdrawn")
	}
	snap, err := f.store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	v := view{snap}
	g := naming.SourceGraph(testBase, "netconf", "r1")
	if found, err := v.match(t.Context(), rdf.Term{}, prop("IF-MIB/ifName"), rdf.Term{}, rdf.Term{}); err != nil || len(found) != 0 {
		t.Errorf("still stated: %v, %v", found, err)
	}
	for _, c := range []struct {
		p    string
		want string
	}{{propSyncState.Value(), string(StateUnasked)}, {propLastContact.Value(), seconds(at).Value()}} {
		found, err := v.match(t.Context(), g, rdf.IRI(c.p), rdf.Term{}, f.pipeline.prov)
		if err != nil || len(found) != 1 || found[0].O.Value() != c.want {
			t.Errorf("%s: %v, %v, want %s", c.p, found, err, c.want)
		}
	}
	seen, err := v.match(t.Context(), rdf.Term{}, propLastSeen, rdf.Term{}, f.pipeline.prov)
	if err != nil || len(seen) != 2 || seen[0].O != seconds(at) || seen[1].O != seconds(at) {
		t.Errorf("last seen: %v, %v", seen, err)
	}
}

// Goal: needs that overlap share a reading with the least age, whoever asks;
// a need ends with its time. Method: a clock that the test moves.
func TestNeedsOf(t *testing.T) {
	now := time.Unix(1e9, 0)
	b := NewNeeds(func() time.Time { return now })
	changes := 0
	b.OnChange(func() { changes++ })
	for _, n := range []Need{
		{Kind: AskedByRule, Name: "a", Terms: []string{"x", "y"}},
		{Kind: AskedByConfig, Name: "b", Terms: []string{"y"}, Age: 10 * time.Second, Devices: []string{"r1"}},
		{Kind: AskedBySubscription, Name: "c", Terms: []string{"z"}, Until: now.Add(time.Minute)},
	} {
		if err := b.Add(n); err != nil {
			t.Fatal(err)
		}
	}
	show := func(device string) (out []string) {
		for _, r := range b.Of(device, time.Minute) {
			out = append(out, r.Term+" "+r.Age.String())
		}
		return out
	}
	if got := show("r1"); !slices.Equal(got, []string{"x 1m0s", "y 10s", "z 1m0s"}) {
		t.Errorf("r1: %v", got)
	}
	if got := show("r2"); !slices.Equal(got, []string{"x 1m0s", "y 1m0s", "z 1m0s"}) {
		t.Errorf("r2: %v", got)
	}
	now = now.Add(time.Minute)
	if got := show("r2"); !slices.Equal(got, []string{"x 1m0s", "y 1m0s"}) {
		t.Errorf("r2 later: %v", got)
	}
	if err := b.Remove(AskedByRule, "gone"); err == nil || changes != 3 {
		t.Errorf("removing what is not there: %v, %d changes", err, changes)
	}
	// What was read not long ago waits; what is new is due.
	var u turn
	w := u.want(b.Of("r1", time.Minute), now, false)
	u.done(w, now)
	now = now.Add(9 * time.Second)
	w = u.want(b.Of("r1", time.Minute), now, false)
	if !w.Due("y") || w.Due("x") || !w.Wanted("x") || w.Wanted("z") {
		t.Errorf("due after 9 s: %+v", w)
	}
	if !NewWant([]string{"m/a/"}, nil).Due("m/a/b/c") || NewWant([]string{"m/a/"}, nil).Due("m/ab") || !slices.Equal(NewWant([]string{"m/a/"}, nil).Below("m/a/b"), []string{"m/a/b/"}) {
		t.Error("a term that stands for all below it does not")
	}
}
