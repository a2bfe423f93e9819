package netconf

import (
	"net/url"
	"strings"
)

const (
	capBase10  = "urn:ietf:params:netconf:base:1.0"
	capBase11  = "urn:ietf:params:netconf:base:1.1"
	capability = "urn:ietf:params:netconf:capability:"
)

// capabilities lists what the server can do, then its modules (RFC 6020 §5.6.4).
func (s *Server) capabilities() []string {
	all := []string{capBase10, capBase11}
	for _, name := range []string{"candidate:1.0", "confirmed-commit:1.0", "confirmed-commit:1.1", "rollback-on-error:1.0",
		"validate:1.0", "validate:1.1", "notification:1.0", "interleave:1.0"} {
		all = append(all, capability+name)
	}
	if s.options.WritableRunning {
		all = append(all, capability+"writable-running:1.0")
	}
	if s.options.Startup != nil {
		all = append(all, capability+"startup:1.0")
	}
	for _, m := range s.schema.Modules {
		if m.Submodule {
			continue
		}
		text := m.Namespace + "?module=" + url.QueryEscape(m.Name)
		if m.Revision != "" {
			text += "&revision=" + url.QueryEscape(m.Revision)
		}
		if len(m.Features) > 0 {
			text += "&features=" + strings.Join(m.Features, ",")
		}
		all = append(all, text)
	}
	return append(all, capability+"yang-library:1.0?revision=2016-06-21&module-set-id="+s.moduleSetID())
}
