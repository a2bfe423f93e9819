package yang

import (
	"errors"
	"os"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/internal/testenv"
)

func readXML(t testing.TB, s *Schema, text string) *Tree {
	t.Helper()
	tree, err := s.ReadXML(strings.NewReader(text), DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

const editHead = `<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0" xmlns:yang="urn:ietf:params:xml:ns:yang:1">`

// TestDiff: edits are the smallest that RFC 6241 §7.2 and RFC 7950 §7.8.6
// allow; each expectation is written by hand.
func TestDiff(t *testing.T) {
	s := oracleSchema(t)
	kinds := func(inner string) string { return `<kinds xmlns="urn:acme:kinds">` + inner + `</kinds>` }
	for _, c := range []struct{ name, base, target, want string }{
		{"nothing", `<i8>1</i8><person><name>a</name><family>b</family></person>`,
			`<i8>1</i8><person><name>a</name><family>b</family></person>`, ""},
		{"leaf changed", `<flag>true</flag>`, `<flag>false</flag>`, `<flag nc:operation="replace">false</flag>`},
		{"leaf set and deleted", `<i8>1</i8>`, `<flag>false</flag>`, `<i8 nc:operation="delete"/><flag nc:operation="create">false</flag>`},
		{"entry created, keys first", ``, `<person><age>3</age><name>a</name><family>b</family></person>`,
			`<person nc:operation="create"><name>a</name><family>b</family><age>3</age></person>`},
		{"entry deleted", `<person><name>a</name><family>b</family><age>3</age></person>`, ``,
			`<person nc:operation="delete"><name>a</name><family>b</family></person>`},
		{"leaf in an entry", `<person><name>a</name><family>b</family><age>3</age></person>`,
			`<person><name>a</name><family>b</family><age>4</age></person>`,
			`<person><name>a</name><family>b</family><age nc:operation="replace">4</age></person>`},
		{"another module", `<person><name>a</name><family>b</family></person>`,
			`<person><name>a</name><family>b</family><pets xmlns="urn:acme:more"><pet><name>r</name></pet></pets></person>`,
			`<person><name>a</name><family>b</family><pets xmlns="urn:acme:more"><pet nc:operation="create"><name>r</name></pet></pets></person>`},
		{"case changed", `<person><name>a</name><family>b</family><phone>1</phone></person>`,
			`<person><name>a</name><family>b</family><mail>m</mail></person>`,
			`<person><name>a</name><family>b</family><phone nc:operation="remove"/><mail nc:operation="create">m</mail></person>`},
		{"identity of another module", ``, `<colour xmlns:z="urn:acme:more">z:green</colour>`,
			`<colour xmlns:k="urn:acme:more" nc:operation="create">k:green</colour>`},
		{"presence", `<present><inside>x</inside></present>`, ``, `<present nc:operation="delete"/>`},
		{"leaf-list", `<number>1</number><number>2</number>`, `<number>2</number><number>3</number>`,
			`<number nc:operation="delete">1</number><number nc:operation="create">3</number>`},
		{"moved to the front", `<tag>a</tag><tag>b</tag><tag>c</tag>`, `<tag>c</tag><tag>a</tag><tag>b</tag>`,
			`<tag yang:insert="first">c</tag>`},
		{"inserted between", `<step><id>1</id></step><step><id>2</id></step>`, `<step><id>1</id></step><step><id>9</id></step><step><id>2</id></step>`,
			`<step xmlns:k="urn:acme:kinds" yang:insert="after" yang:key="[k:id='1']" nc:operation="create"><id>9</id></step>`},
		{"appended", `<tag>a</tag>`, `<tag>a</tag><tag>b</tag>`, `<tag nc:operation="create">b</tag>`},
		{"state that stays", `<seen>4</seen><i8>1</i8>`, `<seen>4</seen><i8>2</i8>`, `<i8 nc:operation="replace">2</i8>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			edit, err := s.Diff(readXML(t, s, kinds(c.base)), readXML(t, s, kinds(c.target)))
			if err != nil {
				t.Fatal(err)
			}
			want := editHead + kinds(c.want) + "</config>\n"
			if c.want == "" {
				want = editHead + "</config>\n"
			}
			if edit.Empty() != (c.want == "") || edit.String() != want {
				t.Errorf("got  %s\nwant %s", edit, want)
			}
		})
	}
}

// TestDiffRefuses: what cannot be configured is refused with the path and the
// reason, never left out.
func TestDiffRefuses(t *testing.T) {
	s := oracleSchema(t)
	for _, c := range []struct{ base, target, path, reason string }{
		{`<seen>4</seen>`, `<seen>5</seen>`, "acme-kinds:kinds/seen", "config false"},
		{`<seen>4</seen>`, ``, "acme-kinds:kinds/seen", "config false"},
		{``, `<sample><at>1</at></sample>`, "acme-kinds:kinds/sample=1", "config false"},
		{``, `<i8>999</i8>`, "acme-kinds:kinds/i8", "no value"},
		{``, `<person><name>a</name><family>b</family><age>999</age></person>`, "acme-kinds:kinds/person=a,b/age", "no value"},
		{``, `<new xmlns="urn:acme:unheard">1</new>`, "acme-kinds:kinds/urn%3Aacme%3Aunheard:new", "no schema"},
		{``, `<person><name>a</name></person>`, "acme-kinds:kinds/person=1", "lacks a key"},
	} {
		kinds := func(inner string) *Tree {
			return readXML(t, s, `<kinds xmlns="urn:acme:kinds"><i64>10</i64>`+inner+`</kinds>`)
		}
		_, err := s.Diff(kinds(c.base), kinds(c.target))
		var ro *ReadOnlyError
		if !errors.As(err, &ro) || ro.Path != c.path || !strings.Contains(ro.Reason, c.reason) {
			t.Errorf("%s → %s: %v, not %s %s", c.base, c.target, err, c.path, c.reason)
		}
	}
}

// TestDiffFacts: a changed statement in the graph becomes the edit of exactly
// that leaf; a statement that the schema does not know is refused.
func TestDiffFacts(t *testing.T) {
	s := oracleSchema(t)
	tree := readXML(t, s, string(readFile(t, "testdata/oracle/kinds.xml")))
	flag := Namespace + "acme-kinds/kinds/flag"
	changed := func(yield func(Fact) bool) {
		tree.Facts(func(f Fact) bool {
			if f.P.Value() == flag {
				f.O = isTrue
			}
			return yield(f)
		})
	}
	edit, err := s.DiffFacts(tree.Facts, changed)
	if err != nil {
		t.Fatal(err)
	}
	if want := editHead + `<kinds xmlns="urn:acme:kinds"><flag nc:operation="replace">true</flag></kinds></config>` + "\n"; edit.String() != want {
		t.Errorf("got %s", edit)
	}
	two := func(yield func(Fact) bool) {
		tree.Facts(yield)
		yield(Fact{Thing: "acme-kinds:kinds", P: rdf.IRI(flag), O: isTrue})
	}
	if _, err := s.DiffFacts(tree.Facts, two); err == nil {
		t.Error("a leaf with two values was taken")
	}
	for _, p := range []string{Namespace + "acme-kinds/kinds/unheard", Namespace + "unknown/acme-kinds/kinds/unheard", Namespace + "acme-kinds/kinds/person/age"} {
		more := func(yield func(Fact) bool) {
			tree.Facts(yield)
			yield(Fact{Thing: "acme-kinds:kinds", P: rdf.IRI(p), O: rdf.String("x")})
		}
		var ro *ReadOnlyError
		if _, err := s.DiffFacts(tree.Facts, more); !errors.As(err, &ro) {
			t.Errorf("%s: %v", p, err)
		}
	}
}

// TestValidate: each breach of RFC 7950 §8 is named with its path; the
// messages' beginnings are written by hand.
func TestValidate(t *testing.T) {
	s := oracleSchema(t)
	for _, c := range []struct{ data, path, reason string }{
		{`<i8>200</i8>`, "/i8", "200 is out of range"},
		{`<i64>0</i64>`, "/i64", "0 is out of range"},
		{`<share>9.555</share>`, "/share", `"9.555" is no decimal64`},
		{`<mode>auto</mode>`, "/mode", `"auto" is not among`},
		{`<bits>a d</bits>`, "/bits", `"d" is not among`},
		{`<blob>AAAAAAAAAAAAAAAA</blob>`, "/blob", "12 octets are out of range"},
		{`<colour>blue</colour>`, "/colour", "identity"},
		{`<colour>colour</colour>`, "/colour", "identity"},
		{`<tag>Abc</tag>`, "/tag=Abc", `"Abc" does not match`},
		{`<tag>xa</tag>`, "/tag=xa", `"xa" does not match`},
		{`<tag>a</tag><tag>a</tag>`, "/tag=a", "value stands twice"},
		{`<person><name>a</name><family>b</family><friend>z</friend></person>`, "/person=a,b/friend", `"z": no`},
		{`<person><name>a</name><family>b</family></person><person><name>a</name><family>b</family></person>`, "/person=a,b", "another entry has the same key"},
		{`<person><name>a</name></person>`, "/person=1", "list entry lacks a key"},
		{`<person><name>a</name><family>b</family><phone>1</phone><mail>2</mail></person>`, "/person=a,b", "cases phone and mail"},
		{`<gone>1</gone>`, "/gone", "the schema has no such node"},
		{`<present/><present/>`, "/present", "container stands twice"},
	} {
		tree := readXML(t, s, `<kinds xmlns="urn:acme:kinds">`+c.data+`</kinds>`)
		problems := tree.Validate(ValidateOptions{})
		if len(problems) != 1 || problems[0].Path != "acme-kinds:kinds"+c.path || !strings.HasPrefix(problems[0].Reason, c.reason) {
			t.Errorf("%s: %v, not %s: %s", c.data, problems, c.path, c.reason)
		}
	}
}

// TestValidateReal: missing mandatory nodes of real modules are named; the
// network inventory examples, which yanglint finds valid, are; in RFC
// 8345 documents names that are no URIs are found.
func TestValidateReal(t *testing.T) {
	s := compileFor(t, "ietf-interfaces", "iana-if-type", "ietf-ip", "ietf-network-inventory", "iana-hardware",
		"ietf-network", "ietf-network-topology", "ietf-l3-unicast-topology", "ietf-l2-topology")
	for _, c := range []struct{ data, want string }{
		{`<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>e</name></interface></interfaces>`, "mandatory type is missing"},
		{`<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>e</name><type xmlns:i="urn:ietf:params:xml:ns:yang:iana-if-type">i:ethernetCsmacd</type><ipv4 xmlns="urn:ietf:params:xml:ns:yang:ietf-ip"><address><ip>192.0.2.1</ip></address></ipv4></interface></interfaces>`, "mandatory choice subnet is missing"},
	} {
		problems := readXML(t, s, c.data).Validate(ValidateOptions{Config: true})
		if len(problems) != 1 || problems[0].Reason != c.want {
			t.Errorf("%v, not %s", problems, c.want)
		}
	}
	validate := func(name string) []Problem {
		file, err := os.Open(testenv.Shared(t, "data/instances/"+name))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		tree, err := s.ReadJSON(file, DecodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return tree.Validate(ValidateOptions{})
	}
	for _, name := range []string{"pizza-box-example.json", "port-examples.json"} {
		for _, p := range validate("network-inventory-draft/" + name) {
			t.Errorf("%s: %s", name, p)
		}
	}
	for _, name := range []string{"target.json", "target2.json", "bf_l3s1.json"} {
		uris := 0
		for _, p := range validate("rfc8345-netoviz/" + name) {
			if strings.Contains(p.Reason, `does not match pattern "[a-z][a-z0-9+.-]*:.*"`) {
				uris++
			}
		}
		if uris == 0 {
			t.Errorf("%s: names that are no URIs were not found", name)
		}
	}
}
