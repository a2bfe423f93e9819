package main

import (
	"context"
	"errors"
	"fmt"

	recorded "nettwin/ingest/replay"
)

type replayCmd struct {
	Data   string   `help:"Data directory; created if it is not there." placeholder:"DIR" type:"path" required:""`
	Base   string   `help:"Base IRI, if the store is created." placeholder:"IRI"`
	Device string   `help:"Whose messages these are; without it a folder's name says, or a file's, or who sent a captured datagram." placeholder:"NAME"`
	YANG   string   `name:"yang" help:"Folder of YANG modules, by which data of NETCONF, RESTCONF and telemetry are mapped." placeholder:"DIR" type:"path"`
	Paths  []string `arg:"" name:"path" help:"Files and folders: SNMP walks (.snmprec, snmpwalk -On), NETCONF replies (XML), RFC 7951 JSON, pcap, syslog lines, datagrams, outputs of commands." type:"existingpath"`
}

type replayed struct {
	Path     string         `json:"path"`
	Files    int            `json:"files"`
	Messages map[string]int `json:"messages"`
	Failures []string       `json:"failures,omitempty"`
	More     int            `json:"moreFailures,omitempty"`
}

// Run takes the files in and runs the rules. Files that cannot be read are
// reported and cost only themselves; it fails if nothing at all could be read.
func (c *replayCmd) Run(ctx context.Context, env *environment) error {
	modules := &moduleFolder{dir: c.YANG}
	_, problems, err := modules.load()
	if err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(env.stderr, "warning:", p)
	}
	t, err := openTwin(ctx, env, c.Data, c.Base)
	if err != nil {
		return err
	}
	defer t.Close()
	var all []replayed
	var failures []error
	played := 0
	for _, path := range c.Paths {
		report, err := t.play(ctx, env.log, modules.of(nil), path, c.Device)
		if err != nil {
			failures = append(failures, err)
		}
		played += report.Played()
		all = append(all, summary(path, report))
	}
	if err := t.rules.Apply(ctx, nil); err != nil {
		failures = append(failures, err)
	}
	if played == 0 && len(failures) == 0 {
		failures = append(failures, errors.New("nothing could be replayed"))
	}
	if err := printReplayed(env, all); err != nil {
		return err
	}
	return errors.Join(failures...)
}

func summary(path string, report recorded.Report) replayed {
	out := replayed{Path: path, Files: report.Files, Messages: map[string]int{}, More: report.More}
	for kind, n := range report.Messages {
		if n > 0 {
			out.Messages[recorded.Kind(kind).String()] = n
		}
	}
	for _, f := range report.Failures {
		out.Failures = append(out.Failures, f.Error())
	}
	return out
}

func printReplayed(env *environment, all []replayed) error {
	if env.json {
		return env.printJSON(all)
	}
	for _, r := range all {
		for _, f := range r.Failures {
			fmt.Fprintln(env.stderr, "not read:", f)
		}
		if r.More > 0 {
			fmt.Fprintf(env.stderr, "not read: and %d more\n", r.More)
		}
		text := ""
		for kind := recorded.Walk; kind <= recorded.Output; kind++ {
			if n := r.Messages[kind.String()]; n > 0 {
				text += fmt.Sprintf(", %d %s", n, kind)
			}
		}
		if _, err := fmt.Fprintf(env.stdout, "%s: %d files%s\n", r.Path, r.Files, text); err != nil {
			return err
		}
	}
	return nil
}
