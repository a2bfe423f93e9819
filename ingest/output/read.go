package output

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/naming"
)

var (
	rdfType = rdf.IRI(rdf.RDFType)
	within  = rdf.IRI(naming.Twin + "within")
)

// Reading is what an answer says.
type Reading struct {
	Forms    []string // the forms of answer that it has, as the tables name them
	Facts    []ingest.Fact
	Unread   int // values that no table reads
	Warnings []string
}

// Knows tells whether a table knows an answer of this form.
func (t *Tables) Knows(text []byte) bool {
	forms, _, err := t.forms(text)
	return err == nil && len(forms) > 0
}

// form is an output with the tree that it makes of an answer.
type form struct {
	output *output
	root   *node
}

// forms are those that an answer has; of JSON and XML they share one tree,
// which is nil for text.
func (t *Tables) forms(text []byte) ([]form, *node, error) {
	root, err := parse(text)
	if err != nil {
		return nil, nil, err
	}
	var list []form
	if root != nil {
		top := peel(root, t.envelopes)
		for _, o := range t.outputs {
			if o.begins == nil && o.fits(top) {
				list = append(list, form{o, top})
			}
		}
		return list, root, nil
	}
	for _, o := range t.outputs {
		if o.isText(text) {
			list = append(list, form{output: o})
		}
	}
	return list, nil, nil
}

// isText tells whether text is of the form.
func (o *output) isText(text []byte) bool {
	if o.begins == nil || !o.begins.Match(text) {
		return false
	}
	for _, re := range o.lacks {
		if re.Match(text) {
			return false
		}
	}
	return true
}

// fits tells whether a tree has all that tells the form.
func (o *output) fits(root *node) bool {
	for _, w := range o.when {
		if !w.holds(root) {
			return false
		}
	}
	return len(o.when) > 0
}

// holds tells whether a path leads somewhere, to a text that matches if there
// is a pattern.
func (p pattern) holds(from *node) bool {
	if p.value == nil {
		return p.at.has(from)
	}
	found := false
	p.at.find(from, func(n *node) bool {
		text := n.name
		if !p.at.name {
			text, _ = n.value()
		}
		found = p.value.MatchString(text)
		return !found
	})
	return found
}

// Read says what an answer says. Errors: ErrUnknown, ErrMalformed,
// ErrTooLarge.
func (t *Tables) Read(text []byte) (Reading, error) {
	forms, root, err := t.forms(text)
	if err != nil {
		return Reading{}, err
	}
	if len(forms) == 0 {
		return Reading{}, ErrUnknown
	}
	r := &reader{stated: map[ingest.Fact]bool{}}
	for _, f := range forms {
		if f.root == nil {
			if f.root, err = f.output.tree(string(text)); err != nil {
				return r.Reading, err
			}
		}
		r.Forms = append(r.Forms, f.output.name)
		for _, p := range f.output.picks {
			if err := r.pick(p, f.root); err != nil {
				return r.Reading, err
			}
		}
		if root == nil {
			r.Unread += f.root.unread()
		}
	}
	if root != nil {
		r.Unread = root.unread()
	}
	return r.Reading, nil
}

// reader is one reading.
type reader struct {
	Reading
	stated map[ingest.Fact]bool
}

func (r *reader) state(f ingest.Fact) error {
	if r.stated[f] {
		return nil
	}
	if len(r.Facts) >= maxFacts {
		return fmt.Errorf("%w: more than %d facts", ErrTooLarge, maxFacts)
	}
	r.stated[f] = true
	r.Facts = append(r.Facts, f)
	return nil
}

func (r *reader) warn(text string) {
	if len(r.Warnings) < maxWarnings {
		r.Warnings = append(r.Warnings, text)
	}
}

// pick states the facts of all nodes that p takes.
func (r *reader) pick(p *pick, root *node) error {
	var err error
	p.at.find(root, func(n *node) bool {
		if p.takes(n) {
			err = r.node(p, n)
		}
		return err == nil
	})
	return err
}

func (p *pick) takes(n *node) bool {
	for _, w := range p.where {
		if !w.holds(n) {
			return false
		}
	}
	for _, u := range p.unless {
		if u.holds(n) {
			return false
		}
	}
	return true
}

// node states the facts of one node.
func (r *reader) node(p *pick, n *node) error {
	texts := map[string]string{}
	for _, l := range p.lets {
		if texts[l.name] != "" {
			continue // one before has found a text
		}
		if found := l.from.texts(n, texts); len(found) > 0 {
			texts[l.name] = found[0]
		}
	}
	for _, t := range p.things {
		if err := r.thing(t, n, texts); err != nil {
			return err
		}
	}
	return nil
}

// texts are those of a source at a node.
func (s source) texts(n *node, known map[string]string) []string {
	var raw []string
	if s.template != nil {
		if text, ok := s.template.fill(known, false); ok {
			raw = []string{text}
		}
	} else {
		raw = s.at.values(n)
	}
	var list []string
	for _, text := range raw {
		list = append(list, apply(s.functions, text)...)
	}
	return list
}

func (r *reader) thing(t *thing, n *node, texts map[string]string) error {
	name, ok := t.name.fill(texts, true)
	if !ok {
		return nil
	}
	if !t.class.IsZero() {
		if err := r.state(ingest.Fact{Thing: name, P: rdfType, O: t.class}); err != nil {
			return err
		}
	}
	if t.within != nil {
		if holder, ok := t.within.fill(texts, true); ok {
			if err := r.state(ingest.Fact{Thing: name, P: within, Ref: holder}); err != nil {
				return err
			}
		}
	}
	for _, l := range t.leaves {
		if err := r.leaf(name, l, n, texts); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) leaf(thing string, l leaf, n *node, texts map[string]string) error {
	if l.datatype == "ref" {
		if holder, ok := l.from.reference(texts); ok {
			return r.state(ingest.Fact{Thing: thing, P: l.property, Ref: holder})
		}
		return nil
	}
	for _, text := range l.from.texts(n, texts) {
		if text == "" {
			continue
		}
		term, ok := literal(l.datatype, text)
		if !ok {
			r.warn(fmt.Sprintf("%s: %.80q is no %s, as %s would be", thing, text, l.datatype, l.property.Value()))
			continue
		}
		if err := r.state(ingest.Fact{Thing: thing, P: l.property, O: term, Counter: l.datatype == "counter"}); err != nil {
			return err
		}
	}
	return nil
}

// reference is the thing that a template names, its texts encoded as in the
// names of things.
func (s source) reference(known map[string]string) (string, bool) {
	if s.template == nil {
		return "", false
	}
	return s.template.fill(known, true)
}

var (
	integerText  = regexp.MustCompile(`^[+-]?[0-9]+$`)
	decimalText  = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$`)
	dateTimeText = regexp.MustCompile(`^-?[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?$`)
)

// literal makes a term of a text; false if it is none of the type.
func literal(datatype, text string) (rdf.Term, bool) {
	if !utf8.ValidString(text) {
		return rdf.Term{}, false
	}
	trimmed := strings.TrimSpace(text)
	switch datatype {
	case "integer", "counter":
		return rdf.Literal(trimmed, rdf.XSDInteger), integerText.MatchString(trimmed)
	case "decimal":
		return rdf.Literal(trimmed, rdf.XSDDecimal), decimalText.MatchString(trimmed)
	case "boolean":
		return rdf.Literal(trimmed, rdf.XSDBoolean), trimmed == "true" || trimmed == "false"
	case "dateTime":
		return rdf.Literal(trimmed, rdf.XSDDateTime), dateTimeText.MatchString(trimmed)
	case "iri":
		return rdf.IRI(trimmed), rdf.CheckIRI(trimmed) == nil
	}
	return rdf.String(text), true
}
