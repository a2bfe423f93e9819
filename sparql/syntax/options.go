package syntax

import (
	"fmt"
	"maps"
	"unicode/utf8"

	"nettwin/graph/rdf"
)

// Limits that hold where Options gives none. They bound memory and the depth
// of all later recursion over the tree.
const (
	DefaultMaxText     = 16 << 20 // bytes of text
	DefaultMaxDepth    = 256      // brackets of any kind within each other
	DefaultMaxElements = 100_000  // pattern elements, operators, calls, select items and path steps
)

// Options are what a text is read with. The zero value is valid.
type Options struct {
	Base     string            // absolute; "": the text must give one if it needs one
	Prefixes map[string]string // declared before the text's own; prefix without ":"

	MaxText, MaxDepth, MaxElements int // 0: the default
}

func (o Options) maxText() int     { return orDefault(o.MaxText, DefaultMaxText) }
func (o Options) maxDepth() int    { return orDefault(o.MaxDepth, DefaultMaxDepth) }
func (o Options) maxElements() int { return orDefault(o.MaxElements, DefaultMaxElements) }

func orDefault(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// check returns an error if the base or a namespace is no absolute IRI, or a
// prefix is none that a text could declare.
func (o Options) check() error {
	if o.Base != "" {
		if err := rdf.CheckIRI(o.Base); err != nil {
			return fmt.Errorf("options: base: %w", err)
		}
	}
	for prefix, ns := range o.Prefixes {
		if !isPrefix(prefix) {
			return fmt.Errorf("options: prefix %q: expected a name as in PREFIX, without the colon", prefix)
		}
		if err := rdf.CheckIRI(ns); err != nil {
			return fmt.Errorf("options: prefix %q: %w", prefix, err)
		}
	}
	return nil
}

// isPrefix tells whether name ":" is a PNAME_NS (rule 140).
func isPrefix(name string) bool {
	if name == "" {
		return true
	}
	l := newLexer(name, false)
	first, _ := l.at(0)
	return utf8.ValidString(name) && isPNCharsBase(first) && l.dotted(0, isPNChars) == len(name)
}

// ParseQuery reads a query (§19.8 rule 1) and checks all static rules.
// Errors in the text are *SyntaxError; others are of the options.
func ParseQuery(text string, opts Options) (*Query, error) {
	var q *Query
	err := parse(text, opts, false, func(p *parser) { q = p.query() })
	return q, err
}

// ParseUpdate reads an update request (§19.8 rule 3) and checks all static
// rules. Errors in the text are *SyntaxError; others are of the options.
func ParseUpdate(text string, opts Options) (*Update, error) {
	var u *Update
	err := parse(text, opts, true, func(p *parser) { u = p.updateRequest() })
	return u, err
}

func parse(text string, opts Options, update bool, read func(*parser)) (err error) {
	if err := opts.check(); err != nil {
		return err
	}
	if n := opts.maxText(); len(text) > n {
		return &SyntaxError{
			Pos: Pos{1, 1}, Code: CodeTextTooLong, Update: update,
			Msg: fmt.Sprintf("the text has %d bytes, at most %d are allowed", len(text), n),
		}
	}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*SyntaxError)
			if !ok {
				panic(r)
			}
			err = e
		}
	}()
	p := newParser(text, opts, update)
	p.lex.checkEncoding()
	p.advance()
	read(p)
	return nil
}

func newParser(text string, opts Options, update bool) *parser {
	prefixes := maps.Clone(opts.Prefixes)
	if prefixes == nil {
		prefixes = map[string]string{}
	}
	return &parser{
		lex:         newLexer(text, update),
		base:        opts.Base,
		prefixes:    prefixes,
		maxDepth:    opts.maxDepth(),
		maxElements: opts.maxElements(),
		bnodes:      newLabels(text),
	}
}
