package schemas

import (
	"encoding/json"
	"fmt"
)

// Library is the YANG library of a device, in either form, as XML and JSON
// bring it: below yang-library (RFC 8525) or modules-state (RFC 7895).
type Library struct {
	State struct { // RFC 7895
		SetID   string          `xml:"module-set-id" json:"module-set-id"`
		Modules []LibraryModule `xml:"module" json:"module"`
	} `xml:"modules-state" json:"ietf-yang-library:modules-state"`
	Library struct { // RFC 8525
		ContentID string `xml:"content-id" json:"content-id"`
		Sets      []struct {
			Modules []LibraryModule `xml:"module" json:"module"`
			Imports []LibraryModule `xml:"import-only-module" json:"import-only-module"`
		} `xml:"module-set" json:"module-set"`
	} `xml:"yang-library" json:"ietf-yang-library:yang-library"`
}

// LibraryModule is one entry of a library.
type LibraryModule struct {
	Name        string      `xml:"name" json:"name"`
	Revision    string      `xml:"revision" json:"revision"`
	Namespace   string      `xml:"namespace" json:"namespace"`
	Conformance string      `xml:"conformance-type" json:"conformance-type"`
	Features    []string    `xml:"feature" json:"feature"`
	Schema      string      `xml:"schema" json:"schema"`     // RFC 7895
	Locations   []string    `xml:"location" json:"location"` // RFC 8525
	Submodules  []submodule `xml:"submodule" json:"submodule"`
}

type submodule struct {
	Name      string   `xml:"name" json:"name"`
	Revision  string   `xml:"revision" json:"revision"`
	Schema    string   `xml:"schema" json:"schema"`
	Locations []string `xml:"location" json:"location"`
}

// ReadLibraryJSON reads a reply in JSON (RFC 7951).
func ReadLibraryJSON(text []byte) (Library, error) {
	var l Library
	err := json.Unmarshal(text, &l)
	return l, err
}

// all lists the modules of the library, whichever form it has.
func (l Library) all() []LibraryModule {
	var list []LibraryModule
	for _, set := range l.Library.Sets {
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
	return l.State.Modules
}

// Modules lists the modules of the library.
func (l Library) Modules() ([]Module, error) {
	var list []Module
	for _, m := range l.all() {
		if m.Name == "" {
			return nil, fmt.Errorf("YANG library: a module without name")
		}
		list = append(list, Module{m.Name, m.Revision, m.Namespace, m.Conformance != "import", m.Features})
	}
	return list, nil
}

// Notes is what the library says about its own version.
func (l Library) Notes() []string { return []string{l.State.SetID, l.Library.ContentID} }

// Texts lists the schema texts of the library's modules and submodules.
func (l Library) Texts() []Text {
	var list []Text
	for _, m := range l.all() {
		list = append(list, Text{m.Name, m.Revision, places(m.Schema, m.Locations)})
		for _, sub := range m.Submodules {
			list = append(list, Text{sub.Name, sub.Revision, places(sub.Schema, sub.Locations)})
		}
	}
	return list
}

func places(schema string, locations []string) []string {
	if schema == "" {
		return locations
	}
	return append([]string{schema}, locations...)
}
