package rdf

import "strings"

// Clone returns the term with texts of its own, for one that shares the memory
// of something larger or shorter-lived.
func (t Term) Clone() Term {
	t.value, t.lang = strings.Clone(t.value), strings.Clone(t.lang)
	switch t.datatype {
	case XSDString:
		t.datatype = XSDString
	case RDFLangString:
		t.datatype = RDFLangString
	default:
		t.datatype = strings.Clone(t.datatype)
	}
	return t
}
