package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/gnmi"
	"nettwin/ingest/restconf"
	"nettwin/internal/simulate/device"
	gnmiserver "nettwin/internal/simulate/gnmi"
	rcserver "nettwin/internal/simulate/restconf"
	"nettwin/internal/simulate/selfsigned"
	"nettwin/internal/tlspeer"
)

// manyProtocols is the device that RESTCONF and gNMI show too, so that one
// interface is told of by every protocol.
const manyProtocols = "r1"

// serveTLS starts a device's RESTCONF and gNMI servers, with a certificate that
// is new at every start.
func (s *simulation) serveTLS(ctx context.Context, env *environment, name string, state *device.Device) error {
	host := s.hosts[name]
	at := netip.AddrPortFrom(host, 0).String()
	certificate, err := selfsigned.New(rand.Reader, time.Now(), name, net.IP(host.AsSlice()))
	if err != nil {
		return err
	}
	passwords := map[string]string{netconfUser: s.credential.Password}
	rest, err := rcserver.Listen(ctx, at, rcserver.Options{Device: state, Certificate: certificate, Passwords: passwords, Log: env.log})
	if err != nil {
		return fmt.Errorf("RESTCONF: %w", err)
	}
	s.servers = append(s.servers, rest)
	stream, err := gnmiserver.Listen(ctx, at, gnmiserver.Options{Device: state, Certificate: certificate, Passwords: passwords})
	if err != nil {
		return fmt.Errorf("gNMI: %w", err)
	}
	s.servers = append(s.servers, stream)
	s.tls.restconf = append(s.tls.restconf, ingest.ScheduledTarget{Target: ingest.Target{Name: name, Address: rest.Addr().String()}, Watch: true})
	s.tls.gnmi = append(s.tls.gnmi, ingest.ScheduledTarget{Target: ingest.Target{Name: name, Address: stream.Addr().String()}, Watch: true})
	credential := restconf.Credential{User: netconfUser, Password: s.credential.Password,
		TLS: tlspeer.Config{Pins: []string{tlspeer.Fingerprint(certificate.Certificate[0])}}}
	s.tls.restconfCredentials = func(ingest.Target) (restconf.Credential, error) { return credential, nil }
	s.tls.gnmiCredentials = func(ingest.Target) (gnmi.Credential, error) { return gnmi.Credential(credential), nil }
	s.tls.gnmiWhat = func(ingest.Target) gnmi.What { return gnmi.What{} }
	return nil
}
