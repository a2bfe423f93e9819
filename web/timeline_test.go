package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/control"
	"nettwin/graph"
	"nettwin/graph/rdf"
)

// planned is a controller with plans and nothing else.
type planned struct {
	Control
	plans []control.Plan
}

func (p planned) Plans() []control.Plan { return p.plans }

// change commits deletes and adds, given as TriG, and returns the commit.
func change(t *testing.T, s *Server, note, deletes, adds string) graph.Commit {
	t.Helper()
	read := func(text string) []rdf.Quad {
		prologue := `@prefix t: <https://w3id.org/nettwin/ns#> . @base <https://twin.test/> .` + "\n"
		quads, err := rdf.ReadAll(strings.NewReader(prologue+text), rdf.TriG, rdf.ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return quads
	}
	c, err := s.opt.Store.Commit(context.Background(), &graph.Batch{Deletes: read(deletes), Adds: read(adds), Note: note})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// askTimeline gets one page.
func askTimeline(t *testing.T, running *httptest.Server, query string) timelineAnswer {
	t.Helper()
	resp, err := http.Get(running.URL + "/api/v1/timeline?" + query)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	var page timelineAnswer
	if err := json.Unmarshal(body, &page); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v: %s", query, resp.StatusCode, err, body)
	}
	return page
}

// told is what a page says in short, newest first.
func told(page timelineAnswer) []string {
	list := []string{}
	for _, e := range page.Entries {
		text := e.Note
		if e.Kind == "step" {
			text = strings.TrimSpace("plan " + e.Plan + " " + e.Step + " " + string(e.State))
		}
		for _, a := range e.Appeared {
			text += " +" + a.Message
		}
		for _, g := range e.Gone {
			text += " -" + g.Message
		}
		for _, c := range e.Changed {
			text += fmt.Sprintf(" %s→%s", c.From, c.To)
		}
		for _, c := range e.Classes {
			text += fmt.Sprintf(" %s+%d-%d", c.Class[strings.LastIndexByte(c.Class, '#')+1:], c.Added, c.Deleted)
		}
		list = append(list, text)
	}
	return list
}

const (
	faultFinding = `<graph/derived> { <id/finding/1> a t:Finding ; t:message "e1 is down" ; t:about <id/interface/1> ; t:onDevice <id/device/r1> }`
	faultNeed    = `<graph/derived> { <id/need/1> a t:Need ; t:message "enable e1" ; t:onDevice <id/device/r1> }`
)

// service is a rule's word on a service.
func service(state string) string {
	return ` <graph/derived> { <id/service/1> t:serviceState "` + state + `" } `
}

// incident makes the history of one fault.
func incident(t *testing.T, s *Server) []graph.Commit {
	return []graph.Commit{
		change(t, s, "inventory", "", `<id/interface/1> a t:Interface ; t:operStatus "up" ; t:name "e1" .`),
		change(t, s, "counters", "", `<graph/source/snmp/r1> { <id/x> t:octets 5 } <graph/provenance> { <id/x> t:lastContact "now" }`),
		change(t, s, "down", `<id/interface/1> t:operStatus "up" .`, `<id/interface/1> t:operStatus "down" .`+faultFinding),
		change(t, s, "need", "", faultNeed+service("atRisk")),
		change(t, s, "trap", "", `<graph/provenance> { <id/event/1> a t:Event ; t:message "linkDown" }`),
		change(t, s, "repaired", `<id/interface/1> t:operStatus "down" .`+faultFinding+faultNeed+service("atRisk"), `<id/interface/1> t:operStatus "up" .`+service("ok")),
	}
}

// TestTimeline: an incident is told newest first, quiet commits only on
// demand, and a plan's steps stand between the commits of their time.
func TestTimeline(t *testing.T) {
	server, running := newTestServer(t)
	made := incident(t, server)
	server.opt.Control = planned{plans: []control.Plan{{ID: "7", State: control.Done, Steps: []control.Step{
		{Name: "approve", Time: made[3].Time.Add(time.Nanosecond)}, {Name: "end", Time: made[5].Time.Add(time.Nanosecond)}}}}}
	want := []string{
		"plan 7 end done", "repaired -e1 is down -enable e1 down→up atRisk→ok", "trap +linkDown", "plan 7 approve", "need +enable e1", "down +e1 is down up→down", "inventory Interface+1-0",
		"test Device+1-0",
	}
	for range 2 { // the second time from memory
		if got := told(askTimeline(t, running, "")); !slices.Equal(got, want) {
			t.Errorf("got %q\nwant %q", got, want)
		}
	}
	all := told(askTimeline(t, running, "all=true&after=1"))
	if want := []string{"repaired -e1 is down -enable e1 down→up atRisk→ok", "trap +linkDown", "need +enable e1", "down +e1 is down up→down", "counters", "inventory Interface+1-0"}; !slices.Equal(all, want) {
		t.Errorf("all=true&after=1: got %q\nwant %q", all, want)
	}
	page := askTimeline(t, running, "")
	down := page.Entries[5]
	if down.Seq != made[2].Seq || !down.Time.Equal(made[2].Time) || *down.Touched != (timelineTouched{Default: 2, Derived: 4}) {
		t.Errorf("commit %+v with %+v", down, down.Touched)
	}
	finding := timelineThing{IRI: "https://twin.test/id/finding/1", Graph: "https://twin.test/graph/derived", Message: "e1 is down",
		Classes: []string{"https://w3id.org/nettwin/ns#Finding"}, About: []string{"https://twin.test/id/interface/1"}, Devices: []string{"https://twin.test/id/device/r1"}}
	if got := fmt.Sprint(down.Appeared); got != fmt.Sprint([]timelineThing{finding}) {
		t.Errorf("finding %s", got)
	}
	if page.Head != made[5].Seq {
		t.Errorf("head %d, want %d", page.Head, made[5].Seq)
	}
}

// TestTimelinePages: pages by before= hold together what one answer holds,
// steps of plans included, and from= and to= cut at instants.
func TestTimelinePages(t *testing.T) {
	server, running := newTestServer(t)
	made := incident(t, server)
	var steps []control.Step
	for i, c := range made {
		steps = append(steps, control.Step{Name: fmt.Sprint("step", i), Time: c.Time.Add(time.Nanosecond)})
	}
	server.opt.Control = planned{plans: []control.Plan{{ID: "1", Steps: steps}}}
	whole := told(askTimeline(t, running, ""))
	for limit := 1; limit < 5; limit++ {
		var joined []string
		query, rounds := fmt.Sprint("limit=", limit), 0
		for {
			page := askTimeline(t, running, query)
			joined = append(joined, told(page)...)
			if rounds++; page.Before == 0 || rounds > 20 {
				break
			}
			query = fmt.Sprintf("limit=%d&before=%d", limit, page.Before)
		}
		if !slices.Equal(joined, whole) {
			t.Errorf("limit %d: pages hold %q\nwant %q", limit, joined, whole)
		}
	}
	at := func(c graph.Commit) string { return url.QueryEscape(c.Time.Format(time.RFC3339Nano)) }
	got := told(askTimeline(t, running, "from="+at(made[2])+"&to="+at(made[4])))
	if want := []string{"trap +linkDown", "plan 1 step3", "need +enable e1", "plan 1 step2", "down +e1 is down up→down"}; !slices.Equal(got, want) {
		t.Errorf("from to: %q, want %q", got, want)
	}
	if got := told(askTimeline(t, running, "to=2001-01-01T00:00:00Z")); len(got) != 0 {
		t.Errorf("before the store was made: %q", got)
	}
}

// TestTimelineBounds: a huge commit is cut and says so; wrong parameters are
// refused by name.
func TestTimelineBounds(t *testing.T) {
	server, running := newTestServer(t)
	var adds strings.Builder
	for i := range maxTimelineListed + 5 {
		fmt.Fprintf(&adds, "<graph/derived> { <id/finding/%d> t:message \"m%d\" } ", i, i)
	}
	change(t, server, "many", "", adds.String())
	first := askTimeline(t, running, "").Entries[0]
	if len(first.Appeared) != maxTimelineListed || !first.More {
		t.Errorf("%d listed, truncated %v", len(first.Appeared), first.More)
	}
	for query, want := range map[string]string{
		"limit=0x1": "limit", "before=-1": "before", "after=soon": "after", "from=yesterday": `from="yesterday" must be a dateTime`, "to=1": "to", "before=99": "no such version",
	} {
		resp, err := http.Get(running.URL + "/api/v1/timeline?" + query)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode/100 != 4 || !strings.Contains(strings.ReplaceAll(string(body), `\"`, `"`), want) {
			t.Errorf("%s: %d %s, want %q", query, resp.StatusCode, body, want)
		}
	}
}

// TestTimelineBlocks: what was read and kept in blocks grows with the store,
// and commits of other branches between are passed over. Method: commits on
// both sides of a block's border, asked for while they are made.
func TestTimelineBlocks(t *testing.T) {
	server, running := newTestServer(t)
	store, ctx := server.opt.Store, context.Background()
	if _, err := store.Fork(ctx, "try", graph.At{}); err != nil {
		t.Fatal(err)
	}
	commit := func(branch string, n int) {
		t.Helper()
		q := rdf.Quad{S: rdf.IRI("http://x/s"), P: rdf.IRI("http://x/p"), O: rdf.String(fmt.Sprint(n))}
		if _, err := store.Commit(ctx, &graph.Batch{Branch: branch, Adds: []rdf.Quad{q}, Note: fmt.Sprint(branch, " ", n)}); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	made := 1
	for round := range 6 {
		for i := range 150 {
			commit("try", made)
			if round != 3 || i < 20 { // then only the other branch is busy, over a border
				commit(graph.Main, made)
				want = append(want, fmt.Sprint("main ", made))
			} else {
				commit("try", -made)
			}
			made++
		}
		got := told(askTimeline(t, running, "limit=1000"))
		slices.Reverse(got)
		if !slices.Equal(got[1:], want) { // the first is the server's own
			t.Fatalf("round %d: %d entries, want %d", round, len(got)-1, len(want))
		}
	}
	var joined []string
	for query := "limit=100"; ; {
		page := askTimeline(t, running, query)
		joined = append(joined, told(page)...)
		if page.Before == 0 {
			break
		}
		query = fmt.Sprintf("limit=100&before=%d", page.Before)
	}
	slices.Reverse(joined)
	if !slices.Equal(joined[1:], want) {
		t.Errorf("pages hold %d entries, want %d", len(joined)-1, len(want))
	}
}
