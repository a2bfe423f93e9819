package netconf_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"nettwin/control"
	"nettwin/control/intent"
	"nettwin/naming"
)

// upIntent asks that r7's interface be up.
const upIntent = `@prefix icm: <http://tio.models.tmforum.org/tio/v3.6.0/IntentCommonModel/> .
@prefix log: <http://tio.models.tmforum.org/tio/v3.6.0/LogicalOperators/> .
@prefix twin: <https://w3id.org/nettwin/ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<http://client.example/I> a icm:Intent ; log:allOf ( <http://client.example/E> ) .
<http://client.example/E> a icm:DeliveryExpectation ; icm:deliveryType twin:UpInterface ; icm:target <http://client.example/T> .
<http://client.example/T> a icm:Target ; rdfs:member <%s> .`

// Goal: an intent is the beginning of the loop: it is degraded because the
// router's interface is disabled, a rule makes a need of it, the plan is
// carried to the router, and the intent is compliant. Its reports name items
// that hold what the router said. Method: the shipped shapes and rules, the
// simulated router, the router's own state.
func TestIntentLoop(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, scene{})
	w := newTwin(t, n)
	ids := 0
	keeper := must(intent.New(intent.Options{Store: w.store, Rules: w.engine, Items: w.items, Base: base, Knowledge: w.know,
		NewID: func() string { ids++; return fmt.Sprint("i", ids) }}))(t)
	assure := func() {
		t.Helper()
		if err := w.engine.Apply(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if err := keeper.Assure(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	iface := w.ask(`SELECT ?i { ?i twin:interfaceOf/twin:configuredName "r7" ; twin:name "eth3" }`)
	expression := &intent.Expression{Type: intent.TurtleExpression, Value: fmt.Appendf(nil, "%q", fmt.Sprintf(upIntent, iface))}
	made := must(keeper.Create(t.Context(), &intent.Fields{Type: intent.TypeIntent, Name: "r7 eth3 up", Expression: expression}, operator))(t)
	assure()
	reports := must(keeper.Reports(t.Context(), made.ID))(t)
	last := reports[len(reports)-1]
	if last.State != intent.Degraded || len(last.Reasons) != 1 || last.Reasons[0].Message != "r7 eth3 is disabled" {
		t.Fatalf("reports %+v", reports)
	}
	if len(last.Reasons[0].Items) == 0 {
		t.Error("the report names no item")
	}
	told := false
	for _, name := range last.Reasons[0].Items {
		item := must(w.items.Get(must(naming.Parse(name))(t)))(t)
		told = told || strings.Contains(string(item.Bytes), "eth3")
	}
	if !told {
		t.Errorf("no item of %v speaks of eth3", last.Reasons[0].Items)
	}

	c := w.controller()
	needs := must(c.Needs(t.Context()))(t)
	i := slices.IndexFunc(needs, func(n control.Need) bool { return strings.Contains(n.IRI, "enable-intent/") })
	if i < 0 {
		t.Fatalf("needs %+v", needs)
	}
	p := must(c.Propose(t.Context(), needs[i].IRI))(t)
	if p.State != control.Verified {
		t.Fatalf("the plan is %s: %s", p.State, p.Reason)
	}
	must(c.Approve(t.Context(), p.ID, operator))(t)
	if p = must(c.Apply(t.Context(), p.ID, operator))(t); p.State != control.Done {
		t.Fatalf("the plan is %s: %s", p.State, p.Reason)
	}
	assure()
	var ladder []string
	for _, r := range must(keeper.Reports(t.Context(), made.ID))(t) {
		ladder = append(ladder, string(r.State))
	}
	if got := strings.Join(ladder, ", "); got != "Accepted, Degraded, Compliant" {
		t.Errorf("reports %s", got)
	}
	if i, ok := n.router.Interface(disabled); !ok || !i.Admin {
		t.Errorf("the router's interface is %+v", i)
	}
}
