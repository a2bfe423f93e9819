package main

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/flow"
	"nettwin/ingest/gnmi"
	"nettwin/ingest/netconf"
	"nettwin/ingest/restconf"
	"nettwin/ingest/schemas"
	"nettwin/ingest/syslog"
	"nettwin/ingest/telemetry"
	"nettwin/ingest/trap"
	"nettwin/ontology/yang"
	"nettwin/web"
)

// firstContactLimit is how long listeners wait for a device to be read.
const firstContactLimit = time.Minute

// intake is all by which a service hears of devices: it asks them by schedule
// and listens to what they tell.
type intake struct {
	// schedulers run one after the other's first round: what SNMP says of a
	// device's hardware names the device.
	schedulers []*ingest.Scheduler
	reader     *netconf.Collector // nil without NETCONF
	flows      []*flow.Collector
	traps      []*trap.Listener
	messages   []*syslog.Listener
	listeners  []func(context.Context) error // what runs beside the schedulers
	pushed     []*pushedFrom
	files      []*recordings
	at         sinks // where devices are listened to, one each
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
	for _, listen := range []func(context.Context, *intake) error{s.listenTraps, s.listenSyslog, s.listenFlows, s.listenPush, s.readFiles} {
		if err := listen(ctx, in); err != nil {
			return nil, err
		}
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

// schedule makes the schedulers of the protocols by which devices are asked.
// NETCONF and RESTCONF bring schemas, by which gNMI's data is mapped: it comes
// last.
func (s *service) schedule(in *intake) error {
	if len(s.sources.snmp) > 0 {
		collector, err := s.newSNMP(s.sources.snmpCredentials)
		if err != nil {
			return err
		}
		if err := s.addScheduler(in, s.sources.snmp, collector, in.readNow); err != nil {
			return err
		}
	}
	if len(s.sources.netconf)+len(s.sources.restconf)+len(s.sources.gnmi) == 0 {
		return nil
	}
	cache, err := schemas.OpenFileCache(filepath.Join(s.dir, "schemas"), 0, s.env.log)
	if err != nil {
		return err
	}
	in.closers = append(in.closers, cache)
	if len(s.sources.netconf) > 0 {
		pushed, err := s.pushedByNETCONF(in)
		if err != nil {
			return err
		}
		if in.reader, err = s.newNETCONF(netconf.Options{Credentials: s.sources.netconfCredentials, HostKey: s.sources.hostKey,
			Schemas: cache, Pushed: pushed, Log: s.env.log}); err != nil {
			return err
		}
		if err := s.addScheduler(in, s.sources.netconf, in.reader, in.readNow); err != nil {
			return err
		}
	}
	return s.scheduleTLS(in, cache)
}

// scheduleTLS makes those of RESTCONF and gNMI. What a gNMI stream tells is the
// data itself: it has no other protocol asked.
func (s *service) scheduleTLS(in *intake, cache schemas.Cache) error {
	directory, err := s.sources.modules.directory()
	if err != nil {
		return err
	}
	if len(s.sources.restconf) > 0 {
		collector, err := s.newRESTCONF(restconf.Options{Credentials: s.sources.restconfCredentials, Schemas: cache, Directory: directory, Log: s.env.log})
		if err != nil {
			return err
		}
		if err := s.addScheduler(in, s.sources.restconf, collector, in.readNow); err != nil {
			return err
		}
	}
	if len(s.sources.gnmi) == 0 {
		return nil
	}
	collector, err := s.newGNMI(gnmi.Options{Credentials: s.sources.gnmiCredentials, What: s.sources.gnmiWhat, Schemas: cache, Directory: directory, Log: s.env.log})
	if err != nil {
		return err
	}
	in.closers = append(in.closers, collector)
	return s.addScheduler(in, s.sources.gnmi, collector, nil)
}

func (s *service) addScheduler(in *intake, targets []ingest.ScheduledTarget, collector ingest.Collector, changed func(device, reason string)) error {
	for i := range targets {
		targets[i].Collector = collector
	}
	var needs *ingest.Needs
	if s.asking != nil {
		needs = s.asking.book
	}
	scheduler, err := ingest.NewScheduler(ingest.SchedulerOptions{Pipeline: s.pipeline, Targets: targets, Needs: needs, Log: s.env.log, Changed: changed})
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

// firstContact reports whether what a listener heard of a device may be stated:
// what it is read by, which tells its identity, comes first, unless the device
// cannot be read for a while.
func (in *intake) firstContact(device string, waited time.Duration) bool {
	read := false
	for _, scheduler := range in.schedulers {
		for _, status := range scheduler.Status() {
			if status.Device == device {
				if !status.LastContact.IsZero() {
					return true
				}
				read = true
			}
		}
	}
	return !read || waited > firstContactLimit
}

// status is how each source of the graph does.
func (in *intake) status() []ingest.TargetStatus {
	var all []ingest.TargetStatus
	for _, scheduler := range in.schedulers {
		all = append(all, scheduler.Status()...)
	}
	for _, l := range in.traps {
		all = append(all, listening(trap.Collector, l.Address(), l.Stats().Events))
	}
	for _, l := range in.messages {
		all = append(all, listening(syslog.Collector, l.Address(), l.Stats().Events))
	}
	for _, c := range in.flows {
		for _, d := range c.Devices() {
			all = append(all, ingest.TargetStatus{Device: d.Device, Address: c.Address().String(), Collector: "flow", State: ingest.StateInSync,
				Graph: d.Graph, LastTry: d.Last, LastContact: d.Last, LastError: d.LastError, Facts: d.Conversations})
		}
	}
	for _, r := range in.files {
		all = append(all, r.status())
	}
	for _, p := range in.pushed {
		for _, d := range p.intake.Devices() {
			all = append(all, ingest.TargetStatus{Device: d.Device, Address: strings.Join(p.at, " "), Collector: p.collector, State: ingest.StateInSync, Graph: d.Graph,
				LastTry: d.Last, LastContact: d.Last, LastError: d.LastError, Facts: d.Facts})
		}
	}
	return all
}

// pushedFrom is what merges pushed data of one kind.
type pushedFrom struct {
	collector string
	at        []string // addresses
	intake    *telemetry.Intake
	listeners []pushListener
}

// pushListener is a listener of pushed data, at one of the addresses, and what
// it counted.
type pushListener struct {
	at    string
	count func() map[string]uint64 // by event
}

// schema is what a device's modules compiled to when it was read.
func (in *intake) schema(device string) (*yang.Schema, error) {
	if in.reader == nil {
		return nil, netconf.ErrNotRead
	}
	return in.reader.Schema(device)
}

// watch adds the numbers of the listeners to the metrics.
func (in *intake) watch(metrics *web.Metrics) {
	metrics.Register(flowMetrics(in.flows))
	metrics.Register(eventMetrics{in})
	metrics.Register(pushMetrics{in})
}

// listening is the status of a listener of events, which come from many
// devices.
func listening(collector string, at net.Addr, events ingest.EventStats) ingest.TargetStatus {
	return ingest.TargetStatus{Address: at.String(), Collector: collector, State: ingest.StateInSync, Facts: int(events.Added)}
}
