package results

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"nettwin/graph/rdf"
)

// csvDocument writes CSV (SPARQL 1.1 Query Results CSV and TSV §3): values
// without their kind, type or language, triple terms as in N-Triples. Lines end in CRLF (RFC 4180).
type csvDocument struct{ w *bufio.Writer }

func (d *csvDocument) begin(vars []string) {
	for i, v := range vars {
		if i > 0 {
			d.w.WriteByte(',')
		}
		d.value(v)
	}
	d.w.WriteString("\r\n")
}

func (d *csvDocument) row(terms []rdf.Term) {
	for i, t := range terms {
		if i > 0 {
			d.w.WriteByte(',')
		}
		if t.IsBNode() {
			d.w.WriteString("_:")
		}
		d.value(t.Value())
	}
	d.w.WriteString("\r\n")
}

func (d *csvDocument) value(s string) {
	if !strings.ContainsAny(s, "\",\r\n") {
		d.w.WriteString(s)
		return
	}
	d.w.WriteString(`"` + strings.ReplaceAll(s, `"`, `""`) + `"`)
}

func (d *csvDocument) boolean(bool) {}
func (d *csvDocument) end()         {}

// readCSV reads what CSV keeps: each value is an xsd:string, or a blank node
// if it begins with "_:"; an empty one is unbound.
func readCSV(r io.Reader) (*Result, error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("expected a line of variables: %w", noEOF(err))
	}
	vars := append([]string(nil), head...)
	if _, err := columns(vars); err != nil {
		return nil, err
	}
	var rows [][]rdf.Term
	for {
		record, err := in.Read()
		if err == io.EOF {
			return NewBindings(vars, rows), nil
		}
		if err != nil {
			return nil, err
		}
		row := make([]rdf.Term, len(vars))
		for i, value := range record {
			if label, ok := strings.CutPrefix(value, "_:"); ok {
				row[i] = rdf.BNode(label)
			} else if value != "" {
				row[i] = rdf.String(value)
			}
		}
		rows = append(rows, row)
	}
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
