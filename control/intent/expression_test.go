package intent

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"nettwin/graph/rdf"
)

const testBase = "https://twin.test/"

// expression makes one of a kind; the value is Turtle or a JSON document.
func expression(kind, value string) *Expression {
	raw := json.RawMessage(value)
	if kind == TurtleExpression {
		raw, _ = json.Marshal(value)
	}
	return &Expression{Type: kind, Value: raw}
}

const turtlePrefixes = `@prefix icm: <http://tio.models.tmforum.org/tio/v3.6.0/IntentCommonModel/> .
@prefix log: <http://tio.models.tmforum.org/tio/v3.6.0/LogicalOperators/> .
@prefix twin: <https://w3id.org/nettwin/ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix ex: <http://client.example/> .
`

// The intent that r1 e0 shall be up, in both syntaxes.
const (
	upTurtle = turtlePrefixes + `
ex:I a icm:Intent ; log:allOf ( ex:E ) .
ex:E a icm:DeliveryExpectation ; icm:target [ a icm:Target ; rdfs:member <id/interface/r1/e0> ] ; icm:deliveryType twin:UpInterface .`
	upJSON = `{
  "@context": ["https://w3id.org/nettwin/context/intent.jsonld", {"ex": "http://client.example/"}],
  "@id": "ex:I", "@type": "icm:Intent",
  "log:allOf": {"@list": [{
    "@id": "ex:E", "@type": "icm:DeliveryExpectation",
    "icm:target": {"@type": "icm:Target", "rdfs:member": {"@id": "id/interface/r1/e0"}},
    "icm:deliveryType": {"@id": "twin:UpInterface"}}]}}`
)

// Goal: both syntaxes mean the same. Method: one intent in each, compared up
// to the names of blank nodes; then a JSON-LD document in a string.
func TestSyntaxes(t *testing.T) {
	var sets [][]rdf.Quad
	inString, _ := json.Marshal(upJSON)
	for _, e := range []*Expression{expression(TurtleExpression, upTurtle), expression(JSONLDExpression, upJSON), expression(JSONLDExpression, string(inString))} {
		list, err := e.triples(testBase)
		if err != nil {
			t.Fatal(err)
		}
		var quads []rdf.Quad
		for _, one := range list {
			quads = append(quads, one.In(rdf.Term{}))
		}
		sets = append(sets, quads)
	}
	for i := range sets[1:] {
		if !rdf.Isomorphic(sets[0], sets[i+1]) {
			t.Errorf("%v\nis not\n%v", sets[0], sets[i+1])
		}
	}
}

// Goal: subjects and blank nodes get names of the twin's, things keep theirs.
// Method: the intent above, expectations by hand.
func TestNames(t *testing.T) {
	list, err := expression(TurtleExpression, upTurtle).triples(testBase)
	if err != nil {
		t.Fatal(err)
	}
	named, err := name(list, testBase, "7")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, one := range named {
		if one.S.IsBNode() || one.O.IsBNode() {
			t.Errorf("%v has a blank node", one)
		}
		lines = append(lines, one.String())
	}
	for _, want := range []string{
		`<https://twin.test/id/intent/7> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://tio.models.tmforum.org/tio/v3.6.0/IntentCommonModel/Intent> .`,
		`<https://twin.test/id/intent/7> <http://www.w3.org/ns/prov#alternateOf> <http://client.example/I> .`,
		`<https://twin.test/id/intent/7/3> <http://www.w3.org/2000/01/rdf-schema#member> <https://twin.test/id/interface/r1/e0> .`,
	} {
		if !slices.ContainsFunc(lines, func(s string) bool { return strings.TrimSuffix(s, " .") == strings.TrimSuffix(want, " .") }) {
			t.Errorf("%s is not in\n%s", want, strings.Join(lines, "\n"))
		}
	}
}

// Goal: what is no intent is refused, and the message says what and where.
// Method: one document for each reason.
func TestRefusedExpressions(t *testing.T) {
	deep := strings.Repeat("[", 50) + strings.Repeat("]", 50)
	for _, test := range []struct{ name, kind, value, want string }{
		{"no type", "", `x`, `"@type" is missing`},
		{"other type", "PdslExpression", `x`, `"@type" "PdslExpression" is neither`},
		{"broken Turtle", TurtleExpression, "@prefix ex: <http://e/> .\nex:a ex:b", "expression:2:"},
		{"no text", TurtleExpression, " ", "it says nothing"},
		{"no intent", TurtleExpression, `<a> <b> <c> .`, "it holds 0 intents"},
		{"two intents", TurtleExpression, turtlePrefixes + `ex:I a icm:Intent . ex:J a icm:Intent .`, "it holds 2 intents"},
		{"fact about a thing", TurtleExpression, upTurtle + ` <id/interface/r1/e0> twin:adminStatus "up" .`, "it states a fact about <https://twin.test/id/interface/r1/e0>"},
		{"class of the twin", TurtleExpression, upTurtle + ` ex:I a twin:Intent .`, "is for the twin to say"},
		{"too many", TurtleExpression, `<a> <b> ` + strings.Repeat("1, ", 10) + `2 .` + strings.Repeat("[] <p> [] .\n", MaxExpressionTriples), "more than 2000 triples"},
		{"remote context", JSONLDExpression, `{"@context": "http://127.0.0.1:1/context.json", "@id": "http://x/i"}`, "remote contexts are not fetched"},
		{"path context", JSONLDExpression, `{"@context": "https://w3id.org/nettwin/context/../x", "@id": "http://x/i"}`, "remote contexts are not fetched"},
		{"broken JSON", JSONLDExpression, `{"@id": `, "JSON: "},
		{"number", JSONLDExpression, `7`, "is a JSON-LD document"},
		{"deep", JSONLDExpression, deep, "deeper than 32"},
		{"scoped context", JSONLDExpression, `{"@context": {"a": {"@id": "http://x/a", "@context": {"b": "http://x/b"}}}, "a": 1}`, "a @context stands within"},
		{"inner context", JSONLDExpression, `[{"@id": "http://x/i", "http://x/p": [{"@context": {"b": "http://x/b"}, "b": 1}]}]`, "a @context stands within"},
		{"no IRI", JSONLDExpression, `{"@id": "http://x/i", "http://x/p": {"@id": "http://x/a<b"}}`, "is no RDF triple"},
		{"named graph", JSONLDExpression, `{"@id": "http://x/g", "@graph": [{"@id": "http://x/i", "http://x/p": 1}]}`, "named graph"},
	} {
		e := &Expression{Type: test.kind, Value: json.RawMessage(test.value)}
		if test.kind != JSONLDExpression {
			e = expression(TurtleExpression, test.value)
			e.Type = test.kind
		}
		list, err := e.triples(testBase)
		if err == nil {
			_, err = name(list, testBase, "7")
		}
		var bad *ExpressionError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, expected %q in it", test.name, err, test.want)
		}
	}
}

// FuzzExpression: no text makes the parsers panic or give what is no RDF.
func FuzzExpression(f *testing.F) {
	f.Add(true, upTurtle)
	f.Add(false, upJSON)
	f.Add(false, `{"@context": {"@vocab": "http://x/", "a": {"@container": "@list", "@type": "@json"}}, "a": [[1], {"@value": 1.5}]}`)
	f.Add(false, `[{"@id": "_:b0", "@type": ["_:b1"], "http://x/p": {"@language": "en", "@value": "x"}}]`)
	f.Fuzz(func(t *testing.T, turtle bool, text string) {
		kind := JSONLDExpression
		if turtle {
			kind = TurtleExpression
		}
		e := expression(kind, text)
		list, err := e.triples(testBase)
		if err != nil {
			return
		}
		for _, one := range list {
			if again, err := rdf.ReadAll(strings.NewReader(one.String()+" .\n"), rdf.NTriples, rdf.ReaderOptions{}); err != nil && !strings.HasSuffix(one.String(), ".") {
				t.Fatalf("%s: %v %v", one, again, err)
			}
		}
		_, _ = name(list, testBase, "7")
	})
}
