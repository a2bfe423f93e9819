package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"nettwin/ingest"
	"nettwin/ingest/flow"
	"nettwin/ingest/mdt"
	answers "nettwin/ingest/output"
	recorded "nettwin/ingest/replay"
	"nettwin/ingest/snmp"
	"nettwin/ingest/syslog"
	"nettwin/ingest/telemetry"
	"nettwin/ingest/udpnotif"
	"nettwin/ontology"
	"nettwin/ontology/ipfix"
	"nettwin/ontology/yang"
)

// schemaOf returns what the modules of a device compile to.
type schemaOf func(device string) (*yang.Schema, map[string]string)

// players put recorded messages into the graph as if they came from the device
// now; messages of one reading are one sample each of their source.
func (t *twin) players(log *slog.Logger, schema schemaOf) (map[recorded.Kind]recorded.Player, error) {
	collector, err := t.newSNMP(func(ingest.Target) (snmp.Credential, error) {
		return snmp.Credential{}, errors.New("recordings need none")
	})
	if err != nil {
		return nil, err
	}
	flows, err := t.newFlowPlayer(log)
	if err != nil {
		return nil, err
	}
	all := map[recorded.Kind]recorded.Player{
		recorded.Walk: &walkPlayer{t, collector}, recorded.Flow: flows,
		recorded.Syslog: &syslogPlayer{options: syslog.Options{Knowledge: t.tablesWith(log, "map/syslog.tsv"),
			Events: ingest.EventLogOptions{Pipeline: t.pipeline, Log: log}, Log: log}},
	}
	for _, push := range []struct {
		kind      recorded.Kind
		collector string
		decode    func(recorded.Message) ([]telemetry.Message, error)
	}{
		{recorded.XML, "netconf", func(m recorded.Message) ([]telemetry.Message, error) {
			return []telemetry.Message{{Label: "recorded reply", Raw: m.Bytes, Body: m.Bytes, Format: telemetry.XML}}, nil
		}},
		{recorded.JSON, "restconf", func(m recorded.Message) ([]telemetry.Message, error) {
			return []telemetry.Message{{Label: "recorded data", Raw: m.Bytes, Body: m.Bytes}}, nil
		}},
		{recorded.UDPNotif, udpnotif.Collector, func(m recorded.Message) ([]telemetry.Message, error) {
			one, err := udpnotif.Decode(m.Bytes)
			return []telemetry.Message{one}, err
		}},
		{recorded.MDT, mdt.Collector, func(m recorded.Message) ([]telemetry.Message, error) {
			s, _ := schema(m.Device)
			return mdt.Decode(m.Bytes, s)
		}},
		{recorded.GNMI, "gnmi", func(m recorded.Message) ([]telemetry.Message, error) {
			s, _ := schema(m.Device)
			return recordedGNMI(m.Bytes, s)
		}},
	} {
		intake, err := t.newPushIntake(push.collector, schema, log, nil)
		if err != nil {
			return nil, err
		}
		all[push.kind] = &pushPlayer{intake, push.decode}
	}
	return all, nil
}

// outputPlayer plays what devices answered to commands.
type outputPlayer struct{ intake *answers.Intake }

// Play reads an answer.
func (p *outputPlayer) Play(_ context.Context, m recorded.Message) error {
	return p.intake.Take(answers.Answer{Device: m.Device, At: m.At, Place: m.Place.File, Text: m.Bytes})
}

// Finish commits what the answers say.
func (p *outputPlayer) Finish(ctx context.Context) error { return p.intake.Flush(ctx) }

// outputTables are what is known of outputs of commands.
func (t *twin) outputTables(log *slog.Logger) (*answers.Tables, error) {
	return answers.Load(t.tablesWith(log, "map/output-envelopes.tsv"))
}

// tablesWith is the knowledge folder if it has a file, else what this
// release ships: a folder of an older release has no tables of what that
// release could not hear.
func (t *twin) tablesWith(log *slog.Logger, file string) fs.FS {
	if _, err := fs.Stat(t.knowledge, file); err == nil {
		return t.knowledge
	}
	log.Warn("the knowledge folder has no such table: that of this release is used", "folder", knowledgeDir(t.dir), "file", file)
	return ontology.Knowledge()
}

// newPushIntake makes what merges pushed data to samples of a collector; ready
// tells which devices may be stated, nil all.
func (t *twin) newPushIntake(collector string, schema schemaOf, log *slog.Logger, ready func(string) bool) (*telemetry.Intake, error) {
	policy, err := t.policy()
	if err != nil {
		return nil, err
	}
	return telemetry.New(telemetry.Options{Collector: collector, Instruction: "what the device pushed", Sink: t.pipeline,
		Schema: schema, Measures: policy.Measures, Ready: ready, Log: log})
}

// walkPlayer plays walks of SNMP agents.
type walkPlayer struct {
	twin      *twin
	collector *snmp.Collector
}

// Play makes a sample of a walk.
func (p *walkPlayer) Play(ctx context.Context, m recorded.Message) error {
	sample, err := p.collector.Recorded(snmp.Recording{Device: m.Device, At: m.At, Varbinds: m.Varbinds, Raw: m.Bytes, Origin: m.Place.File})
	if err != nil {
		return err
	}
	_, err = p.twin.pipeline.Apply(ctx, sample)
	return err
}

// Finish has nothing left to do.
func (p *walkPlayer) Finish(context.Context) error { return nil }

// pushPlayer plays YANG data, whatever carried them.
type pushPlayer struct {
	intake *telemetry.Intake
	decode func(recorded.Message) ([]telemetry.Message, error)
}

// Play merges a message.
func (p *pushPlayer) Play(_ context.Context, m recorded.Message) error {
	parts, err := p.decode(m)
	if err != nil {
		return err
	}
	for _, part := range parts {
		part.Device, part.Received, part.Transport = m.Device, m.At, "recording "+m.Place.File
		if err := p.intake.Take(part); err != nil {
			return err
		}
	}
	return nil
}

// Finish commits what was merged.
func (p *pushPlayer) Finish(ctx context.Context) error { return p.intake.Flush(ctx) }

// flowPlayer plays datagrams of flows.
type flowPlayer struct{ collector *flow.Collector }

func (t *twin) newFlowPlayer(log *slog.Logger) (*flowPlayer, error) {
	tables, err := ipfix.Load(t.tablesWith(log, "map/ipfix.tsv"), "map")
	if err != nil {
		return nil, err
	}
	collector, err := flow.Offline(flow.Options{Tables: tables, Sink: t.pipeline, Log: log})
	return &flowPlayer{collector}, err
}

// Play decodes a datagram.
func (p *flowPlayer) Play(_ context.Context, m recorded.Message) error {
	return p.collector.Feed(m.Device, m.From, m.At, m.Bytes)
}

// Finish commits the conversations.
func (p *flowPlayer) Finish(ctx context.Context) error { return p.collector.Settle(ctx) }

// syslogPlayer plays log messages.
type syslogPlayer struct {
	options syslog.Options
	reader  *syslog.Reader // from the first message on
	stop    context.CancelFunc
	done    chan error
}

// Play takes a message.
func (p *syslogPlayer) Play(ctx context.Context, m recorded.Message) error {
	if p.reader == nil {
		reader, err := syslog.NewReader(p.options)
		if err != nil {
			return err
		}
		inner, stop := context.WithCancel(ctx)
		p.reader, p.stop, p.done = reader, stop, make(chan error, 1)
		go func() { p.done <- reader.Run(inner) }()
	}
	return p.reader.Take(ctx, m.Device, m.At, m.Bytes, m.Place.File)
}

// Finish writes what waits.
func (p *syslogPlayer) Finish(context.Context) error {
	if p.reader == nil {
		return nil
	}
	p.stop()
	p.reader = nil
	if err := <-p.done; err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("log messages: %w", err)
	}
	return nil
}

// pushedByNETCONF takes what devices push over NETCONF, which is of the same
// source as what they answer.
func (s *service) pushedByNETCONF(in *intake) (*telemetry.Intake, error) {
	pushed, err := s.newPushIntake("netconf", func(device string) (*yang.Schema, map[string]string) {
		schema, _ := in.schema(device) // a device is read before it pushes
		return schema, nil
	}, s.env.log, nil)
	if err == nil {
		in.listeners = append(in.listeners, pushed.Run)
	}
	return pushed, err
}
