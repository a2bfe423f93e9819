package control_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nettwin/control"
	"nettwin/graph"
)

// Goal: the audit shows every entry with its hash and says what the chain is
// worth. Method: carry a plan through; then change, drop and cut lines of the
// file, each of which must be found and told with file and line.
func TestAudit(t *testing.T) {
	w := newWorld(t)
	d := w.device()
	c := w.controller(d)
	p := w.approved(c)
	w.apply(c, p.ID)
	whole, err := c.Audit(w.ctx, 0, 0, true)
	if err != nil || !whole.Verified || whole.Entries != 14 || len(whole.Log) != 14 || whole.Log[13].Hash != whole.Head || whole.Log[1].Record == nil {
		t.Fatalf("%+v, %v", whole.Chain, err)
	}
	for i, e := range whole.Log[1:] {
		if e.Prev != whole.Log[i].Hash {
			t.Errorf("entry %d names %s, the one before it has %s", e.Seq, e.Prev, whole.Log[i].Hash)
		}
	}
	part, err := c.Audit(w.ctx, 3, 2, false)
	if err != nil || len(part.Log) != 2 || part.Log[0].Seq != 4 || part.Log[0].Hash != whole.Log[3].Hash || part.Log[1].Record != nil {
		t.Errorf("a part: %+v, %v", part, err)
	}
	path := filepath.Join(w.dir, "journal")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	for name, test := range map[string]struct{ text, want string }{
		"changed":  {strings.Replace(string(text), `"by":"olga"`, `"by":"otto"`, 1), "journal:4:"},
		"dropped":  {strings.Join(append(append([]string{}, lines[:4]...), lines[5:]...), ""), "journal:5:"},
		"cut off":  {strings.Join(lines[:9], ""), "the end was cut off"},
		"no entry": {lines[0] + "{}\n", "journal:2:"},
	} {
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := c.Audit(w.ctx, 0, 0, false)
		if err != nil || got.Verified || !strings.Contains(got.Error, test.want) {
			t.Errorf("%s: verified %v, %q, %v; expected %q", name, got.Verified, got.Error, err, test.want)
		}
	}
	// A whole chain that is too short for what the provenance graph keeps.
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	head, err := w.store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer head.Close()
	if got, err := control.ReadAudit(w.ctx, w.dir, head, testBase, control.AuditOptions{}); err != nil || got.Verified {
		t.Errorf("an empty journal beside a graph that tells of one: %+v, %v", got, err)
	}
}

// Goal: plans that nobody decides about end. Method: let a day pass.
func TestExpire(t *testing.T) {
	w := newWorld(t)
	d := w.device()
	c := w.controller(d)
	p := w.approved(c)
	w.pass(w.ctx, control.DefaultPlanLifetime)
	if err := c.Expire(w.ctx); err != nil {
		t.Fatal(err)
	}
	if p, _ = c.Plan(p.ID); p.State != control.Approved {
		t.Fatalf("after the lifetime, not beyond it, the plan is %s", p.State)
	}
	w.pass(w.ctx, time.Second)
	if err := c.Expire(w.ctx); err != nil {
		t.Fatal(err)
	}
	w.ended(c, d, p.ID, control.Expired, before, "nobody decided about it for 24h0m1s")
}

// Goal: a plan can be replaced, and the lists select and page. Method:
// supersede one, then list by state, need and page.
func TestSupersede(t *testing.T) {
	w := newWorld(t)
	d := w.device()
	c := w.controller(d)
	first := w.verified(c)
	if _, err := c.Supersede(w.ctx, first.ID, reader); !errors.Is(err, control.ErrForbidden) {
		t.Errorf("by a reader: %v", err)
	}
	second, err := c.Supersede(w.ctx, first.ID, operator)
	if err != nil || second.State != control.Verified || second.ID == first.ID {
		t.Fatalf("plan %s is %s, %v", second.ID, second.State, err)
	}
	if p, _ := c.Plan(first.ID); p.State != control.Superseded || p.Branch != "" {
		t.Errorf("the first is %s on %q", p.State, p.Branch)
	}
	for name, test := range map[string]struct {
		filter        control.PlanFilter
		offset, limit int
		want          string
		total         int
	}{
		"all":    {control.PlanFilter{}, 0, 9, second.ID + "," + first.ID, 2},
		"second": {control.PlanFilter{}, 1, 9, first.ID, 2},
		"one":    {control.PlanFilter{}, 0, 1, second.ID, 2},
		"state":  {control.PlanFilter{State: control.Superseded}, 0, 9, first.ID, 1},
		"open":   {control.PlanFilter{Open: true}, 0, 9, second.ID, 1},
		"need":   {control.PlanFilter{Need: "x"}, 0, 9, "", 0},
		"beyond": {control.PlanFilter{}, 5, 9, "", 2},
	} {
		list, total := c.ListPlans(test.filter, test.offset, test.limit)
		var ids []string
		for _, p := range list {
			ids = append(ids, p.ID)
		}
		if got := strings.Join(ids, ","); got != test.want || total != test.total {
			t.Errorf("%s: %s of %d, expected %s of %d", name, got, total, test.want, test.total)
		}
	}
}

// Goal: what a plan has changed, no other plan still counts on. Method: two
// needs for one interface, a plan for each; apply one.
func TestOvertaken(t *testing.T) {
	w := newWorld(t)
	w.add(`@prefix twin: <https://w3id.org/nettwin/ns#> . GRAPH <graph/intended> { <id/interface/r1/e0> twin:adminStatus "up" }`)
	if err := w.engine.Apply(w.ctx, nil); err != nil {
		t.Fatal(err)
	}
	d := w.device()
	c := w.controller(d)
	other, err := c.Propose(w.ctx, testBase+"id/need/enable-intended/r1/e0")
	if err != nil {
		t.Fatal(err)
	}
	p := w.approved(c)
	w.apply(c, p.ID)
	w.ended(c, d, p.ID, control.Done, after)
	w.ended(c, d, other.ID, control.Superseded, after, "plan "+p.ID+" has changed https://twin.test/graph/source/")
}
