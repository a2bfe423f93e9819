package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDemoLoop closes the loop over the demo's HTTP interface, as an operator
// would: a rule derives that r7 eth3 is to be enabled, a plan is made and
// tried on a branch, a request without the operator's token is refused, the
// plan is approved and carried out by NETCONF, and then SNMP says that the
// interface is up, the finding is gone, and the audit chain is whole.
func TestDemoLoop(t *testing.T) {
	t.Parallel()
	d, stop := ownServer(t, "demo", filepath.Join(t.TempDir(), "data"))
	token := regexp.MustCompile(`ntw_[A-Za-z0-9_-]+`).FindString(d.stdout.String())
	call := func(method, path, body, token string, want int, into any) {
		t.Helper()
		req, err := http.NewRequest(method, d.url+"api/v1/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		status, text, err := send(req)
		if err != nil || status != want {
			t.Fatalf("%s %s: %d %s %v, want %d", method, path, status, text, err, want)
		}
		if into != nil {
			if err := json.Unmarshal([]byte(text), into); err != nil {
				t.Fatal(err)
			}
		}
	}
	var needs struct {
		Needs []struct{ Need, Message string }
	}
	call("GET", "needs", "", "", 200, &needs)
	if len(needs.Needs) != 1 || needs.Needs[0].Message != "enable r7 eth3: it is disabled, and its neighbour is up" {
		t.Fatalf("needs: %+v", needs.Needs)
	}
	body := `{"need": "` + needs.Needs[0].Need + `"}`
	call("POST", "plans", body, "", 401, nil)
	var plan struct {
		ID, State string
		Verdict   struct {
			OK         bool
			Introduced []any
		}
		Payloads []struct{ Device, Body string }
	}
	call("POST", "plans", body, token, 200, &plan)
	if plan.State != "verified" || !plan.Verdict.OK || len(plan.Verdict.Introduced) > 0 || len(plan.Payloads) != 1 ||
		plan.Payloads[0].Device != "r7" || !strings.Contains(plan.Payloads[0].Body, "<name>eth3</name>") {
		t.Fatalf("the plan: %+v", plan)
	}
	call("POST", "plans/"+plan.ID+"/apply", "", token, 409, nil)
	call("POST", "plans/"+plan.ID+"/approve", "", "", 401, nil)
	call("POST", "plans/"+plan.ID+"/approve", "", token, 200, &plan)
	call("POST", "plans/"+plan.ID+"/apply", "", token, 200, &plan)
	if plan.State != "done" {
		t.Fatalf("applied: %+v", plan)
	}
	rows := d.ask(t, `SELECT ?admin ?oper { ?i twin:interfaceOf/twin:name "r7" ; twin:name "eth3" ; twin:adminStatus ?admin ; twin:operStatus ?oper }`)
	if len(rows) != 1 || rows[0].s("admin") != "up" || rows[0].s("oper") != "up" {
		t.Errorf("afterwards r7 eth3 is %v", rows)
	}
	if left := d.ask(t, `SELECT ?f { GRAPH ?g { ?f a twin:NeighbourUpFinding } }`); len(left) > 0 {
		t.Errorf("the finding is still there: %v", left)
	}
	call("GET", "needs", "", "", 200, &needs)
	if len(needs.Needs) != 0 {
		t.Errorf("needs afterwards: %+v", needs.Needs)
	}
	call("GET", "plans/none", "", "", 404, nil)
	stop()
}
