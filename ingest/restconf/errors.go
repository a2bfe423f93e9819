package restconf

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"nettwin/ingest"
	"nettwin/internal/tlspeer"
)

// Errors of a device that one can do something about.
var (
	// ErrTooLarge: an answer is beyond a limit. It costs the node asked for.
	ErrTooLarge = errors.New("answer too large")
	// ErrProtocol: an answer is none of RESTCONF.
	ErrProtocol = errors.New("malformed answer")
	// ErrUnsupported: the device does not have what was asked for.
	ErrUnsupported = errors.New("not supported by the device")
)

// StatusError is an answer that is no success, with what the device says of it
// (RFC 8040 §7).
type StatusError struct {
	Code     int
	Tag      string // error-tag; may be empty
	Message  string // error-message; may be empty
	Resource string
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s: %d %s", e.Resource, e.Code, http.StatusText(e.Code))
	if e.Tag != "" {
		text += ": " + e.Tag
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Unwrap makes refused credentials ingest.ErrAuth.
func (e *StatusError) Unwrap() error {
	if e.Code == http.StatusUnauthorized || e.Code == http.StatusForbidden {
		return ingest.ErrAuth
	}
	return nil
}

// maxMessage bounds what an error repeats of a device's words.
const maxMessage = 300

// statusError reads an error's body, in JSON or XML; one that is neither is
// left out.
func statusError(resource string, code int, body []byte) error {
	e := &StatusError{Code: code, Resource: resource}
	type one struct {
		Tag     string `json:"error-tag" xml:"error-tag"`
		Message string `json:"error-message" xml:"error-message"`
	}
	var list []one
	var inJSON struct {
		Errors struct {
			Error []one `json:"error"`
		} `json:"ietf-restconf:errors"`
	}
	var inXML struct {
		Error []one `xml:"error"`
	}
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		if xml.Unmarshal(body, &inXML) == nil {
			list = inXML.Error
		}
	} else if json.Unmarshal(body, &inJSON) == nil {
		list = inJSON.Errors.Error
	}
	if len(list) > 0 {
		e.Tag, e.Message = clip(list[0].Tag), clip(list[0].Message)
	}
	return e
}

func clip(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxMessage {
		text = text[:maxMessage] + "…"
	}
	return strings.ToValidUTF8(text, "�")
}

// errBudget: the time for one device is used up.
var errBudget = fmt.Errorf("%w: the time for one device is used up", ingest.ErrTimeout)

// contract marks an error by the collector contract's terms.
func contract(err error) error {
	var network net.Error
	switch {
	case err == nil, errors.Is(err, ingest.ErrAuth), errors.Is(err, ingest.ErrTimeout), errors.Is(err, ingest.ErrPartial), errors.Is(err, context.Canceled):
		return err
	case tlspeer.IsTrust(err):
		return fmt.Errorf("%w: %w", ingest.ErrAuth, err)
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %w", ingest.ErrTimeout, err)
	}
	return err
}
