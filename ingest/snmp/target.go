package snmp

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"nettwin/ingest"
)

// DefaultPort of agents (RFC 3417 §3.2).
const DefaultPort = 161

// ParseURL reads the address of one device:
//
//	snmp://COMMUNITY@HOST[:PORT]                      SNMPv2c
//	snmp://USER@HOST[:PORT]?v=3                       SNMPv3, noAuthNoPriv
//	snmp://USER:AUTHPASS@HOST[:PORT]?auth=sha256&priv=aes&privpass=PASS&context=NAME
//
// Passwords are returned as written: a caller that allows references such as
// env:NAME resolves them. Errors never repeat the address, it holds secrets.
func ParseURL(address string) (ingest.Target, Credential, error) {
	u, err := url.Parse(address)
	if err != nil {
		return ingest.Target{}, Credential{}, errors.New("snmp: address: it is no URL such as snmp://COMMUNITY@HOST:161")
	}
	t, c, err := parseURL(u)
	if err != nil {
		return ingest.Target{}, Credential{}, fmt.Errorf("snmp: address of host %q: %w", u.Hostname(), err)
	}
	return t, c, nil
}

func parseURL(u *url.URL) (t ingest.Target, c Credential, err error) {
	if u.Scheme != "snmp" {
		return t, c, fmt.Errorf("the scheme is %q, expected snmp", u.Scheme)
	}
	if u.Hostname() == "" {
		return t, c, errors.New("the host is missing: snmp://COMMUNITY@HOST:161")
	}
	if u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return t, c, errors.New("an SNMP address has no path; write @ and / inside a secret as %40 and %2F")
	}
	if t.Address, err = endpoint(u.Host); err != nil {
		return t, c, err
	}
	q := u.Query()
	for key := range q {
		switch key {
		case "v", "auth", "priv", "privpass", "context":
		default:
			return t, c, fmt.Errorf("the parameter %q is none of v, auth, priv, privpass, context", key)
		}
	}
	pass, hasPass := u.User.Password()
	c = Credential{Auth: q.Get("auth"), Priv: q.Get("priv"), AuthPass: pass, PrivPass: q.Get("privpass"), Context: q.Get("context")}
	if q.Get("v") == "3" || hasPass || c.Auth != "" {
		c.User = u.User.Username()
		if hasPass && c.Auth == "" {
			return t, c, errors.New("a password needs the parameter auth, such as ?auth=sha256")
		}
	} else {
		c = Credential{Community: u.User.Username()}
	}
	return t, c, c.Validate()
}

// endpoint completes host or host:port with the default port.
func endpoint(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = address, strconv.Itoa(DefaultPort)
		if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
			host = host[1 : len(host)-1]
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" {
		return "", fmt.Errorf("%q is no host:port", address)
	}
	return net.JoinHostPort(host, port), nil
}
