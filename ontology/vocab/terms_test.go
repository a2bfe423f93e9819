package vocab_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"slices"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/ontology/vocab"
)

var rewrite = flag.Bool("rewrite", false, "write terms.go anew")

const (
	rdfs = "http://www.w3.org/2000/01/rdf-schema#"
)

// vocabulary reads twin.ttl: statements by subject.
func vocabulary(t *testing.T) map[string][]rdf.Triple {
	t.Helper()
	f, err := os.Open("../twin.ttl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	quads, err := rdf.ReadAll(f, rdf.Turtle, rdf.ReaderOptions{Base: vocab.NS})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]rdf.Triple{}
	for _, q := range quads {
		out[q.S.Value()] = append(out[q.S.Value()], q.Triple())
	}
	return out
}

func objects(triples []rdf.Triple, predicate string) []rdf.Term {
	var out []rdf.Term
	for _, tr := range triples {
		if tr.P.Value() == predicate {
			out = append(out, tr.O)
		}
	}
	return out
}

func isClass(triples []rdf.Triple) bool {
	return slices.Contains(objects(triples, rdf.RDFType), rdf.IRI(rdfs+"Class"))
}

// Goal: each term says what it is. Method: every term of our namespace has
// one label and one comment of a whole sentence; domains and ranges are
// classes that exist, or datatypes.
func TestTermsAreDescribed(t *testing.T) {
	terms := vocabulary(t)
	for iri, triples := range terms {
		if !strings.HasPrefix(iri, vocab.NS) {
			continue
		}
		comments := objects(triples, rdfs+"comment")
		if len(objects(triples, rdfs+"label")) != 1 || len(comments) != 1 || !strings.HasSuffix(comments[0].Value(), ".") {
			t.Errorf("%s: needs one label and one comment that is a sentence", iri)
		}
		for _, p := range []string{"domain", "range", "subClassOf"} {
			for _, o := range objects(triples, rdfs+p) {
				if !strings.HasPrefix(o.Value(), rdf.XSD) && !isClass(terms[o.Value()]) {
					t.Errorf("%s: rdfs:%s %s is no class", iri, p, o.Value())
				}
			}
		}
	}
}

// Goal: terms.go is what twin.ttl says. Method: write it anew and compare.
func TestTermsAreCurrent(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("package vocab\n\n// Generated from ontology/twin.ttl by go test ./ontology/vocab -rewrite. DO NOT EDIT.\n\nimport \"nettwin/graph/rdf\"\n")
	terms := vocabulary(t)
	for _, kind := range []struct {
		title, prefix string
		class         bool
	}{{"Classes", "Class", true}, {"Properties", "Prop", false}} {
		fmt.Fprintf(&b, "\n// %s of the vocabulary.\nvar (\n", kind.title)
		var names []string
		for iri, triples := range terms {
			if name, ok := strings.CutPrefix(iri, vocab.NS); ok && isClass(triples) == kind.class {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, n := range names {
			fmt.Fprintf(&b, "\t%s%s = rdf.IRI(NS + %q)\n", kind.prefix, strings.ToUpper(n[:1])+n[1:], n)
		}
		b.WriteString(")\n")
	}
	want, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		if err := os.WriteFile("terms.go", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := os.ReadFile("terms.go")
	if !bytes.Equal(got, want) {
		t.Error("terms.go is not current: run go test ./ontology/vocab -rewrite")
	}
}
