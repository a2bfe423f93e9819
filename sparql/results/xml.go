package results

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"nettwin/graph/rdf"
)

const (
	resultsNS = "http://www.w3.org/2005/sparql-results#"
	itsNS     = "http://www.w3.org/2005/11/its"
)

// xmlDocument writes SPARQL Query Results XML. Control characters that XML
// 1.0 cannot hold become U+FFFD.
type xmlDocument struct {
	w     *bufio.Writer
	names []string // escaped
	rows  int
	ended string // what closes the document
}

func (d *xmlDocument) begin(vars []string) {
	d.w.WriteString("<?xml version=\"1.0\"?>\n<sparql xmlns=\"" + resultsNS + "\">\n<head>")
	for _, v := range vars {
		d.names = append(d.names, escapeXML(v))
		d.w.WriteString(`<variable name="` + escapeXML(v) + `"/>`)
	}
	d.w.WriteString("</head>\n")
}

func escapeXML(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) //nolint:errcheck // a Builder takes everything
	return b.String()
}

func (d *xmlDocument) open() {
	if d.rows == 0 {
		d.w.WriteString("<results>\n")
		d.ended = "</results>\n"
	}
}

func (d *xmlDocument) row(terms []rdf.Term) {
	d.open()
	d.rows++
	d.w.WriteString("<result>")
	for i, t := range terms {
		if t.IsZero() {
			continue
		}
		d.w.WriteString(`<binding name="` + d.names[i] + `">`)
		d.term(t)
		d.w.WriteString("</binding>")
	}
	d.w.WriteString("</result>\n")
}

func (d *xmlDocument) term(t rdf.Term) {
	tag, attr := "literal", ""
	switch {
	case t.IsTriple():
		d.triple(t)
		return
	case t.IsIRI():
		tag = "uri"
	case t.IsBNode():
		tag = "bnode"
	case t.Lang() != "":
		attr = ` xml:lang="` + escapeXML(t.Lang()) + `"`
		if dir := t.Direction(); dir != rdf.NoDirection {
			attr += ` xmlns:its="` + itsNS + `" its:version="2.0" its:dir="` + dir.String() + `"`
		}
	case t.Datatype() != rdf.XSDString:
		attr = ` datatype="` + escapeXML(t.Datatype()) + `"`
	}
	d.w.WriteString("<" + tag + attr + ">")
	xml.EscapeText(d.w, []byte(t.Value())) //nolint:errcheck // sticks in the buffer
	d.w.WriteString("</" + tag + ">")
}

// triple writes a triple term, level by level.
func (d *xmlDocument) triple(t rdf.Term) {
	depth := 0
	for triple, ok := t.Triple(); ok; triple, ok = t.Triple() {
		d.w.WriteString("<triple><subject>")
		d.term(triple.S)
		d.w.WriteString("</subject><predicate>")
		d.term(triple.P)
		d.w.WriteString("</predicate><object>")
		t = triple.O
		depth++
	}
	d.term(t)
	for range depth {
		d.w.WriteString("</object></triple>")
	}
}

func (d *xmlDocument) boolean(b bool) {
	fmt.Fprintf(d.w, "<boolean>%t</boolean>\n", b)
	d.rows = -1
}

func (d *xmlDocument) end() {
	d.open()
	d.w.WriteString(d.ended + "</sparql>\n")
}

// xmlAnswer is the shape of a document that is read.
type xmlAnswer struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/sparql-results# sparql"`
	Vars    []struct {
		Name string `xml:"name,attr"`
	} `xml:"head>variable"`
	Boolean *string `xml:"boolean"`
	Results *struct {
		Result []struct {
			Bindings []xmlBinding `xml:"binding"`
		} `xml:"result"`
	} `xml:"results"`
}

type xmlBinding struct {
	Name  string    `xml:"name,attr"`
	Terms []xmlTerm `xml:",any"`
}

type xmlTerm struct {
	XMLName   xml.Name
	Value     string `xml:",chardata"`
	Lang      string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
	Direction string `xml:"http://www.w3.org/2005/11/its dir,attr"`
	Datatype  string `xml:"datatype,attr"`
	// of <triple>
	Subject   *xmlPart `xml:"subject"`
	Predicate *xmlPart `xml:"predicate"`
	Object    *xmlPart `xml:"object"`
}

type xmlPart struct {
	Terms []xmlTerm `xml:",any"`
}

func (p *xmlPart) term(depth int) (rdf.Term, error) {
	if p == nil || len(p.Terms) != 1 {
		return rdf.Term{}, fmt.Errorf("expected one term")
	}
	return p.Terms[0].term(depth)
}

func (t *xmlTerm) term(depth int) (rdf.Term, error) {
	if t.XMLName.Local == "triple" {
		return makeTriple(depth, t.Subject.term, t.Predicate.term, t.Object.term)
	}
	return makeTerm(t.XMLName.Local, t.Value, t.Lang, t.Direction, t.Datatype)
}

func readXML(r io.Reader) (*Result, error) {
	var doc xmlAnswer
	if err := xml.NewDecoder(r).Decode(&doc); err != nil {
		return nil, err
	}
	if doc.Boolean != nil {
		return parseBooleanText(*doc.Boolean)
	}
	if doc.Results == nil {
		return nil, fmt.Errorf("expected an element <results> or <boolean>")
	}
	vars := make([]string, len(doc.Vars))
	for i, v := range doc.Vars {
		vars[i] = v.Name
	}
	column, err := columns(vars)
	if err != nil {
		return nil, err
	}
	rows := make([][]rdf.Term, 0, len(doc.Results.Result))
	for i, result := range doc.Results.Result {
		row := make([]rdf.Term, len(vars))
		for _, b := range result.Bindings {
			at, ok := column[b.Name]
			if !ok || len(b.Terms) != 1 {
				return nil, fmt.Errorf("solution %d: binding %q: expected one term for a variable of the head", i+1, b.Name)
			}
			if row[at], err = b.Terms[0].term(0); err != nil {
				return nil, fmt.Errorf("solution %d: binding %q: %w", i+1, b.Name, err)
			}
		}
		rows = append(rows, row)
	}
	return NewBindings(vars, rows), nil
}

func parseBooleanText(text string) (*Result, error) {
	switch strings.TrimSpace(text) {
	case "true", "1":
		return &Result{Kind: Boolean, Boolean: true}, nil
	case "false", "0":
		return &Result{Kind: Boolean}, nil
	}
	return nil, fmt.Errorf("boolean %q: expected true or false", text)
}
