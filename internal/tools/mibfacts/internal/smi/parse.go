package smi

import (
	"strconv"
	"strings"
)

// Parse reads one module. file names it in errors.
func Parse(file, text string) (*Module, error) {
	p := &parser{lex: lexer{file: file, src: text, line: 1}}
	p.mod = &Module{File: file, Imports: map[string]string{}, Types: map[string]*Type{}, byName: map[string]*Node{}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.module(); err != nil {
		return nil, err
	}
	return p.mod, nil
}

type parser struct {
	lex lexer
	tok token
	mod *Module
}

func (p *parser) advance() (err error) {
	p.tok, err = p.lex.next()
	return err
}

func (p *parser) is(text string) bool {
	return p.tok.text == text && (p.tok.kind == tokWord || p.tok.kind == tokPunct)
}

func (p *parser) errorf(format string, args ...any) error {
	return p.lex.errorf(p.tok.line, format, args...)
}

func (p *parser) expect(text string) error {
	if !p.is(text) {
		return p.errorf("expected %q, found %q", text, p.tok.text)
	}
	return p.advance()
}

func (p *parser) word() (string, error) {
	if p.tok.kind != tokWord {
		return "", p.errorf("expected a name, found %q", p.tok.text)
	}
	text := p.tok.text
	return text, p.advance()
}

// module reads "Name DEFINITIONS ::= BEGIN … END".
func (p *parser) module() (err error) {
	if p.mod.Name, err = p.word(); err != nil {
		return err
	}
	for !p.is("BEGIN") { // an OID and tags may stand before
		if p.tok.kind == tokEOF {
			return p.errorf("the module %s has no BEGIN", p.mod.Name)
		}
		if err = p.advance(); err != nil {
			return err
		}
	}
	if err = p.advance(); err != nil {
		return err
	}
	for !p.is("END") {
		if p.tok.kind == tokEOF {
			return p.errorf("the module %s has no END", p.mod.Name)
		}
		if err = p.definition(); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) definition() error {
	switch {
	case p.is("IMPORTS"):
		return p.imports()
	case p.is("EXPORTS"):
		return p.skipTo(";")
	}
	line := p.tok.line
	name, err := p.word()
	if err != nil {
		return err
	}
	switch {
	case p.is("MACRO"):
		return p.skipTo("END")
	case p.is("::="):
		return p.typeAssignment(name)
	}
	return p.node(name, line)
}

// skipTo advances behind the next token text.
func (p *parser) skipTo(text string) error {
	for !p.is(text) {
		if p.tok.kind == tokEOF {
			return p.errorf("expected %q before the end of the module", text)
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
	return p.advance()
}

func (p *parser) imports() error {
	if err := p.advance(); err != nil {
		return err
	}
	var symbols []string
	for !p.is(";") {
		if p.tok.kind == tokEOF {
			return p.errorf("IMPORTS has no closing semicolon")
		}
		if p.is("FROM") {
			if err := p.advance(); err != nil {
				return err
			}
			from, err := p.word()
			if err != nil {
				return err
			}
			for _, s := range symbols {
				p.mod.Imports[s] = from
			}
			symbols = nil
			continue
		}
		if p.tok.kind == tokWord {
			symbols = append(symbols, p.tok.text)
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
	return p.advance()
}

// typeAssignment reads what follows "Name ::=".
func (p *parser) typeAssignment(name string) error {
	if err := p.advance(); err != nil {
		return err
	}
	hint, tc := "", false
	if p.is("TEXTUAL-CONVENTION") {
		tc = true
		for !p.is("SYNTAX") {
			isHint := p.is("DISPLAY-HINT")
			if p.tok.kind == tokEOF {
				return p.errorf("the textual convention %s has no SYNTAX", name)
			}
			if err := p.advance(); err != nil {
				return err
			}
			if isHint {
				hint = p.tok.text
			}
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
	if p.is("SEQUENCE") || p.is("CHOICE") {
		return p.skipBraces()
	}
	t, err := p.typ()
	if err != nil {
		return err
	}
	t.Hint, t.TC = hint, tc
	p.mod.Types[name] = t
	return nil
}

// skipBraces advances behind the next balanced { … }.
func (p *parser) skipBraces() error {
	depth := 0
	for {
		switch {
		case p.tok.kind == tokEOF:
			return p.errorf("a brace is never closed")
		case p.is("{"):
			depth++
		case p.is("}"):
			depth--
		}
		closed := depth == 0 && p.is("}")
		if err := p.advance(); err != nil || closed {
			return err
		}
	}
}

// typ reads a syntax: name, enumeration, constraint.
func (p *parser) typ() (*Type, error) {
	if p.is("[") { // [APPLICATION 1] IMPLICIT
		if err := p.skipTo("]"); err != nil {
			return nil, err
		}
		if p.is("IMPLICIT") {
			if err := p.advance(); err != nil {
				return nil, err
			}
		}
	}
	name, err := p.word()
	if err != nil {
		return nil, err
	}
	t := &Type{Name: name}
	switch name {
	case "OCTET", "OBJECT":
		second, err := p.word()
		if err != nil {
			return nil, err
		}
		t.Name += " " + second
	case "SEQUENCE":
		if err := p.expect("OF"); err != nil {
			return nil, err
		}
		t.SequenceOf, err = p.word()
		return t, err
	}
	if p.is("{") {
		if t.Enum, err = p.enum(); err != nil {
			return nil, err
		}
	}
	if p.is("(") {
		if t.Sizes, err = p.constraint(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (p *parser) enum() ([]Enum, error) {
	if err := p.expect("{"); err != nil {
		return nil, err
	}
	var out []Enum
	for !p.is("}") {
		if p.is(",") {
			if err := p.advance(); err != nil {
				return nil, err
			}
			continue
		}
		label, err := p.word()
		if err != nil {
			return nil, err
		}
		if err = p.expect("("); err != nil {
			return nil, err
		}
		n, err := p.number()
		if err != nil {
			return nil, err
		}
		if err = p.expect(")"); err != nil {
			return nil, err
		}
		out = append(out, Enum{label, n})
	}
	return out, p.advance()
}

func (p *parser) number() (int64, error) {
	n, err := strconv.ParseInt(p.tok.text, 10, 64)
	if p.tok.kind != tokNumber || err != nil {
		return 0, p.errorf("expected a number, found %q", p.tok.text)
	}
	return n, p.advance()
}

// constraint reads ( … ) and returns the ranges if it constrains the size.
func (p *parser) constraint() ([]Range, error) {
	depth, sized := 0, false
	var out []Range
	for {
		switch {
		case p.tok.kind == tokEOF:
			return nil, p.errorf("a constraint is never closed")
		case p.is("("):
			depth++
		case p.is(")"):
			depth--
		case p.is("SIZE"), p.is("Size"):
			sized = true
		case p.tok.kind == tokNumber && sized:
			r, err := p.sizeRange()
			if err != nil {
				return nil, err
			}
			out = append(out, r)
			continue
		}
		closed := depth == 0
		if err := p.advance(); err != nil || closed {
			return out, err
		}
	}
}

func (p *parser) sizeRange() (Range, error) {
	n, err := p.number()
	if err != nil {
		return Range{}, err
	}
	r := Range{n, n}
	if p.is("..") {
		if err = p.advance(); err != nil {
			return r, err
		}
		r.Max, err = p.number()
	}
	return r, err
}

// node reads what follows the name of an OID: a macro's clauses or OBJECT
// IDENTIFIER, then "::=" and the value.
func (p *parser) node(name string, line int) error {
	n := &Node{Name: name, Line: line}
	if p.is("OBJECT") {
		if err := p.skipTo("IDENTIFIER"); err != nil {
			return err
		}
	} else {
		macro, err := p.word()
		if err != nil {
			return err
		}
		n.Macro = macro
		switch macro {
		case "OBJECT-TYPE":
			err = p.objectClauses(n)
		case "NOTIFICATION-TYPE":
			err = p.notificationClauses(n)
		default:
			err = p.skipClauses()
		}
		if err != nil {
			return err
		}
	}
	if err := p.expect("::="); err != nil {
		return err
	}
	if p.tok.kind == tokNumber { // TRAP-TYPE of SMIv1
		return p.advance()
	}
	if err := p.oidValue(n); err != nil {
		return err
	}
	p.mod.Nodes = append(p.mod.Nodes, n)
	p.mod.byName[name] = n
	return nil
}

func (p *parser) skipClauses() error {
	for !p.is("::=") {
		if p.tok.kind == tokEOF {
			return p.errorf("a definition has no value")
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
	return nil
}

// notificationClauses reads the clauses of NOTIFICATION-TYPE (RFC 2578 §8) up
// to "::=".
func (p *parser) notificationClauses(n *Node) (err error) {
	for !p.is("::=") {
		clause := p.tok.text
		if p.tok.kind == tokEOF {
			return p.errorf("the notification %s has no value", n.Name)
		}
		if err = p.advance(); err != nil {
			return err
		}
		switch clause {
		case "OBJECTS":
			err = p.index(n)
		case "STATUS":
			n.Status, err = p.word()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// objectClauses reads the clauses of OBJECT-TYPE (RFC 2578 §7) up to "::=".
func (p *parser) objectClauses(n *Node) (err error) {
	for !p.is("::=") {
		clause := p.tok.text
		if p.tok.kind == tokEOF {
			return p.errorf("the object %s has no value", n.Name)
		}
		if err = p.advance(); err != nil {
			return err
		}
		switch clause {
		case "SYNTAX":
			n.Syntax, err = p.typ()
		case "UNITS":
			n.Unit = strings.Join(strings.Fields(p.tok.text), " ")
			err = p.advance()
		case "ACCESS", "MAX-ACCESS":
			n.Access, err = p.word()
		case "STATUS":
			n.Status, err = p.word()
		case "AUGMENTS":
			err = p.augments(n)
		case "INDEX":
			err = p.index(n)
		case "DEFVAL":
			err = p.skipBraces()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) augments(n *Node) (err error) {
	if err = p.expect("{"); err != nil {
		return err
	}
	if n.Augments, err = p.word(); err != nil {
		return err
	}
	return p.expect("}")
}

func (p *parser) index(n *Node) error {
	if err := p.expect("{"); err != nil {
		return err
	}
	implied := false
	for !p.is("}") {
		switch {
		case p.is(","):
		case p.is("IMPLIED"):
			implied = true
		case p.tok.kind == tokWord:
			n.Index = append(n.Index, Index{p.tok.text, implied})
			implied = false
		default:
			return p.errorf("the index of %s: expected an object, found %q", n.Name, p.tok.text)
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
	return p.advance()
}

// oidValue reads { parent name(3) 4 }.
func (p *parser) oidValue(n *Node) error {
	if err := p.expect("{"); err != nil {
		return err
	}
	for !p.is("}") {
		arc := Arc{}
		switch p.tok.kind {
		case tokWord:
			arc.Name = p.tok.text
			if err := p.advance(); err != nil {
				return err
			}
			if !p.is("(") {
				n.OID = append(n.OID, arc)
				continue
			}
			if err := p.advance(); err != nil {
				return err
			}
			num, err := p.arcNumber()
			if err != nil {
				return err
			}
			arc.Number, arc.HasNum = num, true
			if err := p.expect(")"); err != nil {
				return err
			}
		case tokNumber:
			num, err := p.arcNumber()
			if err != nil {
				return err
			}
			arc.Number, arc.HasNum = num, true
		default:
			return p.errorf("the OID of %s: expected a name or a number, found %q", n.Name, p.tok.text)
		}
		n.OID = append(n.OID, arc)
	}
	return p.advance()
}

func (p *parser) arcNumber() (uint32, error) {
	n, err := strconv.ParseUint(p.tok.text, 10, 32)
	if p.tok.kind != tokNumber || err != nil {
		return 0, p.errorf("expected an arc of an OID, found %q", p.tok.text)
	}
	return uint32(n), p.advance()
}
