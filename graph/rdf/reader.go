package rdf

import (
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Limits of a Reader; exceeding one is a *SyntaxError.
const (
	// DefaultMaxTermBytes bounds one term as written, unless
	// ReaderOptions.MaxTermBytes says otherwise.
	DefaultMaxTermBytes = 16 << 20
	// DefaultMaxDepth bounds how deep [ ] and ( ) nest in Turtle and TriG,
	// unless ReaderOptions.MaxDepth says otherwise.
	DefaultMaxDepth = 1024
	// MaxPrefixes bounds the number of prefixes that a document declares.
	MaxPrefixes = 1 << 16
)

// ReaderOptions are the choices of a Reader; the zero value is ready to use.
type ReaderOptions struct {
	// Base resolves relative IRIs until the document sets another base.
	// Without a base a relative IRI is an error. N-Triples and N-Quads know
	// absolute IRIs only.
	Base string
	// BNodeScope is put before every blank node label, so that documents
	// loaded one after another with different scopes never share a blank
	// node. Scopes must not be prefixes of one another, which holds if all
	// have one length or end in a character that they do not contain
	// elsewhere. If it is empty, labels stay as written, but for those that
	// look like the ones given to anonymous nodes: "anon-1" becomes
	// "anon-1_" and "anon-1_" becomes "anon-1__".
	BNodeScope string
	// MaxTermBytes bounds one term; 0 means DefaultMaxTermBytes.
	MaxTermBytes int
	// MaxDepth bounds nesting; 0 means DefaultMaxDepth.
	MaxDepth int
	// Context returns the JSON-LD context at an IRI, or an error that says why
	// it is not to be had. Nil means that none is: nothing is ever fetched.
	Context func(iri string) ([]byte, error)
	// Strict makes what a JSON-LD document says and RDF cannot an error. Else it
	// is left out (JSON-LD 1.1 Processing §8.1.2).
	Strict bool
}

// PrefixDecl is a declared prefix: its name without the colon, and the IRI
// that it stands for.
type PrefixDecl struct{ Prefix, IRI string }

// Reader reads the quads of a document one by one. Its memory is bounded by
// the limits above, whatever the document's length. It is not safe for
// concurrent use.
type Reader struct {
	lex    *lexer
	format Format
	opts   ReaderOptions
	next   func() error // reads on until a quad is queued; io.EOF at the end
	err    error        // sticky

	queue []Quad
	head  int

	keepLabels bool // no anonymous nodes here: labels stay as written

	bnodes     int // anonymous blank nodes so far
	anon       []byte
	decls      []PrefixDecl
	turtle     *turtleParser
	lastDT     string     // the datatype of the literal before, often the same
	lastTag    string     // and the tag, with its literal
	known      *knownIRIs // nil: not kept
	lastTagged Term
}

// NewReader returns a reader of a document in format f. Errors of the
// options come out of the first Read.
func NewReader(r io.Reader, f Format, opts ReaderOptions) *Reader {
	if opts.MaxTermBytes <= 0 {
		opts.MaxTermBytes = DefaultMaxTermBytes
	}
	if opts.MaxDepth <= 0 {
		opts.MaxDepth = DefaultMaxDepth
	}
	rd := &Reader{format: f, opts: opts}
	rd.err = rd.checkOptions()
	switch f {
	case NTriples, NQuads:
		rd.lex = newLexer(r, f, opts.MaxTermBytes)
		rd.next = rd.nextLine
	case RDFXML:
		rd.next = newRDFXMLParser(rd, r).step
	case JSONLD:
		rd.next = newJSONLDParser(rd, r).step
	case Turtle, TriG:
		rd.lex = newLexer(r, f, opts.MaxTermBytes)
		rd.turtle = newTurtleParser(rd)
		rd.next = rd.turtle.step
	}
	return rd
}

func (r *Reader) checkOptions() error {
	if !r.format.Valid() {
		return errors.New("rdf: read: no format given: expected one of NTriples, NQuads, Turtle, TriG, RDFXML, JSONLD")
	}
	if r.opts.Base != "" {
		if err := CheckIRI(r.opts.Base); err != nil {
			return fmt.Errorf("%s: read: base: %w", r.format, err)
		}
	}
	if s := r.opts.BNodeScope; s != "" && !validBNodeLabel(s+"a") {
		return fmt.Errorf("%s: read: blank node scope %q: expected the start of a blank node label", r.format, s)
	}
	return nil
}

// Read returns the next quad, in the order of the document; io.EOF at its
// end. Errors: *SyntaxError, or what the underlying reader returned, wrapped.
// After an error every Read returns it again. Quads of the Turtle or TriG
// statement that holds the error may have been returned before it; who needs
// all or nothing keeps them until io.EOF.
func (r *Reader) Read() (Quad, error) {
	for r.head == len(r.queue) {
		if r.err != nil {
			return Quad{}, r.err
		}
		r.queue, r.head = r.queue[:0], 0
		r.err = r.next()
	}
	r.head++
	return r.queue[r.head-1], nil
}

// Prefixes returns the prefixes declared so far, in the order of their first
// declaration, each with its latest IRI.
func (r *Reader) Prefixes() []PrefixDecl { return append([]PrefixDecl(nil), r.decls...) }

// ReadAll reads a whole document.
func ReadAll(r io.Reader, f Format, opts ReaderOptions) ([]Quad, error) {
	var quads []Quad
	rd := NewReader(r, f, opts)
	for {
		q, err := rd.Read()
		if err == io.EOF {
			return quads, nil
		}
		if err != nil {
			return quads, err
		}
		quads = append(quads, q)
	}
}

func (r *Reader) emit(s, p, o, g Term) { r.queue = append(r.queue, Quad{s, p, o, g}) }

// anonPrefix begins the labels of anonymous blank nodes.
const anonPrefix = "anon-"

// newBNode returns the next anonymous blank node.
func (r *Reader) newBNode() Term {
	r.bnodes++
	r.anon = append(r.anon[:0], r.opts.BNodeScope...)
	r.anon = append(r.anon, anonPrefix...)
	r.anon = strconv.AppendInt(r.anon, int64(r.bnodes), 10)
	return BNode(string(r.anon))
}

// bnode scans a labelled blank node.
func (r *Reader) bnode() (Term, error) {
	label, err := r.lex.bnodeLabel()
	if err != nil {
		return Term{}, err
	}
	reserved := !r.keepLabels && looksAnon(label)
	if r.opts.BNodeScope == "" && !reserved {
		return BNode(r.lex.intern(label)), nil
	}
	b := append(r.lex.scratch[:0], r.opts.BNodeScope...)
	b = append(b, label...)
	if reserved {
		b = append(b, '_')
	}
	r.lex.scratch = b
	return BNode(r.lex.intern(b)), nil
}

// looksAnon tells whether a written label is "anon-" digits "_"*. Such labels
// get one more "_", which keeps them apart from those of anonymous nodes and
// from each other.
func looksAnon(label []byte) bool {
	if len(label) <= len(anonPrefix) || string(label[:len(anonPrefix)]) != anonPrefix {
		return false
	}
	i := len(anonPrefix)
	for i < len(label) && isDigit(label[i]) {
		i++
	}
	digits := i - len(anonPrefix)
	for i < len(label) && label[i] == '_' {
		i++
	}
	return digits > 0 && i == len(label)
}

// typed returns a literal of a datatype, and tagged one with a tag. Literals
// repeat both, so that they are interned and checked when they differ from the
// one before.
func (r *Reader) typed(lexical string, datatype []byte) (Term, error) {
	if r.lastDT != string(datatype) {
		r.lastDT = r.lex.intern(datatype)
		if err := r.lex.checkDatatype(r.lastDT); err != nil {
			return Term{}, err
		}
	}
	return Term{kind: KindLiteral, value: lexical, datatype: r.lastDT}, nil
}

func (r *Reader) tagged(lexical string, tag []byte) (Term, error) {
	if r.lastTag != string(tag) {
		t, err := r.lex.tagged("", tag)
		if err != nil {
			return Term{}, err
		}
		r.lastTag, r.lastTagged = r.lex.intern(tag), t
	}
	t := r.lastTagged
	t.value = lexical
	return t, nil
}
