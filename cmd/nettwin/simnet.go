package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"nettwin/fixtures"
	"nettwin/ingest"
	ncingest "nettwin/ingest/netconf"
	"nettwin/ingest/snmp"
	"nettwin/internal/config"
	"nettwin/internal/simulate/device"
	ncserver "nettwin/internal/simulate/netconf"
	simulated "nettwin/internal/simulate/snmp"
	"nettwin/internal/simulate/snmprec"
)

// simulation is the fixture network, played: one state per device that SNMP
// and NETCONF show, joined by the recorded cables. Each device has a loopback
// address of its own, by which traps, messages and flows are known to be its.
type simulation struct {
	network  *device.Network
	recorded fixtures.Network
	hosts    map[string]netip.Addr // where each device serves and sends from
	servers  []io.Closer
	log      *slog.Logger
	exports  bool                           // flows all the time
	playing  atomic.Pointer[fixtures.Cable] // the cable of the incident that is being played
	busy     sync.Mutex                     // held while something is replayed
	// What the collectors need to read it.
	targets    []ingest.ScheduledTarget // by SNMP
	netconf    []ingest.ScheduledTarget
	community  map[string]snmp.Credential
	credential ncingest.Credential // of all NETCONF servers
	hostKey    ssh.PublicKey       // of the same
	tls        tlsSources
}

// netconfUser is who reads the simulated devices by NETCONF.
const netconfUser = "twin"

// startSimulation plays the fixture network on ports that the kernel picks,
// with a host key and a password that are new at every start.
func startSimulation(ctx context.Context, env *environment) (_ *simulation, err error) {
	recorded, err := fixtures.ReadNetwork()
	if err != nil {
		return nil, err
	}
	key, err := newHostKey()
	if err != nil {
		return nil, err
	}
	s := &simulation{recorded: recorded, hostKey: key.PublicKey(), hosts: map[string]netip.Addr{}, exports: true, log: env.log,
		community: map[string]snmp.Credential{}, credential: ncingest.Credential{
			User: netconfUser, Password: randomHex(16), HostKeys: []string{ssh.FingerprintSHA256(key.PublicKey())},
		}}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.network, err = newNetwork(recorded); err != nil {
		return nil, err
	}
	for i, d := range recorded.Devices {
		s.hosts[d.Name] = loopback(i + 1)
		if err := s.serve(ctx, env, d, key); err != nil {
			return nil, fmt.Errorf("simulated device %s: %w", d.Name, err)
		}
	}
	return s, nil
}

// loopback is an address of its own for the nth device, 127.0.1.n, where the
// machine has all of 127.0.0.0/8 as Linux has; else the one of all.
func loopback(n int) netip.Addr {
	own := netip.AddrFrom4([4]byte{127, 0, 1, byte(n)})
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(own, 0)))
	if err != nil {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	conn.Close()
	return own
}

func newHostKey() (ssh.Signer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return ssh.NewSignerFromKey(key)
}

// serve starts a device's SNMP agent and, if it has one, its NETCONF server, and
// of one device those of RESTCONF and gNMI.
func (s *simulation) serve(ctx context.Context, env *environment, d fixtures.Device, key ssh.Signer) error {
	state := s.network.Device(d.Name)
	at := netip.AddrPortFrom(s.hosts[d.Name], 0).String()
	agent, err := simulated.Listen(ctx, at, simulated.Options{
		State: state, Communities: []string{d.SNMP.Community}, Log: env.log,
	})
	if err != nil {
		return err
	}
	s.servers = append(s.servers, agent)
	s.community[d.Name] = snmp.Credential{Community: d.SNMP.Community}
	s.targets = append(s.targets, ingest.ScheduledTarget{
		Target: ingest.Target{Name: d.Name, Address: agent.Addr().String()}})
	if d.NETCONF == nil {
		return nil
	}
	server, err := ncserver.Listen(ctx, at, ncserver.Options{
		Device: state, HostKey: key, Passwords: map[string]string{netconfUser: s.credential.Password}, Log: env.log,
	})
	if err != nil {
		return err
	}
	s.servers = append(s.servers, server)
	s.netconf = append(s.netconf, ingest.ScheduledTarget{
		Target: ingest.Target{Name: d.Name, Address: server.Addr().String()}, Watch: true})
	if d.Name == manyProtocols {
		return s.serveTLS(ctx, env, d.Name, state)
	}
	return nil
}

// sources are what a service needs to hear of the devices, which send to
// listeners on ports that the kernel picks; they are read every period.
func (s *simulation) sources(period time.Duration) sources {
	for _, list := range [][]ingest.ScheduledTarget{s.targets, s.netconf, s.tls.restconf, s.tls.gnmi} {
		for i := range list {
			list[i].Period = period
		}
	}
	any := []string{"127.0.0.1:0"}
	heard := speakers{}
	for name, host := range s.hosts {
		heard[host] = name
	}
	if len(heard) < len(s.hosts) {
		heard = nil // on a machine with one loopback address nobody is known by it
	}
	return sources{snmp: s.targets, netconf: s.netconf, snmpCredentials: credentialsByName(s.community),
		netconfCredentials: func(ingest.Target) (ncingest.Credential, error) { return s.credential, nil }, tlsSources: s.tls,
		listeners: config.Listeners{Trap: any, Syslog: any, Flow: any}, trap: heard, syslog: heard, flow: heard,
		flowWindow: demoFlowWindow, flowIdle: demoFlowIdle}
}

// Close ends the devices.
func (s *simulation) Close() error {
	var failures []error
	for _, server := range slices.Backward(s.servers) {
		failures = append(failures, server.Close())
	}
	if s.network != nil {
		failures = append(failures, s.network.Close())
	}
	return errors.Join(failures...)
}

// newNetwork joins the recorded devices by the recorded cables.
func newNetwork(recorded fixtures.Network) (*device.Network, error) {
	topology, err := fixtures.ReadTopology()
	if err != nil {
		return nil, err
	}
	options := device.NetworkOptions{}
	for _, d := range recorded.Devices {
		one, err := newDevice(d)
		if err != nil {
			return nil, err
		}
		options.Devices = append(options.Devices, one)
	}
	for _, link := range topology.Links {
		if link.Kind == "stub" {
			continue // both end at one unmanaged switch, which says nothing
		}
		options.Cables = append(options.Cables, device.Cable{
			A: device.End{Device: link.A.Device, Interface: link.A.Interface},
			B: device.End{Device: link.B.Device, Interface: link.B.Interface},
			// A media converter is between the ends of the spare chord.
			Relay: link.Kind == "spare",
		})
	}
	return device.NewNetwork(options)
}

func newDevice(d fixtures.Device) (*device.Device, error) {
	text, err := fixtures.Recording(d.Name)
	if err != nil {
		return nil, err
	}
	recording, err := snmprec.Read(d.Recording, bytes.NewReader(text), snmprec.Limits{})
	if err != nil {
		return nil, err
	}
	options := device.Options{Name: d.Name, Recording: recording.Rows, ClockRuns: true}
	if d.NETCONF != nil {
		if options.Datastores, err = readDatastores(d.Name); err != nil {
			return nil, err
		}
	}
	return device.New(options)
}

// readDatastores gathers what a device answered by NETCONF.
func readDatastores(name string) (*device.Datastores, error) {
	var stores device.Datastores
	var hello []byte
	var failures []error
	read := func(into *[]byte, from func() ([]byte, error)) {
		text, err := from()
		failures = append(failures, err)
		*into = text
	}
	read(&stores.Running, func() ([]byte, error) { return fixtures.Config(name, fixtures.Running) })
	read(&stores.State, func() ([]byte, error) { return fixtures.Operational(name) })
	read(&hello, func() ([]byte, error) { return fixtures.Hello(name) })
	modules, err := fixtures.Modules()
	failures = append(failures, err)
	for _, m := range modules {
		var text []byte
		read(&text, m.Text)
		stores.Modules = append(stores.Modules, text)
	}
	if err := errors.Join(failures...); err != nil {
		return nil, err
	}
	stores.Capabilities, err = device.Capabilities(hello)
	return &stores, err
}
