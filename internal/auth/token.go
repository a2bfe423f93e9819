package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"

	"nettwin/internal/config"
)

const (
	// MaxTokenBytes bounds the text of a token in a request.
	MaxTokenBytes = 4096
	// tokenEntropy is how many random bytes a new token has.
	tokenEntropy = 32
	// tokenPrefix lets people and scanners for leaked secrets recognise a token.
	tokenPrefix = "ntw_"
)

// Token is a bearer token as the server knows it: by its hash only. A token
// is long and random, so that a fast hash is enough.
type Token struct {
	Name   string // of the principal
	Role   Role
	SHA256 [sha256.Size]byte // of the token's text
}

// NewToken makes a token from 32 bytes of a random source (crypto/rand.Reader)
// and returns its text, which nobody can recover from the Token.
func NewToken(random io.Reader, name string, role Role) (text string, t Token, err error) {
	var secret [tokenEntropy]byte
	if _, err := io.ReadFull(random, secret[:]); err != nil {
		return "", Token{}, fmt.Errorf("auth: new token %q: %w", name, err)
	}
	text = tokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	return text, Token{Name: name, Role: role, SHA256: sha256.Sum256([]byte(text))}, nil
}

// Tokens is an immutable set of tokens. A nil *Tokens is the empty set. Safe
// for concurrent use.
type Tokens struct {
	all []Token
}

// NewTokens returns a set. Names and hashes must differ and roles must be
// known, or it could not be told who made a request.
func NewTokens(tokens ...Token) (*Tokens, error) {
	names, hashes := map[string]bool{}, map[[sha256.Size]byte]string{}
	for _, t := range tokens {
		switch {
		case t.Name == "":
			return nil, fmt.Errorf("auth: a token has no name")
		case !t.Role.valid():
			return nil, fmt.Errorf("auth: token %q: it has no role", t.Name)
		case names[t.Name]:
			return nil, fmt.Errorf("auth: token %q: the name is used twice", t.Name)
		case hashes[t.SHA256] != "":
			return nil, fmt.Errorf("auth: token %q: it is the same token as %q", t.Name, hashes[t.SHA256])
		}
		names[t.Name], hashes[t.SHA256] = true, t.Name
	}
	return &Tokens{all: append([]Token(nil), tokens...)}, nil
}

// FromConfig returns the configured tokens and extra ones, such as that which
// the demo makes at its start.
func FromConfig(configured []config.Token, extra ...Token) (*Tokens, error) {
	all := make([]Token, 0, len(configured)+len(extra))
	for _, c := range configured {
		role, err := ParseRole(c.Role)
		if err != nil {
			return nil, fmt.Errorf("token %q: %w", c.Name, err)
		}
		all = append(all, Token{Name: c.Name, Role: role, SHA256: c.SHA256})
	}
	return NewTokens(append(all, extra...)...)
}

// Len returns the number of tokens.
func (s *Tokens) Len() int {
	if s == nil {
		return 0
	}
	return len(s.all)
}

// Lookup finds a token by its text. The time that it takes depends on the
// size of the set and the length of the text, never on how much of a token
// was right.
func (s *Tokens) Lookup(text string) (Token, bool) {
	if s.Len() == 0 || len(text) > MaxTokenBytes {
		return Token{}, false
	}
	hash := sha256.Sum256([]byte(text))
	found := -1
	for i := range s.all {
		equal := subtle.ConstantTimeCompare(hash[:], s.all[i].SHA256[:])
		found = subtle.ConstantTimeSelect(equal, i, found)
	}
	if found < 0 {
		return Token{}, false
	}
	return s.all[found], true
}
