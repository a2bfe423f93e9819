package yang

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nettwin/internal/testenv"
)

// tester is what *testing.T and *rapid.T share.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// factLines are the facts of a tree as sorted text.
func factLines(t *Tree) []string {
	set := map[string]bool{}
	t.Facts(func(f Fact) bool {
		set[fmt.Sprintf("%s | %s | %s %s %s | %s %v", f.Thing, f.P.Value(), f.O.Value(), f.O.Datatype(), "", f.Ref, f.Counter)] = true
		return true
	})
	return slices.Sorted(maps.Keys(set))
}

// unknownThings are those without a schema, which cannot be built.
func unknownThings(t *Tree) map[string]bool {
	out := map[string]bool{}
	t.Facts(func(f Fact) bool {
		if f.P == rdfType && strings.HasPrefix(f.O.Value(), unknownSpace) {
			out[f.Thing] = true
		}
		return true
	})
	return out
}

func factSeq(t *Tree) func(func(Fact) bool) { return t.Facts }

// diffLines tells what two lists do not share.
func diffLines(a, b []string) string {
	var out []string
	only := func(a, b []string, mark string) {
		has := make(map[string]bool, len(b))
		for _, l := range b {
			has[l] = true
		}
		for _, l := range a {
			if !has[l] {
				out = append(out, mark+l)
			}
		}
	}
	only(a, b, "- ")
	only(b, a, "+ ")
	if len(out) > 12 {
		out = append(out[:12], fmt.Sprintf("… %d more", len(out)-12))
	}
	return strings.Join(out, "\n")
}

// foreign gives the modules of a tree that have no schema a namespace, both
// ways.
func foreign(s *Schema, tree *Tree) (spaces, modules map[string]string) {
	spaces, modules = map[string]string{}, map[string]string{}
	var walk func(list []*Element)
	walk = func(list []*Element) {
		for _, e := range list {
			if s.Module(e.Module) == nil && isIdentifier(e.Module) {
				spaces[e.Module] = "urn:test:" + e.Module
				modules["urn:test:"+e.Module] = e.Module
			}
			walk(e.Children)
		}
	}
	walk(tree.Top)
	return spaces, modules
}

// roundTrips holds that a tree gives the same facts after XML, after JSON and
// after facts.
func roundTrips(t tester, s *Schema, tree *Tree) {
	t.Helper()
	want := factLines(tree)
	spaces, modules := foreign(s, tree)
	var x, j bytes.Buffer
	if err := tree.EncodeXML(&x, EncodeOptions{Root: "data", Namespaces: spaces}); err != nil {
		t.Fatalf("encode xml: %v", err)
	}
	if err := tree.EncodeJSON(&j, EncodeOptions{}); err != nil {
		t.Fatalf("encode json: %v", err)
	}
	fromXML, err := s.ReadXML(bytes.NewReader(x.Bytes()), DecodeOptions{Modules: modules})
	if err != nil {
		t.Fatalf("decode xml: %v\n%s", err, x.Bytes())
	}
	fromJSON, err := s.ReadJSON(bytes.NewReader(j.Bytes()), DecodeOptions{})
	if err != nil {
		t.Fatalf("decode json: %v\n%s", err, j.Bytes())
	}
	if d := diffLines(want, factLines(fromXML)); d != "" {
		t.Errorf("facts after xml:\n%s", d)
	}
	if d := diffLines(want, factLines(fromJSON)); d != "" {
		t.Errorf("facts after json:\n%s", d)
	}
	built := s.Build(factSeq(tree))
	var x2 bytes.Buffer
	if err := built.EncodeXML(&x2, EncodeOptions{Root: "data", Namespaces: spaces}); err != nil {
		t.Fatalf("encode xml: %v", err)
	}
	unknown := unknownThings(tree)
	want = slices.DeleteFunc(want, func(l string) bool {
		thing, _, _ := strings.Cut(l, " | ")
		return strings.Contains(l, unknownSpace) || unknown[thing]
	})
	if d := diffLines(want, factLines(built)); d != "" {
		t.Errorf("facts after building:\n%s\n%v", d, built.Problems)
	}
}

func compileFor(t testing.TB, want ...string) *Schema {
	t.Helper()
	s, problems, err := sharedLibrary(t).Compile(want, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("compile: %s", p)
	}
	return s
}

// TestInstances: real instance documents give the same facts after a round
// through XML, JSON and facts; what the schema does not know is counted.
func TestInstances(t *testing.T) {
	s := compileFor(t, "ietf-network", "ietf-network-topology", "ietf-l3-unicast-topology", "ietf-l2-topology",
		"ietf-l3-isis-topology", "ietf-te-topology", "ietf-hardware", "iana-hardware", "ietf-interfaces", "iana-if-type", "ietf-ip", "ietf-network-inventory",
		"ietf-network-instance", "ietf-interfaces-common", "ieee802-ethernet-interface", "ieee802-dot1q-bridge")
	dir := testenv.Shared(t, "data/instances")
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	deeper, _ := filepath.Glob(filepath.Join(dir, "*", "*", "*.json"))
	for _, file := range append(files, deeper...) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tree, err := s.ReadJSON(bytes.NewReader(text), DecodeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", tree.Stats)
			roundTrips(t, s, tree)
		})
	}
}

// TestTopologyCounts: the RFC 8345 documents hold as many networks, nodes,
// links, termination points and supporting references as their authors'
// data say (rfc8345.expected.json), counted on the facts.
func TestTopologyCounts(t *testing.T) {
	s := compileFor(t, "ietf-network", "ietf-network-topology", "ietf-l3-unicast-topology", "ietf-l2-topology")
	var expected []struct {
		File     string
		Networks []struct {
			ID                string
			Types             []string
			Nodes, Links, TPs int
			Networks          []string `json:"supporting_networks"`
			SupportingNodes   int      `json:"supporting_nodes"`
			SupportingLinks   int      `json:"supporting_links"`
		}
	}
	text, err := os.ReadFile(testenv.Shared(t, "data/instances/rfc8345.expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &expected); err != nil {
		t.Fatal(err)
	}
	base := Namespace + "ietf-network/networks/network"
	for _, doc := range expected {
		file, err := os.Open(testenv.Shared(t, "data/instances/rfc8345-netoviz/"+doc.File))
		if err != nil {
			t.Fatal(err)
		}
		counts := map[string]map[string]int{}
		_, _, err = s.DecodeJSON(file, DecodeOptions{}, func(f Fact) bool {
			steps := strings.SplitN(f.Thing, "/", 3)
			if f.P == rdfType && len(steps) > 1 {
				if counts[steps[1]] == nil {
					counts[steps[1]] = map[string]int{}
				}
				counts[steps[1]][strings.TrimPrefix(f.O.Value(), base)]++
			}
			return true
		})
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		if len(counts) != len(doc.Networks) {
			t.Errorf("%s: %d networks, not %d", doc.File, len(counts), len(doc.Networks))
		}
		for _, n := range doc.Networks {
			got := counts["network="+escape(n.ID)]
			want := map[string]int{"": 1, "/node": n.Nodes, "/ietf-network-topology:link": n.Links,
				"/node/ietf-network-topology:termination-point": n.TPs, "/supporting-network": len(n.Networks),
				"/node/supporting-node": n.SupportingNodes, "/ietf-network-topology:link/supporting-link": n.SupportingLinks}
			for class, count := range want {
				if got[class] != count {
					t.Errorf("%s: network %s: %d of %s, not %d", doc.File, n.ID, got[class], class, count)
				}
			}
		}
	}
}

// TestYangPush: IOS XR's pushed OpenConfig data, which leave out namespaces
// and write list entries as objects, decode below their encoding path without
// unknown elements but those of modules that are not there.
func TestYangPush(t *testing.T) {
	s := compileFor(t, "openconfig-interfaces", "openconfig-if-ip", "openconfig-if-ethernet", "openconfig-if-aggregate", "openconfig-vlan", "openconfig-platform",
		"openconfig-platform-transceiver", "openconfig-platform-port", "openconfig-platform-cpu", "openconfig-platform-fan", "openconfig-platform-psu", "openconfig-terminal-device")
	file, err := os.Open(testenv.Shared(t, "data/gnmi/yang-push/cisco-iosxr-24.4-tcp-json/notifications.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	var sum Stats
	for lines.Scan() {
		var msg struct {
			Payload struct {
				Path string                              `json:"encoding_path"`
				Data []struct{ Content json.RawMessage } `json:"data_json"`
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &msg); err != nil {
			t.Fatal(err)
		}
		for _, d := range msg.Payload.Data {
			tree, err := s.ReadJSON(bytes.NewReader(d.Content), DecodeOptions{At: msg.Payload.Path})
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(msg.Payload.Path, "openconfig-") {
				sum.Elements += tree.Stats.Elements
				sum.Leafs += tree.Stats.Leafs
				sum.Unknown += tree.Stats.Unknown
				sum.Invalid += tree.Stats.Invalid
				for _, p := range tree.Problems {
					t.Errorf("%s: %s", msg.Payload.Path, p)
				}
			}
			if tree.Stats.Leafs > 0 {
				roundTrips(t, s, tree)
			}
		}
	}
	t.Logf("%+v", sum)
}
