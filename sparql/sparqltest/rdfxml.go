package sparqltest

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"nettwin/graph/rdf"
)

const xmlNS = "http://www.w3.org/XML/1998/namespace"

// rdfxmlReader reads the part of RDF/XML that the suites' files use: node and
// property elements, rdf:about, nodeID, resource, datatype, parseType
// "Resource", xml:lang and property attributes.
type rdfxmlReader struct {
	dec   *xml.Decoder
	base  string
	nodes int
	out   []rdf.Quad
}

func readRDFXML(r io.Reader, base string) ([]rdf.Quad, error) {
	x := &rdfxmlReader{dec: xml.NewDecoder(r), base: base}
	for {
		tok, err := x.dec.Token()
		if err == io.EOF {
			return x.out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("rdf/xml: %w", err)
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Space == rdf.RDFNS && start.Name.Local == "RDF" {
			continue
		}
		if _, err := x.node(start, ""); err != nil {
			return nil, fmt.Errorf("rdf/xml: %w", err)
		}
	}
}

func (x *rdfxmlReader) blank() rdf.Term {
	x.nodes++
	return rdf.BNode(fmt.Sprintf("x%d", x.nodes))
}

func (x *rdfxmlReader) resolve(ref string) (rdf.Term, error) {
	iri, err := rdf.ResolveIRI(x.base, ref)
	return rdf.IRI(iri), err
}

func attr(e xml.StartElement, space, local string) (string, bool) {
	for _, a := range e.Attr {
		if a.Name.Space == space && a.Name.Local == local {
			return a.Value, true
		}
	}
	return "", false
}

// node reads a node element to its end and returns its subject.
func (x *rdfxmlReader) node(e xml.StartElement, lang string) (subject rdf.Term, err error) {
	if about, ok := attr(e, rdf.RDFNS, "about"); ok {
		subject, err = x.resolve(about)
	} else if id, ok := attr(e, rdf.RDFNS, "ID"); ok {
		subject, err = x.resolve("#" + id)
	} else if id, ok := attr(e, rdf.RDFNS, "nodeID"); ok {
		subject = rdf.BNode("n-" + id)
	} else {
		subject = x.blank()
	}
	if err != nil {
		return subject, err
	}
	if name := e.Name.Space + e.Name.Local; name != rdf.RDFNS+"Description" {
		x.emit(subject, rdf.RDFType, rdf.IRI(name))
	}
	if l, ok := attr(e, xmlNS, "lang"); ok {
		lang = l
	}
	for _, a := range e.Attr {
		if a.Name.Space != "" && a.Name.Space != rdf.RDFNS && a.Name.Space != xmlNS && a.Name.Space != "xmlns" {
			x.emit(subject, a.Name.Space+a.Name.Local, text(a.Value, "", lang))
		}
	}
	return subject, x.properties(subject, lang)
}

func (x *rdfxmlReader) emit(s rdf.Term, p string, o rdf.Term) {
	x.out = append(x.out, rdf.Quad{S: s, P: rdf.IRI(p), O: o})
}

func text(value, datatype, lang string) rdf.Term {
	if datatype == "" && lang != "" {
		return rdf.LangString(value, lang)
	}
	return rdf.Literal(value, datatype)
}

// properties reads property elements up to the end of their parent.
func (x *rdfxmlReader) properties(subject rdf.Term, lang string) error {
	for {
		tok, err := x.dec.Token()
		if err != nil {
			return err
		}
		switch tok := tok.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			object, err := x.property(tok, lang)
			if err != nil {
				return err
			}
			x.emit(subject, tok.Name.Space+tok.Name.Local, object)
		}
	}
}

// property reads one property element to its end and returns the object.
func (x *rdfxmlReader) property(e xml.StartElement, lang string) (rdf.Term, error) {
	if l, ok := attr(e, xmlNS, "lang"); ok {
		lang = l
	}
	if kind, ok := attr(e, rdf.RDFNS, "parseType"); ok {
		if kind != "Resource" {
			return rdf.Term{}, fmt.Errorf("parseType %q: expected Resource", kind)
		}
		object := x.blank()
		return object, x.properties(object, lang)
	}
	if ref, ok := attr(e, rdf.RDFNS, "resource"); ok {
		object, err := x.resolve(ref)
		if err != nil {
			return object, err
		}
		return object, x.dec.Skip()
	}
	if id, ok := attr(e, rdf.RDFNS, "nodeID"); ok {
		return rdf.BNode("n-" + id), x.dec.Skip()
	}
	datatype, _ := attr(e, rdf.RDFNS, "datatype")
	return x.content(datatype, lang)
}

// content reads text, or one node element.
func (x *rdfxmlReader) content(datatype, lang string) (rdf.Term, error) {
	var chars strings.Builder
	var object rdf.Term
	for {
		tok, err := x.dec.Token()
		if err != nil {
			return object, err
		}
		switch tok := tok.(type) {
		case xml.CharData:
			chars.Write(tok)
		case xml.StartElement:
			if object, err = x.node(tok, lang); err != nil {
				return object, err
			}
		case xml.EndElement:
			if object.IsZero() {
				object = text(chars.String(), datatype, lang)
			}
			return object, nil
		}
	}
}
