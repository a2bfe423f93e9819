package netconf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// Namespaces of the protocol itself.
const (
	baseNS         = "urn:ietf:params:xml:ns:netconf:base:1.0"
	notificationNS = "urn:ietf:params:xml:ns:netconf:notification:1.0"
	monitoringNS   = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
	withDefaultsNS = "urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults"
)

// Reply is an rpc-reply without errors.
type Reply struct {
	XML []byte // the whole message
	// OK: the reply is <ok/>, or has nothing at all.
	OK bool
	// Warnings are rpc-errors of severity warning.
	Warnings RPCErrors

	bodyStart, bodyEnd int
}

// Body returns what the reply holds besides warnings, such as
// <data>…</data>, as the device wrote it. Prefixes may be declared outside of
// it, by the message's root: decode XML to be independent of that. Empty if
// OK.
func (r *Reply) Body() []byte { return r.XML[r.bodyStart:r.bodyEnd] }

// text returns the character data of the reply's first element.
func (r *Reply) text() (string, error) {
	d := xml.NewDecoder(bytes.NewReader(r.XML))
	var out bytes.Buffer
	for depth := 0; ; {
		t, err := d.Token()
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrProtocol, unexpected(err))
		}
		switch t := t.(type) {
		case xml.StartElement:
			depth++
		case xml.CharData:
			if depth == 2 {
				out.Write(t)
			}
		case xml.EndElement:
			if depth--; depth == 1 {
				return out.String(), nil
			}
		}
	}
}

// maxRPCErrors bounds the errors kept of one reply.
const maxRPCErrors = 100

// parseReply reads a message whose root is rpc-reply. Errors come before data
// (RFC 6241 appendix B), so that reading stops at the first other element:
// whoever reads the data finds whether it is well-formed.
func parseReply(raw []byte) (*Reply, error) {
	r := &Reply{XML: raw, bodyStart: len(raw), bodyEnd: len(raw)}
	d := xml.NewDecoder(bytes.NewReader(raw))
	var failures RPCErrors
	root := false
	for {
		offset := int(d.InputOffset())
		t, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: rpc-reply: %w", ErrProtocol, unexpected(err))
		}
		switch t := t.(type) {
		case xml.EndElement:
			if len(failures) > 0 {
				return nil, failures
			}
			r.OK = true
			return r, nil
		case xml.StartElement:
			switch {
			case !root:
				if t.Name.Local != "rpc-reply" {
					return nil, fmt.Errorf("%w: the root is %q, not rpc-reply", ErrProtocol, t.Name.Local)
				}
				root = true
			case t.Name.Local == "rpc-error":
				e, err := decodeRPCError(d, &t)
				if err != nil {
					return nil, fmt.Errorf("%w: rpc-error: %w", ErrProtocol, unexpected(err))
				}
				failures = r.note(failures, e)
			case t.Name == xml.Name{Space: baseNS, Local: "ok"}:
				if err := d.Skip(); err != nil {
					return nil, fmt.Errorf("%w: rpc-reply: %w", ErrProtocol, unexpected(err))
				}
			case len(failures) > 0:
				return nil, failures
			default:
				r.bodyStart = offset
				r.bodyEnd = bytes.LastIndex(raw, []byte("</"))
				if r.bodyEnd <= offset {
					return nil, fmt.Errorf("%w: rpc-reply: its root is not closed", ErrProtocol)
				}
				return r, nil
			}
		}
	}
}

// note adds an rpc-error to the warnings or the failures.
func (r *Reply) note(failures RPCErrors, e *RPCError) RPCErrors {
	switch {
	case len(failures)+len(r.Warnings) >= maxRPCErrors:
	case e.Severity == severityWarning:
		r.Warnings = append(r.Warnings, e)
	default:
		failures = append(failures, e)
	}
	return failures
}

// maxHeaderBytes bounds what comes before the first element inside a
// message's root.
const maxHeaderBytes = 64 << 10

var errHeader = errors.New("its first tags are too long")

// header is the beginning of a message.
type header struct {
	root  xml.StartElement
	bytes []byte // what was read of the message
	first string // the first element inside the root, if asked for; "" if there is none
}

// headerReader reads a message as far as it is asked, and keeps what it read.
type headerReader struct {
	m   *message
	d   *xml.Decoder
	buf []byte
	err error // of the transport
}

// readHeader reads up to the root's start tag.
func readHeader(m *message) (*headerReader, *header, error) {
	r := &headerReader{m: m}
	r.d = xml.NewDecoder(r)
	for {
		t, err := r.token()
		if err != nil {
			return nil, nil, err
		}
		if start, ok := t.(xml.StartElement); ok {
			return r, &header{root: start.Copy(), bytes: r.buf}, nil
		}
	}
}

// toFirst reads on to the first element inside the root.
func (r *headerReader) toFirst(h *header) error {
	for {
		t, err := r.token()
		if err != nil {
			return err
		}
		h.bytes = r.buf
		switch t := t.(type) {
		case xml.StartElement:
			h.first = t.Name.Local
			return nil
		case xml.EndElement:
			return nil
		}
	}
}

func (r *headerReader) token() (xml.Token, error) {
	t, err := r.d.Token()
	switch {
	case err == nil:
		return t, nil
	case r.err != nil:
		return nil, r.err
	}
	return nil, fmt.Errorf("%w: %w", ErrProtocol, unexpected(err))
}

// ReadByte makes encoding/xml read no further than the token it is asked for.
func (r *headerReader) ReadByte() (byte, error) {
	if len(r.buf) >= maxHeaderBytes {
		return 0, errHeader
	}
	c, err := r.m.ReadByte()
	switch {
	case err == nil:
		r.buf = append(r.buf, c)
	case err != io.EOF:
		r.err = err
	}
	return c, err
}

// Read is for io.Reader; the decoder calls ReadByte.
func (r *headerReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := r.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}

// attr returns an attribute without namespace.
func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
