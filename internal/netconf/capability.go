package netconf

import (
	"net/url"
	"slices"
	"strings"
)

// Capabilities of the protocol (RFC 6241 §8, RFC 5277 §2.1.1, RFC 6243 §4).
const (
	CapBase10          = "urn:ietf:params:netconf:base:1.0"
	CapBase11          = "urn:ietf:params:netconf:base:1.1"
	CapWritableRunning = ":writable-running"
	CapCandidate       = ":candidate"
	CapConfirmed       = ":confirmed-commit"
	CapConfirmed11     = ":confirmed-commit:1.1"
	CapRollback        = ":rollback-on-error"
	CapValidate        = ":validate"
	CapValidate11      = ":validate:1.1"
	CapStartup         = ":startup"
	CapXPath           = ":xpath"
	CapNotification    = ":notification"
	CapInterleave      = ":interleave"
	CapWithDefaults    = ":with-defaults"
	CapYANGLibrary     = ":yang-library"
)

// capabilityPrefix is what the short form of a capability stands for
// (RFC 6241 §10.4).
const capabilityPrefix = "urn:ietf:params:netconf:capability"

// Capabilities are the URIs that a peer announced in its hello, in order.
type Capabilities []string

// Has tells whether a capability was announced. The name is a whole URI, or
// the short form of RFC 6241 §8: ":candidate" stands for any version,
// ":confirmed-commit:1.1" for that one. Parameters behind ? do not matter.
func (c Capabilities) Has(name string) bool {
	return slices.ContainsFunc(c, func(uri string) bool { return matches(uri, name) })
}

func matches(uri, name string) bool {
	uri, _, _ = strings.Cut(uri, "?")
	if !strings.HasPrefix(name, ":") {
		return uri == name
	}
	rest, ok := strings.CutPrefix(uri, capabilityPrefix+name)
	return ok && (rest == "" || rest[0] == ':')
}

// Param returns a parameter of an announced capability, such as "basic-mode"
// of ":with-defaults"; "" if there is none.
func (c Capabilities) Param(name, key string) string {
	for _, uri := range c {
		if matches(uri, name) {
			_, query, _ := strings.Cut(uri, "?")
			values, _ := url.ParseQuery(strings.ReplaceAll(query, "&amp;", "&"))
			return values.Get(key)
		}
	}
	return ""
}

// Module is a YANG module that a capability announces (RFC 6020 §5.6.4).
type Module struct {
	Namespace, Name, Revision string
	Features, Deviations      []string
}

// Modules lists the YANG modules that the capabilities announce. Devices of
// YANG 1.1 list theirs in the YANG library instead (RFC 7950 §5.6.4).
func (c Capabilities) Modules() []Module {
	var list []Module
	for _, uri := range c {
		namespace, query, ok := strings.Cut(uri, "?")
		if !ok {
			continue
		}
		values, err := url.ParseQuery(strings.ReplaceAll(query, "&amp;", "&"))
		if err != nil || values.Get("module") == "" {
			continue
		}
		list = append(list, Module{Namespace: namespace, Name: values.Get("module"), Revision: values.Get("revision"),
			Features: commaList(values.Get("features")), Deviations: commaList(values.Get("deviations"))})
	}
	return list
}

func commaList(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
