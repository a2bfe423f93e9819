package config

import (
	"crypto/tls"
	"fmt"
	"os"
)

// TLS is the server's certificate, both parts in PEM.
type TLS struct {
	Certificate string // path of the certificate chain
	Key         Secret
}

// Pair reads the certificate and its key. Errors name the file or reference.
func (t *TLS) Pair() (tls.Certificate, error) {
	chain, err := os.ReadFile(t.Certificate)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("tls: certificate: %w", err)
	}
	key, err := t.Key.Resolve()
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("tls: key: %w", err)
	}
	pair, err := tls.X509KeyPair(chain, []byte(key))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("tls: certificate %s and its key: %w", t.Certificate, err)
	}
	return pair, nil
}
