package snmp

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gosnmp/gosnmp"
)

// Credential is what a device wants to see. Its secrets never appear in text:
// String leaves them out.
type Credential struct {
	Community string // SNMPv2c; ignored if User is set

	User     string // SNMPv3
	Auth     string // "", or one of AuthProtocols
	AuthPass string
	Priv     string // "", or one of PrivProtocols; needs Auth
	PrivPass string
	Context  string // SNMPv3 context name, mostly ""
}

// authProtocols by the names of configurations (RFC 3414, RFC 7860).
var authProtocols = map[string]gosnmp.SnmpV3AuthProtocol{
	"md5": gosnmp.MD5, "sha": gosnmp.SHA, "sha224": gosnmp.SHA224, "sha256": gosnmp.SHA256,
	"sha384": gosnmp.SHA384, "sha512": gosnmp.SHA512,
}

// privProtocols by the names of configurations: AES of RFC 3826; the longer
// keys extended after Blumenthal, or with a c as Cisco does after Reeder.
var privProtocols = map[string]gosnmp.SnmpV3PrivProtocol{
	"des": gosnmp.DES, "aes": gosnmp.AES, "aes192": gosnmp.AES192, "aes256": gosnmp.AES256,
	"aes192c": gosnmp.AES192C, "aes256c": gosnmp.AES256C,
}

// AuthProtocols lists the names that Credential.Auth takes.
func AuthProtocols() []string { return slices.Sorted(maps.Keys(authProtocols)) }

// PrivProtocols lists the names that Credential.Priv takes.
func PrivProtocols() []string { return slices.Sorted(maps.Keys(privProtocols)) }

// minPassLen is the shortest password (RFC 3414 §11.2).
const minPassLen = 8

// String names the credential without its secrets.
func (c Credential) String() string {
	if c.User == "" {
		return "SNMPv2c community"
	}
	return fmt.Sprintf("SNMPv3 user %q, %s", c.User, c.Level())
}

// GoString keeps secrets out of %#v too.
func (c Credential) GoString() string { return "snmp.Credential{" + c.String() + "}" }

// Transport names version and level, for the record of a collection.
func (c Credential) Transport() string {
	if c.User == "" {
		return "SNMPv2c"
	}
	return "SNMPv3 " + c.Level()
}

// Level names the security level and its protocols.
func (c Credential) Level() string {
	switch {
	case c.Auth == "":
		return "noAuthNoPriv"
	case c.Priv == "":
		return "authNoPriv (" + c.Auth + ")"
	}
	return "authPriv (" + c.Auth + ", " + c.Priv + ")"
}

// Validate tells what is missing or unknown.
func (c Credential) Validate() error {
	if c.User == "" {
		if c.Community == "" {
			return fmt.Errorf("neither community (SNMPv2c) nor user (SNMPv3) is set")
		}
		return nil
	}
	if c.Auth != "" && authProtocols[strings.ToLower(c.Auth)] == 0 {
		return fmt.Errorf("authentication %q is none of %s", c.Auth, strings.Join(AuthProtocols(), ", "))
	}
	if c.Priv != "" && privProtocols[strings.ToLower(c.Priv)] == 0 {
		return fmt.Errorf("privacy %q is none of %s", c.Priv, strings.Join(PrivProtocols(), ", "))
	}
	switch {
	case c.Priv != "" && c.Auth == "":
		return fmt.Errorf("privacy needs authentication (RFC 3414 §1.4.2)")
	case c.Auth != "" && len(c.AuthPass) < minPassLen:
		return fmt.Errorf("the authentication password has fewer than %d characters", minPassLen)
	case c.Priv != "" && len(c.PrivPass) < minPassLen:
		return fmt.Errorf("the privacy password has fewer than %d characters", minPassLen)
	}
	return nil
}

// Apply sets the session's version and security.
func (c Credential) Apply(g *gosnmp.GoSNMP) {
	if c.User == "" {
		g.Version, g.Community = gosnmp.Version2c, c.Community
		return
	}
	g.Version, g.SecurityModel, g.MsgFlags = gosnmp.Version3, gosnmp.UserSecurityModel, c.Flags()
	g.SecurityParameters, g.ContextName = c.USM(), c.Context
}

// Flags are the message flags of the security level.
func (c Credential) Flags() gosnmp.SnmpV3MsgFlags {
	switch {
	case c.Auth == "":
		return gosnmp.NoAuthNoPriv
	case c.Priv == "":
		return gosnmp.AuthNoPriv
	}
	return gosnmp.AuthPriv
}

// USM returns the parameters of the user-based security model, without an
// engine.
func (c Credential) USM() *gosnmp.UsmSecurityParameters {
	usm := &gosnmp.UsmSecurityParameters{
		UserName:               c.User,
		AuthenticationProtocol: gosnmp.NoAuth,
		PrivacyProtocol:        gosnmp.NoPriv,
	}
	if c.Auth != "" {
		usm.AuthenticationProtocol, usm.AuthenticationPassphrase = authProtocols[strings.ToLower(c.Auth)], c.AuthPass
	}
	if c.Priv != "" {
		usm.PrivacyProtocol, usm.PrivacyPassphrase = privProtocols[strings.ToLower(c.Priv)], c.PrivPass
	}
	return usm
}
