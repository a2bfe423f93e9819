// Package tlspeer is how collectors know a device by TLS: by fingerprints of its
// certificate, or by authorities that signed it, and how they show themselves.
package tlspeer

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ErrCertificate: the device's certificate is not the expected one.
var ErrCertificate = errors.New("the device's certificate is not known")

// Config says how a device is known. Without Pins its certificate must be
// valid, for the name and by Authorities.
type Config struct {
	// Pins are SHA-256 fingerprints of the device's certificate, as openssl
	// x509 -fingerprint -sha256 prints them, any of which will do.
	Pins []string
	// Authorities are certificates in PEM; nil means those of the system.
	Authorities []byte
	// ServerName is what the certificate is for, if not the host that is
	// dialled.
	ServerName string
	// Certificate and Key in PEM show who asks; both or none.
	Certificate, Key []byte
}

var fingerprint = regexp.MustCompile(`^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$|^[0-9A-Fa-f]{64}$`)

// CheckPin refuses what is no fingerprint.
func CheckPin(pin string) error {
	if !fingerprint.MatchString(pin) {
		return errors.New("it is no fingerprint of a certificate, such as openssl x509 -noout -fingerprint -sha256 prints: 32 bytes as hexadecimal digits, with colons or without")
	}
	return nil
}

// Fingerprint is that of a certificate (DER).
func Fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

func normal(pin string) string { return strings.ToLower(strings.ReplaceAll(pin, ":", "")) }

// TLS makes the client's configuration for a host. Errors tell what of c is
// malformed, without repeating keys.
func (c Config) TLS(host string) (*tls.Config, error) {
	out := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if c.ServerName != "" {
		out.ServerName = c.ServerName
	}
	if len(c.Authorities) > 0 {
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(c.Authorities) {
			return nil, errors.New("the authorities hold no certificate in PEM")
		}
	}
	if len(c.Certificate)+len(c.Key) > 0 {
		pair, err := tls.X509KeyPair(c.Certificate, c.Key)
		if err != nil {
			return nil, fmt.Errorf("the client's certificate and key: %w", err)
		}
		out.Certificates = []tls.Certificate{pair}
	}
	if len(c.Pins) == 0 {
		return out, nil
	}
	var pins []string
	for _, pin := range c.Pins {
		if err := CheckPin(pin); err != nil {
			return nil, err
		}
		pins = append(pins, normal(pin))
	}
	// The fingerprint stands for the whole chain: whoever configured it knows
	// the certificate itself.
	out.InsecureSkipVerify = true
	out.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return fmt.Errorf("%w: it shows none", ErrCertificate)
		}
		der := state.PeerCertificates[0].Raw
		sum := sha256.Sum256(der)
		if !slices.Contains(pins, hex.EncodeToString(sum[:])) {
			return fmt.Errorf("%w: it has the fingerprint %s, expected %s", ErrCertificate, Fingerprint(der), strings.Join(c.Pins, " or "))
		}
		return nil
	}
	return out, nil
}

// IsTrust tells whether an error is of a certificate, the device's or ours,
// which no trying again will change.
func IsTrust(err error) bool {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	var alert tls.AlertError
	return errors.Is(err, ErrCertificate) || errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid) ||
		errors.As(err, &verification) || errors.As(err, &alert)
}
