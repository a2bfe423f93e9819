package netconf

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/xmltree"
)

const (
	librarySpace = "urn:ietf:params:xml:ns:yang:ietf-yang-library"
	streamsSpace = "urn:ietf:params:xml:ns:netmod:notification"
)

// everything is the data of <get>: the running configuration, the device's
// state and the server's own.
func (s *Server) everything() []*xmltree.Node {
	own := []*xmltree.Node{s.monitoring(), s.library(), streams()}
	state := slices.DeleteFunc(slices.Clone(s.device.State()), func(x *xmltree.Node) bool {
		return slices.ContainsFunc(own, func(o *xmltree.Node) bool { return o.Name == x.Name })
	})
	data := config.Overlay(s.schema, s.device.Running().XML(), state)
	return append(data, own...)
}

// monitoring is netconf-state (RFC 6022 §2.1).
func (s *Server) monitoring() *xmltree.Node {
	leaf := func(name, value string) *xmltree.Node { return xmltree.Leaf(monitoringSpace, name, value) }
	group := func(name string, children ...*xmltree.Node) *xmltree.Node {
		return xmltree.New(monitoringSpace, name, children...)
	}
	capabilities, stores, schemas, sessions := group("capabilities"), group("datastores"), group("schemas"), group("sessions")
	for _, each := range s.capabilities() {
		capabilities.Children = append(capabilities.Children, leaf("capability", each))
	}
	names := []datastore{candidate, running}
	if s.options.Startup != nil {
		names = append(names, startup)
	}
	for _, name := range names {
		stores.Children = append(stores.Children, group("datastore", leaf("name", string(name))))
	}
	for _, m := range s.schema.Modules {
		schemas.Children = append(schemas.Children, group("schema", leaf("identifier", m.Name), leaf("version", m.Revision),
			leaf("format", "yang"), leaf("namespace", m.Namespace), leaf("location", "NETCONF")))
	}
	for _, c := range s.list() {
		sessions.Children = append(sessions.Children, group("session", leaf("session-id", strconv.FormatUint(uint64(c.id), 10)),
			leaf("transport", "netconf-ssh"), leaf("username", c.user), leaf("login-time", stamp(c.start))))
	}
	return group("netconf-state", capabilities, stores, schemas, sessions)
}

// library is modules-state (RFC 7895 §2.1).
func (s *Server) library() *xmltree.Node {
	leaf := func(name, value string) *xmltree.Node { return xmltree.Leaf(librarySpace, name, value) }
	n := xmltree.New(librarySpace, "modules-state", leaf("module-set-id", s.moduleSetID()))
	for _, m := range s.schema.Modules {
		if m.Submodule {
			continue
		}
		each := xmltree.New(librarySpace, "module", leaf("name", m.Name), leaf("revision", m.Revision), leaf("namespace", m.Namespace))
		for _, feature := range m.Features {
			each.Children = append(each.Children, leaf("feature", feature))
		}
		each.Children = append(each.Children, leaf("conformance-type", "implement"))
		n.Children = append(n.Children, each)
	}
	return n
}

// moduleSetID changes when the modules do.
func (s *Server) moduleSetID() string {
	sum := sha256.New()
	for _, m := range s.schema.Modules {
		fmt.Fprintf(sum, "%s@%s %v\n", m.Name, m.Revision, m.Features)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// streams lists the notification streams (RFC 5277 §3.2.5.1).
func streams() *xmltree.Node {
	leaf := func(name, value string) *xmltree.Node { return xmltree.Leaf(streamsSpace, name, value) }
	stream := xmltree.New(streamsSpace, "stream", leaf("name", "NETCONF"), leaf("description", "all events"), leaf("replaySupport", "false"))
	return xmltree.New(streamsSpace, "netconf", xmltree.New(streamsSpace, "streams", stream))
}

// getSchema answers get-schema (RFC 6022 §3.1).
func (c *session) getSchema(op *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	id := op.Find("identifier")
	if id == nil {
		return nil, missing(op, "identifier")
	}
	if format := op.Find("format"); format != nil && localPart(format.Value()) != "yang" {
		return nil, invalid("format", fmt.Sprintf("schemas are there as yang, not as %q", format.Value()))
	}
	version := ""
	if x := op.Find("version"); x != nil {
		version = x.Value()
	}
	count := 0
	for _, m := range c.server.schema.Modules {
		if m.Name == id.Value() && (version == "" || m.Revision == version) {
			count++
		}
	}
	switch {
	case count == 0:
		return nil, invalid("identifier", fmt.Sprintf("there is no schema %q %s", id.Value(), version))
	case count > 1:
		errs := one(config.Application, "operation-failed", fmt.Sprintf("there are %d schemas %q", count, id.Value()))
		errs[0].AppTag = "data-not-unique"
		return nil, errs
	}
	text := string(c.server.schema.Module(id.Value(), version).Text)
	return []*xmltree.Node{xmltree.Leaf(monitoringSpace, "data", text)}, nil
}

func localPart(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == ':' {
			return name[i+1:]
		}
	}
	return name
}
