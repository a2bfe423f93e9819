package netconf

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"

	client "nettwin/internal/netconf"
)

// The namespaces of the modules that describe a NETCONF server itself
// (RFC 6022, RFC 7895 and RFC 8525).
const (
	monitoringNS = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
	libraryNS    = "urn:ietf:params:xml:ns:yang:ietf-yang-library"
)

// MaxModules bounds the modules of one device.
const MaxModules = 10_000

// module is a YANG module that a device has.
type module struct {
	name, revision, namespace string
	implemented               bool // else it lends types only
	features                  []string
}

func (m module) id() string { return revised(m.name, m.revision) }

func revised(name, revision string) string {
	if revision == "" {
		return name
	}
	return name + "@" + revision
}

// inventory is what a device says about its schemas.
type inventory struct {
	modules []module
	// texts are the modules and submodules that get-schema may give.
	texts []source
	set   string // digest of all
}

// source names a schema text.
type source struct{ name, revision string }

func (s source) id() string { return revised(s.name, s.revision) }

// readInventory asks for the list of schemas (RFC 6022 §2.1.3) and the YANG
// library (RFC 7895, RFC 8525), and takes the hello where the device has
// neither.
func readInventory(ctx context.Context, s *client.Session) (inventory, error) {
	var inv inventory
	monitoring, err := ask(ctx, s, `<netconf-state xmlns="`+monitoringNS+`"><schemas/></netconf-state>`)
	if err != nil {
		return inv, err
	}
	library, err := ask(ctx, s, `<yang-library xmlns="`+libraryNS+`"/><modules-state xmlns="`+libraryNS+`"/>`)
	if err != nil {
		return inv, err
	}
	var notes []string
	if inv.modules, notes, err = library.modules(); err != nil {
		return inv, fmt.Errorf("netconf: %s: YANG library: %w", s.Peer(), err)
	}
	if len(inv.modules) == 0 {
		for _, m := range s.Capabilities().Modules() {
			inv.modules = append(inv.modules, module{m.Name, m.Revision, m.Namespace, true, m.Features})
		}
	}
	inv.texts = monitoring.sources()
	if len(inv.texts) == 0 {
		inv.texts = library.sources()
	}
	if len(inv.texts) == 0 {
		for _, m := range inv.modules {
			inv.texts = append(inv.texts, source{m.name, m.revision})
		}
	}
	if len(inv.modules) == 0 {
		for _, t := range inv.texts {
			inv.modules = append(inv.modules, module{name: t.name, revision: t.revision, implemented: true})
		}
	}
	inv.settle(notes)
	if n := max(len(inv.modules), len(inv.texts)); n > MaxModules {
		return inv, fmt.Errorf("netconf: %s: the device lists %d modules, at most %d", s.Peer(), n, MaxModules)
	}
	if len(inv.modules) == 0 {
		return inv, fmt.Errorf("netconf: %s: %w", s.Peer(), errNoModules)
	}
	return inv, nil
}

// errNoModules: there is nothing to map by.
var errNoModules = errors.New("the device tells no YANG module, neither by ietf-netconf-monitoring nor by the YANG library nor in its hello: it cannot be mapped")

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
	Schemas []struct {
		Identifier string `xml:"identifier"`
		Version    string `xml:"version"`
		Format     string `xml:"format"`
	} `xml:"data>netconf-state>schemas>schema"`
	State struct { // RFC 7895
		SetID   string          `xml:"module-set-id"`
		Modules []libraryModule `xml:"module"`
	} `xml:"data>modules-state"`
	Library struct { // RFC 8525
		ContentID string `xml:"content-id"`
		Sets      []struct {
			Modules []libraryModule `xml:"module"`
			Imports []libraryModule `xml:"import-only-module"`
		} `xml:"module-set"`
	} `xml:"data>yang-library"`
}

type libraryModule struct {
	Name        string   `xml:"name"`
	Revision    string   `xml:"revision"`
	Namespace   string   `xml:"namespace"`
	Conformance string   `xml:"conformance-type"`
	Features    []string `xml:"feature"`
	Submodules  []struct {
		Name     string `xml:"name"`
		Revision string `xml:"revision"`
	} `xml:"submodule"`
}

// sources lists the schemas in the form of YANG texts.
func (d description) sources() []source {
	var list []source
	for _, s := range d.Schemas {
		format := strings.TrimSpace(s.Format)
		if _, local, ok := strings.Cut(format, ":"); ok {
			format = local
		}
		if format == "yang" {
			list = append(list, source{strings.TrimSpace(s.Identifier), strings.TrimSpace(s.Version)})
		}
	}
	if len(list) > 0 {
		return list
	}
	for _, m := range d.all() {
		list = append(list, source{m.Name, m.Revision})
		for _, sub := range m.Submodules {
			list = append(list, source{sub.Name, sub.Revision})
		}
	}
	return list
}

// all lists the modules of the library, whichever form it has.
func (d description) all() []libraryModule {
	var list []libraryModule
	for _, set := range d.Library.Sets {
		for _, m := range set.Modules {
			m.Conformance = "implement"
			list = append(list, m)
		}
		for _, m := range set.Imports {
			m.Conformance = "import"
			list = append(list, m)
		}
	}
	if len(list) > 0 {
		return list
	}
	return d.State.Modules
}

// modules lists the modules of the library, and what it says about its own
// version.
func (d description) modules() ([]module, []string, error) {
	var list []module
	for _, m := range d.all() {
		if m.Name == "" {
			return nil, nil, fmt.Errorf("%w: a module without name", client.ErrProtocol)
		}
		list = append(list, module{m.Name, m.Revision, m.Namespace, m.Conformance != "import", m.Features})
	}
	return list, []string{d.State.SetID, d.Library.ContentID}, nil
}

// settle sorts, removes what is listed twice, and digests the whole.
func (inv *inventory) settle(notes []string) {
	slices.SortStableFunc(inv.modules, func(a, b module) int {
		return cmp.Or(strings.Compare(a.id(), b.id()), boolOrder(b.implemented, a.implemented))
	})
	inv.modules = slices.CompactFunc(inv.modules, func(a, b module) bool { return a.id() == b.id() })
	slices.SortFunc(inv.texts, func(a, b source) int { return strings.Compare(a.id(), b.id()) })
	inv.texts = slices.Compact(inv.texts)
	h := sha256.New()
	for _, n := range notes {
		fmt.Fprintf(h, "%q\n", n)
	}
	for _, m := range inv.modules {
		slices.Sort(m.features)
		fmt.Fprintf(h, "%q %v %q\n", m.id(), m.implemented, m.features)
	}
	for _, t := range inv.texts {
		fmt.Fprintf(h, "%q\n", t.id())
	}
	inv.set = hex.EncodeToString(h.Sum(nil)[:16])
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// features tells which features the device has. Of modules that the
// inventory does not list it is unknown: yes.
func (inv *inventory) features() func(module, feature string) bool {
	known := map[string]map[string]bool{}
	for _, m := range inv.modules {
		if known[m.name] == nil {
			known[m.name] = map[string]bool{}
		}
		for _, f := range m.features {
			known[m.name][f] = true
		}
	}
	return func(module, feature string) bool {
		of, ok := known[module]
		return !ok || of[feature]
	}
}
