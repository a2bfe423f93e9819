package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"path/filepath"
	"strings"

	"nettwin/ingest"
	"nettwin/ingest/flow"
	"nettwin/ingest/netconf"
	"nettwin/ontology"
	"nettwin/ontology/ipfix"
	"nettwin/web"
)

// intake is all by which a service hears of devices: it asks them by schedule
// and listens to what they tell.
type intake struct {
	// schedulers run one after the other's first round: what SNMP says of a
	// device's hardware names the device.
	schedulers []*ingest.Scheduler
	reader     *netconf.Collector // nil without NETCONF
	flows      []*flow.Collector
	listeners  []func(context.Context) error // what runs beside the schedulers
	at         sinks                         // where devices are listened to, one each
	closers    []io.Closer
}

// newIntake makes collectors and schedulers, and opens the listeners.
func (s *service) newIntake(ctx context.Context) (_ *intake, err error) {
	in := &intake{}
	defer func() {
		if err != nil {
			in.Close()
		}
	}()
	if err := s.schedule(in); err != nil {
		return nil, err
	}
	if err := s.listenFlows(ctx, in); err != nil {
		return nil, err
	}
	return in, nil
}

// Close closes what is open.
func (in *intake) Close() error {
	var failures []error
	for _, c := range in.closers {
		failures = append(failures, c.Close())
	}
	return errors.Join(failures...)
}

// schedule makes the schedulers of SNMP and NETCONF targets.
func (s *service) schedule(in *intake) error {
	if len(s.sources.snmp) > 0 {
		collector, err := s.newSNMP(s.sources.snmpCredentials)
		if err != nil {
			return err
		}
		if err := s.addScheduler(in, s.sources.snmp, collector); err != nil {
			return err
		}
	}
	if len(s.sources.netconf) == 0 {
		return nil
	}
	cache, err := netconf.OpenFileCache(filepath.Join(s.dir, "schemas"), 0, s.env.log)
	if err != nil {
		return err
	}
	in.closers = append(in.closers, cache)
	if in.reader, err = s.newNETCONF(netconf.Options{Credentials: s.sources.netconfCredentials, HostKey: s.sources.hostKey,
		Schemas: cache, Log: s.env.log}); err != nil {
		return err
	}
	return s.addScheduler(in, s.sources.netconf, in.reader)
}

func (s *service) addScheduler(in *intake, targets []ingest.ScheduledTarget, collector ingest.Collector) error {
	for i := range targets {
		targets[i].Collector = collector
	}
	scheduler, err := ingest.NewScheduler(ingest.SchedulerOptions{Pipeline: s.pipeline, Targets: targets, Log: s.env.log, Changed: in.readNow})
	if err == nil {
		in.schedulers = append(in.schedulers, scheduler)
	}
	return err
}

// readNow has a device read by every protocol, because it told that something
// changed.
func (in *intake) readNow(device, reason string) {
	for _, scheduler := range in.schedulers {
		scheduler.ReadNow(device, reason)
	}
}

// listenFlows opens the listeners of flow exports.
func (s *service) listenFlows(ctx context.Context, in *intake) error {
	for _, at := range s.sources.listeners.Flow {
		tables, err := s.flowTables()
		if err != nil {
			return err
		}
		state, err := s.stateFile("flow", at)
		if err != nil {
			return err
		}
		collector, err := flow.Listen(ctx, flow.Options{Address: at, Tables: tables, Sink: s.pipeline, StateFile: state, Log: s.env.log,
			Resolve: func(from netip.AddrPort) (string, bool) { return s.sources.flow.device(from.Addr()) }})
		if err != nil {
			return err
		}
		in.flows = append(in.flows, collector)
		in.closers = append(in.closers, collector)
		in.listeners = append(in.listeners, collector.Run)
		in.at.flow = collector.Address().String()
	}
	return nil
}

// flowTables are those of the knowledge folder, or, in a folder of an older
// release that has none, those that this release ships.
func (s *service) flowTables() (*ipfix.Tables, error) {
	tables, err := ipfix.Load(s.knowledge, "map")
	if errors.Is(err, fs.ErrNotExist) {
		s.env.log.Warn("the knowledge folder is of an older release: tables of flows are taken from this one", "folder", knowledgeDir(s.dir))
		return ipfix.Load(ontology.Knowledge(), "map")
	}
	return tables, err
}

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

// status is how each source of the graph does.
func (in *intake) status() []ingest.TargetStatus {
	var all []ingest.TargetStatus
	for _, scheduler := range in.schedulers {
		all = append(all, scheduler.Status()...)
	}
	for _, c := range in.flows {
		for _, d := range c.Devices() {
			all = append(all, ingest.TargetStatus{Device: d.Device, Address: c.Address().String(), Collector: "flow", State: ingest.StateInSync,
				Graph: d.Graph, LastTry: d.Last, LastContact: d.Last, LastError: d.LastError, Facts: d.Conversations})
		}
	}
	return all
}

// watch adds the numbers of the listeners to the metrics.
func (in *intake) watch(metrics *web.Metrics) {
	metrics.Register(flowMetrics(in.flows))
}
