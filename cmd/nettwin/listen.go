package main

import (
	"context"
	"io/fs"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/flow"
	"nettwin/ingest/mdt"
	"nettwin/ingest/syslog"
	"nettwin/ingest/trap"
	"nettwin/ingest/udpnotif"
	"nettwin/internal/snmp"
	"nettwin/ontology/ipfix"
	"nettwin/ontology/mib"
)

// listenTraps opens the listeners of SNMP notifications.
func (s *service) listenTraps(ctx context.Context, in *intake) error {
	for _, at := range s.sources.listeners.Trap {
		knowledge := s.knowledgeWith("map/trap.tsv")
		tables, err := mib.Load(knowledge, "map")
		if err != nil {
			return err
		}
		l, err := trap.Listen(ctx, trap.Options{Address: at, Tables: tables, Knowledge: knowledge, Events: s.events(in),
			Senders: from(s.sources.trap), Credentials: s.trapCredentials, Log: s.env.log})
		if err != nil {
			return err
		}
		in.traps, in.closers = append(in.traps, l), append(in.closers, l)
		in.at.trap = l.Address().String()
	}
	return nil
}

// trapCredentials are what a device's notifications must show: what it asks
// for itself. Nobody speaks for others.
func (s *service) trapCredentials(device string) []snmp.Credential {
	if device == "" {
		return nil
	}
	c, err := s.sources.snmpCredentials(ingest.Target{Name: device})
	if err != nil {
		return nil
	}
	return []snmp.Credential{c}
}

// listenSyslog opens the listeners of log messages.
func (s *service) listenSyslog(ctx context.Context, in *intake) error {
	for _, at := range s.sources.listeners.Syslog {
		l, err := syslog.Listen(ctx, syslog.Options{UDP: at, Knowledge: s.knowledgeWith("map/syslog.tsv"), Events: s.events(in),
			Senders: from(s.sources.syslog), Log: s.env.log})
		if err != nil {
			return err
		}
		in.messages, in.closers = append(in.messages, l), append(in.closers, l)
		in.at.syslog = l.Address().String()
	}
	return nil
}

// events is where listeners put events, which may have their device read.
func (s *service) events(in *intake) ingest.EventLogOptions {
	return ingest.EventLogOptions{Pipeline: s.pipeline, ReadNow: in.readNow, Log: s.env.log}
}

// from knows senders by their addresses.
func from(who speakers) ingest.SenderOptions {
	return ingest.SenderOptions{Resolve: func(at netip.AddrPort) (string, bool) { return who.device(at.Addr()) }}
}

// listenFlows opens the listeners of flow exports.
func (s *service) listenFlows(ctx context.Context, in *intake) error {
	for _, at := range s.sources.listeners.Flow {
		tables, err := ipfix.Load(s.knowledgeWith("map/ipfix.tsv"), "map")
		if err != nil {
			return err
		}
		state, err := s.stateFile("flow", at)
		if err != nil {
			return err
		}
		opened := time.Now()
		collector, err := flow.Listen(ctx, flow.Options{Address: at, Tables: tables, Sink: s.pipeline, StateFile: state, Log: s.env.log,
			Window: s.sources.flowWindow, Idle: s.sources.flowIdle,
			Ready:   func(device string) bool { return in.firstContact(device, time.Since(opened)) },
			Resolve: func(from netip.AddrPort) (string, bool) { return s.sources.flow.device(from.Addr()) }})
		if err != nil {
			return err
		}
		in.flows, in.closers = append(in.flows, collector), append(in.closers, collector)
		in.listeners = append(in.listeners, collector.Run)
		in.at.flow = collector.Address().String()
	}
	return nil
}

// knowledgeWith is tablesWith with the service's log.
func (s *service) knowledgeWith(file string) fs.FS { return s.tablesWith(s.env.log, file) }

// listenPush opens the listeners of pushed YANG data. They share a way into the
// graph for each kind, however many addresses there are.
func (s *service) listenPush(ctx context.Context, in *intake) error {
	opened := time.Now()
	schema := s.sources.modules.of(in.schema)
	if _, problems, err := s.sources.modules.load(); err != nil {
		return err
	} else if len(problems) > 0 {
		s.env.log.Warn("folder of YANG modules: not all is understood", "problems", len(problems), "first", problems[0].String())
	}
	merge := func(collector string) (*pushedFrom, error) {
		pushed, err := s.newPushIntake(collector, schema, s.env.log, func(device string) bool { return in.firstContact(device, time.Since(opened)) })
		if err != nil {
			return nil, err
		}
		p := &pushedFrom{collector: collector, intake: pushed}
		in.pushed, in.listeners = append(in.pushed, p), append(in.listeners, pushed.Run)
		return p, nil
	}
	senders := from(s.sources.push)
	senders.Rate, senders.Burst = pushRate, pushBurst
	if at := s.sources.listeners.UDPNotif; len(at) > 0 {
		merged, err := merge(udpnotif.Collector)
		if err != nil {
			return err
		}
		for _, address := range at {
			l, err := udpnotif.Listen(ctx, udpnotif.Options{Address: address, Intake: merged.intake, Senders: senders, Log: s.env.log})
			if err != nil {
				return err
			}
			in.closers, in.listeners = append(in.closers, l), append(in.listeners, l.Run)
			merged.listens(l.Address(), func() map[string]uint64 { return udpnotifEvents(l.Stats()) })
		}
	}
	if at := s.sources.listeners.MDT; len(at) > 0 {
		merged, err := merge(mdt.Collector)
		if err != nil {
			return err
		}
		for _, address := range at {
			l, err := mdt.Listen(ctx, mdt.Options{TCP: address, UDP: address, Intake: merged.intake, Senders: senders, Schema: schema, Log: s.env.log})
			if err != nil {
				return err
			}
			in.closers, in.listeners = append(in.closers, l), append(in.listeners, l.Run)
			merged.listens(l.TCPAddress(), func() map[string]uint64 { return mdtEvents(l.Stats()) })
		}
	}
	return nil
}

// listens notes a listener of what is merged.
func (p *pushedFrom) listens(at net.Addr, count func() map[string]uint64) {
	p.at = append(p.at, at.String())
	p.listeners = append(p.listeners, pushListener{at.String(), count})
}

// pushRate and pushBurst are the messages of one device that are looked at: a
// large router pushes its tables at once.
const (
	pushRate  = 5000
	pushBurst = 20_000
)

// stateFile is where a listener keeps what it learnt; "" where its port, and so
// what is sent to it, is another at each start.
func (s *service) stateFile(kind, address string) (string, error) {
	if strings.HasSuffix(address, ":0") {
		return "", nil
	}
	folder := filepath.Join(s.dir, kind)
	name := strings.NewReplacer(":", "_", "[", "", "]", "").Replace(address)
	return filepath.Join(folder, name+".state"), makeDir(folder)
}
