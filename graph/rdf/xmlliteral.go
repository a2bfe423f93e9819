package rdf

import (
	"encoding/xml"
	"slices"
	"strings"
)

// xmlLiteralWriter writes the content of parseType="Literal" in exclusive
// canonical form with comments (RDF/XML §7.2.17, Exclusive XML
// Canonicalization 1.0).
type xmlLiteralWriter struct {
	out   strings.Builder
	drawn []map[string]string // by open element: the namespaces written
}

var (
	textEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
	attrEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;")
)

// inScope returns the namespace that a prefix has in what is written so far.
func (w *xmlLiteralWriter) inScope(prefix string) (string, bool) {
	for i := len(w.drawn) - 1; i >= 0; i-- {
		if space, ok := w.drawn[i][prefix]; ok {
			return space, true
		}
	}
	return "", prefix == ""
}

func (w *xmlLiteralWriter) start(tok xml.StartElement, spaces map[string]string) {
	used := []string{tok.Name.Space}
	var attrs []xml.Attr
	for _, a := range tok.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		attrs = append(attrs, a)
		if a.Name.Space != "" && a.Name.Space != "xml" && !slices.Contains(used, a.Name.Space) {
			used = append(used, a.Name.Space)
		}
	}
	slices.Sort(used)
	w.out.WriteString("<" + rawName(tok.Name))
	drawn := map[string]string{}
	for _, prefix := range used {
		space := spaces[prefix]
		if have, ok := w.inScope(prefix); ok && have == space || prefix == "xml" {
			continue
		}
		drawn[prefix] = space
		name := "xmlns"
		if prefix != "" {
			name += ":" + prefix
		}
		w.attribute(name, space)
	}
	w.drawn = append(w.drawn, drawn)
	slices.SortStableFunc(attrs, func(a, b xml.Attr) int {
		if c := strings.Compare(attrSpace(a, spaces), attrSpace(b, spaces)); c != 0 {
			return c
		}
		return strings.Compare(a.Name.Local, b.Name.Local)
	})
	for _, a := range attrs {
		w.attribute(rawName(a.Name), a.Value)
	}
	w.out.WriteByte('>')
}

func attrSpace(a xml.Attr, spaces map[string]string) string {
	if a.Name.Space == "" {
		return ""
	}
	return spaces[a.Name.Space]
}

func (w *xmlLiteralWriter) attribute(name, value string) {
	w.out.WriteString(" " + name + `="` + attrEscaper.Replace(value) + `"`)
}

func (w *xmlLiteralWriter) end(name string) {
	w.drawn = w.drawn[:len(w.drawn)-1]
	w.out.WriteString("</" + name + ">")
}

func (w *xmlLiteralWriter) text(s string) { w.out.WriteString(textEscaper.Replace(s)) }

func (w *xmlLiteralWriter) comment(s string) { w.out.WriteString("<!--" + s + "-->") }

func (w *xmlLiteralWriter) instruction(target, inst string) {
	w.out.WriteString("<?" + target)
	if inst != "" {
		w.out.WriteString(" " + inst)
	}
	w.out.WriteString("?>")
}
