package yang

import (
	"slices"
	"testing"

	"nettwin/graph/rdf"
)

// TestVocabulary: the schema as RDF says what facts use: one property of each
// sort, written by hand; and every property and class of a document's facts
// is declared.
func TestVocabulary(t *testing.T) {
	s := oracleSchema(t)
	var triples []rdf.Triple
	declared := map[rdf.Term]bool{}
	s.Vocabulary(func(tr rdf.Triple) bool {
		triples = append(triples, tr)
		declared[tr.S] = true
		return true
	})
	const kinds = "https://w3id.org/nettwin/yang/acme-kinds/kinds"
	iri, xsd := rdf.IRI, rdf.XSD
	for _, want := range []rdf.Triple{
		{S: iri(kinds), P: rdfType, O: rdfsClass},
		{S: iri(kinds + "/person/age"), P: rdfsDomain, O: iri(kinds + "/person")},
		{S: iri(kinds + "/person/age"), P: rdfsRange, O: iri(xsd + "integer")},
		{S: iri(kinds + "/share"), P: Units, O: rdf.String("percent")},
		{S: iri(kinds + "/share"), P: rdfsRange, O: iri(xsd + "decimal")},
		{S: iri(kinds + "/seen"), P: Configurable, O: rdf.Literal("false", xsd+"boolean")},
		{S: iri(kinds + "/present/inside"), P: rdfsDomain, O: iri(kinds)},
		{S: iri("https://w3id.org/nettwin/yang/acme-more/identity/green"), P: skosBroader, O: iri("https://w3id.org/nettwin/yang/acme-kinds/identity/colour")},
	} {
		if !slices.Contains(triples, want) {
			t.Errorf("missing %v", want)
		}
	}
	of := func(name string) rdf.Term { return iri("https://w3id.org/nettwin/yang#" + name) }
	for _, want := range []rdf.Triple{
		{S: iri(kinds + "/person"), P: of("kind"), O: rdf.String("list")},
		{S: iri(kinds + "/person"), P: of("keys"), O: rdf.String("name family")},
		{S: iri(kinds + "/person"), P: of("key"), O: iri(kinds + "/person/family")},
		{S: iri(kinds + "/person"), P: of("within"), O: iri(kinds)},
		{S: iri(kinds + "/bits"), P: of("bit"), O: rdf.String("a")},
		{S: iri(kinds + "/i8"), P: of("type"), O: rdf.String("int8")},
		{S: iri(kinds + "/colour"), P: of("base"), O: iri("https://w3id.org/nettwin/yang/acme-kinds/identity/colour")},
		{S: iri("https://w3id.org/nettwin/yang/acme-kinds"), P: of("namespace"), O: rdf.String("urn:acme:kinds")},
	} {
		if !slices.Contains(triples, want) {
			t.Errorf("missing %v", want)
		}
	}
	if slices.Contains(triples, rdf.Triple{S: iri("https://w3id.org/nettwin/yang/acme-kinds"), P: of("feature"), O: rdf.String("never")}) {
		t.Error("the feature never is supported")
	}
	tree := readXML(t, s, string(readFile(t, "testdata/oracle/kinds.xml")))
	tree.Facts(func(f Fact) bool {
		if f.P == rdfType {
			if !declared[f.O] {
				t.Errorf("class %s is not declared", f.O.Value())
			}
		} else if f.Ref == "" && f.P != EntryPosition && !declared[f.P] {
			t.Errorf("property %s is not declared", f.P.Value())
		}
		return true
	})
}
