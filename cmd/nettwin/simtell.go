package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"nettwin/fixtures"
	"nettwin/internal/simulate/ctl"
	"nettwin/internal/simulate/device"
	"nettwin/internal/simulate/flow"
	"nettwin/internal/simulate/notify"
	simulated "nettwin/internal/simulate/snmp"
)

// The simulated exporters tell of a flow every few seconds, and of each in
// every round: a flow that went another way ends after a round's silence.
const (
	demoFlowWindow = 5 * time.Second
	demoFlowIdle   = 30 * time.Second
)

// sinks are where the simulated devices send, each "host:port" or empty.
type sinks struct{ trap, syslog, flow string }

// maxReplaySpeed keeps a replayed failure long enough for protocols, which
// take a second of their own, to notice it.
const maxReplaySpeed = 10

// tell lets the devices send traps, syslog and flows, and takes orders at the
// socket of a data directory. It returns when the devices are closed.
func (s *simulation) tell(ctx context.Context, dir string, to sinks) error {
	if to.trap != "" || to.syslog != "" {
		notifier, err := notify.Start(ctx, s.network, notify.Options{TrapSink: to.trap, SyslogSink: to.syslog,
			Sources: s.senders(), Skip: s.recordedTells, Log: s.log})
		if err != nil {
			return err
		}
		s.servers = append(s.servers, notifier)
	}
	if to.flow != "" && s.exports {
		exporters, err := s.export(ctx, to.flow)
		if err != nil {
			return err
		}
		s.servers = append(s.servers, exporters)
	}
	control, err := ctl.Serve(ctx, filepath.Join(dir, ctlSocket), ctl.Options{Network: s.network, Log: s.log,
		Replay: func(ctx context.Context, name string, speed float64) (int, error) {
			return s.replay(ctx, to, name, speed)
		}})
	if err != nil {
		// A path may be too long for a socket: the demo goes on without.
		s.log.Warn("nettwin simulate ctl cannot reach this demo", "error", err)
		return nil
	}
	s.servers = append(s.servers, control)
	return nil
}

// senders say from where each device sends, and with which community.
func (s *simulation) senders() map[string]notify.Source {
	all := map[string]notify.Source{}
	for _, d := range s.recorded.Devices {
		all[d.Name] = notify.Source{Local: netip.AddrPortFrom(s.hosts[d.Name], 0), Community: d.SNMP.Community}
	}
	return all
}

// recordedTells reports that the recording which is being played tells of an
// event, so that the device does not tell it twice.
func (s *simulation) recordedTells(e device.Event) bool {
	cable := s.playing.Load()
	at := func(end fixtures.End) bool { return end.Device == e.Device && end.Interface == e.Interface.Name }
	return cable != nil && (at(cable.A) || at(cable.B))
}

// running is something that goes on until it is closed.
type running struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// Close ends it and waits.
func (r *running) Close() error {
	r.cancel()
	r.done.Wait()
	return nil
}

// export plays recorded flow packets round by round: those of a quiet network,
// or, while the cable of the recorded incident is cut, those that the exporters
// sent when it was, so that traffic is seen on its other way. An exporter whose
// interface is down, or whose packets come from a replay, is silent.
func (s *simulation) export(ctx context.Context, sink string) (*running, error) {
	recorded, err := fixtures.Flows()
	if err != nil {
		return nil, err
	}
	detour, err := recordedDetour()
	if err != nil {
		return nil, err
	}
	quiet := exports{packets: flowPackets(recorded), round: 25 * time.Second} // the length of the recording
	quiet.restamp = stampers(quiet.packets, quiet.round, 1)
	ctx, cancel := context.WithCancel(ctx)
	r := &running{cancel: cancel}
	for _, e := range []struct {
		exports
		now func() bool
	}{
		{quiet, func() bool { return !s.isCut(detour.cable) }},
		{detour.exports, func() bool { return s.isCut(detour.cable) }},
	} {
		r.done.Go(func() {
			_, err := notify.Replay(ctx, e.packets, notify.ReplayOptions{Sources: s.senders(), Every: e.round, Rewrite: e.restamp,
				SinkOf: func(p notify.Packet) string {
					if s.playing.Load() != nil || !e.now() || !s.exporterUp(p.Device) {
						return ""
					}
					return sink
				}})
			if err != nil && ctx.Err() == nil {
				s.log.Error("simulated flow export ended", "error", err)
			}
		})
	}
	return r, nil
}

// exports are packets that are played round by round.
type exports struct {
	packets []notify.Packet
	round   time.Duration
	restamp func(round int, p notify.Packet) []byte
}

// detour is what exporters sent while a cable was cut.
type detour struct {
	exports
	cable fixtures.Cable
}

// recordedDetour takes it out of the recorded incident. Templates went out
// before the cut: the stamper learns them there, and a collector has them from
// the quiet network.
func recordedDetour() (detour, error) {
	incident, err := fixtures.ReadIncident()
	if err != nil {
		return detour{}, err
	}
	flows, err := fixtures.IncidentFlows()
	if err != nil {
		return detour{}, err
	}
	d := detour{cable: incident.Link, exports: exports{round: incident.Mended.Duration() - incident.Cut.Duration()}}
	all := flowPackets(flows)
	for i := range all {
		all[i].At -= incident.Cut.Duration()
		if all[i].At >= 0 && all[i].At < d.round {
			d.packets = append(d.packets, all[i])
		}
	}
	d.restamp = stampers(all, d.round, 1)
	return d, nil
}

// isCut reports whether a cable carries nothing: both its ends are down.
func (s *simulation) isCut(cable fixtures.Cable) bool {
	for _, end := range []fixtures.End{cable.A, cable.B} {
		if f, ok := s.network.Device(end.Device).Interface(end.Interface); !ok || f.Up {
			return false
		}
	}
	return true
}

// exporterUp reports whether the interface that a device observes is up.
func (s *simulation) exporterUp(name string) bool {
	d, ok := s.recorded.Device(name)
	if !ok || d.FlowExport == nil {
		return false
	}
	f, ok := s.network.Device(name).Interface(d.FlowExport.Interface)
	return ok && f.Up
}

func flowPackets(recorded []fixtures.FlowPacket) []notify.Packet {
	var all []notify.Packet
	for _, p := range recorded {
		all = append(all, notify.Packet{At: p.At.Duration(), Device: p.Device, Port: p.Port, Payload: p.Payload})
	}
	return all
}

// stampers make recorded flow packets current: their window begins now, and
// they are exported when they are sent.
func stampers(packets []notify.Packet, every time.Duration, speed float64) func(round int, p notify.Packet) []byte {
	payloads := map[string][][]byte{}
	var shift time.Duration
	for _, p := range packets {
		if len(payloads) == 0 {
			shift = time.Since(flow.Exported(p.Payload).Add(-p.At))
		}
		payloads[p.Device] = append(payloads[p.Device], p.Payload)
	}
	all := map[string]*flow.Stamper{}
	for device, some := range payloads {
		all[device] = flow.NewStamper(some)
	}
	return func(round int, p notify.Packet) []byte {
		sooner := p.At - time.Duration(float64(p.At)/speed)
		return all[p.Device].Stamp(p.Payload, shift-sooner, round, every)
	}
}

// replay plays a recording by name and returns how many packets were sent.
func (s *simulation) replay(ctx context.Context, to sinks, name string, speed float64) (int, error) {
	speed = cmp.Or(speed, 1)
	if speed > maxReplaySpeed {
		return 0, fmt.Errorf("replay: speed %g: at most %d", speed, maxReplaySpeed)
	}
	if !s.busy.TryLock() {
		return 0, errors.New("replay: another replay is under way: wait for its end")
	}
	defer s.busy.Unlock()
	switch name {
	case "incident":
		return s.replayIncident(ctx, to, speed)
	case "start":
		return s.replayStart(ctx, to, speed)
	}
	return 0, fmt.Errorf("replay: there is no recording %q: incident, start", name)
}

// replayStart plays what the devices said while the network came up.
func (s *simulation) replayStart(ctx context.Context, to sinks, speed float64) (int, error) {
	traps, err := fixtures.Traps()
	if err != nil {
		return 0, err
	}
	messages, err := fixtures.Syslog()
	if err != nil {
		return 0, err
	}
	return s.send(ctx, speed, s.trapReplay(to, traps), s.syslogReplay(to, messages))
}

// A part is packets and how they are sent.
type part struct {
	packets []notify.Packet
	options notify.ReplayOptions
}

func (s *simulation) trapReplay(to sinks, traps []fixtures.Trap) part {
	p := part{options: notify.ReplayOptions{Sources: s.senders(), SinkOf: func(notify.Packet) string { return to.trap }}}
	for _, t := range traps {
		p.packets = append(p.packets, notify.Packet{At: t.At.Duration(), Device: t.Device, Payload: t.Payload})
	}
	p.options.Rewrite = func(_ int, p notify.Packet) []byte {
		retimed, err := simulated.RetimeTrap(p.Payload, s.network.Device(p.Device).Uptime())
		if err != nil {
			return p.Payload
		}
		return retimed
	}
	return p
}

func (s *simulation) syslogReplay(to sinks, messages []fixtures.LogMessage) part {
	p := part{options: notify.ReplayOptions{Sources: s.senders(), SinkOf: func(notify.Packet) string { return to.syslog }}}
	for _, m := range messages {
		p.packets = append(p.packets, notify.Packet{At: m.At.Duration(), Device: m.Device, Payload: []byte(m.Text)})
	}
	p.options.Rewrite = func(_ int, p notify.Packet) []byte { return []byte(retimeMessage(string(p.Payload), time.Now())) }
	return p
}

// retimeMessage gives an RFC 5424 message, whose second word is its time,
// another one.
func retimeMessage(text string, at time.Time) string {
	words := strings.SplitN(text, " ", 3)
	if len(words) < 3 {
		return text
	}
	words[1] = at.Format("2006-01-02T15:04:05.000000-07:00")
	return strings.Join(words, " ")
}

// send plays parts together.
func (s *simulation) send(ctx context.Context, speed float64, parts ...part) (int, error) {
	counts, failures := make([]int, len(parts)), make([]error, len(parts))
	var all sync.WaitGroup
	for i, p := range parts {
		all.Go(func() {
			p.options.Speed = speed
			counts[i], failures[i] = notify.Replay(ctx, p.packets, p.options)
		})
	}
	all.Wait()
	sent := 0
	for _, n := range counts {
		sent += n
	}
	return sent, errors.Join(failures...)
}
