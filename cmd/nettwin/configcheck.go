package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"nettwin/internal/auth"
	"nettwin/internal/config"
	"nettwin/web"
)

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Check a configuration and say what it configures."`
}

type configCheckCmd struct {
	Secrets bool   `help:"Also fetch the secrets and read keys, as nettwin serve does at its start."`
	File    string `arg:"" help:"Configuration file (YAML)." type:"path"`
}

// Help tells what is checked.
func (configCheckCmd) Help() string {
	return `Every setting is checked, and every problem is told with line and column. No
device is contacted. Exit code 0 if nettwin serve would take the file, else 1.`
}

// configReport is what a configuration configures.
type configReport struct {
	OK       bool             `json:"ok"`
	Listen   string           `json:"listen,omitempty"`
	Devices  []deviceReport   `json:"devices,omitempty"`
	Problems []config.Problem `json:"problems,omitempty"`
}

type deviceReport struct {
	Name    string   `json:"name"`
	Address string   `json:"address"`
	Collect []string `json:"collect"`
}

// Run checks the file.
func (c *configCheckCmd) Run(ctx context.Context, env *environment) error {
	cfg, err := config.Load(c.File)
	if err == nil {
		err = c.further(ctx, env, cfg)
	}
	if err != nil {
		return c.refused(env, err)
	}
	report := configReport{OK: true, Listen: cfg.Listen}
	for _, d := range cfg.Devices {
		report.Devices = append(report.Devices, deviceReport{d.Name, d.Address, collected(d.Collect)})
	}
	if env.json {
		return env.printJSON(report)
	}
	fmt.Fprintf(env.stdout, "%s is right: %d devices, %d credentials, %d tokens\n", c.File, len(cfg.Devices), len(cfg.Credentials), len(cfg.Tokens))
	var rows [][]string
	for _, d := range report.Devices {
		rows = append(rows, []string{d.Name, d.Address, strings.Join(d.Collect, ", ")})
	}
	if len(rows) == 0 {
		return nil
	}
	var b strings.Builder
	columns(&b, []string{"device", "address", "collect"}, rows)
	_, err = fmt.Fprint(env.stdout, b.String())
	return err
}

// further checks what serve checks beyond the file's form.
func (c *configCheckCmd) further(ctx context.Context, env *environment, cfg *config.Config) error {
	tokens, err := auth.FromConfig(cfg.Tokens)
	if err != nil {
		return err
	}
	if cfg.Listen != "" {
		if err := web.AllowedListen(cfg.Listen, tokens); err != nil {
			return err
		}
	}
	if !c.Secrets {
		return nil
	}
	if cfg.TLS != nil {
		if _, err := cfg.TLS.Pair(); err != nil {
			return err
		}
	}
	_, err = configuredSources(ctx, env, cfg)
	return err
}

// refused reports the problems; as JSON they are the answer.
func (c *configCheckCmd) refused(env *environment, err error) error {
	if !env.json {
		return err
	}
	report := configReport{}
	var e *config.Error
	if errors.As(err, &e) {
		report.Problems = e.Problems
	} else {
		report.Problems = []config.Problem{{Message: err.Error()}}
	}
	return errors.Join(env.printJSON(report), &exitError{exitFailed, fmt.Errorf("%s: %d problems", c.File, len(report.Problems))})
}

// collected says in words what is collected.
func collected(c config.Collect) []string {
	var all []string
	if c.SNMP > 0 {
		all = append(all, "snmp every "+between(c.SNMP, c.SNMPMost))
	}
	for _, p := range []struct {
		name string
		when config.Polled
	}{{"netconf", config.Polled(c.NETCONF)}, {"restconf", c.RESTCONF}, {"gnmi", c.GNMI.Polled}} {
		switch {
		case p.when.OnChange:
			all = append(all, p.name+" on change, at least every "+period(p.when.Period))
		case p.when.Period > 0:
			all = append(all, p.name+" every "+between(p.when.Period, p.when.Most))
		}
	}
	for _, kind := range []struct {
		on   bool
		name string
	}{{c.Trap, "trap"}, {c.Syslog, "syslog"}, {c.Flow, "flow"}, {c.Push, "push"}, {c.Files != "", "files in " + c.Files}} {
		if kind.on {
			all = append(all, kind.name)
		}
	}
	return all
}

// between writes a period that may grow.
func between(least, most time.Duration) string {
	if most > least {
		return period(least) + " to " + period(most)
	}
	return period(least)
}

// period is a duration without zeros at its end.
func period(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
