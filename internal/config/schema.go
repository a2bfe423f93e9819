package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"time"

	"gopkg.in/yaml.v3"
)

// decode reads the root of a document.
func decode(p *problems, root *yaml.Node) *Config {
	c := &Config{}
	v := value{problems: p, node: root}
	var devices devices
	var collections collections
	v.mapping(
		optional("base", textTo(&c.Base, checkBase)),
		optional("listen", textTo(&c.Listen, checkListen)),
		optional("hosts", func(v value) { c.Hosts = readHosts(v) }),
		optional("tokens", func(v value) { c.Tokens = readTokens(v) }),
		optional("credentials", func(v value) { c.Credentials = readCredentials(v) }),
		optional("devices", func(v value) { c.Devices = devices.read(v) }),
		optional("listeners", func(v value) { c.Listeners = readListeners(v) }),
		optional("collection", func(v value) { c.Collection = collections.read(v) }),
		optional("yang", textTo(&c.YANG, checkPath)),
		optional("limits", func(v value) { c.Limits = readLimits(v) }),
		optional("retention", func(v value) { c.Retention = readRetention(v) }),
		optional("tls", func(v value) { c.TLS = readTLS(v) }),
	)
	devices.checkCredentials(c.Credentials)
	devices.checkListeners(c.Listeners)
	collections.check(c.Devices)
	return c
}

func readHosts(v value) (hosts []string) {
	v.list(func(v value) {
		var host string
		textTo(&host, checkAddress)(v)
		hosts = append(hosts, host)
	})
	return hosts
}

// name is the form of names of tokens, credentials and devices: they become
// parts of IRIs and of paths in messages.
var name = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

func checkName(s string) error {
	if !name.MatchString(s) {
		return fmt.Errorf("%s is no name: up to 128 letters, digits, dots, dashes and underscores, a letter or digit first", quote(s))
	}
	return nil
}

// uniqueName stores a name that no earlier element of the list has.
func uniqueName(to *string, lines map[string]int) func(value) {
	return func(v value) {
		textTo(to, checkName)(v)
		switch line, twice := lines[*to]; {
		case *to == "":
		case twice:
			v.fail("the name %q is already used on line %d", *to, line)
		default:
			lines[*to] = v.node.Line
		}
	}
}

func readTokens(v value) (tokens []Token) {
	names, hashes := map[string]int{}, map[[32]byte]int{}
	v.list(func(v value) {
		var t Token
		v.mapping(
			required("name", uniqueName(&t.Name, names)),
			required("role", oneOf(&t.Role, Roles())),
			required("sha256", func(v value) { readHash(v, &t.SHA256, hashes) }),
		)
		tokens = append(tokens, t)
	})
	return tokens
}

// readHash never repeats what it reads: it may be the token itself.
func readHash(v value, to *[32]byte, lines map[[32]byte]int) {
	s, ok := v.text()
	if !ok {
		return
	}
	hash, err := hex.DecodeString(s)
	if err != nil || len(hash) != len(to) {
		v.fail("expected the token's SHA-256 as 64 hexadecimal digits (printf %%s TOKEN | sha256sum), found %d characters (not shown)", len([]rune(s)))
		return
	}
	copy(to[:], hash)
	if line, twice := lines[*to]; twice {
		v.fail("it is the same token as on line %d", line)
		return
	}
	lines[*to] = v.node.Line
}

func readCredentials(v value) map[string]Credential {
	all := map[string]Credential{}
	if !v.is(yaml.MappingNode, "NAME: CREDENTIAL lines") {
		return all
	}
	v.entries(func(key *yaml.Node, child value) {
		if checkName(key.Value) != nil {
			v.failAt(key, "this is no name of a credential (not shown): up to 128 letters, digits, dots, dashes and underscores, a letter or digit first")
			return
		}
		var c Credential
		found := child.mapping(
			optional("snmp", func(v value) { c.SNMP = readSNMP(v) }),
			optional("ssh", func(v value) { c.SSH = readSSH(v) }),
			optional("tls", func(v value) { c.TLS = readPeerTLS(v) }),
		)
		if len(found) == 0 && child.node.Kind == yaml.MappingNode && len(child.node.Content) == 0 {
			child.fail("a key is missing: snmp, ssh or tls")
		}
		all[key.Value] = c
	})
	return all
}

func readSNMP(v value) *SNMP {
	c := &SNMP{}
	found := v.mapping(
		required("version", oneOf(&c.Version, []string{SNMPv2c, SNMPv3})),
		optional("community", secretTo(&c.Community)),
		optional("user", textTo(&c.User, checkVisible)),
		optional("authProtocol", oneOf(&c.AuthProtocol, AuthProtocols())),
		optional("auth", secretTo(&c.Auth)),
		optional("privProtocol", oneOf(&c.PrivProtocol, PrivProtocols())),
		optional("priv", secretTo(&c.Priv)),
		optional("context", textTo(&c.Context, checkVisible)),
	)
	switch c.Version {
	case SNMPv2c:
		need(v, found, "community", "of version 2c")
		for _, key := range []string{"user", "authProtocol", "auth", "privProtocol", "priv", "context"} {
			refuse(found, key, "it belongs to version 3, here the version is 2c")
		}
	case SNMPv3:
		need(v, found, "user", "of version 3")
		refuse(found, "community", "it belongs to version 2c, here the version is 3")
		checkSecurity(v, found)
	}
	if !c.Auth.IsZero() && c.AuthProtocol == "" {
		c.AuthProtocol = DefaultAuthProtocol
	}
	if !c.Priv.IsZero() && c.PrivProtocol == "" {
		c.PrivProtocol = DefaultPrivProtocol
	}
	return c
}

// checkSecurity allows noAuthNoPriv, authNoPriv and authPriv (RFC 3411 §3.4.3).
func checkSecurity(v value, found map[string]value) {
	if _, ok := found["authProtocol"]; ok {
		need(v, found, "auth", "of authProtocol")
	}
	if _, ok := found["privProtocol"]; ok {
		need(v, found, "priv", "of privProtocol")
	}
	if priv, ok := found["priv"]; ok {
		if _, ok := found["auth"]; !ok {
			priv.fail("privacy needs authentication: add the key \"auth\" (RFC 3414 §1.4.2)")
		}
	}
}

func need(v value, found map[string]value, key, of string) {
	if _, ok := found[key]; !ok {
		v.fail("the key %q %s is missing", key, of)
	}
}

func refuse(found map[string]value, key, why string) {
	if v, ok := found[key]; ok {
		v.fail("%s", why)
	}
}

// The bounds of limits.
const (
	minTimeout = 10 * time.Millisecond
	maxTimeout = 24 * time.Hour
	maxRows    = 1 << 40

	maxBytes = 1 << 44

	minSlowQuery = time.Millisecond
)

func readLimits(v value) (l Limits) {
	found := v.mapping(
		optional("queryTimeout", durationTo(&l.QueryTimeout, minTimeout, maxTimeout)),
		optional("maxQueryTimeout", durationTo(&l.MaxQueryTimeout, minTimeout, maxTimeout)),
		optional("maxRows", numberTo(&l.MaxRows, maxRows, false)),
		optional("maxQueryBytes", numberTo(&l.MaxQueryBytes, maxBytes, true)),
		optional("maxDataBytes", numberTo(&l.MaxDataBytes, maxBytes, true)),
		optional("maxMemoryBytes", numberTo(&l.MaxMemoryBytes, maxBytes, true)),
		optional("maxSpillBytes", numberTo(&l.MaxSpillBytes, maxBytes, true)),
		optional("resultCacheBytes", numberTo(&l.ResultCache, maxBytes, true)),
		optional("slowQuery", durationTo(&l.SlowQuery, minSlowQuery, maxTimeout)),
		optional("reach", func(v value) {
			v.oneOrMore(func(v value) {
				var iri string
				if textTo(&iri, checkReach)(v); iri != "" {
					l.Reach = append(l.Reach, iri)
				}
			})
		}),
	)
	if l.MaxQueryTimeout > 0 && l.QueryTimeout > l.MaxQueryTimeout {
		found["queryTimeout"].fail("it is longer than maxQueryTimeout, %v", l.MaxQueryTimeout)
	}
	return l
}

// checkReach takes "*" and absolute IRIs of servers and files.
func checkReach(s string) error {
	if s == "*" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Scheme != "file" && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return fmt.Errorf("%s is neither \"*\" nor an http, https or file IRI such as https://example.org/sparql", quote(s))
	}
	return checkVisible(s)
}

func readTLS(v value) *TLS {
	t := &TLS{}
	v.mapping(
		required("certificate", textTo(&t.Certificate, checkPath)),
		required("key", secretTo(&t.Key)),
	)
	return t
}

func checkPath(s string) error {
	if !filepath.IsAbs(s) {
		return fmt.Errorf("%s is no absolute path", quote(s))
	}
	return checkVisible(s)
}

// checkVisible refuses control characters, without repeating the text.
func checkVisible(s string) error {
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			return errors.New("it holds a control character")
		}
	}
	return nil
}
