package rdf

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
	"unicode/utf8"
)

// RDF/XML (W3C Recommendation 2014, and RDF 1.2 XML Syntax) is read event by event: a stack of open
// elements says what the next one means (§7.2). Names are resolved here, not
// by encoding/xml, because XML literals need the prefixes as written.

// elementKind is what an open element is in the grammar.
type elementKind uint8

const (
	xmlDocument   elementKind = iota // nothing is open
	xmlRDF                           // rdf:RDF: node elements
	xmlNode                          // a node element: property elements
	xmlProperty                      // a property element: text or one node element
	xmlResource                      // parseType="Resource": property elements
	xmlCollection                    // parseType="Collection": node elements
	xmlLiteral                       // parseType="Literal": anything
	xmlEmpty                         // a property element whose attributes say it all
	xmlTriple                        // parseType="Triple": one node element with one property
	xmlIgnored                       // what this version of RDF does not know
)

// element is one open element.
type element struct {
	kind   elementKind
	name   xml.Name // as written
	base   string
	lang   string
	dir    Direction         // its:dir
	v12    bool              // rdf:version says 1.2
	spaces map[string]string // prefix → namespace; shared until changed

	subject   Term // of the property elements inside
	li        int  // rdf:li so far
	predicate Term // of a property element
	object    Term
	reify     Term // rdf:ID of a property element
	annotate  Term // rdf:annotation or rdf:annotationNodeID of one
	datatype  string
	text      strings.Builder
	last      Term // the last cell of a collection
	literal   *xmlLiteralWriter
	inner     []Triple // of parseType="Triple"
}

type rdfxmlParser struct {
	r       *Reader
	in      *boundedReader
	dec     *xml.Decoder
	stack   []*element
	triples []*element      // open elements of parseType="Triple"
	ids     map[string]bool // IRIs of rdf:ID (§7.2.33)
	entered bool            // the root was seen
}

// maxIDs bounds the rdf:IDs of a document, which must be kept to be unique.
const maxIDs = 1 << 22

// boundedReader fails when one token of XML needs more than its limit.
type boundedReader struct {
	r           io.Reader
	left, limit int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTokenTooLong
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

var errTokenTooLong = errors.New("longer than the limit")

func newRDFXMLParser(r *Reader, in io.Reader) *rdfxmlParser {
	limit := int64(r.opts.MaxTermBytes) + writeBufferBytes
	p := &rdfxmlParser{r: r, ids: map[string]bool{}, in: &boundedReader{r: in, left: limit, limit: limit}}
	p.dec = xml.NewDecoder(p.in)
	p.dec.CharsetReader = charsetReader
	p.dec.Entity = map[string]string{}
	p.stack = []*element{{base: r.opts.Base, spaces: map[string]string{"xml": xmlNS}}}
	return p
}

const (
	xmlNS = "http://www.w3.org/XML/1998/namespace"
	itsNS = "http://www.w3.org/2005/11/its"
)

// emit queues a triple, or keeps it for the triple term that it belongs to.
func (p *rdfxmlParser) emit(s, pred, o Term) {
	if n := len(p.triples); n > 0 {
		p.triples[n-1].inner = append(p.triples[n-1].inner, Triple{s, pred, o})
		return
	}
	p.r.emit(s, pred, o, Term{})
}

// charsetReader reads the encodings beside UTF-8 that every XML reader knows.
func charsetReader(charset string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "us-ascii", "ascii":
		return in, nil
	case "iso-8859-1", "latin1":
		return &latin1Reader{in: in}, nil
	}
	return nil, fmt.Errorf("encoding %q: expected UTF-8 or ISO-8859-1", charset)
}

type latin1Reader struct {
	in  io.Reader
	out []byte
}

func (l *latin1Reader) Read(p []byte) (int, error) {
	if len(l.out) == 0 {
		var buf [1024]byte
		n, err := l.in.Read(buf[:])
		if n == 0 {
			return 0, err
		}
		for _, c := range buf[:n] {
			l.out = utf8.AppendRune(l.out, rune(c))
		}
	}
	n := copy(p, l.out)
	l.out = l.out[n:]
	return n, nil
}

func (p *rdfxmlParser) top() *element { return p.stack[len(p.stack)-1] }

func (p *rdfxmlParser) fail(format string, args ...any) error {
	line, column := p.dec.InputPos()
	return &SyntaxError{Format: RDFXML, Line: max(line, 1), Column: max(column, 1), Msg: fmt.Sprintf(format, args...)}
}

// step reads one event.
func (p *rdfxmlParser) step() error {
	tok, err := p.dec.RawToken()
	if err != nil {
		return p.xmlError(err)
	}
	p.in.left = p.in.limit
	switch tok := tok.(type) {
	case xml.StartElement:
		return p.start(tok)
	case xml.EndElement:
		return p.end(tok)
	case xml.CharData:
		return p.chars(string(tok))
	case xml.Directive:
		return p.doctype(string(tok))
	case xml.Comment:
		if e := p.top(); e.kind == xmlLiteral {
			e.literal.comment(string(tok))
		}
	case xml.ProcInst:
		if e := p.top(); e.kind == xmlLiteral {
			e.literal.instruction(tok.Target, string(tok.Inst))
		}
	}
	return nil
}

func (p *rdfxmlParser) xmlError(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case err == io.EOF && len(p.stack) > 1:
		return p.fail("element <%s> is not closed: found end of input", rawName(p.top().name))
	case err == io.EOF && !p.entered:
		return p.fail("expected an element, found end of input")
	case err == io.EOF:
		return io.EOF
	case errors.Is(err, errTokenTooLong):
		return p.fail("term is longer than the limit of %d bytes", p.r.opts.MaxTermBytes)
	case errors.As(err, &syntax):
		return p.fail("%s", syntax.Msg)
	case strings.HasPrefix(err.Error(), "xml: "):
		return p.fail("%s", strings.TrimPrefix(err.Error(), "xml: "))
	}
	return fmt.Errorf("%s: read: %w", RDFXML, err)
}

func rawName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// doctype takes the general entities of an internal DTD subset. Their values
// are text: they may refer to characters and to entities before them.
func (p *rdfxmlParser) doctype(text string) error {
	if !strings.HasPrefix(text, "DOCTYPE") {
		return nil
	}
	for rest := text; ; {
		i := strings.Index(rest, "<!ENTITY")
		if i < 0 {
			return nil
		}
		rest = strings.TrimLeft(rest[i+len("<!ENTITY"):], " \t\r\n")
		name, value, found := cutSpace(rest)
		if !found || name == "%" || len(value) < 2 || value[0] != '"' && value[0] != '\'' {
			continue // parameter or external entities are not read
		}
		value, rest, found = strings.Cut(value[1:], value[:1])
		if !found {
			return p.fail("entity %s is not closed", name)
		}
		if len(p.dec.Entity) >= MaxPrefixes {
			return p.fail("more than %d entities", MaxPrefixes)
		}
		expanded, err := p.expand(value)
		if err != nil {
			return err
		}
		p.dec.Entity[name] = expanded
	}
}

func cutSpace(s string) (before, after string, found bool) {
	i := strings.IndexAny(s, " \t\r\n")
	if i < 0 {
		return s, "", false
	}
	return s[:i], strings.TrimLeft(s[i:], " \t\r\n"), true
}

// expand replaces references in the value of an entity.
func (p *rdfxmlParser) expand(value string) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(value, "&")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, rest, found := strings.Cut(after, ";")
		if !found {
			return "", p.fail("reference &%s is not closed", name)
		}
		value = rest
		switch expansion, known := p.dec.Entity[name]; {
		case known:
			b.WriteString(expansion)
		case strings.HasPrefix(name, "#"):
			digits, base := name[1:], 10
			if strings.HasPrefix(digits, "x") {
				digits, base = digits[1:], 16
			}
			n, err := strconv.ParseUint(digits, base, 21)
			if err != nil {
				return "", p.fail("malformed character reference &%s;", name)
			}
			b.WriteRune(rune(n))
		default:
			b.WriteString("&" + name + ";")
		}
		if b.Len() > p.r.opts.MaxTermBytes {
			return "", p.fail("term is longer than the limit of %d bytes", p.r.opts.MaxTermBytes)
		}
	}
}

// attribute is an attribute with its name resolved.
type attribute struct {
	space, local, value string
}

func (a attribute) iri() string { return a.space + a.local }

// start opens an element.
func (p *rdfxmlParser) start(tok xml.StartElement) error {
	parent := p.top()
	if len(p.stack) > p.r.opts.MaxDepth {
		return p.fail("elements nest deeper than %d", p.r.opts.MaxDepth)
	}
	if parent.kind == xmlDocument && p.entered {
		return p.fail("found a second root element <%s>", rawName(tok.Name))
	}
	p.entered = true
	e := &element{name: tok.Name, base: parent.base, lang: parent.lang, dir: parent.dir, v12: parent.v12, spaces: parent.spaces}
	if err := p.declare(e, tok.Attr); err != nil {
		return err
	}
	if parent.kind == xmlIgnored {
		e.kind = xmlIgnored
		p.stack = append(p.stack, e)
		return nil
	}
	if parent.kind == xmlLiteral {
		e.kind, e.literal = xmlLiteral, parent.literal
		e.literal.start(tok, e.spaces)
		p.stack = append(p.stack, e)
		return p.checkText(e.literal.out.Len())
	}
	space, err := p.namespace(e, tok.Name.Space)
	if err != nil {
		return err
	}
	attrs, err := p.attributes(e, tok.Attr)
	if err != nil {
		return err
	}
	name := space + tok.Name.Local
	p.stack = append(p.stack, e)
	switch parent.kind {
	case xmlDocument:
		if name == RDFNS+"RDF" {
			e.kind = xmlRDF
			if len(attrs) > 0 {
				return p.fail("rdf:RDF: unexpected attribute %s", attrs[0].iri())
			}
			return nil
		}
		return p.node(e, name, attrs)
	case xmlRDF:
		return p.node(e, name, attrs)
	case xmlCollection:
		if err := p.node(e, name, attrs); err != nil {
			return err
		}
		p.member(parent, e.subject)
		return nil
	case xmlProperty:
		if !parent.object.IsZero() || !blankText(parent.text.String()) || parent.datatype != "" {
			return p.fail("<%s>: a property element holds text or one node element", rawName(parent.name))
		}
		if err := p.node(e, name, attrs); err != nil {
			return err
		}
		parent.object = e.subject
		return nil
	case xmlTriple:
		if !parent.object.IsZero() {
			return p.fail("<%s>: a triple term is one node element with one property", rawName(parent.name))
		}
		if err := p.node(e, name, attrs); err != nil {
			return err
		}
		parent.object = e.subject
		return nil
	case xmlNode, xmlResource:
		return p.property(parent, e, name, attrs)
	}
	return p.fail("<%s>: unexpected element <%s>", rawName(parent.name), rawName(tok.Name))
}

func blankText(s string) bool { return strings.Trim(s, " \t\r\n") == "" }

// declare takes namespaces, xml:lang and xml:base.
func (p *rdfxmlParser) declare(e *element, attrs []xml.Attr) error {
	copied := false
	for _, a := range attrs {
		prefix := a.Name.Local
		switch {
		case a.Name.Space == "xmlns":
		case a.Name.Space == "" && prefix == "xmlns":
			prefix = ""
		case a.Name.Space == "xml" && prefix == "lang":
			if a.Value != "" && !validLang(a.Value) {
				return p.fail("xml:lang %q: malformed language tag", a.Value)
			}
			e.lang = a.Value
			continue
		case a.Name.Space == "xml" && prefix == "base":
			base, err := p.resolve(e, a.Value)
			if err != nil {
				return err
			}
			e.base = base
			continue
		default:
			continue
		}
		if !copied {
			e.spaces, copied = maps.Clone(e.spaces), true
		}
		if len(e.spaces) >= MaxPrefixes {
			return p.fail("more than %d namespaces", MaxPrefixes)
		}
		if strings.HasPrefix(a.Value, RDFNS) && a.Value != RDFNS {
			return p.fail("namespace %q: no namespace may begin with that of RDF", a.Value)
		}
		e.spaces[prefix] = a.Value
		if len(p.stack) <= 2 && CheckIRI(a.Value) == nil {
			p.r.declare(prefix, a.Value)
		}
	}
	return nil
}

// declare notes a prefix for Prefixes.
func (r *Reader) declare(prefix, iri string) {
	for i := range r.decls {
		if r.decls[i].Prefix == prefix {
			r.decls[i].IRI = iri
			return
		}
	}
	r.decls = append(r.decls, PrefixDecl{Prefix: prefix, IRI: iri})
}

func (p *rdfxmlParser) namespace(e *element, prefix string) (string, error) {
	space, ok := e.spaces[prefix]
	if !ok && prefix != "" {
		return "", p.fail("prefix %s: is not declared", prefix)
	}
	return space, nil
}

// attributes resolves the names of attributes, without namespaces and those
// of XML itself. Of names without a namespace only the five of §6.1.4 are
// known, for they are what old documents have. rdf:version and its:dir (RDF 1.2
// XML Syntax §2.15, §2.16) are taken here.
func (p *rdfxmlParser) attributes(e *element, attrs []xml.Attr) (out []attribute, err error) {
	dir := ""
	for _, a := range attrs {
		switch {
		case a.Name.Space == "xmlns", a.Name.Space == "xml":
			continue
		case a.Name.Space == "" && (a.Name.Local == "xmlns" || strings.HasPrefix(strings.ToLower(a.Name.Local), "xml")):
			continue
		}
		space := ""
		if a.Name.Space != "" {
			if space, err = p.namespace(e, a.Name.Space); err != nil {
				return nil, err
			}
		} else {
			switch a.Name.Local {
			case "ID", "about", "resource", "parseType", "type":
				space = RDFNS
			default:
				return nil, p.fail("<%s>: attribute %s has no namespace", rawName(e.name), a.Name.Local)
			}
		}
		switch {
		case space == itsNS && a.Name.Local == "dir":
			dir = a.Value
			continue
		case space == itsNS:
			continue
		case space == RDFNS && a.Name.Local == "version":
			e.v12 = strings.HasPrefix(a.Value, "1.2")
			continue
		}
		for _, other := range out {
			if other.space == space && other.local == a.Name.Local {
				return nil, p.fail("<%s>: attribute %s stands twice", rawName(e.name), rawName(a.Name))
			}
		}
		out = append(out, attribute{space, a.Name.Local, a.Value})
	}
	if e.v12 && dir != "" {
		e.dir, _ = DirectionOf(dir)
	}
	return out, nil
}

// end closes an element.
func (p *rdfxmlParser) end(tok xml.EndElement) error {
	e := p.top()
	if len(p.stack) == 1 || e.name != tok.Name {
		return p.fail("</%s> closes nothing here", rawName(tok.Name))
	}
	p.stack = p.stack[:len(p.stack)-1]
	if e.kind == xmlLiteral {
		if parent := p.top(); parent.kind == xmlLiteral {
			e.literal.end(rawName(e.name))
			return nil
		}
		p.statement(p.top(), e, Literal(e.literal.out.String(), RDFNS+"XMLLiteral"))
		return nil
	}
	switch e.kind {
	case xmlProperty:
		if e.object.IsZero() {
			if e.datatype == RDFLangString || e.datatype == RDFDirLangString {
				return p.fail("<%s>: rdf:datatype %s: expected xml:lang instead of it", rawName(e.name), e.datatype)
			}
			e.object = p.textLiteral(e, e.text.String(), e.datatype)
		}
		p.statement(p.top(), e, e.object)
	case xmlCollection:
		if e.last.IsZero() {
			p.statement(p.top(), e, IRI(RDFNil))
		} else {
			p.emit(e.last, IRI(RDFRest), IRI(RDFNil))
		}
	case xmlTriple:
		return p.endTriple(e)
	}
	return nil
}

// endTriple closes an element of parseType="Triple".
func (p *rdfxmlParser) endTriple(e *element) error {
	p.triples = p.triples[:len(p.triples)-1]
	if len(e.inner) != 1 || e.inner[0].S != e.object {
		return p.fail("<%s>: a triple term is one node element with one property, found %d", rawName(e.name), len(e.inner))
	}
	if err := CheckTriple(e.inner[0]); err != nil {
		return p.fail("<%s>: %v", rawName(e.name), err)
	}
	term := TripleTerm(e.inner[0])
	p.statement(p.top(), e, term)
	return p.checkText(len(term.value))
}

func (p *rdfxmlParser) textLiteral(e *element, text, datatype string) Term {
	switch {
	case datatype != "":
		return Literal(text, datatype)
	case e.lang != "":
		return DirLangString(text, e.lang, e.dir)
	}
	return String(text)
}

func (p *rdfxmlParser) checkText(n int) error {
	if n > p.r.opts.MaxTermBytes {
		return p.fail("term is longer than the limit of %d bytes", p.r.opts.MaxTermBytes)
	}
	return nil
}

// chars takes text.
func (p *rdfxmlParser) chars(text string) error {
	e := p.top()
	switch e.kind {
	case xmlIgnored:
		return nil
	case xmlLiteral:
		e.literal.text(text)
		return p.checkText(e.literal.out.Len())
	case xmlProperty:
		if !e.object.IsZero() {
			if blankText(text) {
				return nil
			}
			return p.fail("<%s>: a property element holds text or one node element", rawName(e.name))
		}
		if err := p.checkText(e.text.Len() + len(text)); err != nil {
			return err
		}
		e.text.WriteString(text)
		return nil
	}
	if blankText(text) {
		return nil
	}
	if e.kind == xmlDocument {
		return p.fail("found text outside the root element")
	}
	return p.fail("<%s>: unexpected text", rawName(e.name))
}
