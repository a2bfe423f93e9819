package netconf

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"nettwin/ingest/schemas"
	client "nettwin/internal/netconf"
)

// The namespaces of the modules that describe a NETCONF server itself
// (RFC 6022, RFC 7895 and RFC 8525).
const (
	monitoringNS = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
	libraryNS    = "urn:ietf:params:xml:ns:yang:ietf-yang-library"
)

// readInventory asks for the list of schemas (RFC 6022 §2.1.3) and the YANG
// library (RFC 7895, RFC 8525), and takes the hello where the device has
// neither.
func readInventory(ctx context.Context, s *client.Session) (schemas.Inventory, error) {
	var inv schemas.Inventory
	monitoring, err := ask(ctx, s, `<netconf-state xmlns="`+monitoringNS+`"><schemas/></netconf-state>`)
	if err != nil {
		return inv, err
	}
	library, err := ask(ctx, s, `<yang-library xmlns="`+libraryNS+`"/><modules-state xmlns="`+libraryNS+`"/>`)
	if err != nil {
		return inv, err
	}
	if inv.Modules, err = library.Data.Modules(); err != nil {
		return inv, fmt.Errorf("netconf: %s: %w: %w", s.Peer(), client.ErrProtocol, err)
	}
	if len(inv.Modules) == 0 {
		for _, m := range s.Capabilities().Modules() {
			inv.Modules = append(inv.Modules, schemas.Module{Name: m.Name, Revision: m.Revision, Namespace: m.Namespace, Implemented: true, Features: m.Features})
		}
	}
	inv.Texts = monitoring.texts()
	if len(inv.Texts) == 0 {
		inv.Texts = library.Data.Texts()
	}
	if len(inv.Texts) == 0 {
		for _, m := range inv.Modules {
			inv.Texts = append(inv.Texts, schemas.Text{Name: m.Name, Revision: m.Revision})
		}
	}
	if len(inv.Modules) == 0 {
		for _, t := range inv.Texts {
			inv.Modules = append(inv.Modules, schemas.Module{Name: t.Name, Revision: t.Revision, Implemented: true})
		}
	}
	err = inv.Settle(library.Data.Notes()...)
	switch {
	case errors.Is(err, schemas.ErrNoModules):
		return inv, fmt.Errorf("netconf: %s: %w", s.Peer(), errNoModules)
	case err != nil:
		return inv, fmt.Errorf("netconf: %s: %w", s.Peer(), err)
	}
	return inv, nil
}

// errNoModules: there is nothing to map by.
var errNoModules = fmt.Errorf("%w, neither by ietf-netconf-monitoring nor by the YANG library nor in its hello: it cannot be mapped", schemas.ErrNoModules)

// ask reads a part of a device's description; one that the device does not
// have is empty.
func ask(ctx context.Context, s *client.Session, subtree string) (description, error) {
	var d description
	r, err := s.Get(ctx, client.Query{Subtree: subtree})
	var refused client.RPCErrors
	if errors.As(err, &refused) {
		return d, nil
	}
	if err != nil || r.OK {
		return d, err
	}
	if err := xml.Unmarshal(r.XML, &d); err != nil {
		return d, fmt.Errorf("netconf: %s: get: %w: %w", s.Peer(), client.ErrProtocol, err)
	}
	return d, nil
}

// description is the reply to ask.
type description struct {
	Data struct {
		Schemas []struct {
			Identifier string `xml:"identifier"`
			Version    string `xml:"version"`
			Format     string `xml:"format"`
		} `xml:"netconf-state>schemas>schema"`
		schemas.Library
	} `xml:"data"`
}

// texts lists the schemas in the form of YANG texts.
func (d description) texts() []schemas.Text {
	var list []schemas.Text
	for _, s := range d.Data.Schemas {
		format := strings.TrimSpace(s.Format)
		if _, local, ok := strings.Cut(format, ":"); ok {
			format = local
		}
		if format == "yang" {
			list = append(list, schemas.Text{Name: strings.TrimSpace(s.Identifier), Revision: strings.TrimSpace(s.Version)})
		}
	}
	return list
}
