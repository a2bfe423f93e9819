package yang_test

import (
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nettwin/internal/simulate/yang"
	"nettwin/internal/testenv"
)

const (
	ifSpace = "urn:ietf:params:xml:ns:yang:ietf-interfaces"
	ipSpace = "urn:ietf:params:xml:ns:yang:ietf-ip"
)

func published(t *testing.T, names ...string) [][]byte {
	t.Helper()
	folder := testenv.Shared(t, "data/yang/modules-ietf-ieee-iana")
	var texts [][]byte
	for _, name := range names {
		paths, err := filepath.Glob(filepath.Join(folder, name+"@*.yang"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: no module in %s", name, folder)
		}
		text, err := os.ReadFile(paths[len(paths)-1])
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	return texts
}

func local(nodes []*yang.Node) []string {
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name.Local)
	}
	return names
}

// Goal: the published modules give the tree that RFC 8343 §3 and RFC 8344 §3
// draw. Method: compare what those trees say of kinds, keys, mandatory nodes,
// config and augments.
func TestPublishedModules(t *testing.T) {
	set, err := yang.Parse(published(t, "ietf-ip", "ietf-interfaces", "ietf-yang-types", "ietf-inet-types", "iana-if-type"), yang.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list := set.Child(xml.Name{Space: ifSpace, Local: "interfaces"}).Child(xml.Name{Space: ifSpace, Local: "interface"})
	if list.Kind != yang.List || !slices.Equal(list.Keys, []string{"name"}) || !list.Config {
		t.Fatalf("interface: %+v", list)
	}
	want := []string{"name", "description", "type", "enabled", "link-up-down-trap-enable", "admin-status", "oper-status", "last-change", "if-index",
		"phys-address", "higher-layer-if", "lower-layer-if", "speed", "statistics", "ipv4", "ipv6"}
	if got := local(list.DataChildren()); !slices.Equal(got, want) {
		t.Errorf("children %v, want %v", got, want)
	}
	child := func(n *yang.Node, name string) *yang.Node { return n.Child(xml.Name{Space: n.Name.Space, Local: name}) }
	if n := child(list, "type"); !n.Mandatory || n.Type.Base != "identityref" {
		t.Errorf("type: %+v", n)
	}
	if n := child(list, "enabled"); !slices.Equal(n.Default, []string{"true"}) {
		t.Errorf("enabled: %+v", n)
	}
	if child(list, "oper-status").Config {
		t.Error("oper-status is config")
	}
	ipv4 := list.Child(xml.Name{Space: ipSpace, Local: "ipv4"})
	address := child(ipv4, "address")
	if !ipv4.Presence || !slices.Equal(address.Keys, []string{"ip"}) {
		t.Errorf("ipv4 %+v address %+v", ipv4, address)
	}
	length := child(address, "prefix-length")
	cases := length.Cases()
	if len(cases) != 1 || cases[0].Choice.Name.Local != "subnet" || !cases[0].Choice.Mandatory || length.DataParent() != address {
		t.Errorf("prefix-length: cases %+v", cases)
	}
	if target := child(list, "higher-layer-if").Type.Target(); target != child(list, "name") {
		t.Errorf("higher-layer-if refers to %+v", target)
	}
	if len(set.Skipped) != 0 {
		t.Errorf("skipped %v", set.Skipped)
	}
}

// Goal: features that are off take their nodes away. Method: RFC 8343 puts
// admin-status and if-index under if-mib, RFC 8344 netmask under its own.
func TestFeatures(t *testing.T) {
	set, err := yang.Parse(published(t, "ietf-ip", "ietf-interfaces", "ietf-yang-types", "ietf-inet-types"),
		yang.Options{Features: func(module, feature string) bool { return feature == "pre-provisioning" }})
	if err != nil {
		t.Fatal(err)
	}
	list := set.Child(xml.Name{Space: ifSpace, Local: "interfaces"}).Child(xml.Name{Space: ifSpace, Local: "interface"})
	if list.Child(xml.Name{Space: ifSpace, Local: "if-index"}) != nil {
		t.Error("if-index is there without if-mib")
	}
	address := list.Child(xml.Name{Space: ipSpace, Local: "ipv4"}).Child(xml.Name{Space: ipSpace, Local: "address"})
	if address.Child(xml.Name{Space: ipSpace, Local: "netmask"}) != nil || address.Child(xml.Name{Space: ipSpace, Local: "prefix-length"}) == nil {
		t.Error("netmask is there without its feature, or prefix-length is not")
	}
	if got := set.Module("ietf-interfaces", "").Features; !slices.Equal(got, []string{"pre-provisioning"}) {
		t.Errorf("features %v", got)
	}
}

// Goal: values are judged and made canonical by RFC 7950 §9. Method: a module
// with each kind of type; for each leaf values that fit, with their canonical
// form, and values that do not ("!").
func TestValues(t *testing.T) {
	const module = `module m { yang-version 1.1; namespace "urn:m"; prefix m;
	  identity base; identity mid { base base; } identity low { base m:mid; } identity other;
	  typedef percent { type uint8 { range "0..100"; } }
	  typedef few { type percent { range "min..10 | 50"; } }
	  grouping g { leaf i8 { type int8; } leaf u64 { type uint64; } }
	  container c { uses g;
	    leaf few { type few; } leaf str { type string { length "1..3"; pattern "[a-c]*" ; pattern "a.*" { modifier invert-match; } } }
	    leaf bool { type boolean; } leaf enum { type enumeration { enum "one"; enum two; } }
	    leaf bits { type bits { bit x; bit y; bit z; } } leaf empty { type empty; }
	    leaf dec { type decimal64 { fraction-digits 2; range "-1 .. 99.5"; } }
	    leaf id { type identityref { base base; } } leaf bin { type binary { length 2; } }
	    leaf un { type union { type few; type enumeration { enum many; } } } leaf ref { type leafref { path "../few"; } }
	  } }`
	set, err := yang.Parse([][]byte{[]byte(module)}, yang.Options{})
	if err != nil {
		t.Fatal(err)
	}
	resolve := func(prefix string) (string, bool) {
		return map[string]string{"q": "urn:m", "x": "urn:x"}[prefix], prefix == "" || prefix == "q" || prefix == "x"
	}
	c := set.Child(xml.Name{Space: "urn:m", Local: "c"})
	for leaf, values := range map[string]string{
		"i8": "-128=-128 127=127 +5=5 0x10=16 010=8 !128 !-129 !x ! !1.0 !1_0", "u64": "18446744073709551615=18446744073709551615 !-1 !18446744073709551616",
		"few": "0=0 10=10 50=50 !11 !100 !49", "str": "bca=bca b=b !abc !d ! !bbbb",
		"bool": "true=true false=false !1 !TRUE", "enum": "one=one two=two !three !", "empty": "= !x",
		"bits": "z,x=x,z = !x,x !w", "dec": "1=1.0 1.50=1.5 99.5=99.5 -1.00=-1.0 !1.555 !99.51 !1e1 !1/2",
		"id": "q:low=m:low mid=m:mid !q:base !q:other !y:low !x:low", "bin": "AAE==AAE= !AAEC !*",
		"un": "7=7 many=many !20", "ref": "50=50 !51",
	} {
		n := c.Child(xml.Name{Space: "urn:m", Local: leaf})
		for _, value := range strings.Split(values, " ") {
			value = strings.ReplaceAll(value, ",", " ")
			if bad, ok := strings.CutPrefix(value, "!"); ok {
				if v, err := n.Type.Canonical(bad, resolve); err == nil {
					t.Errorf("%s: %q became %q, want an error", leaf, bad, v.Text)
				}
				continue
			}
			at := strings.LastIndex(strings.TrimSuffix(value, "="), "=")
			if at < 0 {
				at = len(value) - 1
			}
			if v, err := n.Type.Canonical(value[:at], resolve); err != nil || v.Text != value[at+1:] {
				t.Errorf("%s: %q became %q, %v", leaf, value, v.Text, err)
			}
		}
	}
}

// Goal: modules that are wrong are refused with module and line. Method: one
// case per rule, with a part of its message.
func TestRefused(t *testing.T) {
	head := "module m { namespace urn:m; prefix m;\n"
	for body, want := range map[string]string{
		"leaf a { type zzz; } }":                        `m:2: typedef "zzz": unknown name`,
		"leaf a { type y:z; } }":                        "prefix",
		"import n { prefix n; } leaf a { type n:z; } }": `module "n"`,
		"container c { uses g; } }":                     `grouping "g"`,
		"grouping g { uses g; } uses g; }":              "nested too deeply",
		"typedef t { type t; } leaf a { type t; } }":    "nested too deeply",
		"identity i { base i; } }":                      "derived from itself",
		"leaf a { type string }":                        "syntax error",
		"leaf a { type string; }":                       "no end",
		"leaf a; }":                                     "no type",
		"leaf a { type int8 { range 1..x; } } }":        "no number",
		"leaf a { if-feature '('; type int8; } }":       "if-feature",
		`leaf "a }`:                                 "no end",
		"list l { max-elements many; } }":           "no number",
		strings.Repeat("container c {", 100) + "}":  "nest deeper",
		"} module n { namespace urn:n; prefix n; }": "after the module",
	} {
		_, err := yang.Parse([][]byte{[]byte(head + body)}, yang.Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
	if _, err := yang.Parse([][]byte{[]byte("x")}, yang.Options{}); !errors.Is(err, yang.ErrSyntax) {
		t.Error(err)
	}
}

// Goal: no text makes Parse panic or run away. Method: fuzzing.
func FuzzParse(f *testing.F) {
	f.Add("module m { namespace 'urn:m'; prefix m; typedef t { type int8 { range '1..2'; } } grouping g { leaf a { type t; } } list l { key a; uses g { refine a { mandatory true; } } } augment /m:l { choice c { leaf b { type union { type t; type leafref { path '../a'; } } } } } }")
	f.Add("module m { namespace \"u\" + 'x'; prefix p; // c\n /* d */ feature f; identity i; leaf x { if-feature 'f or not (p:f)'; type identityref { base i; } default \"a\\n\"; } }")
	f.Fuzz(func(t *testing.T, text string) {
		set, err := yang.Parse([][]byte{[]byte(text)}, yang.Options{})
		if err == nil && len(set.Modules) != 1 {
			t.Fatalf("%d modules", len(set.Modules))
		}
	})
}

// Goal: a device's whole set of published modules can be read, submodules and
// augments of augments included. Method: all IETF, IEEE and IANA modules of the
// shared folder at once (other files there are examples); the routing tree of RFC 8349 gets what OSPF adds.
func TestAllPublishedModules(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(testenv.Shared(t, "data/yang/modules-ietf-ieee-iana"), "i*.yang"))
	if err != nil {
		t.Fatal(err)
	}
	var texts [][]byte
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	set, err := yang.Parse(texts, yang.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const rt = "urn:ietf:params:xml:ns:yang:ietf-routing"
	n := set.Child(xml.Name{Space: rt, Local: "routing"})
	for _, step := range []string{"control-plane-protocols", "control-plane-protocol"} {
		n = n.Child(xml.Name{Space: rt, Local: step})
	}
	if n.Child(xml.Name{Space: "urn:ietf:params:xml:ns:yang:ietf-ospf", Local: "ospf"}) == nil {
		t.Error("OSPF does not augment the routing protocols")
	}
	operation := regexp.MustCompile(`:(input|output)|augment /sn:subscription-|augment /[a-z]+:[a-z-]+$`)
	for _, skipped := range set.Skipped { // operations and notifications are no data
		if !operation.MatchString(skipped) {
			t.Error(skipped)
		}
	}
}
