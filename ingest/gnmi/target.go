package gnmi

import (
	"errors"
	"fmt"
	"net/url"

	"nettwin/ingest"
	"nettwin/internal/tlspeer"
)

// ParseURL reads the address of one device:
//
//	gnmi://USER:PASSWORD@HOST[:PORT]?certificate=FINGERPRINT&path=/a/b
//
// Without a fingerprint the device's certificate must be signed by an authority
// that the system knows; without a path everything is read. Errors never repeat
// the address, it holds secrets.
func ParseURL(address string) (ingest.Target, Credential, What, error) {
	u, err := url.Parse(address)
	if err != nil {
		return ingest.Target{}, Credential{}, What{}, errors.New("gnmi: address: it is no URL such as gnmi://USER:PASSWORD@HOST")
	}
	t, c, w, err := parseURL(u)
	if err != nil {
		return ingest.Target{}, Credential{}, What{}, fmt.Errorf("gnmi: address of host %q: %w", u.Hostname(), err)
	}
	return t, c, w, nil
}

func parseURL(u *url.URL) (t ingest.Target, c Credential, w What, err error) {
	switch {
	case u.Scheme != "gnmi":
		return t, c, w, fmt.Errorf("the scheme is %q, expected gnmi", u.Scheme)
	case u.Hostname() == "":
		return t, c, w, errors.New("the host is missing: gnmi://USER:PASSWORD@HOST")
	case u.User.Username() == "":
		return t, c, w, errors.New("the user is missing: gnmi://USER:PASSWORD@HOST")
	case u.Path != "" && u.Path != "/" || u.Fragment != "":
		return t, c, w, errors.New("paths are given as ?path=/a/b; write @ and / inside a secret as %40 and %2F")
	}
	if t.Address, err = Endpoint(u.Host); err != nil {
		return t, c, w, err
	}
	query := u.Query()
	for key := range query {
		if key != "certificate" && key != "path" {
			return t, c, w, fmt.Errorf("the parameter %q is neither certificate nor path", key)
		}
	}
	c.User = u.User.Username()
	c.Password, _ = u.User.Password()
	c.TLS = tlspeer.Config{Pins: query["certificate"]}
	for _, pin := range c.TLS.Pins {
		if err := tlspeer.CheckPin(pin); err != nil {
			return t, c, w, fmt.Errorf("certificate: %w", err)
		}
	}
	for _, path := range query["path"] {
		if _, err := ParsePath(path); err != nil {
			return t, c, w, err
		}
	}
	w.Paths = query["path"]
	return t, c, w, nil
}
