package rdf

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The rules for elements and attributes (RDF/XML §6.2, §7.2).

// syntaxTerms are names that mean something to the syntax only; oldTerms were
// withdrawn.
var (
	syntaxTerms = map[string]bool{
		RDFNS + "RDF": true, RDFNS + "ID": true, RDFNS + "about": true, RDFNS + "parseType": true,
		RDFNS + "resource": true, RDFNS + "nodeID": true, RDFNS + "datatype": true,
		RDFNS + "annotation": true, RDFNS + "annotationNodeID": true, RDFNS + "version": true,
	}
	oldTerms = map[string]bool{RDFNS + "aboutEach": true, RDFNS + "aboutEachPrefix": true, RDFNS + "bagID": true}
)

const (
	rdfDescription = RDFNS + "Description"
	rdfLi          = RDFNS + "li"
)

// node begins a node element (§7.2.11).
func (p *rdfxmlParser) node(e *element, name string, attrs []attribute) error {
	e.kind = xmlNode
	if syntaxTerms[name] || oldTerms[name] || name == rdfLi {
		return p.fail("<%s>: the name cannot be that of a node", rawName(e.name))
	}
	var properties []attribute
	for _, a := range attrs {
		var subject Term
		var err error
		switch a.iri() {
		case RDFNS + "ID":
			subject, err = p.idTerm(e, a.value)
		case RDFNS + "nodeID":
			subject, err = p.nodeID(a.value)
		case RDFNS + "about":
			subject, err = p.iriTerm(e, a.value)
		default:
			if err := p.checkPropertyAttribute(e, a); err != nil {
				return err
			}
			properties = append(properties, a)
			continue
		}
		if err != nil {
			return err
		}
		if !e.subject.IsZero() {
			return p.fail("<%s>: only one of rdf:ID, rdf:nodeID and rdf:about may stand here", rawName(e.name))
		}
		e.subject = subject
	}
	if e.subject.IsZero() {
		e.subject = p.r.newBNode()
	}
	if name != rdfDescription {
		if err := CheckIRI(name); err != nil {
			return p.fail("<%s>: %v", rawName(e.name), err)
		}
		p.emit(e.subject, IRI(RDFType), IRI(name))
	}
	return p.propertyAttributes(e, e.subject, properties)
}

func (p *rdfxmlParser) checkPropertyAttribute(e *element, a attribute) error {
	name := a.iri()
	if syntaxTerms[name] || oldTerms[name] || name == rdfDescription || name == rdfLi {
		return p.fail("<%s>: unexpected attribute %s", rawName(e.name), a.local)
	}
	if err := CheckIRI(name); err != nil {
		return p.fail("<%s>: attribute %s: %v", rawName(e.name), a.local, err)
	}
	return nil
}

func (p *rdfxmlParser) propertyAttributes(e *element, subject Term, attrs []attribute) error {
	for _, a := range attrs {
		if a.iri() == RDFType {
			object, err := p.iriTerm(e, a.value)
			if err != nil {
				return err
			}
			p.emit(subject, IRI(RDFType), object)
			continue
		}
		p.emit(subject, IRI(a.iri()), p.textLiteral(e, a.value, ""))
	}
	return nil
}

// property begins a property element (§7.2.14).
func (p *rdfxmlParser) property(parent, e *element, name string, attrs []attribute) error {
	if syntaxTerms[name] || oldTerms[name] || name == rdfDescription {
		return p.fail("<%s>: the name cannot be that of a property", rawName(e.name))
	}
	if name == rdfLi {
		parent.li++
		name = RDFNS + "_" + strconv.Itoa(parent.li)
	}
	if err := CheckIRI(name); err != nil {
		return p.fail("<%s>: %v", rawName(e.name), err)
	}
	e.predicate = IRI(name)
	var parseType, resource, node, datatype *attribute
	var properties []attribute
	for i := range attrs {
		a := &attrs[i]
		switch a.iri() {
		case RDFNS + "ID":
			id, err := p.idTerm(e, a.value)
			if err != nil {
				return err
			}
			e.reify = id
		case RDFNS + "annotation", RDFNS + "annotationNodeID":
			if err := p.annotation(e, a); err != nil {
				return err
			}
		case RDFNS + "parseType":
			parseType = a
		case RDFNS + "resource":
			resource = a
		case RDFNS + "nodeID":
			node = a
		case RDFNS + "datatype":
			datatype = a
		default:
			if err := p.checkPropertyAttribute(e, *a); err != nil {
				return err
			}
			properties = append(properties, *a)
		}
	}
	switch {
	case parseType != nil:
		if resource != nil || node != nil || datatype != nil || len(properties) > 0 {
			return p.fail("<%s>: beside rdf:parseType only rdf:ID and rdf:annotation may stand", rawName(e.name))
		}
		return p.parseType(parent, e, parseType.value)
	case datatype != nil:
		if resource != nil || node != nil || len(properties) > 0 {
			return p.fail("<%s>: beside rdf:datatype only rdf:ID may stand", rawName(e.name))
		}
		iri, err := p.resolve(e, datatype.value)
		e.kind, e.datatype = xmlProperty, iri
		return err
	case resource == nil && node == nil && len(properties) == 0:
		e.kind = xmlProperty
		return nil
	}
	return p.emptyProperty(parent, e, resource, node, properties)
}

// annotation takes the reifier of a property element's triple (RDF 1.2 XML
// Syntax §2.19).
func (p *rdfxmlParser) annotation(e *element, a *attribute) (err error) {
	if !e.annotate.IsZero() {
		return p.fail("<%s>: only one of rdf:annotation and rdf:annotationNodeID may stand here", rawName(e.name))
	}
	if a.local == "annotation" {
		e.annotate, err = p.iriTerm(e, a.value)
	} else {
		e.annotate, err = p.nodeID(a.value)
	}
	return err
}

// emptyProperty is a property element whose object the attributes give
// (§7.2.21).
func (p *rdfxmlParser) emptyProperty(parent, e *element, resource, node *attribute, properties []attribute) (err error) {
	e.kind = xmlEmpty
	var object Term
	switch {
	case resource != nil && node != nil:
		return p.fail("<%s>: only one of rdf:resource and rdf:nodeID may stand here", rawName(e.name))
	case resource != nil:
		object, err = p.iriTerm(e, resource.value)
	case node != nil:
		object, err = p.nodeID(node.value)
	default:
		object = p.r.newBNode()
	}
	if err != nil {
		return err
	}
	p.statement(parent, e, object)
	return p.propertyAttributes(e, object, properties)
}

// parseType begins the content of a property element with rdf:parseType
// (§7.2.17 to §7.2.20).
func (p *rdfxmlParser) parseType(parent, e *element, kind string) error {
	switch kind {
	case "Resource":
		e.kind, e.subject = xmlResource, p.r.newBNode()
		p.statement(parent, e, e.subject)
	case "Collection":
		e.kind = xmlCollection
	case "Triple": // means nothing before RDF 1.2
		e.kind = xmlIgnored
		if e.v12 {
			e.kind = xmlTriple
			p.triples = append(p.triples, e)
		}
	default: // other values mean Literal
		e.kind, e.literal = xmlLiteral, &xmlLiteralWriter{}
	}
	return nil
}

// member adds a node to a collection.
func (p *rdfxmlParser) member(e *element, node Term) {
	cell := p.r.newBNode()
	if e.last.IsZero() {
		p.statement(p.stack[len(p.stack)-3], e, cell)
	} else {
		p.emit(e.last, IRI(RDFRest), cell)
	}
	p.emit(cell, IRI(RDFFirst), node)
	e.last = cell
}

// statement emits the triple of a property element of parent, and with rdf:ID
// the statements about it (§7.3).
func (p *rdfxmlParser) statement(parent, e *element, object Term) {
	p.emit(parent.subject, e.predicate, object)
	if !e.annotate.IsZero() {
		p.emit(e.annotate, IRI(RDFReifies), TripleTerm(Triple{parent.subject, e.predicate, object}))
	}
	if e.reify.IsZero() {
		return
	}
	p.emit(e.reify, IRI(RDFType), IRI(RDFNS+"Statement"))
	p.emit(e.reify, IRI(RDFNS+"subject"), parent.subject)
	p.emit(e.reify, IRI(RDFNS+"predicate"), e.predicate)
	p.emit(e.reify, IRI(RDFNS+"object"), object)
}

// resolve resolves a reference against the base in scope (§5.3).
func (p *rdfxmlParser) resolve(e *element, ref string) (string, error) {
	iri, err := ref, error(nil)
	if !hasScheme(ref) {
		if e.base == "" {
			return "", p.fail("relative IRI %q: there is no base", ref)
		}
		base, _, _ := strings.Cut(e.base, "#")
		iri, err = ResolveIRI(base, ref)
	} else {
		err = CheckIRI(ref)
	}
	if err != nil {
		return "", p.fail("%v", err)
	}
	return iri, nil
}

func (p *rdfxmlParser) iriTerm(e *element, ref string) (Term, error) {
	iri, err := p.resolve(e, ref)
	return IRI(iri), err
}

// idTerm is the IRI of an rdf:ID, which no other element may have.
func (p *rdfxmlParser) idTerm(e *element, id string) (Term, error) {
	if !validNCName(id) {
		return Term{}, p.fail("rdf:ID %q: malformed name", id)
	}
	iri, err := p.resolve(e, "#"+id)
	if err != nil {
		return Term{}, err
	}
	if p.ids[iri] {
		return Term{}, p.fail("rdf:ID %q stands twice", id)
	}
	if len(p.ids) >= maxIDs {
		return Term{}, p.fail("more than %d rdf:IDs", maxIDs)
	}
	p.ids[iri] = true
	return IRI(iri), nil
}

func (p *rdfxmlParser) nodeID(id string) (Term, error) {
	if !validNCName(id) {
		return Term{}, p.fail("rdf:nodeID %q: malformed name", id)
	}
	if looksAnon([]byte(id)) {
		id += "_"
	}
	label := p.r.opts.BNodeScope + id
	if !validBNodeLabel(label) {
		label = fmt.Sprintf("%sx%x", p.r.opts.BNodeScope, id) // a name in XML, but no label here
	}
	return BNode(label), nil
}

// validNCName tells whether s is an NCName (Namespaces in XML §3), whose
// characters are those of labels in Turtle.
func validNCName(s string) bool {
	for i, r := range s {
		if r != '_' && !isPNBase(r) && (i == 0 || r != '.' && !isPNChar(r)) {
			return false
		}
	}
	return s != "" && utf8.ValidString(s)
}
