package results

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nettwin/graph/rdf"
)

// sample has every kind of term and everything that a format must escape.
func sample() ([]string, [][]rdf.Term) {
	none := rdf.Term{}
	return []string{"x", "y"}, [][]rdf.Term{
		{rdf.IRI("http://example.org/a?b='c'&d"), rdf.BNode("b0")},
		{rdf.String("quote \" comma , tab \t back \\ line \n return \r end"), none},
		{none, none},
		{rdf.LangString("naïve <b>&amp;</b>", "fr-BE"), rdf.Literal("01", rdf.XSDInteger)},
		{rdf.Literal("-1.50", rdf.XSDDecimal), rdf.Literal("1.0e6", rdf.XSDDouble)},
		{rdf.Literal("1.", rdf.XSDDecimal), rdf.Literal("INF", rdf.XSDDouble)},
		{rdf.Literal("true", rdf.XSDBoolean), rdf.Literal("x", "http://example.org/t")},
		{rdf.String(""), rdf.String("  食べ物 \U0001F46A  ")},
	}
}

func write(t *testing.T, f Format, r *Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(t.Context(), &b, f, r, WriteOptions{}); err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return b.String()
}

// Goal: what is written is read back term for term.
// Method: all kinds of terms through JSON, XML and TSV, also with no rows and
// with no columns.
func TestRoundTrip(t *testing.T) {
	vars, rows := sample()
	for _, f := range []Format{JSON, XML, TSV} {
		for _, c := range []struct {
			vars []string
			rows [][]rdf.Term
		}{{vars, rows}, {vars, nil}, {[]string{}, nil}, {[]string{}, [][]rdf.Term{{}, {}}}} {
			text := write(t, f, NewBindings(c.vars, c.rows))
			r, err := Read(strings.NewReader(text), f, 0)
			if err != nil {
				t.Fatalf("%s: %v\n%s", f, err, text)
			}
			got, err := Collect(t.Context(), r)
			if err != nil || !slices.Equal(r.Vars, c.vars) || !slices.EqualFunc(got, c.rows, slices.Equal[[]rdf.Term]) {
				t.Errorf("%s: vars %v, rows %v, %v\n%s", f, r.Vars, got, err, text)
			}
		}
	}
	for _, f := range []Format{JSON, XML} {
		for _, want := range []bool{true, false} {
			r, err := Read(strings.NewReader(write(t, f, &Result{Kind: Boolean, Boolean: want})), f, 0)
			if err != nil || r.Kind != Boolean || r.Boolean != want {
				t.Errorf("%s: %t: got %v, %v", f, want, r, err)
			}
		}
	}
}

// Goal: documents look as the standards show them.
// Method: golden text by hand from SPARQL 1.1 Query Results JSON §3, XML §2,
// CSV and TSV §3, §4.
func TestGolden(t *testing.T) {
	vars := []string{"x", "literal"}
	rows := [][]rdf.Term{
		{rdf.IRI("http://example/x"), rdf.String("String-with-dquote\"")},
		{rdf.BNode("r2"), rdf.LangString("en", "en")},
		{{}, rdf.Literal("123", rdf.XSDInteger)},
	}
	for f, want := range map[Format]string{
		JSON: `{"head":{"vars":["x","literal"]},"results":{"bindings":[
{"x":{"type":"uri","value":"http://example/x"},"literal":{"type":"literal","value":"String-with-dquote\""}},
{"x":{"type":"bnode","value":"r2"},"literal":{"type":"literal","value":"en","xml:lang":"en"}},
{"literal":{"type":"literal","value":"123","datatype":"http://www.w3.org/2001/XMLSchema#integer"}}
]}}
`,
		XML: `<?xml version="1.0"?>
<sparql xmlns="http://www.w3.org/2005/sparql-results#">
<head><variable name="x"/><variable name="literal"/></head>
<results>
<result><binding name="x"><uri>http://example/x</uri></binding><binding name="literal"><literal>String-with-dquote&#34;</literal></binding></result>
<result><binding name="x"><bnode>r2</bnode></binding><binding name="literal"><literal xml:lang="en">en</literal></binding></result>
<result><binding name="literal"><literal datatype="http://www.w3.org/2001/XMLSchema#integer">123</literal></binding></result>
</results>
</sparql>
`,
		CSV: "x,literal\r\nhttp://example/x,\"String-with-dquote\"\"\"\r\n_:r2,en\r\n,123\r\n",
		TSV: "?x\t?literal\n<http://example/x>\t\"String-with-dquote\\\"\"\n_:r2\t\"en\"@en\n\t123\n",
	} {
		if got := write(t, f, NewBindings(vars, rows)); got != want {
			t.Errorf("%s: got\n%s", f, got)
		}
	}
	if got := write(t, JSON, &Result{Kind: Boolean, Boolean: true}); got != "{\"head\":{},\"boolean\":true}\n" {
		t.Errorf("json boolean: %s", got)
	}
	triple := rdf.Triple{S: rdf.IRI("http://a/s"), P: rdf.IRI("http://a/p"), O: rdf.String("o")}
	if got := write(t, NTriples, NewGraph([]rdf.Triple{triple})); got != "<http://a/s> <http://a/p> \"o\" .\n" {
		t.Errorf("n-triples: %s", got)
	}
	quads, err := rdf.ReadAll(strings.NewReader(write(t, Turtle, NewGraph([]rdf.Triple{triple}))), rdf.Turtle, rdf.ReaderOptions{})
	if err != nil || len(quads) != 1 || quads[0].Triple() != triple {
		t.Errorf("turtle: %v, %v", quads, err)
	}
}

// Goal: a kind of result that a format cannot hold is refused before anything
// is written. Method: ASK as CSV, SELECT as Turtle, CONSTRUCT as JSON.
func TestUnsupported(t *testing.T) {
	for f, r := range map[Format]*Result{CSV: {Kind: Boolean}, TSV: {Kind: Boolean}, Turtle: NewBindings(nil, nil), JSON: NewGraph(nil)} {
		var b bytes.Buffer
		err := Write(t.Context(), &b, f, r, WriteOptions{})
		var unsupported *UnsupportedError
		if !errors.As(err, &unsupported) || b.Len() > 0 || !strings.Contains(err.Error(), "choose one of") {
			t.Errorf("%s %s: %v, wrote %q", f, r.Kind, err, b.String())
		}
	}
}

// failing yields n rows or triples, then a LimitError.
type failing struct{ n, at int }

func (r *failing) Next(context.Context) ([]rdf.Term, error) {
	if r.at++; r.at > r.n {
		return nil, &LimitError{Limit: "rows", Value: "many"}
	}
	return []rdf.Term{rdf.String("value")}, nil
}
func (r *failing) Close() error { return nil }

type failingTriples struct{ failing }

func (r *failingTriples) Next(ctx context.Context) (rdf.Triple, error) {
	_, err := r.failing.Next(ctx)
	return rdf.Triple{S: rdf.IRI("http://a/s"), P: rdf.IRI("http://a/p"), O: rdf.String("o")}, err
}

// Goal: a truncated answer is never a whole document, and one that failed
// before anything was sent leaves no bytes. Method: a limit after 0 and after
// 3 rows in every format, with flushing; what was written must not parse.
func TestTruncated(t *testing.T) {
	for _, f := range []Format{JSON, XML, CSV, TSV, Turtle, NTriples} {
		for _, n := range []int{0, 3} {
			var b bytes.Buffer
			r := &Result{Kind: Bindings, Vars: []string{"x"}, Rows: &failing{n: n}}
			opts := WriteOptions{FlushRows: 1, Flush: func() error { return nil }}
			if f == Turtle || f == NTriples {
				r = &Result{Kind: Graph, Triples: &failingTriples{failing{n: n}}}
			}
			err := Write(t.Context(), &b, f, r, opts)
			var limit *LimitError
			if !errors.As(err, &limit) {
				t.Errorf("%s after %d: error %v", f, n, err)
			}
			if n == 0 && b.Len() > 0 {
				t.Errorf("%s: wrote %q before the first row", f, b.String())
			}
			if n > 0 && b.Len() > 0 && parses(f, b.Bytes()) {
				t.Errorf("%s: truncated document parses:\n%s", f, b.String())
			}
		}
	}
}

func parses(f Format, doc []byte) bool {
	switch f {
	case JSON:
		return json.Valid(doc)
	case XML:
		return xml.Unmarshal(doc, new(xmlAnswer)) == nil
	case CSV, TSV:
		_, err := Read(bytes.NewReader(doc), f, 0)
		return err == nil
	}
	_, err := rdf.ReadAll(bytes.NewReader(doc), graphFormats[f], rdf.ReaderOptions{})
	return err == nil
}

// slowRows yields a row at each of the given instants.
type slowRows struct {
	at    []time.Duration
	start time.Time
}

func (r *slowRows) Next(context.Context) ([]rdf.Term, error) {
	if len(r.at) == 0 {
		return nil, io.EOF
	}
	time.Sleep(r.at[0] - time.Since(r.start))
	r.at = r.at[1:]
	return []rdf.Term{rdf.String("x")}, nil
}

func (r *slowRows) Close() error { return nil }

// TestFlush: the first rows go out after FirstFlush though the next one is
// waited for, later ones after the interval or when enough are there, a short
// answer in one piece. Method: rows that come at given instants, in a bubble
// of its own time.
func TestFlush(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		opts WriteOptions
		at   []time.Duration
		want []time.Duration
	}{
		"at once":      {WriteOptions{FlushInterval: 100 * ms}, []time.Duration{0, 0, 0}, nil},
		"first":        {WriteOptions{FlushInterval: 100 * ms}, []time.Duration{5 * ms, 50 * ms}, []time.Duration{6 * ms}},
		"interval":     {WriteOptions{FlushInterval: 100 * ms}, []time.Duration{0, 10 * ms, 20 * ms, 500 * ms}, []time.Duration{1 * ms, 110 * ms}},
		"every 2 rows": {WriteOptions{FlushRows: 2}, []time.Duration{1 * ms, 2 * ms, 3 * ms, 4 * ms, 5 * ms}, []time.Duration{2 * ms, 4 * ms}},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var got []time.Duration
			c.opts.Flush = func() error { got = append(got, time.Since(start)); return nil }
			rows := &slowRows{at: c.at, start: start}
			if err := Write(t.Context(), io.Discard, TSV, &Result{Kind: Bindings, Vars: []string{"x"}, Rows: rows}, c.opts); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: flushed at %v, want %v", name, got, c.want)
			}
		})
	}
}

// Goal: broken documents are errors that say where. Method: one for each
// check of the readers, and one beyond the size limit.
func TestReadErrors(t *testing.T) {
	for _, c := range []struct {
		f          Format
		text, want string
	}{
		{JSON, `{`, "unexpected EOF"},
		{JSON, `{"head":{}}`, `expected a member "results" or "boolean"`},
		{JSON, `{"head":{"vars":["x"]},"results":{"bindings":[{"y":{"type":"uri","value":"a"}}]}}`, `solution 1: variable "y" is not in the head`},
		{JSON, `{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"url","value":"a"}}]}}`, `term type "url": expected uri, bnode, literal or triple`},
		{JSON, `{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"uri"}}]}}`, `expected a member "value"`},
		{JSON, `{"head":{"vars":["x","x"]},"results":{"bindings":[]}}`, `variable "x" stands in the head twice`},
		{XML, `<sparql/>`, "expected element"},
		{XML, `<sparql xmlns="` + resultsNS + `"/>`, "expected an element <results> or <boolean>"},
		{XML, `<sparql xmlns="` + resultsNS + `"><boolean>maybe</boolean></sparql>`, "expected true or false"},
		{XML, `<sparql xmlns="` + resultsNS + `"><head/><results><result><binding name="x"><uri>a</uri></binding></result></results></sparql>`, `binding "x"`},
		{CSV, ``, "expected a line of variables"},
		{CSV, "x,y\r\n1\r\n", "wrong number of fields"},
		{TSV, ``, "expected a line of variables"},
		{TSV, "?x\t?y\n1\n", "line 2: 1 fields: expected 2"},
		{TSV, "?x\n<a\n", "line 2: field 1"},
		{Turtle, ``, "expected json, xml, csv or tsv"},
		{JSON, `{"head":{"vars":["x"]},"results":{"bindings":[` + strings.Repeat(" ", 3000) + `]}}`, "larger than the limit"},
	} {
		_, err := Read(strings.NewReader(c.text), c.f, 2000)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: got %v, want %q", c.f, c.text, err, c.want)
		}
	}
}

// columnRows are rows that come by many at once too.
type columnRows struct {
	Rows
	pieces [][]Column
	sizes  []int
}

func (c *columnRows) NextColumns(context.Context) ([]Column, int, error) {
	if len(c.pieces) == 0 {
		return nil, 0, io.EOF
	}
	cols, n := c.pieces[0], c.sizes[0]
	c.pieces, c.sizes = c.pieces[1:], c.sizes[1:]
	return cols, n, nil
}

// Goal: an answer that comes by columns is written as one that comes by rows.
// Method: columns with and without repeated and unbound values, in pieces of
// several sizes, in every format, beside the same rows.
func TestWriteColumns(t *testing.T) {
	terms := []rdf.Term{
		rdf.IRI("http://example.org/a b"), {}, rdf.String("tab\tquote\"\n"), rdf.Literal("12", rdf.XSDInteger),
		rdf.LangString("été", "fr"), rdf.BNode("x"), rdf.Literal("1.5e3", rdf.XSDDouble),
	}
	vars := []string{"plain", "again", "none"}
	var rows [][]rdf.Term
	in := &columnRows{}
	for _, n := range []int{1, 64, 3000} {
		plain := Column{}
		again := Column{Terms: terms}
		none := Column{Terms: terms[1:2]}
		for i := range n {
			again.Index = append(again.Index, int32((i/3)%len(terms)))
			none.Index = append(none.Index, 0)
			plain.Terms = append(plain.Terms, terms[(i*5)%len(terms)])
			rows = append(rows, []rdf.Term{plain.At(i), again.At(i), none.At(i)})
		}
		in.pieces = append(in.pieces, []Column{plain, again, none})
		in.sizes = append(in.sizes, n)
	}
	for _, f := range Formats(Bindings) {
		one := *in
		want := write(t, f, NewBindings(vars, rows))
		r := NewBindings(vars, rows)
		one.Rows = r.Rows
		r.Rows = &one
		if got := write(t, f, r); got != want {
			t.Errorf("%s: %d bytes by columns, %d by rows", f, len(got), len(want))
		}
	}
}
