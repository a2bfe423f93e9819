package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
)

// explanation is the answer of /api/v1/explain as far as these tests read it.
type explanation struct {
	Fact     string
	Asserted bool
	Because  []struct {
		Name, Comment, Citation string
		Premises                []explanation
	}
	Source *struct {
		Graph, Device, Collector, Thing, KnowledgeItem, Envelope, Activity string
		RawItems                                                           []string
		Started, Ended                                                     time.Time
		Commit                                                             *struct {
			Seq  uint64
			Time time.Time
		}
	}
	Truncated bool
}

// leaves calls f for each fact that a source stated.
func (e explanation) leaves(f func(explanation)) {
	if e.Source != nil {
		f(e)
	}
	for _, b := range e.Because {
		for _, p := range b.Premises {
			p.leaves(f)
		}
	}
}

// explain asks for the tree of a fact in N-Quads.
func (d *demo) explain(t *testing.T, fact string) explanation {
	t.Helper()
	status, body := d.fetch(t, "api/v1/explain?fact="+url.QueryEscape(fact))
	if status != http.StatusOK {
		t.Fatalf("explain %s: %d: %s", fact, status, body)
	}
	var tree explanation
	if err := json.Unmarshal(body, &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

// itemAt gets an item by the IRI that the graph gives it, and verifies the
// bytes against the CID with go-cid: naming is verification.
func (d *demo) itemAt(t *testing.T, iri string) []byte {
	t.Helper()
	text := strings.TrimPrefix(iri, "https://demo.example/names/")
	name, err := cid.Decode(text)
	if err != nil {
		t.Fatalf("%s: %v", iri, err)
	}
	status, body := d.fetch(t, "names/"+text)
	if status != http.StatusOK {
		t.Fatalf("GET /names/%s: %d: %s", text, status, body)
	}
	sum, err := name.Prefix().Sum(body)
	if err != nil {
		t.Fatal(err)
	}
	if !sum.Equals(name) {
		t.Errorf("/names/%s has bytes whose name is %s", text, sum)
	}
	return body
}

// TestExplain asks why an address is a duplicate, and follows the tree: rule
// and reason, down to what both routers said, when, in which items. The items
// verify by their names and hold what the leaves state.
func TestExplain(t *testing.T) {
	d := shared.get(t)
	rows := d.derived(t, `?f a twin:DuplicateAddressFinding ; twin:address "198.18.250.1"`, "")
	if len(rows) != 1 {
		t.Fatalf("%d findings of the duplicate address, want 1", len(rows))
	}
	fact := fmt.Sprintf("<%s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://w3id.org/nettwin/ns#DuplicateAddressFinding>", rows[0].s("f"))
	tree := d.explain(t, fact)
	if len(tree.Because) == 0 || tree.Because[0].Name != "duplicate-address" || tree.Because[0].Comment == "" || tree.Because[0].Citation == "" {
		t.Errorf("the finding is not explained by its rule: %+v", tree)
	}
	if tree.Asserted || tree.Truncated {
		t.Errorf("asserted %t, truncated %t", tree.Asserted, tree.Truncated)
	}
	devices, addressed := map[string]bool{}, map[string]bool{}
	tree.leaves(func(leaf explanation) {
		s := leaf.Source
		devices[s.Device] = true
		if leaf.Source.KnowledgeItem == "" {
			return // a statement about the source itself, such as what it describes
		}
		d.checkLeaf(t, leaf)
		if strings.Contains(leaf.Fact, `"198.18.250.1"`) {
			addressed[s.Device] = true
		}
	})
	for _, device := range []string{"r3", "r9"} {
		if !devices[device] || !addressed[device] {
			t.Errorf("the tree does not lead to the address as %s said it", device)
		}
	}
	if len(devices) != 2 {
		t.Errorf("the tree leads to %v, want r3 and r9", devices)
	}
}

// checkLeaf: device, time, commit and items of one statement of a source.
func (d *demo) checkLeaf(t *testing.T, leaf explanation) {
	t.Helper()
	s := leaf.Source
	switch {
	case s.Graph != "https://demo.example/graph/source/snmp/"+s.Device:
		t.Errorf("%s: graph %s", leaf.Fact, s.Graph)
	case s.Collector != "snmp":
		t.Errorf("%s: collector %q", leaf.Fact, s.Collector)
	case s.Ended.IsZero() || s.Started.After(s.Ended) || time.Since(s.Ended) > time.Hour:
		t.Errorf("%s: taken from %v to %v", leaf.Fact, s.Started, s.Ended)
	case len(s.RawItems) == 0 || s.Envelope == "" || s.Activity == "":
		t.Errorf("%s: no raw items, envelope or activity", leaf.Fact)
	case s.Commit == nil || s.Commit.Seq == 0 || s.Commit.Time.Before(s.Ended.Truncate(time.Second)):
		t.Errorf("%s: commit %+v after %v", leaf.Fact, s.Commit, s.Ended)
	}
	if t.Failed() {
		return
	}
	triple := strings.TrimSuffix(leaf.Fact, " <"+s.Graph+"> .") + " .\n"
	if item := d.itemAt(t, s.KnowledgeItem); !strings.Contains(string(item), triple) {
		t.Errorf("the knowledge item does not hold %s", triple)
	}
	for _, raw := range s.RawItems {
		d.itemAt(t, raw)
	}
	name := strings.TrimPrefix(s.KnowledgeItem, "https://demo.example/names/")
	if got := nettwin(t, "", "names", "get", "--url", d.url, name); got.code != 0 || !strings.Contains(got.stdout, triple) {
		t.Errorf("names get %s: code %d: %s", name, got.code, got.stderr)
	}
	if envelope := d.itemAt(t, s.Envelope); !bytes.Contains(envelope, []byte(s.KnowledgeItem)) {
		t.Errorf("the envelope does not point at the knowledge item %s", s.KnowledgeItem)
	}
}

// TestExplainRefusals asks for explanations that cannot be given.
func TestExplainRefusals(t *testing.T) {
	d := shared.get(t)
	for _, c := range []struct {
		fact   string
		status int
		says   string
	}{
		{"", http.StatusBadRequest, "fact must hold one statement in N-Quads"},
		{"<http://a> <http://b>", http.StatusBadRequest, "parameter fact"},
		{"<http://a> <http://b> <http://c> .\n<http://a> <http://b> <http://d>", http.StatusBadRequest, "more than one statement"},
		{"<http://a> <http://b> <http://nothing>", http.StatusNotFound, "no such fact"},
	} {
		status, body := d.fetch(t, "api/v1/explain?fact="+url.QueryEscape(c.fact))
		if status != c.status || !strings.Contains(string(body), c.says) {
			t.Errorf("fact %q: %d %s, want %d with %q", c.fact, status, body, c.status, c.says)
		}
	}
}

// TestNamesRefusals asks for a name that nothing has, and for texts that are
// no names of items.
func TestNamesRefusals(t *testing.T) {
	d := shared.get(t)
	unknown, err := cid.V1Builder{Codec: cid.Raw, MhType: multihash.SHA2_256}.Sum([]byte("nobody ever stored this"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		status int
		says   string
	}{
		{unknown.String(), http.StatusNotFound, "no such item"},
		{"bafkrei-not-a-cid", http.StatusBadRequest, "not a name"},
		{"QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG", http.StatusBadRequest, "expected CIDv1"},
		{strings.ToUpper(unknown.String()), http.StatusBadRequest, "spell it " + unknown.String()},
	} {
		status, body := d.fetch(t, "names/"+c.name)
		if status != c.status || !strings.Contains(string(body), c.says) {
			t.Errorf("names/%s: %d %s, want %d with %q", c.name, status, body, c.status, c.says)
		}
	}
}
