package results

import (
	"bytes"
	"slices"
	"testing"

	"nettwin/graph/rdf"
)

// fuzzReader: no document makes a reader panic, and what it reads comes back
// the same after it was written and read again.
func fuzzReader(f *testing.F, format Format, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		r, err := Read(bytes.NewReader(doc), format, 1<<20)
		if err != nil || r.Kind != Bindings {
			return
		}
		rows, err := Collect(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, term := range row {
				if rdf.WriteAll(&bytes.Buffer{}, rdf.NTriples, rdf.WriterOptions{}, []rdf.Quad{{S: rdf.IRI("http://s"), P: rdf.IRI("http://p"), O: term}}) != nil && !term.IsZero() {
					return // a term that RDF does not have cannot be written
				}
			}
		}
		var again bytes.Buffer
		if err := Write(t.Context(), &again, JSON, NewBindings(r.Vars, rows), WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		r2, err := Read(&again, JSON, 0)
		if err != nil {
			t.Fatalf("%v\n%s", err, again.String())
		}
		rows2, err := Collect(t.Context(), r2)
		if err != nil || !slices.EqualFunc(rows, rows2, slices.Equal[[]rdf.Term]) {
			t.Errorf("got %v, %v after %v", rows2, err, rows)
		}
	})
}

func FuzzReadJSON(f *testing.F) {
	fuzzReader(f, JSON, `{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"a","xml:lang":"en"}}]}}`, `{"boolean":true}`,
		`{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"triple","value":{"subject":{"type":"bnode","value":"b"},"predicate":{"type":"uri","value":"p:p"},"object":{"type":"literal","value":"a","xml:lang":"en","its:dir":"ltr"}}}}]}}`)
}

func FuzzReadXML(f *testing.F) {
	fuzzReader(f, XML, `<sparql xmlns="`+resultsNS+`"><head><variable name="x"/></head><results><result><binding name="x"><literal xml:lang="en">a</literal></binding></result></results></sparql>`,
		`<sparql xmlns="`+resultsNS+`" xmlns:its="`+itsNS+`"><head><variable name="x"/></head><results><result><binding name="x"><triple><subject><uri>s:s</uri></subject><predicate><uri>p:p</uri></predicate><object><literal xml:lang="en" its:dir="rtl">a</literal></object></triple></binding></result></results></sparql>`)
}

func FuzzReadCSV(f *testing.F) { fuzzReader(f, CSV, "x,y\r\n_:a,\"b,c\"\r\n") }

func FuzzReadTSV(f *testing.F) {
	fuzzReader(f, TSV, "?x\t?y\n<http://a>\t\"b\"@en--ltr\n1.5\t<<( _:b <p:p> \"a\\t\" )>>\n")
}
