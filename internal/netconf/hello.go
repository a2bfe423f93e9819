package netconf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Limits of a hello.
const (
	maxHelloBytes   = 4 << 20
	maxCapabilities = 20_000
)

// clientHello is what we announce (RFC 6241 §8.1).
const clientHello = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
	`<hello xmlns="` + baseNS + `"><capabilities>` +
	`<capability>` + CapBase10 + `</capability>` +
	`<capability>` + CapBase11 + `</capability>` +
	`</capabilities></hello>`

// hello is the server's.
type hello struct {
	sessionID    uint32
	capabilities Capabilities
}

// readHello reads the first message of a session.
func readHello(f *frameReader) (hello, error) {
	m, err := f.next()
	if err != nil {
		return hello{}, unexpected(err)
	}
	raw, err := io.ReadAll(io.LimitReader(m, maxHelloBytes+1))
	switch {
	case err != nil:
		return hello{}, err
	case len(raw) > maxHelloBytes:
		return hello{}, fmt.Errorf("%w: a hello of more than %d bytes", ErrTooLarge, maxHelloBytes)
	}
	return parseHello(raw)
}

func parseHello(raw []byte) (hello, error) {
	var x struct {
		XMLName      xml.Name `xml:"hello"`
		SessionID    string   `xml:"session-id"`
		Capabilities []string `xml:"capabilities>capability"`
	}
	if err := xml.NewDecoder(bytes.NewReader(raw)).Decode(&x); err != nil {
		return hello{}, fmt.Errorf("%w: hello: %w", ErrProtocol, unexpected(err))
	}
	if len(x.Capabilities) > maxCapabilities {
		return hello{}, fmt.Errorf("%w: a hello with %d capabilities, at most %d", ErrTooLarge, len(x.Capabilities), maxCapabilities)
	}
	id, err := strconv.ParseUint(strings.TrimSpace(x.SessionID), 10, 32)
	if err != nil || id == 0 {
		return hello{}, fmt.Errorf("%w: hello: the session-id is %q (RFC 6241 §8.1)", ErrProtocol, x.SessionID)
	}
	h := hello{sessionID: uint32(id)}
	for _, c := range x.Capabilities {
		h.capabilities = append(h.capabilities, strings.TrimSpace(c))
	}
	if !h.capabilities.Has(CapBase10) && !h.capabilities.Has(CapBase11) {
		return hello{}, fmt.Errorf("%w: hello: %w", ErrProtocol, errors.New("neither base:1.0 nor base:1.1 is announced (RFC 6241 §8.1)"))
	}
	return h, nil
}
