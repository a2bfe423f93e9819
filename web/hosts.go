package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"nettwin/internal/auth"
)

// hostPort is a host in lower case, without brackets and final dot, and a
// port or "".
type hostPort struct {
	host, port string
}

// parseHost reads host, host:port, [IPv6] or [IPv6]:port; what is none of
// these becomes a host that equals no name.
func parseHost(s string) hostPort {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = s, ""
		if inner, ok := strings.CutPrefix(s, "["); ok {
			host = strings.TrimSuffix(inner, "]")
		}
	}
	return hostPort{strings.TrimSuffix(strings.ToLower(host), "."), port}
}

// orPort fills in the port that a scheme implies.
func (h hostPort) orPort(standard string) hostPort {
	if h.port == "" {
		h.port = standard
	}
	return h
}

// isAt tells whether the port is a given one; without a port it is the
// standard one of http or https.
func (h hostPort) isAt(port string) bool {
	return h.port == port || h.port == "" && (port == "80" || port == "443")
}

// isLoopback recognises the names of this machine that no name server can
// turn elsewhere (RFC 6761 §6.3).
func (h hostPort) isLoopback() bool {
	if h.host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(h.host)
	return err == nil && ip.Unmap().IsLoopback()
}

// isOurs tells whether the Host of a request names this server: a configured
// name, the address at which the connection arrived, or, on loopback, a name
// of loopback with the port of the connection.
func (g Gate) isOurs(r *http.Request) bool {
	asked := parseHost(r.Host)
	for _, own := range g.hosts {
		if own.host == asked.host && own.host != "" && (own.port == "" || asked.isAt(own.port)) {
			return true
		}
	}
	local, known := localAddress(r)
	if !known {
		return g.loopback && asked.isLoopback()
	}
	if !asked.isAt(fmt.Sprint(local.Port())) {
		return false
	}
	if asked.isLoopback() {
		return local.Addr().Unmap().IsLoopback()
	}
	ip, err := netip.ParseAddr(asked.host)
	return err == nil && ip.Unmap() == local.Addr().Unmap().WithZone("")
}

// localAddress is the server's end of the request's connection; it is unknown
// only where a test calls the handler without one.
func localAddress(r *http.Request) (netip.AddrPort, bool) {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return netip.AddrPort{}, false
	}
	local, err := netip.ParseAddrPort(addr.String())
	return local, err == nil
}

// forwardedBy are the headers by which proxies tell that they forward (RFC
// 7239 and what was usual before).
var forwardedBy = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip"}

// isForwarded tells whether a request on loopback comes from elsewhere: by a
// proxy, or by a name that is known beyond this machine.
func isForwarded(r *http.Request) bool {
	for _, header := range forwardedBy {
		if len(r.Header.Values(header)) > 0 {
			return true
		}
	}
	return !parseHost(r.Host).isLoopback()
}

// OwnHosts lists the names of a server for GateOptions.Hosts: that of its base
// IRI, that of its listen address unless it is every address of the machine,
// and further ones.
func OwnHosts(base, listen string, more ...string) []string {
	var hosts []string
	if u, err := url.Parse(base); err == nil && u.Host != "" {
		hosts = append(hosts, u.Host)
	}
	if h := parseHost(listen); h.host != "" {
		if ip, err := netip.ParseAddr(h.host); err != nil || !ip.IsUnspecified() {
			hosts = append(hosts, listen)
		}
	}
	return append(hosts, more...)
}

// IsLoopback tells whether only this machine can reach a listen address.
func IsLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && hostPort{host: strings.ToLower(host)}.isLoopback()
}

// ErrOpenListen refuses to listen beyond loopback without authentication.
var ErrOpenListen = errors.New("nothing listens beyond this machine without authentication")

// AllowedListen tells whether a server with these tokens may listen on an
// address.
func AllowedListen(listen string, tokens *auth.Tokens) error {
	if _, _, err := net.SplitHostPort(listen); err != nil {
		return fmt.Errorf("listen: %q is no host:port, such as 127.0.0.1:7878", listen)
	}
	if IsLoopback(listen) || tokens.Len() > 0 {
		return nil
	}
	return fmt.Errorf("listen: %s: %w: configure tokens (tokens: [{name: NAME, role: reader, sha256: HASH}], HASH from printf %%s TOKEN | sha256sum) and give the file by --config, or listen on 127.0.0.1", listen, ErrOpenListen)
}
