package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"nettwin/ingest"
	"nettwin/ingest/gnmi"
	"nettwin/ingest/restconf"
	"nettwin/internal/config"
	"nettwin/internal/tlspeer"
)

// tlsSources are the devices that a service reads by RESTCONF and gNMI.
type tlsSources struct {
	restconf, gnmi      []ingest.ScheduledTarget
	restconfCredentials func(ingest.Target) (restconf.Credential, error)
	gnmiCredentials     func(ingest.Target) (gnmi.Credential, error)
	gnmiWhat            func(ingest.Target) gnmi.What
}

// configuredTLS turns the devices of a configuration into targets.
func configuredTLS(cfg *config.Config, pace func(config.Device) *ingest.Pace) (s tlsSources, err error) {
	byREST, byGNMI, what := map[string]restconf.Credential{}, map[string]gnmi.Credential{}, map[string]gnmi.What{}
	for _, d := range cfg.Devices {
		if d.Collect.RESTCONF.Period == 0 && d.Collect.GNMI.Period == 0 {
			continue
		}
		c, err := resolveTLS(cfg.Credentials[d.Credential].TLS, d.Certificates)
		if err != nil {
			return s, fmt.Errorf("device %s: credential %s: %w", d.Name, d.Credential, err)
		}
		if p := d.Collect.RESTCONF; p.Period > 0 {
			t, err := tlsTarget(d, p, d.RESTCONFPort, restconf.Endpoint)
			if err != nil {
				return s, err
			}
			t.Pace = pace(d)
			s.restconf = append(s.restconf, t)
			byREST[d.Name] = c
		}
		if p := d.Collect.GNMI; p.Period > 0 {
			t, err := tlsTarget(d, p.Polled, d.GNMIPort, gnmi.Endpoint)
			if err != nil {
				return s, err
			}
			if what[d.Name], err = gnmiWhat(p); err != nil {
				return s, fmt.Errorf("device %s: %w", d.Name, err)
			}
			t.Pace = pace(d)
			s.gnmi = append(s.gnmi, t)
			byGNMI[d.Name] = gnmi.Credential(c)
		}
	}
	s.restconfCredentials, s.gnmiCredentials = credentialsByName(byREST), credentialsByName(byGNMI)
	s.gnmiWhat = func(t ingest.Target) gnmi.What { return what[t.Name] }
	return s, nil
}

func tlsTarget(d config.Device, p config.Polled, port uint16, endpoint func(string) (string, error)) (ingest.ScheduledTarget, error) {
	host := d.Address
	if h, _, err := net.SplitHostPort(d.Address); err == nil {
		host = h
	}
	address := net.JoinHostPort(host, strconv.Itoa(int(port)))
	if port == 0 {
		var err error
		if address, err = endpoint(host); err != nil {
			return ingest.ScheduledTarget{}, fmt.Errorf("device %s: %w", d.Name, err)
		}
	}
	return ingest.ScheduledTarget{Target: ingest.Target{Name: d.Name, Address: address}, Period: p.Period, MaxPeriod: p.Most, Watch: p.OnChange}, nil
}

// gnmiWhat is how a device is asked; the words are those that the
// configuration allows.
func gnmiWhat(c config.GNMI) (gnmi.What, error) {
	for _, path := range c.Paths {
		if _, err := gnmi.ParsePath(path); err != nil {
			return gnmi.What{}, err
		}
	}
	return gnmi.What{Paths: c.Paths, Target: c.Target, Period: c.Sample,
		Encoding: map[string]gnmi.Encoding{"json_ietf": gnmi.JSONIETF, "json": gnmi.JSON, "proto": gnmi.Proto}[c.Encoding],
		Mode:     map[string]gnmi.Mode{"get": gnmi.Get, "poll": gnmi.Poll}[c.Mode],
		Stream:   map[string]gnmi.StreamMode{"target-defined": gnmi.TargetDefined, "sample": gnmi.Sample}[c.Stream]}, nil
}

// resolveTLS makes a credential; the device's own fingerprints come before
// those of the credential.
func resolveTLS(c *config.PeerTLS, certificates []string) (restconf.Credential, error) {
	if c == nil {
		return restconf.Credential{}, errors.New("it has no part tls")
	}
	out := restconf.Credential{User: c.User, TLS: tlspeer.Config{Pins: c.Certificates, ServerName: c.ServerName}}
	if len(certificates) > 0 {
		out.TLS.Pins = certificates
	}
	var key string
	failures := []error{resolve(c.Password, &out.Password), resolve(c.ClientKey, &key)}
	for _, file := range []struct {
		name, path string
		to         *[]byte
	}{{"ca", c.Authorities, &out.TLS.Authorities}, {"clientCertificate", c.ClientCertificate, &out.TLS.Certificate}} {
		if file.path == "" {
			continue
		}
		text, err := os.ReadFile(file.path)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", file.name, err))
		}
		*file.to = text
	}
	if err := errors.Join(failures...); err != nil {
		return out, err
	}
	if key != "" {
		out.TLS.Key = []byte(key + "\n")
	}
	return out, out.Validate()
}
