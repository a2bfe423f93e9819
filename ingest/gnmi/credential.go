package gnmi

import (
	"context"
	"errors"
	"fmt"

	"nettwin/internal/tlspeer"
)

// Credential is what a device wants to see, and by what it is known. Its
// secrets never appear in text: String leaves them out.
type Credential struct {
	User, Password string // as metadata of each call; both may be empty with a certificate
	TLS            tlspeer.Config
}

// String names the credential without its secrets.
func (c Credential) String() string {
	by := "certificate"
	if c.User != "" {
		by = "password"
	}
	return fmt.Sprintf("gNMI user %q, %s", c.User, by)
}

// GoString keeps secrets out of %#v too.
func (c Credential) GoString() string { return "gnmi.Credential{" + c.String() + "}" }

// Validate tells what is missing or malformed.
func (c Credential) Validate() error {
	if c.User == "" && len(c.TLS.Certificate) == 0 {
		return errors.New("neither user nor client certificate is set")
	}
	if c.User != "" && c.Password == "" {
		return errors.New("the password is missing")
	}
	_, err := c.TLS.TLS("localhost")
	return err
}

// metadata adds user and password to calls (gNMI authentication specification).
type metadata struct{ user, password string }

func (m metadata) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	if m.user == "" {
		return nil, nil
	}
	return map[string]string{"username": m.user, "password": m.password}, nil
}

// RequireTransportSecurity is false because the connection is made and
// verified here, see dial; there is none without TLS.
func (metadata) RequireTransportSecurity() bool { return false }
