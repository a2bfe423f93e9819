package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"nettwin/fixtures"
	"nettwin/internal/simulate/clock"
	"nettwin/internal/simulate/device"
	"nettwin/internal/simulate/notify"
	"nettwin/internal/simulate/snmprec"
)

// replayIncident plays the recorded failure of a cable and its recovery: the
// cable is cut and mended, and what the routers said and showed meanwhile is
// said and shown again. Afterwards all is as before.
func (s *simulation) replayIncident(ctx context.Context, to sinks, speed float64) (int, error) {
	incident, err := fixtures.ReadIncident()
	if err != nil {
		return 0, err
	}
	rows, err := incidentRows()
	if err != nil {
		return 0, err
	}
	parts, err := s.incidentParts(to, speed)
	if err != nil {
		return 0, err
	}
	a, b := incident.Link.A.Device+":"+incident.Link.A.Interface, incident.Link.B.Device+":"+incident.Link.B.Interface
	for _, c := range s.network.Status().Cables {
		if c.A.String() == a && c.B.String() == b && !c.Alive {
			return 0, fmt.Errorf("replay: the cable %s – %s is not up: restore it first", a, b)
		}
	}
	s.playing.Store(&incident.Link)
	defer s.playing.Store(nil)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var sent int
	failures := make([]error, 3)
	var all sync.WaitGroup
	all.Go(func() { sent, failures[0] = s.send(ctx, speed, parts...) })
	all.Go(func() { failures[1] = s.network.Play(ctx, rows, speed) })
	all.Go(func() { failures[2] = s.cutAndMend(ctx, incident, a, b, speed) })
	all.Wait()
	return sent, errors.Join(failures...)
}

// cutAndMend does to the cable what was done to it, and waits for the end.
func (s *simulation) cutAndMend(ctx context.Context, incident fixtures.Incident, a, b string, speed float64) error {
	start := time.Now()
	until := func(at fixtures.Offset) error {
		return clock.Wait(ctx, clock.System{}, start.Add(time.Duration(float64(at)/speed)))
	}
	if err := until(incident.Cut); err != nil {
		return err
	}
	if err := s.network.FailLink(a, b); err != nil {
		return err
	}
	interrupted := until(incident.Mended)
	return errors.Join(interrupted, s.network.Restore(a, b), until(incident.Duration))
}

// incidentParts are the incident's packets, made current.
func (s *simulation) incidentParts(to sinks, speed float64) ([]part, error) {
	flows, err := fixtures.IncidentFlows()
	if err != nil {
		return nil, err
	}
	traps, err := fixtures.IncidentTraps()
	if err != nil {
		return nil, err
	}
	messages, err := fixtures.IncidentSyslog()
	if err != nil {
		return nil, err
	}
	packets := flowPackets(flows)
	exported := part{packets, notify.ReplayOptions{Sources: s.senders(), Rewrite: stampers(packets, 0, speed),
		SinkOf: func(notify.Packet) string { return to.flow }}}
	return []part{exported, s.trapReplay(to, traps), s.syslogReplay(to, messages)}, nil
}

// incidentRows are the changes that SNMP showed, as rows of the devices.
func incidentRows() ([]device.Row, error) {
	changes, err := fixtures.IncidentChanges()
	if err != nil {
		return nil, err
	}
	var rows []device.Row
	for i, c := range changes {
		line := c.OID + "|" + c.Tag + "|" + c.Value
		if c.Removed {
			line = c.OID + "|5|" // a NULL stands for nothing
		}
		read, err := snmprec.Read("changes", strings.NewReader(line), snmprec.Limits{})
		if err != nil {
			return nil, fmt.Errorf("incident: change %d: %w", i+1, err)
		}
		row := device.Row{At: c.At.Duration(), Device: c.Device, OID: read.Rows[0].OID}
		if !c.Removed {
			row.Value = read.Rows[0].Value
		}
		rows = append(rows, row)
	}
	return rows, nil
}
