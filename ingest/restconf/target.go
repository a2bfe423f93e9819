package restconf

import (
	"errors"
	"fmt"
	"net/url"

	"nettwin/ingest"
	"nettwin/internal/tlspeer"
)

// ParseURL reads the address of one device:
//
//	restconf://USER:PASSWORD@HOST[:PORT]?certificate=FINGERPRINT
//
// Without a fingerprint the device's certificate must be signed by an authority
// that the system knows. Errors never repeat the address, it holds secrets.
func ParseURL(address string) (ingest.Target, Credential, error) {
	u, err := url.Parse(address)
	if err != nil {
		return ingest.Target{}, Credential{}, errors.New("restconf: address: it is no URL such as restconf://USER:PASSWORD@HOST")
	}
	t, c, err := parseURL(u)
	if err != nil {
		return ingest.Target{}, Credential{}, fmt.Errorf("restconf: address of host %q: %w", u.Hostname(), err)
	}
	return t, c, nil
}

func parseURL(u *url.URL) (t ingest.Target, c Credential, err error) {
	switch {
	case u.Scheme != "restconf":
		return t, c, fmt.Errorf("the scheme is %q, expected restconf", u.Scheme)
	case u.Hostname() == "":
		return t, c, errors.New("the host is missing: restconf://USER:PASSWORD@HOST")
	case u.User.Username() == "":
		return t, c, errors.New("the user is missing: restconf://USER:PASSWORD@HOST")
	case u.Path != "" && u.Path != "/" || u.Fragment != "":
		return t, c, errors.New("the root is found by the device's host-meta: give no path; write @ and / inside a secret as %40 and %2F")
	}
	if t.Address, err = Endpoint(u.Host); err != nil {
		return t, c, err
	}
	query := u.Query()
	for key := range query {
		if key != "certificate" {
			return t, c, fmt.Errorf("the parameter %q is not certificate", key)
		}
	}
	c.User = u.User.Username()
	c.Password, _ = u.User.Password()
	c.TLS = tlspeer.Config{Pins: query["certificate"]}
	for _, pin := range c.TLS.Pins {
		if err := tlspeer.CheckPin(pin); err != nil {
			return t, c, fmt.Errorf("certificate: %w", err)
		}
	}
	return t, c, nil
}
