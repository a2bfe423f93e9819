package snmprec

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"nettwin/internal/simulate/smi"
)

// The limits that hold where Limits leaves a field zero.
const (
	// DefaultLineBytes fits the longest value a UDP message can carry, in
	// hexadecimal, and the longest OID.
	DefaultLineBytes = 256 << 10
	DefaultRows      = 4 << 20
)

// Errors of Open and Read; each arrives wrapped with file and line.
var (
	ErrLineTooLong = errors.New("line too long")
	ErrTooManyRows = errors.New("too many rows")
	ErrNoRows      = errors.New("no usable row")
)

// Limits bound what a recording may ask of memory. Zero fields mean the defaults.
type Limits struct {
	LineBytes int // longest line, without its end
	Rows      int // most lines that are neither blank nor comment
}

// A Recording is one device's variables at one time.
//
// Every line is accounted for:
//
//	Lines = Ignored + len(Rows) + Count(Replaced) + Count(Unusable)
type Recording struct {
	Name     string        // the file's name, for messages
	Rows     []smi.Varbind // sorted by OID, each OID once; the last of several holds
	Findings []Finding     // oddities in the order of lines
	Lines    int           // lines read
	Ignored  int           // blank lines and comments, which start with #
	Unsorted int           // rows whose OID sorts before that of the row above
}

// Count is the number of findings of one kind.
func (r *Recording) Count(kind FindingKind) int {
	n := 0
	for _, f := range r.Findings {
		if f.Kind == kind {
			n++
		}
	}
	return n
}

// Open reads the recording in a file.
func Open(path string, limits Limits) (*Recording, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read recording: %w", err)
	}
	defer file.Close()
	return Read(path, file, limits)
}

// Read reads a recording; name stands for it in messages.
//
// A row that cannot be understood becomes a finding. Errors are a failing
// reader, a line or a number of rows beyond limits, and a text without any
// usable row, which is no recording.
func Read(name string, from io.Reader, limits Limits) (*Recording, error) {
	limits.LineBytes = cmp.Or(limits.LineBytes, DefaultLineBytes)
	limits.Rows = cmp.Or(limits.Rows, DefaultRows)
	rec := &Recording{Name: name}
	rows, err := rec.readLines(from, limits)
	if err != nil {
		return nil, err
	}
	rec.settle(rows)
	if len(rec.Rows) == 0 {
		return nil, rec.noRows()
	}
	return rec, nil
}

// A row is a variable and the line it stands on.
type row struct {
	smi.Varbind
	line int
}

func (r *Recording) readLines(from io.Reader, limits Limits) ([]row, error) {
	var rows []row
	// One byte more than the limit tells a line that is too long from one
	// that just fits; two more hold its end.
	scanner := bufio.NewScanner(from)
	scanner.Buffer(make([]byte, 0, min(4096, limits.LineBytes)), limits.LineBytes+3)
	for scanner.Scan() {
		r.Lines++
		line := scanner.Bytes() // without \n and one \r
		if len(line) > limits.LineBytes {
			return nil, r.tooLong(r.Lines, limits)
		}
		if len(bytes.TrimSpace(line)) == 0 || line[0] == '#' {
			r.Ignored++
			continue
		}
		if r.Lines-r.Ignored > limits.Rows {
			return nil, fmt.Errorf("read recording: %s:%d: %w: the limit is %d", r.Name, r.Lines, ErrTooManyRows, limits.Rows)
		}
		if bind, ok := r.parse(line); ok {
			rows = append(rows, row{bind, r.Lines})
		}
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, r.tooLong(r.Lines+1, limits)
	case err != nil:
		return nil, fmt.Errorf("read recording: %s:%d: %w", r.Name, r.Lines+1, err)
	}
	return rows, nil
}

// parse turns a line into a variable; where it must bend or refuse, it leaves a finding.
func (r *Recording) parse(line []byte) (smi.Varbind, bool) {
	bind, adjusted, err := parseLine(line)
	if err != nil {
		r.find(r.Lines, bind.OID, Unusable, err.Error())
		return smi.Varbind{}, false
	}
	if adjusted != "" {
		r.find(r.Lines, bind.OID, Adjusted, adjusted)
	}
	return bind, true
}

// settle sorts the rows and keeps the last of those with one OID.
func (r *Recording) settle(rows []row) {
	for i := 1; i < len(rows); i++ {
		if rows[i].OID.Compare(rows[i-1].OID) < 0 {
			r.Unsorted++
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return a.OID.Compare(b.OID) })
	r.Rows = make([]smi.Varbind, 0, len(rows))
	for i, row := range rows {
		if i+1 < len(rows) && rows[i+1].OID == row.OID {
			r.find(row.line, row.OID, Replaced, fmt.Sprintf("line %d holds the same OID", rows[i+1].line))
			continue
		}
		r.Rows = append(r.Rows, row.Varbind)
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
}

func (r *Recording) find(line int, oid smi.OID, kind FindingKind, detail string) {
	r.Findings = append(r.Findings, Finding{File: r.Name, Line: line, OID: oid, Kind: kind, Detail: detail})
}

func (r *Recording) tooLong(line int, limits Limits) error {
	return fmt.Errorf("read recording: %s:%d: %w: the limit is %d bytes", r.Name, line, ErrLineTooLong, limits.LineBytes)
}

func (r *Recording) noRows() error {
	if len(r.Findings) > 0 {
		return fmt.Errorf("read recording: %w in %d lines; the first: %w", ErrNoRows, r.Lines, r.Findings[0])
	}
	return fmt.Errorf("read recording: %s: %w in %d lines", r.Name, ErrNoRows, r.Lines)
}
