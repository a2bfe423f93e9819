package netconf

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	client "nettwin/internal/netconf"
)

// Credential is what a device wants to see, and by what the device is known.
// Its secrets never appear in text: String leaves them out.
type Credential struct {
	User     string
	Password string // for the methods password and keyboard-interactive
	Key      []byte // private key, PEM or OpenSSH
	KeyPass  string // of an encrypted Key
	// HostKeys are fingerprints of the device's host key (SHA256:…), any of
	// which will do. Without them Options.HostKey decides.
	HostKeys []string
}

// fingerprintPrefix begins the fingerprints that ssh-keygen -l prints.
const fingerprintPrefix = "SHA256:"

// String names the credential without its secrets.
func (c Credential) String() string {
	var by []string
	if len(c.Key) > 0 {
		by = append(by, "key")
	}
	if c.Password != "" {
		by = append(by, "password")
	}
	return fmt.Sprintf("SSH user %q, %s", c.User, strings.Join(by, " and "))
}

// GoString keeps secrets out of %#v too.
func (c Credential) GoString() string { return "netconf.Credential{" + c.String() + "}" }

// Validate tells what is missing or malformed.
func (c Credential) Validate() error {
	switch {
	case c.User == "":
		return errors.New("the user is missing")
	case c.Password == "" && len(c.Key) == 0:
		return errors.New("neither password nor key is set")
	}
	for _, f := range c.HostKeys {
		if !strings.HasPrefix(f, fingerprintPrefix) {
			return fmt.Errorf("host key %q is no fingerprint such as %s… (ssh-keygen -l prints it)", f, fingerprintPrefix)
		}
	}
	_, err := c.signer()
	return err
}

// signer reads the private key. Errors do not repeat it.
func (c Credential) signer() (ssh.Signer, error) {
	if len(c.Key) == 0 {
		return nil, nil
	}
	var signer ssh.Signer
	var err error
	if c.KeyPass != "" {
		signer, err = ssh.ParsePrivateKeyWithPassphrase(c.Key, []byte(c.KeyPass))
	} else {
		signer, err = ssh.ParsePrivateKey(c.Key)
	}
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) {
		return nil, errors.New("the private key is encrypted: its passphrase is missing")
	}
	if err != nil {
		return nil, fmt.Errorf("the private key cannot be read: %w", err)
	}
	return signer, nil
}

// config is the session's part of the credential.
func (c Credential) config(otherwise client.HostKeyPolicy) (client.Config, error) {
	if err := c.Validate(); err != nil {
		return client.Config{}, err
	}
	cfg := client.Config{User: c.User, HostKey: otherwise}
	if len(c.HostKeys) > 0 {
		cfg.HostKey = client.HostKeyFingerprints(c.HostKeys...)
	}
	if c.Password != "" {
		cfg.Password = func(context.Context) (string, error) { return c.Password, nil }
	}
	if signer, _ := c.signer(); signer != nil {
		cfg.Signer = signer
	}
	return cfg, nil
}
