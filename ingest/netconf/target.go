package netconf

import (
	"errors"
	"fmt"
	"net/url"

	"nettwin/ingest"
	client "nettwin/internal/netconf"
)

// ParseURL reads the address of one device:
//
//	netconf://USER:PASSWORD@HOST[:PORT]?hostkey=SHA256:…
//
// Without a password the caller adds a key to the credential before it is
// used. Passwords are returned as written: a caller that allows references
// such as env:NAME resolves them. Errors never repeat the address, it holds
// secrets.
func ParseURL(address string) (ingest.Target, Credential, error) {
	u, err := url.Parse(address)
	if err != nil {
		return ingest.Target{}, Credential{}, errors.New("netconf: address: it is no URL such as netconf://USER@HOST:830")
	}
	t, c, err := parseURL(u)
	if err != nil {
		return ingest.Target{}, Credential{}, fmt.Errorf("netconf: address of host %q: %w", u.Hostname(), err)
	}
	return t, c, nil
}

func parseURL(u *url.URL) (t ingest.Target, c Credential, err error) {
	switch {
	case u.Scheme != "netconf":
		return t, c, fmt.Errorf("the scheme is %q, expected netconf", u.Scheme)
	case u.Hostname() == "":
		return t, c, errors.New("the host is missing: netconf://USER@HOST:830")
	case u.User.Username() == "":
		return t, c, errors.New("the user is missing: netconf://USER@HOST:830")
	case u.Path != "" && u.Path != "/" || u.Fragment != "":
		return t, c, errors.New("a NETCONF address has no path; write @ and / inside a secret as %40 and %2F")
	}
	if t.Address, err = client.Endpoint(u.Host); err != nil {
		return t, c, err
	}
	query := u.Query()
	for key := range query {
		if key != "hostkey" {
			return t, c, fmt.Errorf("the parameter %q is not hostkey", key)
		}
	}
	c.User = u.User.Username()
	c.Password, _ = u.User.Password()
	c.HostKeys = query["hostkey"]
	return t, c, nil
}

// deviceName names a target in messages.
func deviceName(t ingest.Target) string {
	if t.Name == "" {
		return t.Address
	}
	return t.Name + " (" + t.Address + ")"
}
