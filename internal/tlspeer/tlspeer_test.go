package tlspeer_test

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/pem"
	"net"
	"strings"
	"testing"
	"time"

	"nettwin/internal/simulate/selfsigned"
	"nettwin/internal/tlspeer"
)

// TestConnect: a device is known by its certificate's fingerprint or by who
// signed it, for its name, and by nothing else; what is wrong is said.
func TestConnect(t *testing.T) {
	own, err := selfsigned.New(rand.Reader, time.Now(), "r1", net.IPv4(127, 0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	other, err := selfsigned.New(rand.Reader, time.Now(), "r2", net.IPv4(127, 0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	inPEM := func(c tls.Certificate) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})
	}
	pin := tlspeer.Fingerprint(own.Certificate[0])
	for name, c := range map[string]struct {
		config tlspeer.Config
		host   string
		says   string // of the error; "" for none
	}{
		"pin":            {tlspeer.Config{Pins: []string{pin}}, "127.0.0.1", ""},
		"plain digits":   {tlspeer.Config{Pins: []string{strings.ToLower(strings.ReplaceAll(pin, ":", ""))}}, "elsewhere", ""},
		"one of two":     {tlspeer.Config{Pins: []string{tlspeer.Fingerprint(other.Certificate[0]), pin}}, "127.0.0.1", ""},
		"other pin":      {tlspeer.Config{Pins: []string{tlspeer.Fingerprint(other.Certificate[0])}}, "127.0.0.1", "it has the fingerprint " + pin},
		"authority":      {tlspeer.Config{Authorities: inPEM(own)}, "127.0.0.1", ""},
		"name":           {tlspeer.Config{Authorities: inPEM(own), ServerName: "r1"}, "192.0.2.1", ""},
		"wrong name":     {tlspeer.Config{Authorities: inPEM(own)}, "192.0.2.1", "192.0.2.1"},
		"other signer":   {tlspeer.Config{Authorities: inPEM(other)}, "127.0.0.1", "unknown authority"},
		"system signers": {tlspeer.Config{}, "127.0.0.1", "unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := c.config.TLS(c.host)
			if err != nil {
				t.Fatal(err)
			}
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			done := make(chan struct{})
			go func() {
				defer close(done)
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{own}}).Handshake()
			}()
			client, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			err = tls.Client(client, config).Handshake()
			client.Close()
			<-done
			switch {
			case c.says == "" && err != nil:
				t.Error(err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || !tlspeer.IsTrust(err)):
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
	for says, c := range map[string]tlspeer.Config{
		"fingerprint":          {Pins: []string{"SHA256:abc"}},
		"authorities":          {Authorities: []byte("hello")},
		"certificate and key:": {Certificate: inPEM(own)},
	} {
		if _, err := c.TLS("h"); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}
