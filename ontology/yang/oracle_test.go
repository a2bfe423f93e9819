package yang

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// oracleSchema compiles the modules of testdata/oracle, which use every type
// and most statements of YANG. Feature never is off.
func oracleSchema(t testing.TB) *Schema {
	t.Helper()
	files, err := filepath.Glob("testdata/oracle/*.yang")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	sources := map[string][]byte{}
	for _, f := range files {
		if sources[f], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	s, problems, err := Compile(sources, []string{"acme-kinds", "acme-more"},
		Options{Features: func(_, feature string) bool { return feature != "never" }})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("compile: %s", p)
	}
	return s
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOracle: a document that uses every type gives the same facts in XML and
// in the JSON that yanglint 2.1.30 made of it, and we make the same JSON.
// yanglint leaves out the module of what stands in anydata, which RFC 7951
// §4 asks for: there we differ.
func TestOracle(t *testing.T) {
	s := oracleSchema(t)
	fromXML, err := s.ReadXML(bytes.NewReader(readFile(t, "testdata/oracle/kinds.xml")), DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	expected := readFile(t, "testdata/oracle/kinds.json")
	fromJSON, err := s.ReadJSON(bytes.NewReader(expected), DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tree := range []*Tree{fromXML, fromJSON} {
		for _, p := range tree.Problems {
			t.Errorf("decode: %s", p)
		}
		for _, p := range tree.Validate(ValidateOptions{}) {
			t.Errorf("validate: %s", p)
		}
	}
	if d := diffLines(factLines(fromJSON), factLines(fromXML)); d != "" {
		t.Errorf("facts of json and xml:\n%s", d)
	}
	var ours bytes.Buffer
	if err := fromXML.EncodeJSON(&ours, EncodeOptions{}); err != nil {
		t.Fatal(err)
	}
	qualified := strings.Replace(string(expected), "\"any\": {\n      \"kinds\"", "\"any\": {\n      \"acme-kinds:kinds\"", 1)
	if got, want := anyOf(t, ours.Bytes()), anyOf(t, []byte(qualified)); !reflect.DeepEqual(got, want) {
		t.Errorf("json differs:\n%s", ours.String())
	}
	roundTrips(t, s, fromXML)
}

func anyOf(t testing.TB, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestFacts holds the form of facts, written by hand from the rules of the
// package comment, for one of each kind.
func TestFacts(t *testing.T) {
	s := oracleSchema(t)
	tree, err := s.ReadXML(bytes.NewReader(readFile(t, "testdata/oracle/kinds.xml")), DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const (
		kinds  = "https://w3id.org/nettwin/yang/acme-kinds/kinds"
		xsd    = "http://www.w3.org/2001/XMLSchema#"
		ann    = "acme-kinds:kinds/person=Ann%2FJo%2C%20%3Dx%25,O%27Neil"
		bo     = "acme-kinds:kinds/person=Bo,Ek"
		within = "https://w3id.org/nettwin/ns#within"
	)
	line := func(thing, p, o, datatype, ref string) string {
		return thing + " | " + p + " | " + o + " " + datatype + "  | " + ref + " false"
	}
	want := []string{
		line("acme-kinds:kinds", rdfType.Value(), kinds, "", ""),
		line("acme-kinds:kinds", kinds+"/i8", "-7", xsd+"integer", ""),
		line("acme-kinds:kinds", kinds+"/share", "9.5", xsd+"decimal", ""),
		line("acme-kinds:kinds", kinds+"/flag", "false", xsd+"boolean", ""),
		line("acme-kinds:kinds", kinds+"/nothing", "true", xsd+"boolean", ""),
		line("acme-kinds:kinds", kinds+"/mode", "on", xsd+"string", ""),
		line("acme-kinds:kinds", kinds+"/bits", "a", xsd+"string", ""),
		line("acme-kinds:kinds", kinds+"/bits", "c", xsd+"string", ""),
		line("acme-kinds:kinds", kinds+"/blob", "aGVsbG8=", xsd+"base64Binary", ""),
		line("acme-kinds:kinds", kinds+"/colour", "https://w3id.org/nettwin/yang/acme-more/identity/green", "", ""),
		line("acme-kinds:kinds", kinds+"/where", "/acme-kinds:kinds/person[name='Bo'][family='Ek']/acme-more:pets", xsd+"string", ""),
		line("acme-kinds:kinds", kinds+"/either", "42", xsd+"integer", ""),
		line("acme-kinds:kinds", kinds+"/present", "true", xsd+"boolean", ""),
		line("acme-kinds:kinds", kinds+"/tag", "zeta", xsd+"string", ""),
		line("acme-kinds:kinds/tag=zeta", EntryPosition.Value(), "1", xsd+"integer", ""),
		line("acme-kinds:kinds/tag=mid-1", EntryPosition.Value(), "3", xsd+"integer", ""),
		line("acme-kinds:kinds/step=2", EntryPosition.Value(), "2", xsd+"integer", ""),
		line("acme-kinds:kinds/sample=2", kinds+"/sample/value", "1.5", xsd+"decimal", ""),
		line(ann, rdfType.Value(), kinds+"/person", "", ""),
		line(ann, within, "", "", "acme-kinds:kinds"),
		line(ann, kinds+"/person/friend", "Bo", xsd+"string", ""),
		line(ann, kinds+"/person/friend#target", "", "", bo),
		line(ann, kinds+"/person/acme-more:green-since", "2020", xsd+"integer", ""),
		line(ann+"/acme-more:pets/pet=Rex", rdfType.Value(), kinds+"/person/acme-more:pets/pet", "", ""),
		line(ann+"/acme-more:pets/pet=Rex", within, "", "", ann),
		line(ann+"/acme-more:pets/pet=Rex", kinds+"/person/acme-more:pets/pet/owner#target", "", "", bo),
	}
	if missing := minus(want, factLines(tree)); len(missing) > 0 {
		t.Errorf("missing:\n%s\nhave:\n%s", strings.Join(missing, "\n"), strings.Join(factLines(tree), "\n"))
	}
}
