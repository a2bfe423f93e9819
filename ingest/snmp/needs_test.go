package snmp_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nettwin/graph/mem"
	"nettwin/graph/vfs"
	"nettwin/ingest"
	"nettwin/ingest/snmp"
	"nettwin/internal/simulate/smi"
	simulate "nettwin/internal/simulate/snmp"
	"nettwin/naming/items"
	"nettwin/ontology"
)

// watched is a device's state that remembers behind which names it was asked:
// a name that is not the one it told last begins a walk.
type watched struct {
	simulate.State
	mu     sync.Mutex
	last   string
	begins []string
}

func (w *watched) Next(oid smi.OID) (smi.OID, smi.Value, bool) {
	name, value, ok := w.State.Next(oid)
	w.mu.Lock()
	defer w.mu.Unlock()
	if oid.String() != w.last {
		w.begins = append(w.begins, strings.TrimPrefix(oid.String(), "."))
	}
	w.last = name.String()
	return name, value, ok
}

func (w *watched) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.begins
	w.begins = nil
	slices.Sort(list)
	return slices.Compact(list)
}

// Goal: by needs a device is asked for what is needed and for what tells its
// identity, and for nothing else; needs that overlap share the asking; what
// nobody needs any more is not asked for, and is withdrawn from the graph. The
// bytes spared are those that reading everything takes more. Method: requests,
// and the names behind which they ask, are counted at a simulated device with
// the values of a recorded one, over a socket; a scheduler reads it on request.
func TestNeeds(t *testing.T) {
	table, _ := recordingState(t, "ios_2960x")
	device := &watched{State: table}
	agent := serve(t, simulate.Options{State: device, Communities: []string{"public"}})
	tb := tables(t)
	c := collector(t, community, nil)
	store, kept := mem.New(mem.Options{Base: "https://twin.test/"}), items.Options{FS: vfs.NewMem()}
	defer store.Close()
	held, err := items.Open("items", kept)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	pipeline, err := ingest.NewPipeline(ingest.Options{Store: store, Items: held, Base: "https://twin.test/", Knowledge: ontology.Knowledge()})
	if err != nil {
		t.Fatal(err)
	}

	everything := ingest.NewMeter(nil)
	target := ingest.Target{Name: "sw1", Address: agent.Addr().String()}
	full := target
	full.Meter = everything
	if _, err := c.Collect(t.Context(), full); err != nil {
		t.Fatal(err)
	}
	device.asked()

	needs := ingest.NewNeeds(time.Now)
	identity := append(pipeline.Identity(), snmp.Essentials(tb)...)
	interfaces := tb.Object("ifTable").Entry.Term.Value()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(needs.Add(ingest.Need{Kind: ingest.AskedForIdentity, Name: "keys", Terms: identity}))
	must(needs.Add(ingest.Need{Kind: ingest.AskedByRule, Name: "one", Terms: []string{interfaces}}))
	s, err := ingest.NewScheduler(ingest.SchedulerOptions{Pipeline: pipeline, Needs: needs, MinGap: time.Millisecond,
		Targets: []ingest.ScheduledTarget{{Target: target, Period: time.Hour, Collector: c}}})
	must(err)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })
	defer running.Wait()
	defer stop()

	var tried time.Time
	var requests, bytes uint64
	reading := func() (asked []string, newRequests, newBytes uint64) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
			st := s.Status()[0]
			if st.LastTry.After(tried) {
				if st.LastError != "" {
					t.Fatal(st.LastError)
				}
				r, b := st.Requests-requests, st.Bytes-bytes
				tried, requests, bytes = st.LastTry, st.Requests, st.Bytes
				return device.asked(), r, b
			}
			if time.Now().After(end) {
				t.Fatal("the device was not read")
			}
		}
	}
	again := func() ([]string, uint64, uint64) {
		s.ReadNow("sw1", "test")
		return reading()
	}
	rows := func(table string) int {
		t.Helper()
		things, err := pipeline.Things(t.Context(), "snmp", "sw1", tb.Object(table).Entry.Term)
		must(err)
		return len(things)
	}

	// What identity.tsv names, by its columns and scalars, and ifTable.
	want := []string{"1.0.8802.1.1.2.1.3.1", "1.0.8802.1.1.2.1.3.2", "1.0.8802.1.1.2.1.3.8.1.2", "1.3.6.1.2.1.1.2", "1.3.6.1.2.1.1.5",
		"1.3.6.1.2.1.17.1.1", "1.3.6.1.2.1.2.2", "1.3.6.1.2.1.47.1.1.1.1.11", "1.3.6.1.2.1.47.1.1.1.1.5"}
	slices.Sort(want)
	asked, first, firstBytes := reading()
	if !slices.Equal(asked, want) {
		t.Errorf("asked behind\n%q, want\n%q", asked, want)
	}
	if rows("ifTable") == 0 || rows("ipAddrTable") != 0 {
		t.Errorf("the graph holds %d rows of ifTable and %d of ipAddrTable", rows("ifTable"), rows("ipAddrTable"))
	}

	must(needs.Add(ingest.Need{Kind: ingest.AskedByQuery, Name: "two", Terms: []string{interfaces}}))
	if asked, r, _ := again(); !slices.Equal(asked, want) || r != first {
		t.Errorf("with a need that overlaps: %d requests, %d before, behind %q", r, first, asked)
	}
	if st := s.Status()[0]; !slices.ContainsFunc(st.Reads, func(r ingest.NeededReading) bool {
		return r.Term == interfaces && slices.Equal(r.For, []string{"query two", "rule one"})
	}) {
		t.Errorf("the status says %+v", st.Reads)
	}

	must(needs.Remove(ingest.AskedByRule, "one"))
	if asked, r, _ := again(); !slices.Equal(asked, want) || r != first {
		t.Errorf("with one need of two left: %d requests, %d before, behind %q", r, first, asked)
	}
	had := rows("ifTable")
	must(needs.Remove(ingest.AskedByQuery, "two")) // which has the device read
	asked, last, _ := reading()
	if slices.Contains(asked, "1.3.6.1.2.1.2.2") || last >= first {
		t.Errorf("without a need: %d requests, %d before, behind %q", last, first, asked)
	}
	if n := rows("ifTable"); n != 0 {
		t.Errorf("%d of %d rows that nobody reads any more are still stated", n, had)
	}
	if rows("entPhysicalTable") == 0 {
		t.Error("the rows that tell the identity are not stated")
	}
	again()
	allRequests, allBytes := everything.Count()
	st := s.Status()[0]
	if st.SavedBytes == 0 || st.SavedRequests == 0 || !slices.Contains(st.NotRead, "ipAddrTable") {
		t.Errorf("spared: %+v", st.Economy)
	}
	if firstBytes*2 > allBytes || first*2 > allRequests {
		t.Errorf("one table and identity took %d requests and %d bytes, everything %d and %d", first, firstBytes, allRequests, allBytes)
	}
	t.Logf("one need: %d requests, %d bytes; everything: %d requests, %d bytes; spared so far by what was read once: %d bytes", first, firstBytes, allRequests, allBytes, st.SavedBytes)
}
