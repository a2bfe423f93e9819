package results

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// DefaultMaxReadBytes bounds a document that Read takes, unless its caller
// gives another limit.
const DefaultMaxReadBytes = 1 << 30

// errReadLimit is what the limited reader returns beyond its limit.
var errReadLimit = errors.New("document is larger than the limit")

// Read reads a whole document of solutions or a boolean. maxBytes bounds it;
// 0 means DefaultMaxReadBytes. Bytes after the end of the document are not
// looked at. CSV gives back strings only, for it keeps no more.
func Read(r io.Reader, f Format, maxBytes int64) (*Result, error) {
	if maxBytes <= 0 {
		maxBytes = DefaultMaxReadBytes
	}
	limited := &limitedReader{r: r, left: maxBytes}
	var out *Result
	var err error
	switch f {
	case JSON:
		out, err = readJSON(limited)
	case XML:
		out, err = readXML(limited)
	case CSV:
		out, err = readCSV(limited)
	case TSV:
		out, err = readTSV(limited)
	default:
		return nil, fmt.Errorf("results: read %s: expected json, xml, csv or tsv; graphs are read by package rdf", f)
	}
	if err != nil {
		return nil, fmt.Errorf("results: read %s: %w", f, err)
	}
	return out, nil
}

type limitedReader struct {
	r    io.Reader
	left int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		var one [1]byte
		if n, err := l.r.Read(one[:]); n == 0 {
			return 0, err
		}
		return 0, errReadLimit
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.r.Read(p)
	l.left -= int64(n)
	return n, err
}

// columns maps variables to their positions; a repeated one is an error, and
// so is one that is not UTF-8.
func columns(vars []string) (map[string]int, error) {
	column := make(map[string]int, len(vars))
	for i, v := range vars {
		if _, repeated := column[v]; repeated {
			return nil, fmt.Errorf("variable %q stands in the head twice", v)
		}
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("variable %q: invalid UTF-8", v)
		}
		column[v] = i
	}
	return column, nil
}
