package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/gnmi"
	"nettwin/ingest/netconf"
	"nettwin/ingest/restconf"
	"nettwin/ingest/schemas"
	"nettwin/ingest/snmp"
)

type collectCmd struct {
	Once    bool          `help:"Collect once and end." required:""`
	Data    string        `help:"Data directory; created if it is not there." placeholder:"DIR" type:"path" required:""`
	Base    string        `help:"Base IRI, if the store is created." placeholder:"IRI"`
	Timeout time.Duration `help:"How long to wait for one answer; 2 s by SNMP, 30 s by the others if not given."`
	YANG    string        `name:"yang" help:"Folder of YANG modules that devices do not hand out." placeholder:"DIR" type:"path"`
	Name    []string      `help:"What to call a device; several in the order of the addresses. By what it says of itself if not given, by its address if it says nothing." placeholder:"NAME"`
	URLs    []string      `arg:"" name:"url" help:"Devices: snmp://COMMUNITY@HOST:PORT snmp://USER:AUTHPASS@HOST?auth=sha256&priv=aes&privpass=PASS netconf://USER:PASS@HOST?hostkey=SHA256:… restconf://USER:PASS@HOST?certificate=FINGERPRINT or gnmi://USER:PASS@HOST?certificate=FINGERPRINT&path=/a/b."`
}

type collectReport struct {
	Device      string   `json:"device"`
	SourceGraph string   `json:"sourceGraph"`
	Facts       int      `json:"facts"`
	Adds        int      `json:"adds"`
	Deletes     int      `json:"deletes"`
	Counters    int      `json:"counters"`
	Unmapped    int      `json:"unmapped"`
	Warnings    []string `json:"warnings,omitempty"`
	Error       string   `json:"error,omitempty"`
}

// Run collects from each device once and runs the rules.
func (c *collectCmd) Run(ctx context.Context, env *environment) error {
	t, err := openTwin(ctx, env, c.Data, c.Base)
	if err != nil {
		return err
	}
	defer t.Close()
	directory, err := (&moduleFolder{dir: c.YANG}).directory()
	if err != nil {
		return err
	}
	var reports []collectReport
	var failures []error
	for i, address := range c.URLs {
		target, collector, err := t.reach(address, directory)
		if err != nil {
			return err
		}
		target.Timeout = c.Timeout
		if i < len(c.Name) {
			target.Name = c.Name[i]
		}
		report, err := t.collect(ctx, collector, target)
		if err != nil {
			report.Error = err.Error()
			failures = append(failures, err)
		}
		reports = append(reports, report)
	}
	if err := t.rules.Apply(ctx, nil); err != nil {
		failures = append(failures, err)
	}
	if err := printCollected(env, reports); err != nil {
		return err
	}
	return errors.Join(failures...)
}

// reach makes the target and the collector that an address names.
func (t *twin) reach(address string, directory *schemas.Directory) (ingest.Target, ingest.Collector, error) {
	if strings.HasPrefix(address, "netconf:") {
		target, credential, err := netconf.ParseURL(address)
		if err != nil {
			return target, nil, &exitError{exitUsage, err}
		}
		collector, err := t.newNETCONF(netconf.Options{Schemas: schemas.NewMemoryCache(0),
			Credentials: func(ingest.Target) (netconf.Credential, error) { return credential, nil }})
		return target, collector, err
	}
	if strings.HasPrefix(address, "restconf:") {
		target, credential, err := restconf.ParseURL(address)
		if err != nil {
			return target, nil, &exitError{exitUsage, err}
		}
		collector, err := t.newRESTCONF(restconf.Options{Schemas: schemas.NewMemoryCache(0), Directory: directory,
			Credentials: func(ingest.Target) (restconf.Credential, error) { return credential, nil }})
		return target, collector, err
	}
	if strings.HasPrefix(address, "gnmi:") {
		target, credential, what, err := gnmi.ParseURL(address)
		if err != nil {
			return target, nil, &exitError{exitUsage, err}
		}
		collector, err := t.newGNMI(gnmi.Options{Schemas: schemas.NewMemoryCache(0), Directory: directory,
			What:        func(ingest.Target) gnmi.What { return what },
			Credentials: func(ingest.Target) (gnmi.Credential, error) { return credential, nil }})
		return target, collector, err
	}
	target, credential, err := snmp.ParseURL(address)
	if err != nil {
		return target, nil, &exitError{exitUsage, err}
	}
	collector, err := t.newSNMP(func(ingest.Target) (snmp.Credential, error) { return credential, nil })
	return target, collector, err
}

// collect reads one device and puts what it said into the graph.
func (t *twin) collect(ctx context.Context, collector ingest.Collector, target ingest.Target) (collectReport, error) {
	sample, err := collector.Collect(ctx, target)
	if err != nil && !errors.Is(err, ingest.ErrPartial) {
		return collectReport{Device: target.Address}, err
	}
	applied, applyErr := t.pipeline.Apply(ctx, sample)
	if errors.Is(applyErr, ingest.ErrNoIdentity) {
		// Who is asked once by hand needs a name all the same: what the user
		// called it.
		sample.Device = target.Address
		applied, applyErr = t.pipeline.Apply(ctx, sample)
	}
	return collectReport{
		Device: applied.Device, SourceGraph: applied.Graph, Facts: len(sample.Facts),
		Adds: applied.StateAdds, Deletes: applied.StateDeletes, Counters: applied.Counters, Unmapped: sample.Unmapped, Warnings: sample.Warnings,
	}, errors.Join(err, applyErr)
}

func printCollected(env *environment, reports []collectReport) error {
	if env.json {
		return env.printJSON(reports)
	}
	for _, r := range reports {
		if r.SourceGraph == "" {
			continue
		}
		if _, err := fmt.Fprintf(env.stdout, "%s: %d facts, %d added, %d deleted, %d values without a mapping; in <%s>\n",
			r.Device, r.Facts, r.Adds, r.Deletes, r.Unmapped, r.SourceGraph); err != nil {
			return err
		}
		for _, warning := range r.Warnings {
			fmt.Fprintln(env.stderr, "warning:", r.Device+":", warning)
		}
	}
	return nil
}
