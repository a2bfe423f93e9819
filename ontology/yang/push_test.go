package yang

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/internal/testenv"
)

const (
	pushXML = `<notification xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"><eventTime>2026-01-02T03:04:05Z</eventTime>%s</notification>`
	entryE  = `<name>e</name><type xmlns:i="urn:ietf:params:xml:ns:yang:iana-if-type">i:ethernetCsmacd</type><enabled>true</enabled>`
	ifSpace = `xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"`
)

// TestPushWithoutItsSchema: a device that pushes by RFC 8641 need not have its
// modules compiled: the contents are read by theirs. The same update in XML,
// in JSON, and with the envelope of the newer draft gives the facts of the
// data itself.
func TestPushWithoutItsSchema(t *testing.T) {
	s := compileFor(t, "ietf-interfaces", "iana-if-type")
	want := factLines(readXML(t, s, `<interfaces `+ifSpace+`><interface>`+entryE+`</interface></interfaces>`))
	contents := `"ietf-interfaces:interfaces":{"interface":[{"name":"e","type":"iana-if-type:ethernetCsmacd","enabled":true}]}`
	update := `"ietf-yang-push:push-update":{"id":7,"datastore-contents":{` + contents + `}}`
	for name, tree := range map[string]*Tree{
		"xml": readXML(t, s, fmt.Sprintf(pushXML, `<push-update xmlns="urn:ietf:params:xml:ns:yang:ietf-yang-push"><id>7</id><datastore-contents><interfaces `+
			ifSpace+`><interface>`+entryE+`</interface></interfaces></datastore-contents></push-update>`)),
		"json":     readJSON(t, s, `{"ietf-notification:notification":{"eventTime":"2026-01-02T03:04:05Z",`+update+`}}`),
		"envelope": readJSON(t, s, `{"ietf-yp-notification:envelope":{"event-time":"2026-01-02T03:04:05Z","hostname":"r1","sequence-number":187653,"contents":{`+update+`}}}`),
	} {
		t.Run(name, func(t *testing.T) {
			pushes := tree.Pushes()
			if len(pushes) != 1 || pushes[0].Subscription != "7" || pushes[0].Operation != "" || pushes[0].Gone != nil || tree.EventTime != "2026-01-02T03:04:05Z" {
				t.Fatalf("%+v at %s", pushes, tree.EventTime)
			}
			if d := diffLines(want, factLines(pushes[0].Tree)); d != "" {
				t.Error(d)
			}
			if st := pushes[0].Tree.Stats; st.Unknown != 0 || st.Leafs != 3 {
				t.Errorf("%+v", st)
			}
		})
	}
}

func readJSON(t *testing.T, s *Schema, text string) *Tree {
	t.Helper()
	tree, err := s.ReadJSON(strings.NewReader(text), DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// TestPushChange: the edits of a change (RFC 8641 §3.7, RFC 8072) bring their
// data to where their target stands, and name what is gone. In JSON the value
// may come before the target. With and without the modules of YANG-push.
func TestPushChange(t *testing.T) {
	const bare = "ietf-interfaces iana-if-type"
	for _, modules := range []string{bare, bare + " ietf-yang-push"} {
		s := compileFor(t, strings.Fields(modules)...)
		const entry = "ietf-interfaces:interfaces/interface=e"
		const property = Namespace + "ietf-interfaces/interfaces/interface"
		for _, c := range []struct {
			name, edit string // as JSON, without edit-id
			facts      string // as XML
			gone       *Gone
		}{
			{"replace a leaf", `"operation":"replace","target":"/ietf-interfaces:interfaces/interface=e/description","value":{"ietf-interfaces:description":"new"}`,
				`<description>new</description>`, &Gone{Owner: entry, Property: property + "/description"}},
			{"the value comes first", `"value":{"ietf-interfaces:enabled":false},"operation":"merge","target":"/ietf-interfaces:interfaces/interface=e/enabled"`,
				`<enabled>false</enabled>`, nil},
			{"create an entry", `"operation":"create","target":"/ietf-interfaces:interfaces/interface=e","value":{"ietf-interfaces:interface":[{"name":"e","enabled":true}]}`,
				`<enabled>true</enabled>`, nil},
			{"delete an entry", `"operation":"delete","target":"/ietf-interfaces:interfaces/interface=e"`, "", &Gone{Path: entry}},
			{"remove a container", `"operation":"remove","target":"/ietf-interfaces:interfaces/interface=e/statistics"`, "",
				&Gone{Path: entry + "/statistics", Owner: entry, Property: property + "/statistics"}},
			{"remove an entry of a leaf-list", `"operation":"remove","target":"/ietf-interfaces:interfaces/interface=e/higher-layer-if=vlan1"`, "",
				&Gone{Owner: entry, Property: property + "/higher-layer-if", Value: rdf.String("vlan1")}},
		} {
			t.Run(c.name, func(t *testing.T) {
				tree := readJSON(t, s, `{"ietf-restconf:notification":{"eventTime":"2026-01-02T03:04:05Z","ietf-yang-push:push-change-update":{"id":8,"datastore-changes":{"yang-patch":{"patch-id":"1","edit":[{"edit-id":"e1",`+c.edit+`}]}}}}}`)
				pushes := tree.Pushes()
				if len(pushes) != 1 || pushes[0].Subscription != "8" {
					t.Fatalf("%+v, %v", pushes, tree.Problems)
				}
				p := pushes[0]
				if (p.Gone == nil) != (c.gone == nil) || c.gone != nil && *p.Gone != *c.gone {
					t.Errorf("gone %+v, expected %+v", p.Gone, c.gone)
				}
				if c.facts == "" {
					if p.Tree != nil {
						t.Errorf("a tree of %v", factLines(p.Tree))
					}
					return
				}
				want := factLines(readXML(t, s, `<interfaces `+ifSpace+`><interface><name>e</name>`+c.facts+`</interface></interfaces>`))
				if d := diffLines(want, factLines(p.Tree)); d != "" {
					t.Errorf("%s\n%v", d, tree.Problems)
				}
			})
		}
	}
}

// TestPushChangeXML: the example's form of RFC 8641 §4.4, a change of the whole
// container in XML.
func TestPushChangeXML(t *testing.T) {
	s := compileFor(t, "ietf-interfaces", "iana-if-type")
	tree := readXML(t, s, fmt.Sprintf(pushXML, `<push-change-update xmlns="urn:ietf:params:xml:ns:yang:ietf-yang-push"><id>9</id><datastore-changes><yang-patch><patch-id>0</patch-id>
<edit><edit-id>e1</edit-id><operation>merge</operation><target>/ietf-interfaces:interfaces/interface=e</target><value><interface `+ifSpace+`>`+entryE+`</interface></value></edit>
<edit><edit-id>e2</edit-id><operation>delete</operation><target>/ietf-interfaces:interfaces/interface=f%2F1</target></edit></yang-patch></datastore-changes><incomplete-update/></push-change-update>`))
	pushes := tree.Pushes()
	if len(pushes) != 2 || pushes[1].Gone == nil || pushes[1].Gone.Path != "ietf-interfaces:interfaces/interface=f%2F1" || !pushes[0].Incomplete {
		t.Fatalf("%+v, %v", pushes, tree.Problems)
	}
	want := factLines(readXML(t, s, `<interfaces `+ifSpace+`><interface>`+entryE+`</interface></interfaces>`))
	if d := diffLines(want, factLines(pushes[0].Tree)); d != "" {
		t.Error(d)
	}
}

// TestPushedByHuawei: recorded updates of a router whose modules are not there
// are kept whole, each interface under its own thing: as many values as another
// reader of JSON counts, and as many things as there are interfaces.
func TestPushedByHuawei(t *testing.T) {
	s := compileFor(t, "ietf-interfaces")
	file, err := os.Open(testenv.Shared(t, "data/gnmi/yang-push/huawei-ne40e-udp-notif-first20/notifications.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var expected struct {
		Last map[string]any `json:"interfaces_last_value"`
	}
	if err := json.Unmarshal(readFile(t, testenv.Shared(t, "data/gnmi/yang-push/huawei-ne40e-udp-notif-first20/expected.json")), &expected); err != nil {
		t.Fatal(err)
	}
	messages, things := 0, map[string]bool{}
	for lines := bufio.NewScanner(file); lines.Scan(); messages++ {
		var msg struct{ Payload json.RawMessage }
		if err := json.Unmarshal(lines.Bytes(), &msg); err != nil {
			t.Fatal(err)
		}
		var any struct {
			N struct {
				U struct {
					Contents any `json:"datastore-contents"`
				} `json:"ietf-yang-push:push-update"`
			} `json:"ietf-notification:notification"`
		}
		if err := json.Unmarshal(msg.Payload, &any); err != nil {
			t.Fatal(err)
		}
		tree, err := s.ReadJSON(bytes.NewReader(msg.Payload), DecodeOptions{Keyed: true})
		if err != nil {
			t.Fatal(err)
		}
		pushes := tree.Pushes()
		if len(pushes) != 1 || pushes[0].Subscription != "4" || tree.EventTime == "" {
			t.Fatalf("%+v", pushes)
		}
		pushes[0].Tree.Facts(func(f Fact) bool {
			if f.P == rdfType && strings.HasSuffix(f.O.Value(), "/interface") {
				things[f.Thing] = true
			}
			return true
		})
		if got, want := countLeafs(pushes[0].Tree.Top), scalars(any.N.U.Contents); got != want || got == 0 {
			t.Errorf("message %d: %d values, expected %d", messages, got, want)
		}
	}
	if messages != 20 {
		t.Errorf("%d messages, expected 20", messages)
	}
	if len(things) != len(expected.Last) {
		t.Errorf("%d interfaces, expected %d", len(things), len(expected.Last))
	}
	for name := range expected.Last {
		if thing := "huawei-ifm:ifm/interfaces/interface=" + escape(name); !things[thing] {
			t.Errorf("no thing %s", thing)
		}
	}
}

// TestKeyedUnknown: a data path with keys tells apart the entries of lists
// without schema.
func TestKeyedUnknown(t *testing.T) {
	s := compileFor(t, "ietf-interfaces")
	tree, err := s.ReadJSON(strings.NewReader(`{"mtu":1500}`), DecodeOptions{At: "acme-native:ports/port=ge0%2F1,2/state"})
	if err != nil {
		t.Fatal(err)
	}
	want := "acme-native:ports/port=ge0%2F1,2/state | " + Namespace + "unknown/acme-native/ports/port/state/mtu | 1500 "
	if lines := factLines(tree); !strings.Contains(strings.Join(lines, "\n"), want) {
		t.Errorf("%s\nhas no %s", strings.Join(lines, "\n"), want)
	}
}

// TestKeyedPath: keys go to the lists that have them, in order; what is left
// names the end of a path without schema.
func TestKeyedPath(t *testing.T) {
	s := compileFor(t, "ietf-interfaces", "ietf-ip", "iana-if-type")
	for _, c := range []struct {
		path string
		keys []Key
		want string
		left int
	}{
		{"ietf-interfaces:interfaces/interface/statistics", []Key{{"name", "e/1"}}, "ietf-interfaces:interfaces/interface=e%2F1/statistics", 0},
		{"ietf-interfaces:interfaces/interface/ietf-ip:ipv4/address", []Key{{"ip", "192.0.2.1"}, {"name", "e"}}, "ietf-interfaces:interfaces/interface=e/ietf-ip:ipv4/address=192.0.2.1", 0},
		{"ietf-interfaces:interfaces/interface", []Key{{"other", "x"}}, "ietf-interfaces:interfaces/interface", 1},
		{"acme:a/b", []Key{{"x", "1"}, {"y", "2,3"}}, "acme:a/b=1,2%2C3", 2},
		{"acme:a", nil, "acme:a", 0},
	} {
		got, left := s.KeyedPath(c.path, c.keys)
		if got != c.want || len(left) != c.left {
			t.Errorf("%s: %s and %v, expected %s", c.path, got, left, c.want)
		}
	}
}
