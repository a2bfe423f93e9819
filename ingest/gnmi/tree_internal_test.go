package gnmi

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/protobuf/encoding/protojson"

	"nettwin/ingest/schemas"
	"nettwin/internal/testenv"
	"nettwin/ontology/yang"
)

// check tests the invariants of a tree.
func (t *tree) check(tb testing.TB) {
	tb.Helper()
	count := 0
	var walk func(parent *yang.Element, list []*yang.Element)
	walk = func(parent *yang.Element, list []*yang.Element) {
		for _, e := range list {
			count++
			if path := t.paths[e]; e.Parent != parent || path == "" {
				tb.Fatalf("element %s of path %q", e.Path(), path)
			}
			walk(e, e.Children)
		}
	}
	walk(nil, t.data.Top)
	if count != len(t.paths) || len(t.index) > len(t.paths) {
		tb.Fatalf("%d elements, %d paths, %d in the index", count, len(t.paths), len(t.index))
	}
}

func (t *tree) facts() []string {
	var out []string
	t.data.Facts(func(f yang.Fact) bool {
		out = append(out, f.Thing+" "+f.P.Value()+" "+f.O.String()+f.Ref)
		return true
	})
	slices.Sort(out)
	return out
}

func openconfig(tb testing.TB, modules ...string) *schemas.Model {
	tb.Helper()
	directory, err := schemas.OpenDirectory(os.DirFS(testenv.Shared(tb, "data/yang")))
	if err != nil {
		tb.Fatal(err)
	}
	inv := schemas.Inventory{NoFeatures: true}
	for _, m := range modules {
		inv.Modules = append(inv.Modules, schemas.Module{Name: m, Implemented: true})
		inv.Texts = append(inv.Texts, schemas.Text{Name: m})
	}
	if err := inv.Settle(); err != nil {
		tb.Fatal(err)
	}
	m, err := schemas.NewModels(schemas.Options{Cache: schemas.NewMemoryCache(0), Directory: directory, Source: "gNMI"}).Get(tb.Context(), "r1", inv, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// recordings are the notifications of each of Telegraf's cases.
func recordings(tb testing.TB) map[string][]*gnmi.Notification {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(testenv.Shared(tb, "data/gnmi/gnmi"), "*", "responses.json"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("%d cases, %v", len(files), err)
	}
	out := map[string][]*gnmi.Notification{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		var messages []json.RawMessage
		if err := json.Unmarshal(text, &messages); err != nil {
			tb.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(file))
		for _, m := range messages {
			r := &gnmi.SubscribeResponse{}
			if err := protojson.Unmarshal(m, r); err != nil {
				tb.Fatal(err)
			}
			if n := r.GetUpdate(); n != nil {
				out[name] = append(out[name], n)
			}
		}
	}
	return out
}

// TestRecordedFacts maps what real devices sent by the published modules of
// OpenConfig, imports and all: facts written by hand of four vendors' messages;
// applying a message again changes nothing; deleting all that was told leaves
// nothing.
func TestRecordedFacts(t *testing.T) {
	model := openconfig(t, "openconfig-interfaces", "openconfig-platform", "openconfig-platform-psu", "openconfig-platform-cpu", "openconfig-system", "openconfig-network-instance")
	const oc = yang.Namespace + "openconfig-"
	want := map[string][]string{
		"canonical_field_names": {`openconfig-interfaces:interfaces/interface=eth42 ` + oc + `interfaces/interfaces/interface/name "eth42"`},
		"issue_11011": {`openconfig-network-instance:network-instances/network-instance=default/protocols/protocol=openconfig-policy-types%3ABGP,BGP/bgp/neighbors/neighbor=192.0.2.1 ` +
			oc + `network-instance/network-instances/network-instance/protocols/protocol/bgp/neighbors/neighbor/state/session-state "ESTABLISHED"`},
		"issue_12831": {`openconfig-platform:components/component=CM-1 ` + oc + `platform/components/component/cpu/openconfig-platform-cpu:utilization/state/instant "16"^^<http://www.w3.org/2001/XMLSchema#integer>`},
		"issue_15046": {`openconfig-platform:components/component=PowerSupply1%2FA ` + oc + `platform/components/component/power-supply/state/openconfig-platform-psu:enabled "true"^^<http://www.w3.org/2001/XMLSchema#boolean>`},
		"issue_17279": {`eos_native:Sysdb/bridging/igmpsnooping/forwarding/status/vlanStatus/_=900/ethGroup/_=01%3A00%3A5e%3A1e%3A1e%3A1e/intf ` + yang.Namespace + `unknown/eos_native/Sysdb/bridging/igmpsnooping/forwarding/status/vlanStatus/_/ethGroup/_/intf/Ethernet1 "true"`},
	}
	for name, list := range recordings(t) {
		tree := newTree(model, 100_000)
		for range 2 {
			for _, n := range list {
				if err := tree.apply(n); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			tree.check(t)
		}
		once := newTree(model, 100_000)
		for _, n := range list {
			if err := once.apply(n); err != nil {
				t.Fatal(err)
			}
		}
		facts := tree.facts()
		if !slices.Equal(facts, once.facts()) || len(facts) < 4 {
			t.Errorf("%s: %d facts once, %d twice", name, len(once.facts()), len(facts))
		}
		for _, w := range want[name] {
			if !slices.Contains(facts, w) {
				t.Errorf("%s: no fact %s, but\n%s\nwarnings %q", name, w, strings.Join(facts[:min(len(facts), 30)], "\n"), once.warnings)
			}
		}
		t.Logf("%s: %d facts, %d unknown, warnings %q", name, len(facts), once.unknown(), once.warnings)
		for _, n := range list {
			if err := tree.apply(&gnmi.Notification{Delete: []*gnmi.Path{{}}, Timestamp: n.GetTimestamp()}); err != nil {
				t.Fatal(err)
			}
		}
		if tree.check(t); len(tree.index) > 0 || len(tree.facts()) > 0 {
			t.Errorf("%s: %d elements are left", name, len(tree.index))
		}
	}
}

// TestDeleteByIdentity: a key that is an identity is found by its name with and
// without its module, and a leaf by the path with such a key.
func TestDeleteByIdentity(t *testing.T) {
	model := openconfig(t, "openconfig-network-instance")
	for text, left := range map[string]string{
		"/network-instances/network-instance[name=default]/protocols/protocol[identifier=BGP][name=BGP]":                         "",
		"/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]": "",
		"/network-instances/network-instance[name=*]/protocols/protocol[identifier=BGP]":                                         "",
		"/network-instances/network-instance[name=default]/protocols/protocol[identifier=BGP][name=BGP]/bgp/global/state/as":     "router-id",
		"/network-instances/network-instance[name=default]/protocols/protocol[identifier=OSPF][name=BGP]":                        "router-id as",
	} {
		tree := newTree(model, 1000)
		var updates []*gnmi.Update
		for leaf, value := range map[string]string{"as": "65001", "router-id": "192.0.2.1"} {
			p, err := ParsePath("/network-instances/network-instance[name=default]/protocols/protocol[identifier=BGP][name=BGP]/bgp/global/state/" + leaf)
			if err != nil {
				t.Fatal(err)
			}
			updates = append(updates, &gnmi.Update{Path: p, Val: &gnmi.TypedValue{Value: &gnmi.TypedValue_StringVal{StringVal: value}}})
		}
		gone, err := ParsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.apply(&gnmi.Notification{Update: updates}); err != nil {
			t.Fatal(err)
		}
		if err := tree.apply(&gnmi.Notification{Delete: []*gnmi.Path{gone}}); err != nil {
			t.Fatal(err)
		}
		tree.check(t)
		facts := strings.Join(tree.facts(), "\n")
		for _, leaf := range []string{"as", "router-id"} {
			if strings.Contains(facts, "/bgp/global/state/"+leaf+" ") != slices.Contains(strings.Fields(left), leaf) {
				t.Errorf("%s: of %s, %q is left", text, leaf, facts)
			}
		}
	}
}
