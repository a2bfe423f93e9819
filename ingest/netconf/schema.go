package netconf

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"nettwin/ingest"
	"nettwin/ingest/schemas"
	client "nettwin/internal/netconf"
	"nettwin/ontology/yang"
)

// model returns the compiled schema of a device, from memory if its
// inventory is known.
func (c *Collector) model(ctx context.Context, s *client.Session, device string) (*schemas.Model, error) {
	inv, err := readInventory(ctx, s)
	if err != nil {
		return nil, err
	}
	m, err := c.models.Get(ctx, device, inv, func(ctx context.Context, t schemas.Text) ([]byte, error) { return fetch(ctx, s, t) })
	if err != nil {
		return nil, fmt.Errorf("netconf: %s: %w", s.Peer(), err)
	}
	return m, nil
}

// fetch asks for a text by get-schema (RFC 6022 §3.1).
func fetch(ctx context.Context, s *client.Session, t schemas.Text) ([]byte, error) {
	text, err := s.GetSchema(ctx, t.Name, t.Revision, "yang")
	var refused client.RPCErrors
	if errors.As(err, &refused) || errors.Is(err, client.ErrTooLarge) || errors.Is(err, client.ErrProtocol) && s.Err() == nil {
		return nil, fmt.Errorf("%w: %w", schemas.ErrRefused, err)
	}
	return []byte(text), err
}

// ErrNotRead: a device was not read yet, so that its schema is unknown.
var ErrNotRead = errors.New("netconf: not read yet")

// Schema returns what the modules of a device compiled to when it was read
// last, by its name, else its address. Errors: ErrNotRead.
func (c *Collector) Schema(device string) (*yang.Schema, error) {
	if m := c.models.Latest(device); m != nil {
		return m.Schema, nil
	}
	return nil, fmt.Errorf("%s: %w", device, ErrNotRead)
}

// Open opens a session with a device as Collect does, for those who write.
func (c *Collector) Open(ctx context.Context, t ingest.Target) (*client.Session, error) {
	return c.open(ctx, t)
}

// subtree is the filter (RFC 6241 §6) that selects a root.
func subtree(r schemas.Root) string {
	return fmt.Sprintf(`<%s xmlns="%s"/>`, r.Name, escapeXML(r.Namespace))
}

// escapeXML writes text as an attribute's value.
func escapeXML(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder does not fail
	return b.String()
}
