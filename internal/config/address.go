package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// checkBase accepts what IRIs of things can be made from.
func checkBase(s string) error {
	u, err := url.Parse(s)
	switch {
	case strings.Contains(s, "@"):
		return errors.New("a base IRI holds no user or password (not shown)")
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return fmt.Errorf("%s is no http or https IRI, such as https://noc.example/", quote(s))
	case !strings.HasSuffix(u.Path, "/"), strings.ContainsAny(s, "?# <>\"{}|\\^`"):
		return fmt.Errorf("%s must end in \"/\" and have no query, fragment or space: names of things are appended to it", quote(s))
	}
	return nil
}

// checkListen accepts host:port; the host may be empty (every address of the
// machine) and the port 0 (any free one).
func checkListen(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host != "" && !isHost(host) || !isPort(port, 0) {
		return fmt.Errorf("%s is no host:port, such as 127.0.0.1:7878 or [::1]:7878", quote(s))
	}
	return nil
}

// checkAddress accepts an IP address or host name, with or without a port.
func checkAddress(s string) error {
	if isHost(s) {
		return nil
	}
	if strings.Contains(s, "@") {
		return errors.New("an address holds no user or community (not shown): write an IP address or host name")
	}
	if inner, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(inner, "]") && isHost(strings.TrimSuffix(inner, "]")) {
		return nil
	}
	if host, port, err := net.SplitHostPort(s); err == nil && isHost(host) && isPort(port, 1) {
		return nil
	}
	return fmt.Errorf("%s is no address: write an IP address or host name, with :port if it is not the usual one", quote(s))
}

func isPort(s string, least uint64) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n >= least
}

// hostName is the form of host names (RFC 1123 §2.1), underscores allowed.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$`)

const maxHostName = 253

// isHost accepts IP addresses and host names; what ends in a number is meant
// as an IPv4 address and must be one.
func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	last := strings.TrimSuffix(s, ".")
	last = last[strings.LastIndexByte(last, '.')+1:]
	return len(s) <= maxHostName && hostName.MatchString(s) && strings.Trim(last, "0123456789") != ""
}
