package config

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPair reads the certificate of the standard library's test server from
// files, then files that are absent, mixed up or no PEM.
func TestPair(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	want := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(want.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certPath, keyPath := write("cert.pem", "CERTIFICATE", want.Certificate[0]), write("key.pem", "PRIVATE KEY", key)
	none := filepath.Join(dir, "none.pem")
	cases := []struct{ name, certificate, key, err string }{
		{"good", certPath, keyPath, ""},
		{"no certificate", none, keyPath, "tls: certificate: open " + none},
		{"no key", certPath, none, "tls: key: secret file:" + none + ": no such file"},
		{"mixed up", keyPath, certPath, "tls: certificate " + keyPath + " and its key: tls: "},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := (&TLS{Certificate: c.certificate, Key: Secret{fileSecret, c.key}}).Pair()
			switch {
			case c.err != "":
				if err == nil || !strings.HasPrefix(err.Error(), c.err) {
					t.Errorf("error %v", err)
				}
			case err != nil:
				t.Error(err)
			case !bytes.Equal(got.Certificate[0], want.Certificate[0]):
				t.Error("another certificate")
			}
		})
	}
}
