package algebra

import (
	"strings"

	"nettwin/graph/rdf"
)

// Query returns the query that asks another endpoint for the solutions of a
// SERVICE pattern (SPARQL 1.1 Federated Query §2), with the values that they
// must be compatible with, if table is not nil.
func (s *Service) Query(table *Table) string {
	var b strings.Builder
	b.WriteString("SELECT")
	none := true
	for _, name := range InScope(s.P) {
		if !strings.HasPrefix(name, BNodePrefix) {
			b.WriteString(" ?" + name)
			none = false
		}
	}
	if none {
		b.WriteString(" *")
	}
	b.WriteString(" WHERE {")
	if table != nil {
		writeValues(&b, table)
	}
	b.WriteString("\n" + s.Text + "\n}")
	return b.String()
}

func writeValues(b *strings.Builder, t *Table) {
	b.WriteString(" VALUES (")
	for _, name := range t.Vars {
		b.WriteString(" ?" + name)
	}
	b.WriteString(" ) {")
	for _, row := range t.Rows {
		b.WriteString("\n  (")
		for _, term := range row {
			b.WriteByte(' ')
			if term.IsZero() {
				b.WriteString("UNDEF")
			} else {
				b.Write(rdf.AppendTerm(nil, term))
			}
		}
		b.WriteString(" )")
	}
	b.WriteString("\n}")
}
