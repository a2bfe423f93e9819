package restconf

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"nettwin/ingest/schemas"
)

// The module that describes a RESTCONF server itself (RFC 8040 §9).
const (
	monitoringModule = "ietf-restconf-monitoring"
	monitoringNS     = "urn:ietf:params:xml:ns:yang:ietf-restconf-monitoring"
)

// server is what a device says of itself (RFC 8040 §9).
type server struct {
	fields  bool
	streams []eventStream
}

type eventStream struct {
	Name   string `json:"name" xml:"name"`
	Access []struct {
		Encoding string `json:"encoding" xml:"encoding"`
		Location string `json:"location" xml:"location"`
	} `json:"access" xml:"access"`
}

// state is restconf-state.
type state struct {
	Capabilities []string      `xml:"capabilities>capability"`
	Streams      []eventStream `xml:"streams>stream"`
}

// describe reads restconf-state; a device that has none can nothing more.
func (c *client) describe(ctx context.Context) (server, error) {
	var out server
	r, err := c.get(ctx, "data/"+monitoringModule+":restconf-state", "")
	if absent(err) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	st, err := readState(r)
	if err != nil {
		return out, err
	}
	for _, capability := range st.Capabilities {
		if strings.HasPrefix(strings.TrimSpace(capability), "urn:ietf:params:restconf:capability:fields:1.") {
			out.fields = true
		}
	}
	out.streams = st.Streams
	return out, nil
}

func readState(r reply) (state, error) {
	var out state
	if r.isXML {
		if err := xml.Unmarshal(r.body, &out); err != nil {
			return out, fmt.Errorf("%w: restconf-state: %w", ErrProtocol, err)
		}
		return out, nil
	}
	var in struct {
		State struct {
			Capabilities struct {
				Capability []string `json:"capability"`
			} `json:"capabilities"`
			Streams struct {
				Stream []eventStream `json:"stream"`
			} `json:"streams"`
		} `json:"ietf-restconf-monitoring:restconf-state"`
	}
	if err := json.Unmarshal(r.body, &in); err != nil {
		return out, fmt.Errorf("%w: restconf-state: %w", ErrProtocol, err)
	}
	return state{in.State.Capabilities.Capability, in.State.Streams.Stream}, nil
}

// absent tells whether a device says that it does not have a resource.
func absent(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && (status.Code == http.StatusNotFound || status.Code == http.StatusBadRequest ||
		status.Code == http.StatusMethodNotAllowed || status.Code == http.StatusNotImplemented)
}

// inventory reads the YANG library (RFC 8525, else RFC 7895).
func (c *client) inventory(ctx context.Context) (schemas.Inventory, error) {
	var inv schemas.Inventory
	library, err := c.library(ctx)
	if err != nil {
		return inv, err
	}
	if inv.Modules, err = library.Modules(); err != nil {
		return inv, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	inv.Texts = library.Texts()
	err = inv.Settle(library.Notes()...)
	if errors.Is(err, schemas.ErrNoModules) {
		err = fmt.Errorf("%w in its YANG library: it cannot be mapped", err)
	}
	return inv, err
}

func (c *client) library(ctx context.Context) (schemas.Library, error) {
	var library schemas.Library
	for _, resource := range []string{"yang-library", "modules-state"} {
		r, err := c.get(ctx, "data/ietf-yang-library:"+resource, "")
		if absent(err) {
			continue
		}
		if err != nil {
			return library, err
		}
		if library, err = readLibrary(r); err != nil {
			return library, err
		}
		if modules, _ := library.Modules(); len(modules) > 0 {
			break
		}
	}
	return library, nil
}

func readLibrary(r reply) (library schemas.Library, err error) {
	if r.isXML {
		body := append(append([]byte("<data>"), bytes.TrimPrefix(r.body, []byte(xml.Header))...), "</data>"...)
		err = xml.Unmarshal(body, &library)
	} else {
		library, err = schemas.ReadLibraryJSON(r.body)
	}
	if err != nil {
		err = fmt.Errorf("%w: YANG library: %w", ErrProtocol, err)
	}
	return library, err
}

// fetch brings a schema's text from where the library says it is, if that is
// the device itself.
func (c *client) fetch(ctx context.Context, t schemas.Text) ([]byte, error) {
	if len(t.Locations) == 0 {
		return nil, fmt.Errorf("%w: the device does not say where its text is", schemas.ErrRefused)
	}
	var failures []error
	for _, location := range t.Locations {
		path, err := c.own(location)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		r, err := c.request(ctx, path, "application/yang, text/plain, */*;q=0.5", "", schemas.MaxTextBytes)
		var status *StatusError
		switch {
		case err == nil:
			return r.body, nil
		case errors.As(err, &status), errors.Is(err, ErrTooLarge), errors.Is(err, ErrProtocol):
			failures = append(failures, err)
		default:
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: %w", schemas.ErrRefused, errors.Join(failures...))
}
