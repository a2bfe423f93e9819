package algebra

import (
	"slices"
	"strings"

	"nettwin/graph/rdf"
)

// Language tags are kept as written, but are equal whatever their case (RDF
// 1.1 Concepts §3.3: the value space of tags is lower case). A pattern with a
// tagged string therefore matches the ways in which people write the tag.

// anyCase gives the triples' tagged strings variables of their own, which the
// returned tables bind to the string in every usual case of its tag.
func (t *translator) anyCase(o Node) (Node, *Table) {
	forms := termCases(o.Term)
	if len(forms) < 2 {
		return o, nil
	}
	table := &Table{Vars: []string{t.fresh("lang")}}
	for _, form := range forms {
		table.Rows = append(table.Rows, []rdf.Term{form})
	}
	return Node{Var: table.Vars[0]}, table
}

// termCases lists a tagged string, or a triple term with one, in the usual
// cases of its tag; nil for other terms.
func termCases(t rdf.Term) (out []rdf.Term) {
	if triple, ok := t.Triple(); ok {
		for _, o := range termCases(triple.O) {
			out = append(out, rdf.TripleTerm(rdf.Triple{S: triple.S, P: triple.P, O: o}))
		}
		return out
	}
	if t.Lang() == "" {
		return nil
	}
	for _, tag := range tagCases(t.Lang()) {
		out = append(out, rdf.DirLangString(t.Value(), tag, t.Direction()))
	}
	return out
}

// tagCases lists a tag as written, in lower and upper case and by the
// conventions of RFC 5646 §2.1.1, each form once.
func tagCases(tag string) []string {
	var out []string
	for _, form := range []string{tag, strings.ToLower(tag), conventional(tag), strings.ToUpper(tag)} {
		if !slices.Contains(out, form) {
			out = append(out, form)
		}
	}
	return out
}

// conventional writes a tag by the conventions of RFC 5646 §2.1.1: regions of
// two letters in upper case, scripts of four as titles, the rest lower.
func conventional(tag string) string {
	parts := strings.Split(strings.ToLower(tag), "-")
	for i := 1; i < len(parts) && len(parts[i-1]) > 1; i++ {
		switch len(parts[i]) {
		case 2:
			parts[i] = strings.ToUpper(parts[i])
		case 4:
			parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
		}
	}
	return strings.Join(parts, "-")
}
