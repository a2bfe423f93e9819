package yang

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"nettwin/graph/rdf"
)

// Value is the value of a leaf in canonical text: numbers without excess
// digits, identities as module:name, instance-identifiers with module names
// (RFC 7951 §6), bits in the order of their positions, empty as "".
type Value struct {
	Text string
	// Type is the member type that the value is of: never a union or a
	// leafref whose target is known. Nil for text that is no value of its
	// leaf's type.
	Type *Type
}

// lexical says how a text is to be read.
type lexical struct {
	// prefix names the module of a prefix; "" asks for the default.
	prefix func(string) (string, bool)
	// accept tells which members of a union come first; nil: in order.
	accept func(*Type) bool
	// alternative takes hexadecimal and octal, as defaults may be.
	alternative bool
}

// values reads values; it knows the identities.
type values struct{ identities map[childKey]*Identity }

// parse reads a value of type t. The error tells what is wrong with it.
func (vs *values) parse(t *Type, text string, lx lexical) (Value, error) {
	return vs.parseDepth(t, text, lx, 0)
}

func (vs *values) parseDepth(t *Type, text string, lx lexical, depth int) (Value, error) {
	if depth > maxTypeDepth {
		return Value{}, fmt.Errorf("type nests deeper than %d", maxTypeDepth)
	}
	canonical, err := "", error(nil)
	switch t.Base {
	case Leafref:
		if f := t.final(); f != t {
			return vs.parseDepth(f, text, lx, depth+1)
		}
		canonical = text
	case Union:
		return vs.parseUnion(t, text, lx, depth)
	case String:
		canonical, err = t.parseString(text)
	case Binary:
		canonical, err = t.parseBinary(text)
	case Decimal64:
		canonical, err = t.parseDecimal(strings.TrimSpace(text))
	case Boolean:
		if canonical = strings.TrimSpace(text); canonical != "true" && canonical != "false" {
			err = fmt.Errorf("%s is no boolean", quote(text))
		}
	case Enumeration:
		if canonical = strings.TrimSpace(text); !t.enum(canonical) {
			err = fmt.Errorf("%s is not among the enums", quote(text))
		}
	case Bits:
		canonical, err = t.parseBits(text)
	case Empty:
		if strings.TrimSpace(text) != "" {
			err = fmt.Errorf("%s: an empty leaf has no value", quote(text))
		}
	case Identityref:
		canonical, err = vs.parseIdentity(t, strings.TrimSpace(text), lx)
	case InstanceIdentifier:
		canonical, err = parseInstanceID(strings.TrimSpace(text), lx)
	case Unknown:
		canonical = text
	default:
		canonical, err = t.parseInt(strings.TrimSpace(text), lx.alternative)
	}
	if err != nil {
		return Value{}, err
	}
	return Value{canonical, t}, nil
}

func (vs *values) parseUnion(t *Type, text string, lx lexical, depth int) (Value, error) {
	passes := []func(*Type) bool{func(*Type) bool { return true }}
	if lx.accept != nil {
		passes = append([]func(*Type) bool{lx.accept}, passes...)
	}
	for _, accept := range passes {
		for _, m := range t.Members {
			f := m.final()
			if f.Base != Union && !accept(f) {
				continue
			}
			inner := lx
			if f.Base == Union && lx.accept != nil {
				inner.accept = accept
			}
			if v, err := vs.parseDepth(f, text, inner, depth+1); err == nil && (v.Type == nil || accept(v.Type)) {
				return v, nil
			}
		}
	}
	return Value{}, fmt.Errorf("%s is of no member type of the union", quote(text))
}

func (t *Type) parseInt(text string, alternative bool) (string, error) {
	base := 10
	if alternative {
		base = 0
	}
	n, err := parseIntegerBase(text, base)
	if err != nil {
		return "", fmt.Errorf("%s is no %s", quote(text), t.Base)
	}
	if !contains(t.Range, n) {
		return "", fmt.Errorf("%s is out of range %s", n, ranges(t.Range))
	}
	return n.String(), nil
}

func (t *Type) parseDecimal(text string) (string, error) {
	n, err := parseDecimal(text, t.Digits)
	if err != nil {
		return "", fmt.Errorf("%s is no decimal64 of %d digits", quote(text), t.Digits)
	}
	if !contains(t.Range, n) {
		return "", fmt.Errorf("%s is out of range", quote(text))
	}
	return formatDecimal(n, t.Digits), nil
}

func ranges(ivs []Interval) string {
	parts := make([]string, len(ivs))
	for i, iv := range ivs {
		parts[i] = iv.String()
	}
	return strings.Join(parts, " | ")
}

// parseString checks length and patterns. White space around a value that a
// printer added is taken off if the value needs it.
func (t *Type) parseString(text string) (string, error) {
	err := t.checkString(text)
	if err != nil {
		if s := strings.TrimSpace(text); s != text && t.checkString(s) == nil {
			return s, nil
		}
		return "", err
	}
	return text, nil
}

func (t *Type) checkString(text string) error {
	if !printable(text) {
		return errors.New("text holds characters that YANG strings may not have")
	}
	if t.Length != nil && !contains(t.Length, number{false, uint64(utf8.RuneCountInString(text))}) {
		return fmt.Errorf("length %d is out of range %s", utf8.RuneCountInString(text), ranges(t.Length))
	}
	for _, p := range t.Patterns {
		if !p.Match(text) {
			return fmt.Errorf("%s does not match pattern %s", quote(text), quote(p.Text))
		}
	}
	return nil
}

// printable tells whether XML 1.0 §2.2 has all characters of s.
func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return false
		}
	}
	return true
}

func (t *Type) parseBinary(text string) (string, error) {
	compact := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n", r) {
			return -1
		}
		return r
	}, text)
	octets, err := base64.StdEncoding.DecodeString(compact)
	if err != nil {
		return "", fmt.Errorf("%s is not base64", quote(text))
	}
	if t.Length != nil && !contains(t.Length, number{false, uint64(len(octets))}) {
		return "", fmt.Errorf("%d octets are out of range %s", len(octets), ranges(t.Length))
	}
	return base64.StdEncoding.EncodeToString(octets), nil
}

func (t *Type) parseBits(text string) (string, error) {
	var set []Bit
	for _, name := range strings.Fields(text) {
		b, ok := t.bit(name)
		if !ok {
			return "", fmt.Errorf("%s is not among the bits", quote(name))
		}
		if slices.Contains(set, b) {
			return "", fmt.Errorf("bit %s stands twice", quote(name))
		}
		set = append(set, b)
	}
	slices.SortFunc(set, func(a, b Bit) int {
		if a.Position < b.Position {
			return -1
		}
		return 1
	})
	names := make([]string, len(set))
	for i, b := range set {
		names[i] = b.Name
	}
	return strings.Join(names, " "), nil
}

// parseIdentity reads prefix:name. A name that its namespace lacks is looked
// up among those derived from the base, because devices forget prefixes.
func (vs *values) parseIdentity(t *Type, text string, lx lexical) (string, error) {
	prefix, name, ok := strings.Cut(text, ":")
	if !ok {
		prefix, name = "", text
	}
	module, known := lx.prefix(prefix)
	if id := vs.identities[childKey{module, name}]; known && id != nil && t.allows(id) {
		return id.QName(), nil
	}
	if prefix == "" {
		var found *Identity
		for key, id := range vs.identities {
			if key.name == name && t.allows(id) {
				if found != nil {
					return "", fmt.Errorf("identity %s is ambiguous without prefix", quote(text))
				}
				found = id
			}
		}
		if found != nil {
			return found.QName(), nil
		}
	}
	return "", fmt.Errorf("identity %s is unknown or not derived from the base", quote(text))
}

// allows tells whether the identity is derived from all bases of t.
func (t *Type) allows(id *Identity) bool {
	for _, b := range t.Bases {
		if !id.DerivedFrom(b) {
			return false
		}
	}
	return len(t.Bases) > 0
}

// readValue reads the text of a leaf; text that is no value is kept as it is,
// with the error.
func (vs *values) readValue(n *Node, text string, lx lexical) (Value, error) {
	v, err := vs.parse(n.Type, text, lx)
	if err == nil {
		return v, nil
	}
	if prefix, name, ok := strings.Cut(text, ":"); ok && n.Type.Base == Identityref && isIdentifier(name) {
		if module, known := lx.prefix(prefix); known {
			text = module + ":" + name
		}
	}
	return Value{Text: text}, err
}

// terms returns the RDF terms of a leaf's value: one, but one a set bit for
// bits in a leaf.
func terms(n *Node, v Value) []rdf.Term {
	if v.Type == nil {
		return []rdf.Term{textTerm(v.Text)}
	}
	switch v.Type.Base {
	case Empty:
		return []rdf.Term{isTrue}
	case Identityref:
		module, name, _ := strings.Cut(v.Text, ":")
		return []rdf.Term{rdf.IRI(identityIRI(module, name))}
	case Bits:
		if n.Kind == Leaf && v.Text != "" {
			var out []rdf.Term
			for _, name := range strings.Fields(v.Text) {
				out = append(out, rdf.String(name))
			}
			return out
		}
	case String, Unknown, Leafref:
		return []rdf.Term{textTerm(v.Text)}
	}
	return []rdf.Term{rdf.Literal(v.Text, v.Type.datatype())}
}

// textTerm is a string, or the octets of a text that no result format could
// carry.
func textTerm(s string) rdf.Term {
	if printable(s) {
		return rdf.String(s)
	}
	return rdf.Literal(strings.ToUpper(hex.EncodeToString([]byte(s))), xsdHexBinary)
}

// fromTerms is the way back.
func (vs *values) fromTerms(n *Node, ts []rdf.Term) (Value, error) {
	texts := make([]string, len(ts))
	for i, t := range ts {
		texts[i] = t.Value()
	}
	t := ts[0]
	lx := lexical{prefix: func(p string) (string, bool) { return p, p != "" }}
	text := texts[0]
	switch {
	case len(ts) > 1:
		slices.Sort(texts)
		text = strings.Join(texts, " ")
		lx.accept = func(m *Type) bool { return m.Base == Bits }
	case t.IsIRI():
		name, ok := identityOf(t.Value())
		if !ok {
			return Value{}, fmt.Errorf("<%s> is no identity", t.Value())
		}
		text = name
		lx.accept = func(m *Type) bool { return m.Base == Identityref }
	case t.Datatype() == xsdHexBinary:
		octets, err := hex.DecodeString(t.Value())
		if err != nil {
			return Value{}, fmt.Errorf("%s is not hexadecimal", quote(t.Value()))
		}
		text = string(octets)
	default:
		lx.accept = func(m *Type) bool { return m.datatype() == t.Datatype() }
		if t.Datatype() == rdf.XSDBoolean && t.Value() == "true" && n.Type.onlyEmpty() {
			text = ""
		}
	}
	v, err := vs.parse(n.Type, text, lx)
	if err != nil {
		return Value{Text: text}, err
	}
	return v, nil
}

// onlyEmpty tells whether "true" means the empty value: the type has empty
// and no boolean.
func (t *Type) onlyEmpty() bool {
	empty, boolean := false, false
	var walk func(t *Type, depth int)
	walk = func(t *Type, depth int) {
		t = t.final()
		empty = empty || t.Base == Empty
		boolean = boolean || t.Base == Boolean
		if depth < maxTypeDepth {
			for _, m := range t.Members {
				walk(m, depth+1)
			}
		}
	}
	walk(t, 0)
	return empty && !boolean
}
