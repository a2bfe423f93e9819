package netconf

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxDepth bounds how deep elements of a request may be nested.
const maxDepth = 500

// checkFragment makes sure that XML which callers bring is well-formed by
// itself, so that it can neither end the request around it nor break the
// session: balanced elements and text, no declaration, no document type.
func checkFragment(text string) error {
	d := xml.NewDecoder(strings.NewReader(text))
	var open []xml.Name
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) && len(open) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrRequest, unexpected(err))
		}
		line, column := d.InputPos()
		switch t := t.(type) {
		case xml.StartElement:
			if open = append(open, t.Name); len(open) > maxDepth {
				return fmt.Errorf("%w: %d:%d: elements nested deeper than %d", ErrRequest, line, column, maxDepth)
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != t.Name {
				return fmt.Errorf("%w: %d:%d: </%s> closes no element", ErrRequest, line, column, qualified(t.Name))
			}
			open = open[:len(open)-1]
		case xml.Directive:
			return fmt.Errorf("%w: %d:%d: a document type (RFC 6241 §3)", ErrRequest, line, column)
		case xml.ProcInst:
			if t.Target == "xml" {
				return fmt.Errorf("%w: %d:%d: an XML declaration inside", ErrRequest, line, column)
			}
		}
	}
}

func qualified(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// escape writes text as character data or attribute value.
func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder does not fail
	return b.String()
}

// operationName is the first element of a request, for messages.
func operationName(op string) string {
	d := xml.NewDecoder(strings.NewReader(op))
	for {
		t, err := d.RawToken()
		if err != nil {
			return "request"
		}
		if start, ok := t.(xml.StartElement); ok {
			return start.Name.Local
		}
	}
}
