package results

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"nettwin/graph/rdf"
)

// tsvDocument writes TSV (SPARQL 1.1 Query Results CSV and TSV §4): terms in
// the syntax of SPARQL and Turtle, numbers without quotes where the syntax
// gives them their type.
type tsvDocument struct {
	w       *bufio.Writer
	scratch []byte
}

func (d *tsvDocument) begin(vars []string) {
	for i, v := range vars {
		if i > 0 {
			d.w.WriteByte('\t')
		}
		d.w.WriteString("?" + v)
	}
	d.w.WriteByte('\n')
}

func (d *tsvDocument) row(terms []rdf.Term) {
	b := d.scratch[:0]
	for i, t := range terms {
		if i > 0 {
			b = append(b, '\t')
		}
		b = appendTSVTerm(b, t)
	}
	b = append(b, '\n')
	d.w.Write(b)
	d.scratch = b
}

func appendTSVTerm(b []byte, t rdf.Term) []byte {
	switch {
	case t.IsZero():
		return b
	case t.IsLiteral() && t.Datatype() != rdf.XSDString && bareType(t.Value()) == t.Datatype():
		return append(b, t.Value()...)
	}
	return rdf.AppendTerm(b, t)
}

func (d *tsvDocument) boolean(bool) {}
func (d *tsvDocument) end()         {}

// bareType returns the datatype that SPARQL's syntax gives to a token without
// quotes (§19.8: INTEGER, DECIMAL, DOUBLE with their sign), "" if it is none.
func bareType(s string) string {
	body := strings.TrimLeft(s, "+-")
	if len(s)-len(body) > 1 {
		return ""
	}
	mantissa, exponent, isDouble := cutExponent(body)
	whole, fraction, hasPoint := strings.Cut(mantissa, ".")
	if !allDigits(whole) || !allDigits(fraction) || whole+fraction == "" {
		return ""
	}
	switch {
	case isDouble:
		digits := exponent
		if strings.HasPrefix(digits, "+") || strings.HasPrefix(digits, "-") {
			digits = digits[1:]
		}
		if digits == "" || !allDigits(digits) {
			return ""
		}
		return rdf.XSDDouble
	case !hasPoint:
		return rdf.XSDInteger
	case fraction != "":
		return rdf.XSDDecimal
	}
	return ""
}

func cutExponent(s string) (mantissa, exponent string, found bool) {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// maxLineBytes bounds a line of TSV that is read.
const maxLineBytes = 64 << 20

func readTSV(r io.Reader) (*Result, error) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLineBytes)
	if !in.Scan() {
		return nil, fmt.Errorf("expected a line of variables: %w", noEOF(orEOF(in.Err())))
	}
	var vars []string
	if head := in.Text(); head != "" {
		for _, v := range strings.Split(head, "\t") {
			vars = append(vars, strings.TrimPrefix(strings.TrimSpace(v), "?"))
		}
	}
	if _, err := columns(vars); err != nil {
		return nil, err
	}
	var rows [][]rdf.Term
	for line := 2; in.Scan(); line++ {
		row, err := readTSVRow(in.Text(), len(vars))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		rows = append(rows, row)
	}
	return NewBindings(vars, rows), in.Err()
}

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

func readTSVRow(line string, width int) ([]rdf.Term, error) {
	row := make([]rdf.Term, width)
	if width == 0 && line == "" {
		return row, nil
	}
	fields := strings.Split(line, "\t")
	if len(fields) != width {
		return nil, fmt.Errorf("%d fields: expected %d", len(fields), width)
	}
	for i, field := range fields {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		t, err := readTSVTerm(field)
		if err != nil {
			return nil, fmt.Errorf("field %d: %w", i+1, err)
		}
		row[i] = t
	}
	return row, nil
}

func readTSVTerm(field string) (rdf.Term, error) {
	if datatype := bareType(field); datatype != "" {
		return rdf.Literal(field, datatype), nil
	}
	switch {
	case field == "true" || field == "false":
		return rdf.Literal(field, rdf.XSDBoolean), nil
	case strings.HasPrefix(field, "'"):
		return rdf.Term{}, fmt.Errorf("%s: expected a literal in double quotes", field)
	}
	return rdf.ParseTerm(field)
}
