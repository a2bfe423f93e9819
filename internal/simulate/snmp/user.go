package snmp

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
)

// An AuthProtocol authenticates messages. The zero value is none.
type AuthProtocol uint8

// The authentication protocols of RFC 3414 §6, §7 and RFC 7860 §4.
const (
	NoAuth AuthProtocol = iota
	MD5
	SHA1
	SHA224
	SHA256
	SHA384
	SHA512
)

// A PrivProtocol encrypts messages. The zero value is none.
type PrivProtocol uint8

// The privacy protocols of RFC 3414 §8 and RFC 3826.
const (
	NoPriv PrivProtocol = iota
	DES
	AES128
)

// authSpec describes an authentication protocol: its hash and the length of
// the truncated HMAC in msgAuthenticationParameters.
type authSpec struct {
	name     string
	newHash  func() hash.Hash
	macBytes int
}

var authSpecs = map[AuthProtocol]authSpec{
	MD5:    {"HMAC-MD5-96", md5.New, 12},
	SHA1:   {"HMAC-SHA-96", sha1.New, 12},
	SHA224: {"HMAC-128-SHA-224", sha256.New224, 16},
	SHA256: {"HMAC-192-SHA-256", sha256.New, 24},
	SHA384: {"HMAC-256-SHA-384", sha512.New384, 32},
	SHA512: {"HMAC-384-SHA-512", sha512.New, 48},
}

// minPassword is the shortest password (RFC 3414 §11.2).
const minPassword = 8

// A User is a principal of the user-based security model. Requests of a level
// lower than the user's protocols allow are answered with authorizationError,
// as an agent does whose access rules name that level.
type User struct {
	Name         string
	AuthProtocol AuthProtocol
	AuthPassword string
	PrivProtocol PrivProtocol
	PrivPassword string
}

// An account is a user with the keys that hold for one engine.
type account struct {
	name    string
	level   level
	auth    authSpec
	authKey []byte
	priv    PrivProtocol
	privKey []byte // the first 16 octets of the localised key
}

const privKeyBytes = 16

// newAccount checks a user and localises its keys. Messages of errors never
// hold a password.
func newAccount(u User, engineID string) (*account, error) {
	if len(u.Name) == 0 || len(u.Name) > maxUserName {
		return nil, fmt.Errorf("user %q: the name has %d octets, want 1 to %d", u.Name, len(u.Name), maxUserName)
	}
	acc := &account{name: u.Name, priv: u.PrivProtocol}
	if u.AuthProtocol == NoAuth {
		if u.PrivProtocol != NoPriv {
			return nil, fmt.Errorf("user %q: privacy needs authentication", u.Name)
		}
		return acc, nil
	}
	spec, ok := authSpecs[u.AuthProtocol]
	if !ok {
		return nil, fmt.Errorf("user %q: unknown authentication protocol %d", u.Name, u.AuthProtocol)
	}
	if len(u.AuthPassword) < minPassword {
		return nil, fmt.Errorf("user %q: the authentication password has fewer than %d octets", u.Name, minPassword)
	}
	acc.auth, acc.level = spec, levelAuth
	acc.authKey = localise(spec, passwordKey(spec, u.AuthPassword), engineID)
	switch u.PrivProtocol {
	case NoPriv:
		return acc, nil
	case DES, AES128:
	default:
		return nil, fmt.Errorf("user %q: unknown privacy protocol %d", u.Name, u.PrivProtocol)
	}
	if len(u.PrivPassword) < minPassword {
		return nil, fmt.Errorf("user %q: the privacy password has fewer than %d octets", u.Name, minPassword)
	}
	acc.level |= levelPriv
	acc.privKey = localise(spec, passwordKey(spec, u.PrivPassword), engineID)[:privKeyBytes]
	return acc, nil
}

// passwordKey is Ku: the hash of the password repeated to 2^20 octets
// (RFC 3414 §A.2).
func passwordKey(spec authSpec, password string) []byte {
	const total = 1 << 20
	h := spec.newHash()
	for written := 0; written < total; written += len(password) {
		h.Write([]byte(password[:min(len(password), total-written)]))
	}
	return h.Sum(nil)
}

// localise is Kul: the key for one engine (RFC 3414 §2.6).
func localise(spec authSpec, key []byte, engineID string) []byte {
	h := spec.newHash()
	h.Write(key)
	h.Write([]byte(engineID))
	h.Write(key)
	return h.Sum(nil)
}
