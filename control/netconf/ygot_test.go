package netconf_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	driver "nettwin/control/netconf"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/internal/netconf"
	"nettwin/ontology/yang"
)

// Rounds of the differential test, and its seed.
const (
	ygotRounds = 80
	ygotSeed   = 20261122
)

// Goal: what a device is told is what was meant, in the eyes of another
// implementation of YANG. Method: random configurations of interfaces, as
// documents by RFC 7951 that this test writes; the driver's payload from one to
// the next, applied to the first document by a reader of XML that knows
// nothing of our schema; ygot's structs, generated from the same modules, must
// take the outcome and emit the same as for the document that was meant. What
// ygot emits must validate by our schema.
func TestYgot(t *testing.T) {
	oracle := startOracle(t)
	random := rand.New(rand.NewPCG(ygotSeed, 1))
	d := must(driver.New(driver.Options{
		Dial:   func(context.Context, string) (*netconf.Session, error) { return nil, io.EOF },
		Schema: func(context.Context, string) (*yang.Schema, error) { return schema() },
	}))(t)
	was := document{}
	edits := 0
	for round := range ygotRounds {
		meant := was.edited(random)
		from, to := configured(t, was), configured(t, meant)
		main, branch := branches(t, from, difference(from, to))
		p, err := d.Payload(t.Context(), dev, main, branch)
		if err != nil {
			t.Fatalf("round %d: %v\nfrom %s\nto %s", round, err, was.json(), meant.json())
		}
		got := was.clone()
		if len(p.Changes) > 0 {
			edits++
			got.apply(t, p.Body)
		}
		one, other := oracle.ask(t, got.json()), oracle.ask(t, meant.json())
		if one.Error != "" || other.Error != "" || !sameJSON(t, one.JSON, other.JSON) {
			t.Fatalf("round %d: ygot reads %s %s\nmeant %s %s\npayload %s", round, one.JSON, one.Error, other.JSON, other.Error, p.Body)
		}
		tree, err := must(schema())(t).ReadJSON(bytes.NewReader(one.JSON), yang.DecodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if problems := append(tree.Problems, tree.Validate(yang.ValidateOptions{Config: true})...); len(problems) > 0 {
			t.Fatalf("round %d: ygot emits %s, which has %v", round, one.JSON, problems)
		}
		was = meant
	}
	if edits < ygotRounds*9/10 {
		t.Errorf("%d of %d rounds had a payload", edits, ygotRounds)
	}
}

// Goal: the oracle can object, and both refuse the same values. Method: values
// beyond their types, one by one: ygot's structs and our schema must each find
// something.
func TestYgotRefuses(t *testing.T) {
	oracle := startOracle(t)
	for name, leaf := range map[string]string{
		"type":          `"type": "iana-if-type:noSuchType"`,
		"boolean":       `"type": "iana-if-type:ethernetCsmacd", "enabled": "perhaps"`,
		"enumeration":   `"type": "iana-if-type:ethernetCsmacd", "link-up-down-trap-enable": "sometimes"`,
		"range":         `"type": "iana-if-type:ethernetCsmacd", "ietf-ip:ipv4": {"mtu": 67}`,
		"pattern":       `"type": "iana-if-type:ethernetCsmacd", "ietf-ip:ipv4": {"address": [{"ip": "192.0.2.999", "prefix-length": 24}]}`,
		"prefix length": `"type": "iana-if-type:ethernetCsmacd", "ietf-ip:ipv6": {"address": [{"ip": "2001:db8::1", "prefix-length": 129}]}`,
	} {
		text := `{"ietf-interfaces:interfaces": {"interface": [{"name": "eth0", ` + leaf + `}]}}`
		if a := oracle.ask(t, []byte(text)); a.Error == "" {
			t.Errorf("%s: ygot takes %s", name, text)
		}
		tree, err := must(schema())(t).ReadJSON(strings.NewReader(text), yang.DecodeOptions{})
		if err == nil && len(tree.Problems)+len(tree.Validate(yang.ValidateOptions{Config: true})) == 0 {
			t.Errorf("%s: our schema takes %s", name, text)
		}
	}
}

// oracle is the running program of testdata/ygot, which is a module of its own.
type oracle struct {
	in  io.Writer
	out *bufio.Reader
}

type oracleAnswer struct {
	Error string
	JSON  json.RawMessage
}

func startOracle(t *testing.T) *oracle {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "ygot-oracle")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = filepath.Join("testdata", "ygot")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.Command(binary)
	in := must(cmd.StdinPipe())(t)
	out := must(cmd.StdoutPipe())(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	return &oracle{in, bufio.NewReader(out)}
}

func (o *oracle) ask(t *testing.T, text []byte) (a oracleAnswer) {
	t.Helper()
	var line bytes.Buffer
	if err := json.Compact(&line, text); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(o.in, line.String()); err != nil {
		t.Fatal(err)
	}
	answer := must(o.out.ReadBytes('\n'))(t)
	if err := json.Unmarshal(answer, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func sameJSON(t *testing.T, a, b json.RawMessage) bool {
	t.Helper()
	var one, other any
	for text, into := range map[*json.RawMessage]*any{&a: &one, &b: &other} {
		if len(*text) == 0 {
			continue
		}
		if err := json.Unmarshal(*text, into); err != nil {
			t.Fatal(err)
		}
	}
	return reflect.DeepEqual(one, other)
}

// configured is what our decoder makes of a document, in the source graph.
func configured(t *testing.T, d document) []rdf.Quad {
	t.Helper()
	var quads []rdf.Quad
	_, problems, err := must(schema())(t).DecodeJSON(bytes.NewReader(d.json()), yang.DecodeOptions{}, func(f yang.Fact) bool {
		quads = append(quads, f.Triple(sourceGraph.Value()+"/").In(sourceGraph))
		return true
	})
	if err != nil || len(problems) > 0 {
		t.Fatalf("%s: %v %v", d.json(), problems, err)
	}
	return quads
}

func difference(from, to []rdf.Quad) (b graph.Batch) {
	for _, q := range from {
		if !slices.Contains(to, q) {
			b.Deletes = append(b.Deletes, q)
		}
	}
	for _, q := range to {
		if !slices.Contains(from, q) {
			b.Adds = append(b.Adds, q)
		}
	}
	return b
}

// document is a configuration of interfaces, by name. Its leaves are as XML
// has them; kinds tells how JSON has them.
type document map[string]*entry

// entry is an interface, one of its two address families, or an address in it.
type entry struct {
	leaves   map[string]string
	children map[string]*entry            // containers
	lists    map[string]map[string]*entry // by key
}

func newEntry() *entry {
	return &entry{map[string]string{}, map[string]*entry{}, map[string]map[string]*entry{}}
}

func (e *entry) clone() *entry {
	c := newEntry()
	for name, v := range e.leaves {
		c.leaves[name] = v
	}
	for name, child := range e.children {
		c.children[name] = child.clone()
	}
	for name, list := range e.lists {
		c.lists[name] = map[string]*entry{}
		for key, one := range list {
			c.lists[name][key] = one.clone()
		}
	}
	return c
}

func (d document) clone() document {
	c := document{}
	for name, e := range d {
		c[name] = e.clone()
	}
	return c
}

// What RFC 8343 and RFC 8344 say of the leaves: those that are no strings in
// JSON (RFC 7951 §6), the keys of lists, and the containers and lists.
var (
	numeric  = []string{"mtu", "prefix-length", "dup-addr-detect-transmits"}
	logical  = []string{"enabled", "forwarding"}
	keysOf   = map[string]string{"interface": "name", "address": "ip", "neighbor": "ip"}
	families = []string{"ipv4", "ipv6"}
)

// json writes the document by RFC 7951.
func (d document) json() []byte {
	list := []any{}
	for _, name := range sortedKeys(d) {
		one := d[name].json()
		for _, family := range families {
			if v, ok := one[family]; ok {
				delete(one, family)
				one["ietf-ip:"+family] = v
			}
		}
		list = append(list, one)
	}
	text, err := json.Marshal(map[string]any{"ietf-interfaces:interfaces": map[string]any{"interface": list}})
	if err != nil {
		panic(err) // strings, numbers and booleans
	}
	if len(list) == 0 {
		return []byte("{}")
	}
	return text
}

func (e *entry) json() map[string]any {
	m := map[string]any{}
	for name, v := range e.leaves {
		switch {
		case slices.Contains(numeric, name):
			m[name], _ = strconv.Atoi(v)
		case slices.Contains(logical, name):
			m[name] = v == "true"
		default:
			m[name] = v
		}
	}
	for name, child := range e.children {
		m[name] = child.json()
	}
	for name, list := range e.lists {
		var all []any
		for _, key := range sortedKeys(list) {
			all = append(all, list[key].json())
		}
		if len(all) > 0 {
			m[name] = all
		}
	}
	return m
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// The values of the random configurations, those at edges among them.
var (
	names        = []string{"eth0", "ge-0/0/0.0", "a b", `q"uote'`, "<&>", "größe", "100%", "x=y,z", "[1]"}
	types        = []string{"iana-if-type:ethernetCsmacd", "iana-if-type:softwareLoopback", "iana-if-type:l3ipvlan", "iana-if-type:tunnel"}
	descriptions = []string{"to r2", "", " lead and trail ", "line\nbreak", "<b>&amp;</b>", "日本語", strings.Repeat("long ", 60), "]]>"}
	addresses    = map[string][]string{"ipv4": {"192.0.2.1", "0.0.0.0", "255.255.255.255", "10.1.2.3"}, "ipv6": {"2001:db8::1", "::", "fe80::1", "2001:db8:0:1:2:3:4:5"}}
	mtus         = map[string][]string{"ipv4": {"68", "1500", "65535"}, "ipv6": {"1280", "9000"}}
	lengths      = map[string][]string{"ipv4": {"0", "24", "32"}, "ipv6": {"0", "64", "128"}}
	macs         = []string{"00:11:22:33:44:55", "ff:ff:ff:ff:ff:ff"}
)

func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

// edited is another configuration, some steps away.
func (d document) edited(r *rand.Rand) document {
	c := d.clone()
	for range 1 + r.IntN(4) {
		name := pick(r, names)
		e := c[name]
		switch {
		case e == nil:
			e = newEntry()
			e.leaves["name"], e.leaves["type"] = name, pick(r, types)
			c[name] = e
		case r.IntN(6) == 0:
			delete(c, name)
			continue
		}
		e.set(r, "description", pick(r, descriptions))
		e.set(r, "enabled", pick(r, []string{"true", "false"}))
		e.set(r, "link-up-down-trap-enable", pick(r, []string{"enabled", "disabled"}))
		if r.IntN(5) == 0 {
			e.leaves["type"] = pick(r, types)
		}
		e.family(r, pick(r, families))
	}
	return c
}

// set gives a leaf a value, takes it away or lets it be.
func (e *entry) set(r *rand.Rand, name, value string) {
	switch r.IntN(4) {
	case 0:
		e.leaves[name] = value
	case 1:
		delete(e.leaves, name)
	}
}

// family edits one of the presence containers ipv4 and ipv6.
func (e *entry) family(r *rand.Rand, name string) {
	f := e.children[name]
	switch {
	case f == nil:
		f = newEntry()
		e.children[name] = f
	case r.IntN(5) == 0:
		delete(e.children, name)
		return
	}
	f.set(r, "enabled", pick(r, []string{"true", "false"}))
	f.set(r, "forwarding", pick(r, []string{"true", "false"}))
	f.set(r, "mtu", pick(r, mtus[name]))
	if name == "ipv6" {
		f.set(r, "dup-addr-detect-transmits", pick(r, []string{"0", "1", "4294967295"}))
	}
	f.member(r, "address", pick(r, addresses[name]), "prefix-length", pick(r, lengths[name]))
	f.member(r, "neighbor", pick(r, addresses[name]), "link-layer-address", pick(r, macs))
}

// member edits an entry of a list.
func (e *entry) member(r *rand.Rand, list, key, leaf, value string) {
	if e.lists[list] == nil {
		e.lists[list] = map[string]*entry{}
	}
	if r.IntN(3) == 0 {
		delete(e.lists[list], key)
		return
	}
	one := newEntry()
	one.leaves[keysOf[list]], one.leaves[leaf] = key, value
	e.lists[list][key] = one
}

// element is XML as it stands.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

const ncNamespace = "urn:ietf:params:xml:ns:netconf:base:1.0"

func (x *element) operation() string {
	for _, a := range x.Attrs {
		if a.Name.Space == ncNamespace && a.Name.Local == "operation" {
			return a.Value
		}
	}
	return "merge"
}

func (x *element) child(name string) string {
	for _, c := range x.Children {
		if c.XMLName.Local == name {
			return c.Text
		}
	}
	return ""
}

// apply does what a server does with an edit-config (RFC 6241 §7.2).
func (d document) apply(t *testing.T, body string) {
	t.Helper()
	var config element
	if err := xml.Unmarshal([]byte(body), &config); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	for _, top := range config.Children {
		if top.XMLName.Local != "interfaces" || top.XMLName.Space != "urn:ietf:params:xml:ns:yang:ietf-interfaces" {
			t.Fatalf("the payload edits %v", top.XMLName)
		}
		if gone := top.operation(); gone == "delete" || gone == "remove" {
			clear(d)
			continue
		}
		for _, x := range top.Children {
			applyMember(t, d, &x)
		}
	}
}

// applyMember edits an entry of a list.
func applyMember(t *testing.T, list map[string]*entry, x *element) {
	t.Helper()
	keyName := keysOf[x.XMLName.Local]
	key := x.child(keyName)
	if key == "" || x.Children[0].XMLName.Local != keyName {
		t.Fatalf("an edit of %s does not begin with its key: %+v", x.XMLName.Local, x)
	}
	switch x.operation() {
	case "delete", "remove":
		if list[key] == nil {
			t.Fatalf("delete of %s, which is not there (RFC 6241 §7.2: data-missing)", key)
		}
		delete(list, key)
		return
	case "create":
		if list[key] != nil {
			t.Fatalf("create of %s, which is there", key)
		}
		list[key] = newEntry()
	case "replace":
		list[key] = newEntry()
	}
	if list[key] == nil {
		list[key] = newEntry()
	}
	list[key].apply(t, x)
}

// apply edits the content of an entry or container.
func (e *entry) apply(t *testing.T, x *element) {
	t.Helper()
	for i := range x.Children {
		c := &x.Children[i]
		name, gone := c.XMLName.Local, c.operation() == "delete" || c.operation() == "remove"
		switch {
		case keysOf[name] != "":
			if e.lists[name] == nil {
				e.lists[name] = map[string]*entry{}
			}
			applyMember(t, e.lists[name], c)
		case slices.Contains(families, name):
			if c.XMLName.Space != "urn:ietf:params:xml:ns:yang:ietf-ip" {
				t.Fatalf("%s is in the namespace %s", name, c.XMLName.Space)
			}
			if gone {
				delete(e.children, name)
				continue
			}
			if e.children[name] == nil || c.operation() == "replace" {
				e.children[name] = newEntry()
			}
			e.children[name].apply(t, c)
		case gone:
			if _, ok := e.leaves[name]; !ok {
				t.Fatalf("delete of %s, which is not there (RFC 6241 §7.2: data-missing)", name)
			}
			delete(e.leaves, name)
		default:
			e.leaves[name] = unqualified(t, c)
		}
	}
}

// unqualified is a leaf's text; an identity's prefix is replaced by its module
// (RFC 7951 §6.8), here always that of interface types.
func unqualified(t *testing.T, x *element) string {
	t.Helper()
	if x.XMLName.Local != "type" {
		return x.Text
	}
	prefix, identity, found := strings.Cut(x.Text, ":")
	if !found {
		t.Fatalf("type %s has no prefix", x.Text)
	}
	for _, a := range x.Attrs {
		if a.Name.Local == prefix && a.Value == "urn:ietf:params:xml:ns:yang:iana-if-type" {
			return "iana-if-type:" + identity
		}
	}
	t.Fatalf("type %s: its prefix is not declared: %+v", x.Text, x.Attrs)
	return ""
}
