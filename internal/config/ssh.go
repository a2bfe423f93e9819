package config

import (
	"errors"
	"regexp"

	"gopkg.in/yaml.v3"
)

func readSSH(v value) *SSH {
	c := &SSH{}
	found := v.mapping(
		required("user", textTo(&c.User, checkVisible)),
		optional("key", secretTo(&c.Key)),
		optional("passphrase", secretTo(&c.Passphrase)),
		optional("password", secretTo(&c.Password)),
		optional("hostKey", func(v value) { c.HostKeys = readHostKeys(v) }),
		optional("knownHosts", textTo(&c.KnownHosts, checkPath)),
	)
	_, key := found["key"]
	_, password := found["password"]
	if len(found) > 0 && !key && !password {
		v.fail("one of the keys \"key\" and \"password\" is missing")
	}
	if passphrase, ok := found["passphrase"]; ok && !key {
		passphrase.fail("it is that of a key: add the key \"key\"")
	}
	if known, ok := found["knownHosts"]; ok && len(c.HostKeys) > 0 {
		known.fail("hostKey and knownHosts exclude each other")
	}
	return c
}

// fingerprint is the form in which ssh-keygen -l prints SHA-256 of a key.
var fingerprint = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}$`)

// readHostKeys reads one fingerprint or a list.
func readHostKeys(v value) (keys []string) {
	v.oneOrMore(func(v value) {
		var key string
		textTo(&key, func(s string) error {
			if !fingerprint.MatchString(s) {
				return errors.New("it is no fingerprint, such as ssh-keyscan -p 830 HOST | ssh-keygen -lf - prints: SHA256: and 43 characters")
			}
			return nil
		})(v)
		keys = append(keys, key)
	})
	return keys
}

// oneOrMore calls f for a value, or for every element of a list.
func (v value) oneOrMore(f func(value)) {
	if v.node.Kind == yaml.SequenceNode {
		v.list(f)
		return
	}
	f(v)
}
