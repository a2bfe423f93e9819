package yang

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// EncodeXML writes the tree as RFC 7950 §7 does: schema order, keys first,
// a namespace where it changes. Elements whose module has no known namespace
// cannot be written: the error names the first.
func (t *Tree) EncodeXML(w io.Writer, opts EncodeOptions) error {
	b := bufio.NewWriter(w)
	x := &xmlWriter{w: b, schema: t.Schema, spaces: opts.Namespaces}
	module := ""
	if opts.Root != "" {
		fmt.Fprintf(b, "<%s xmlns=\"%s\">", opts.Root, netconfSpace)
	}
	for _, e := range ordered(t.Top, opts.Config) {
		x.element(e, module, opts.Config)
	}
	if opts.Root != "" {
		fmt.Fprintf(b, "</%s>", opts.Root)
	}
	b.WriteByte('\n')
	if x.err != nil {
		return x.err
	}
	return b.Flush()
}

type xmlWriter struct {
	w      *bufio.Writer
	schema *Schema
	spaces map[string]string
	err    error
}

// namespace returns that of an element's module.
func (x *xmlWriter) namespace(module string) (string, bool) {
	if m := x.schema.byName[module]; m != nil {
		return m.Namespace, true
	}
	if uri, ok := x.spaces[module]; ok {
		return uri, true
	}
	return module, strings.Contains(module, ":") || strings.Contains(module, "/")
}

// open writes a start tag; attrs are written as they are.
func (x *xmlWriter) open(e *Element, parentModule, attrs string) bool {
	if e.Node == nil && !isXMLName(e.Name) {
		if x.err == nil {
			x.err = fmt.Errorf("encode xml: %s: %s is no name in XML", e.Path(), quote(e.Name))
		}
		return false
	}
	x.w.WriteString("<" + e.Name)
	if e.Module != parentModule {
		uri, ok := x.namespace(e.Module)
		if !ok {
			if x.err == nil {
				x.err = fmt.Errorf("encode xml: %s: module %s has no known namespace", e.Path(), quote(e.Module))
			}
			return false
		}
		x.w.WriteString(` xmlns="` + escapeXML(uri) + `"`)
	}
	x.w.WriteString(attrs)
	return true
}

func (x *xmlWriter) element(e *Element, parentModule string, config bool) {
	if e.Node != nil && e.isLeaf() {
		x.leaf(e, parentModule, "")
		return
	}
	if !x.open(e, parentModule, "") {
		return
	}
	if len(e.Children) == 0 {
		x.closeText(e.Name, e.Value.Text)
		return
	}
	x.w.WriteByte('>')
	for _, c := range ordered(e.Children, config) {
		x.element(c, e.Module, config)
	}
	x.w.WriteString("</" + e.Name + ">")
}

func (x *xmlWriter) leaf(e *Element, parentModule, attrs string) {
	text, spaces := x.text(e.Value)
	if x.open(e, parentModule, spaces+attrs) {
		x.closeText(e.Name, text)
	}
}

func (x *xmlWriter) closeText(name, text string) {
	if text == "" {
		x.w.WriteString("/>")
		return
	}
	x.w.WriteString(">" + escapeXML(text) + "</" + name + ">")
}

// text writes a value with the prefixes that it needs.
func (x *xmlWriter) text(v Value) (text, spaces string) {
	if v.Type == nil {
		return v.Text, ""
	}
	var decls xmlPrefixes
	switch v.Type.Base {
	case Identityref:
		module, name, _ := strings.Cut(v.Text, ":")
		return decls.of(x.schema, module) + ":" + name, decls.attrs
	case InstanceIdentifier:
		text, err := decls.instanceID(x.schema, v.Text)
		if err != nil {
			return v.Text, ""
		}
		return text, decls.attrs
	}
	return v.Text, ""
}

// xmlPrefixes declares prefixes on one element.
type xmlPrefixes struct {
	taken map[string]string // prefix → module
	attrs string
}

// of returns the prefix of a module, declaring it. Two modules that like the
// same prefix get their names.
func (p *xmlPrefixes) of(s *Schema, module string) string {
	if p.taken == nil {
		p.taken = map[string]string{"nc": "", "yang": ""} // an edit's own
	}
	prefix, uri := module, module
	if m := s.byName[module]; m != nil {
		prefix, uri = m.Prefix, m.Namespace
	}
	if owner, ok := p.taken[prefix]; ok {
		if owner == module {
			return prefix
		}
		if prefix = module; p.taken[prefix] == module {
			return prefix
		}
	}
	p.taken[prefix] = module
	p.attrs += ` xmlns:` + prefix + `="` + escapeXML(uri) + `"`
	return prefix
}

// instanceID gives every name its prefix: XML has no inherited ones.
func (p *xmlPrefixes) instanceID(s *Schema, text string) (string, error) {
	current := ""
	return rewriteInstanceID(text, func(module, name string, inKey bool) (string, error) {
		if module == "" {
			module = current
		}
		if !inKey {
			current = module
		}
		return p.of(s, module) + ":" + name, nil
	})
}

// isXMLName is stricter than XML 1.0 §2.3 for ASCII, and takes all else.
func isXMLName(s string) bool {
	ascii := strings.Map(func(r rune) rune {
		if r >= 0x80 {
			return 'x'
		}
		return r
	}, s)
	return utf8.ValidString(s) && isIdentifier(ascii)
}

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#13;")

func escapeXML(s string) string {
	if !printable(s) {
		s = strings.Map(func(r rune) rune {
			if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
				return 0xFFFD
			}
			return r
		}, strings.ToValidUTF8(s, "\uFFFD"))
	}
	return xmlEscaper.Replace(s)
}
