package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxSecretBytes bounds the file of a secret.
const maxSecretBytes = 64 << 10

// redacted is all that a Secret says about itself.
const redacted = "[redacted]"

// Secret refers to a password, community or key that is kept elsewhere. The
// zero Secret refers to nothing. Printing one in any way shows neither the
// secret nor the reference.
type Secret struct {
	kind secretKind
	at   string // name of the variable or path of the file
}

type secretKind uint8

const (
	noSecret secretKind = iota
	envSecret
	fileSecret
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// ParseSecret reads env:NAME or file:/absolute/path. Errors do not repeat the
// text, which may be a secret in the wrong place.
func ParseSecret(reference string) (Secret, error) {
	kind, at, _ := strings.Cut(reference, ":")
	switch {
	case kind == "env" && envName.MatchString(at):
		return Secret{envSecret, at}, nil
	case kind == "env":
		return Secret{}, errors.New("after env: comes the name of an environment variable, such as env:SNMP_AUTH")
	case kind == "file" && filepath.IsAbs(at) && !strings.ContainsRune(at, 0):
		return Secret{fileSecret, filepath.Clean(at)}, nil
	case kind == "file":
		return Secret{}, errors.New("after file: comes an absolute path, such as file:/etc/nettwin/secret")
	}
	return Secret{}, errors.New("secrets do not stand in the configuration: write env:NAME or file:/path (not shown here)")
}

// IsZero tells whether the secret refers to nothing.
func (s Secret) IsZero() bool { return s.kind == noSecret }

// Resolve fetches the secret; one newline at the end of a file is not part of
// it. An absent or empty secret is an error that names the reference.
func (s Secret) Resolve() (string, error) {
	switch s.kind {
	case envSecret:
		if text := os.Getenv(s.at); text != "" {
			return text, nil
		}
		return "", fmt.Errorf("secret env:%s: the environment variable is not set or empty", s.at)
	case fileSecret:
		text, err := readSecret(s.at)
		if err != nil {
			return "", fmt.Errorf("secret file:%s: %w", s.at, err)
		}
		return text, nil
	}
	return "", errors.New("secret: no reference is configured")
}

func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", withoutPath(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	if err != nil {
		return "", withoutPath(err)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	switch {
	case len(data) > maxSecretBytes:
		return "", fmt.Errorf("the file has more than %d bytes", maxSecretBytes)
	case text == "":
		return "", errors.New("the file is empty")
	}
	return text, nil
}

// withoutPath leaves the cause: the caller names the path.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// String redacts.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// GoString redacts in %#v.
func (s Secret) GoString() string { return "config.Secret(" + s.String() + ")" }

// MarshalText redacts in JSON, YAML and structured logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
