package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"nettwin/ingest"
	"nettwin/ingest/netconf"
	"nettwin/ingest/snmp"
	"nettwin/internal/config"
	ncclient "nettwin/internal/netconf"
)

// sources are the devices that a service reads and listens to.
type sources struct {
	snmp, netconf      []ingest.ScheduledTarget
	snmpCredentials    func(ingest.Target) (snmp.Credential, error)
	netconfCredentials func(ingest.Target) (netconf.Credential, error)
	tlsSources
	// hostKey decides about devices whose credential has no fingerprints;
	// nil refuses them.
	hostKey ncclient.HostKeyPolicy
	// listeners are opened; the speakers are who may be heard there.
	listeners          config.Listeners
	trap, syslog, flow speakers
	push               speakers
	modules            *moduleFolder // of devices that do not tell theirs
	files              []*recordings
	// flowWindow and flowIdle are those of flow.Options; 0 is their default.
	flowWindow, flowIdle time.Duration
}

// speakers are devices by the addresses from which they send.
type speakers map[netip.Addr]string

func (s speakers) device(from netip.Addr) (string, bool) {
	name, ok := s[from.Unmap().WithZone("")]
	return name, ok
}

// configuredSources turns the devices of a configuration into targets and
// speakers, with their credentials' secrets resolved once, at start.
func configuredSources(ctx context.Context, env *environment, cfg *config.Config) (sources, error) {
	s := sources{listeners: cfg.Listeners, trap: speakers{}, syslog: speakers{}, flow: speakers{}, push: speakers{},
		modules: &moduleFolder{dir: cfg.YANG}}
	community, ssh := map[string]snmp.Credential{}, map[string]netconf.Credential{}
	known := hostFiles{}
	paces := map[string]*ingest.Pace{}
	for _, d := range cfg.Devices {
		credential := cfg.Credentials[d.Credential]
		pace := ingest.NewPace(ingest.PaceOptions{RequestsPerSecond: float64(d.Pace.Requests), BytesPerSecond: float64(d.Pace.Bytes)})
		paces[d.Name] = pace
		if d.Collect.SNMP > 0 {
			c, err := resolveSNMP(credential.SNMP)
			if err != nil {
				return s, fmt.Errorf("device %s: credential %s: %w", d.Name, d.Credential, err)
			}
			community[d.Name] = c
			s.snmp = append(s.snmp, ingest.ScheduledTarget{Target: ingest.Target{Name: d.Name, Address: d.Address}, Period: d.Collect.SNMP, MaxPeriod: d.Collect.SNMPMost, Pace: pace})
		}
		if d.Collect.NETCONF.Period > 0 {
			c, err := resolveSSH(credential.SSH, d.HostKeys)
			if err != nil {
				return s, fmt.Errorf("device %s: credential %s: %w", d.Name, d.Credential, err)
			}
			ssh[d.Name] = c
			address, err := netconfAddress(d)
			if err != nil {
				return s, fmt.Errorf("device %s: %w", d.Name, err)
			}
			if len(c.HostKeys) == 0 {
				if err := known.add(address, credential.SSH.KnownHosts); err != nil {
					return s, fmt.Errorf("device %s: credential %s: %w", d.Name, d.Credential, err)
				}
			}
			s.netconf = append(s.netconf, ingest.ScheduledTarget{Target: ingest.Target{Name: d.Name, Address: address},
				Period: d.Collect.NETCONF.Period, MaxPeriod: d.Collect.NETCONF.Most, Watch: d.Collect.NETCONF.OnChange, Pace: pace})
		}
		if d.Collect.Files != "" {
			s.files = append(s.files, &recordings{device: d.Name, path: d.Collect.Files})
		}
		if err := s.listenTo(ctx, env, d); err != nil {
			return s, fmt.Errorf("device %s: %w", d.Name, err)
		}
	}
	s.snmpCredentials, s.netconfCredentials = credentialsByName(community), credentialsByName(ssh)
	s.hostKey = known.check
	var err error
	s.tlsSources, err = configuredTLS(cfg, func(d config.Device) *ingest.Pace { return paces[d.Name] })
	return s, err
}

// listenTo notes the addresses from which a device may tell something.
func (s *sources) listenTo(ctx context.Context, env *environment, d config.Device) error {
	if !d.Collect.Trap && !d.Collect.Syslog && !d.Collect.Flow && !d.Collect.Push {
		return nil
	}
	host := d.Address
	if h, _, err := net.SplitHostPort(d.Address); err == nil {
		host = h
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil && len(d.Sources) == 0 {
		return fmt.Errorf("what it tells is known by its address: %w: give one under the key \"sources\"", err)
	}
	for _, a := range append(addresses, d.Sources...) {
		for _, list := range []struct {
			on bool
			by speakers
		}{{d.Collect.Trap, s.trap}, {d.Collect.Syslog, s.syslog}, {d.Collect.Flow, s.flow}, {d.Collect.Push, s.push}} {
			a := a.Unmap().WithZone("")
			if other, taken := list.by[a]; list.on && taken && other != d.Name {
				return fmt.Errorf("%s is also the address of %s: what comes from there could be of either", a, other)
			}
			if list.on {
				list.by[a] = d.Name
			}
		}
	}
	return nil
}

// netconfAddress is a device's address with the port of NETCONF.
func netconfAddress(d config.Device) (string, error) {
	host := d.Address
	if h, _, err := net.SplitHostPort(d.Address); err == nil {
		host = h
	}
	if d.NETCONFPort > 0 {
		return net.JoinHostPort(host, strconv.Itoa(int(d.NETCONFPort))), nil
	}
	return ncclient.Endpoint(host)
}

func credentialsByName[C any](known map[string]C) func(ingest.Target) (C, error) {
	return func(t ingest.Target) (C, error) {
		credential, ok := known[t.Name]
		if !ok {
			return credential, fmt.Errorf("device %s has no credential", t.Name)
		}
		return credential, nil
	}
}

// secret resolves one secret into a field; one that is not configured stays
// empty.
func resolve(from config.Secret, to *string) error {
	if from.IsZero() {
		return nil
	}
	text, err := from.Resolve()
	*to = text
	return err
}

func resolveSNMP(c *config.SNMP) (snmp.Credential, error) {
	if c == nil {
		return snmp.Credential{}, errors.New("it has no part snmp")
	}
	out := snmp.Credential{User: c.User, Auth: c.AuthProtocol, Priv: c.PrivProtocol, Context: c.Context}
	if err := errors.Join(resolve(c.Community, &out.Community), resolve(c.Auth, &out.AuthPass), resolve(c.Priv, &out.PrivPass)); err != nil {
		return out, err
	}
	return out, out.Validate()
}

// resolveSSH makes a credential; the device's own host keys come before those
// of the credential.
func resolveSSH(c *config.SSH, hostKeys []string) (netconf.Credential, error) {
	if c == nil {
		return netconf.Credential{}, errors.New("it has no part ssh")
	}
	out := netconf.Credential{User: c.User, HostKeys: c.HostKeys}
	if len(hostKeys) > 0 {
		out.HostKeys = hostKeys
	}
	var key string
	if err := errors.Join(resolve(c.Key, &key), resolve(c.Passphrase, &out.KeyPass), resolve(c.Password, &out.Password)); err != nil {
		return out, err
	}
	if key != "" {
		out.Key = []byte(key + "\n") // the newline at its end is no part of a secret, but of a key
	}
	return out, out.Validate()
}

// hostFiles are the known_hosts files by the addresses of devices.
type hostFiles map[string]ssh.HostKeyCallback

func (h hostFiles) add(address, file string) error {
	check, err := knownhosts.New(file)
	if err != nil {
		var missing *os.PathError
		if errors.As(err, &missing) {
			err = missing.Err
		}
		return fmt.Errorf("knownHosts %s: %w", file, err)
	}
	h[address] = check
	return nil
}

// check has the form of a HostKeyPolicy.
func (h hostFiles) check(_ context.Context, address string, key ssh.PublicKey) error {
	check, ok := h[address]
	if !ok {
		return fmt.Errorf("%w: nothing tells the host key of %s", ncclient.ErrHostKey, address)
	}
	if err := check(address, endpoint(address), key); err != nil {
		return fmt.Errorf("%w: %s shows %s %s: %w: if that is right, add it to the file knownHosts", ncclient.ErrHostKey, address, key.Type(), ssh.FingerprintSHA256(key), err)
	}
	return nil
}

// endpoint is an address as the net.Addr that knownhosts wants beside it.
type endpoint string

func (e endpoint) Network() string { return "tcp" }
func (e endpoint) String() string  { return string(e) }
