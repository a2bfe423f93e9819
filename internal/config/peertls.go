package config

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// PeerTLS is a credential for RESTCONF and gNMI: who asks, and how the device
// proves by TLS that it is the device.
type PeerTLS struct {
	User         string
	Password     Secret
	Certificates []string // fingerprints (SHA-256) of the device's certificate, any of which will do
	Authorities  string   // file of certificates in PEM; "": those of the system
	ServerName   string   // that the certificate is for, if not the address
	// ClientCertificate is a file in PEM; ClientKey its key. Both or none.
	ClientCertificate string
	ClientKey         Secret
}

// Polled says when a device is read by NETCONF, RESTCONF or gNMI: every Period and,
// OnChange, also when it tells that something changed.
type Polled struct {
	Period   time.Duration // zero: not read
	Most     time.Duration // see Collect.SNMPMost
	OnChange bool
}

// GNMI says when and how a device is read by gNMI.
type GNMI struct {
	Polled
	Paths    []string // none: everything
	Mode     string   // one of GNMIModes; "": the first
	Stream   string   // one of GNMIStreams; "": the first
	Sample   time.Duration
	Encoding string // one of GNMIEncodings; "": what the device has
	Target   string
}

// GNMIModes lists how a device is read every period.
func GNMIModes() []string { return []string{"once", "get", "poll"} }

// GNMIStreams lists when a device that is read on change tells a value.
func GNMIStreams() []string { return []string{"on-change", "target-defined", "sample"} }

// GNMIEncodings lists the forms of values.
func GNMIEncodings() []string { return []string{"json_ietf", "json", "proto"} }

func readPeerTLS(v value) *PeerTLS {
	c := &PeerTLS{}
	found := v.mapping(
		optional("user", textTo(&c.User, checkVisible)),
		optional("password", secretTo(&c.Password)),
		optional("certificate", func(v value) { c.Certificates = readCertificates(v) }),
		optional("ca", textTo(&c.Authorities, checkPath)),
		optional("serverName", textTo(&c.ServerName, checkVisible)),
		optional("clientCertificate", textTo(&c.ClientCertificate, checkPath)),
		optional("clientKey", secretTo(&c.ClientKey)),
	)
	has := func(key string) bool { _, ok := found[key]; return ok }
	switch {
	case len(found) == 0 && (v.node.Kind != yaml.MappingNode || len(v.node.Content) > 0):
	case !has("user") && !has("clientCertificate"):
		v.fail("one of the keys \"user\" and \"clientCertificate\" is missing")
	case has("user") != has("password"):
		v.fail("the keys \"user\" and \"password\" belong together")
	case has("clientCertificate") != has("clientKey"):
		v.fail("the keys \"clientCertificate\" and \"clientKey\" belong together")
	case has("certificate") && has("ca"):
		found["ca"].fail("certificate and ca exclude each other: the fingerprint alone counts")
	}
	return c
}

// certificateForm is the form in which openssl prints SHA-256 of a certificate.
var certificateForm = regexp.MustCompile(`^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$|^[0-9A-Fa-f]{64}$`)

// readCertificates reads one fingerprint or a list.
func readCertificates(v value) (all []string) {
	v.oneOrMore(func(v value) {
		var one string
		textTo(&one, func(s string) error {
			if !certificateForm.MatchString(s) {
				return errors.New("it is no fingerprint, such as openssl x509 -noout -fingerprint -sha256 prints: 32 bytes as hexadecimal digits")
			}
			return nil
		})(v)
		all = append(all, one)
	})
	return all
}

// readGNMI reads a period or on-change, or these with how the device is asked.
func readGNMI(v value, to *GNMI) {
	if v.node.Kind != yaml.MappingNode {
		readPolled(v, &to.Polled)
		return
	}
	v.mapping(
		required("every", func(v value) { readPolled(v, &to.Polled) }),
		optional("paths", func(v value) {
			v.oneOrMore(func(v value) {
				var path string
				textTo(&path, checkGNMIPath)(v)
				to.Paths = append(to.Paths, path)
			})
		}),
		optional("mode", oneOf(&to.Mode, GNMIModes())),
		optional("stream", oneOf(&to.Stream, GNMIStreams())),
		optional("sample", durationTo(&to.Sample, minInterval, maxInterval)),
		optional("encoding", oneOf(&to.Encoding, GNMIEncodings())),
		optional("target", textTo(&to.Target, checkVisible)),
	)
}

// checkGNMIPath checks as much of a path as needs no knowledge of gNMI.
func checkGNMIPath(s string) error {
	if _, rest, ok := strings.Cut(s, ":/"); ok && !strings.HasPrefix(s, "/") {
		s = "/" + rest
	}
	if !strings.HasPrefix(s, "/") || strings.Count(s, "[") != strings.Count(s, "]") {
		return errors.New("it is no path, such as /interfaces/interface[name=eth0] or ORIGIN:/interfaces")
	}
	return checkVisible(s)
}
