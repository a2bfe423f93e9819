package netconf

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// RPCError is one rpc-error element (RFC 6241 §4.3).
type RPCError struct {
	Type     string // transport, rpc, protocol or application
	Tag      string // one of RFC 6241 appendix A, such as "in-use"
	Severity string // error or warning
	AppTag   string // the data model's or the maker's own tag
	Path     string // XPath of the element in error, as the device wrote it
	Message  string
	Info     ErrorInfo
}

// ErrorInfo is the content of error-info.
type ErrorInfo struct {
	XML       string // the whole content as the device wrote it
	SessionID string // of the session that holds a lock; "0" is no NETCONF session
	// BadElement, BadAttribute and BadNamespace name what the device refuses.
	BadElement, BadAttribute, BadNamespace string
}

// Error gives tag, message, path and what error-info names.
func (e *RPCError) Error() string {
	var b strings.Builder
	b.WriteString(e.Tag)
	if e.AppTag != "" && e.AppTag != e.Tag {
		b.WriteString(" (" + e.AppTag + ")")
	}
	for _, part := range []struct{ name, text string }{
		{"", e.Message}, {"at ", e.Path}, {"element ", e.Info.BadElement},
		{"attribute ", e.Info.BadAttribute}, {"namespace ", e.Info.BadNamespace}, {"held by session ", e.Info.SessionID},
	} {
		if part.text != "" {
			b.WriteString(": " + part.name + part.text)
		}
	}
	return b.String()
}

// RPCErrors are all errors of one reply, in its order; never empty.
// errors.As finds the first *RPCError.
type RPCErrors []*RPCError

// Error joins the errors.
func (e RPCErrors) Error() string {
	texts := make([]string, len(e))
	for i, one := range e {
		texts[i] = one.Error()
	}
	return "the device answers " + strings.Join(texts, "; ")
}

// Unwrap lists the errors.
func (e RPCErrors) Unwrap() []error {
	list := make([]error, len(e))
	for i, one := range e {
		list[i] = one
	}
	return list
}

// HasTag tells whether an error of a reply has an error-tag.
func HasTag(err error, tag string) bool {
	var all RPCErrors
	if !errors.As(err, &all) {
		return false
	}
	for _, e := range all {
		if e.Tag == tag {
			return true
		}
	}
	return false
}

// severityWarning does not make a reply fail.
const severityWarning = "warning"

// decodeRPCError reads the element that begins with start.
func decodeRPCError(d *xml.Decoder, start *xml.StartElement) (*RPCError, error) {
	var x struct {
		Type     string `xml:"error-type"`
		Tag      string `xml:"error-tag"`
		Severity string `xml:"error-severity"`
		AppTag   string `xml:"error-app-tag"`
		Path     string `xml:"error-path"`
		Message  string `xml:"error-message"`
		Info     struct {
			XML string `xml:",innerxml"`
		} `xml:"error-info"`
	}
	if err := d.DecodeElement(&x, start); err != nil {
		return nil, err
	}
	e := &RPCError{
		Type: strings.TrimSpace(x.Type), Tag: strings.TrimSpace(x.Tag), Severity: strings.TrimSpace(x.Severity),
		AppTag: strings.TrimSpace(x.AppTag), Path: strings.TrimSpace(x.Path), Message: strings.TrimSpace(x.Message),
	}
	e.Info = decodeInfo(x.Info.XML)
	return e, nil
}

// decodeInfo reads the elements of RFC 6241 appendix A; what else a device
// says stays in ErrorInfo.XML.
func decodeInfo(text string) ErrorInfo {
	info := ErrorInfo{XML: strings.TrimSpace(text)}
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = false // prefixes may be declared outside
	var field *string
	for {
		t, err := d.RawToken()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return ErrorInfo{XML: info.XML}
			}
			return info
		}
		switch t := t.(type) {
		case xml.StartElement:
			field = map[string]*string{"session-id": &info.SessionID, "bad-element": &info.BadElement,
				"bad-attribute": &info.BadAttribute, "bad-namespace": &info.BadNamespace}[t.Name.Local]
		case xml.CharData:
			if field != nil {
				*field += strings.TrimSpace(string(t))
			}
		case xml.EndElement:
			field = nil
		}
	}
}
