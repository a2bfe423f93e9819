package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"nettwin/internal/simulate/ctl"
	"nettwin/internal/simulate/device"
)

// ctlSocket is the name of the simulation's socket in a data directory.
const ctlSocket = "simulate.sock"

// simulateCtlCmd drives the simulated network of a running demo.
type simulateCtlCmd struct {
	Data string `help:"Data directory of the running demo; $$XDG_DATA_HOME/nettwin/demo by default." placeholder:"DIR" type:"path"`

	FailLink ctlFailLinkCmd `cmd:"" name:"fail-link" help:"Cut a cable: both ends lose their carrier and stay administratively up."`
	Restore  ctlRestoreCmd  `cmd:"" help:"Make a cut cable whole again."`
	Set      ctlSetCmd      `cmd:"" help:"Change an interface from inside its device, as at its console."`
	Replay   ctlReplayCmd   `cmd:"" help:"Play what was recorded, with its times."`
	Status   ctlStatusCmd   `cmd:"" help:"Show devices, interfaces and cables."`
}

// Help gives examples.
func (simulateCtlCmd) Help() string {
	return `Examples:
  nettwin simulate ctl fail-link r3:eth2 r4:eth1
  nettwin simulate ctl restore r3 r4
  nettwin simulate ctl set r1 lan0 enabled false
  nettwin simulate ctl replay incident --speed 2
  nettwin simulate ctl status --json

The effects are those of the real network: interfaces, neighbours, adjacencies
and configuration change in every protocol; traps, syslog and NETCONF
notifications tell of it.`
}

type ctlFailLinkCmd struct {
	A string `arg:"" help:"One end: DEVICE or DEVICE:INTERFACE."`
	B string `arg:"" help:"The other end."`
}

type ctlRestoreCmd struct {
	A string `arg:"" help:"One end: DEVICE or DEVICE:INTERFACE."`
	B string `arg:"" help:"The other end."`
}

type ctlSetCmd struct {
	Device    string `arg:"" help:"Device, such as r1."`
	Interface string `arg:"" help:"Interface, such as lan0."`
	Key       string `arg:"" help:"enabled, description or mtu."`
	Value     string `arg:"" help:"true or false; a text; a number."`
}

type ctlReplayCmd struct {
	Name  string  `arg:"" help:"incident: a cable is cut for 20 s; start: what the devices said while the network came up."`
	Speed float64 `help:"How many times faster than recorded." default:"1" placeholder:"N"`
}

type ctlStatusCmd struct{}

// Run cuts the cable.
func (c *ctlFailLinkCmd) Run(ctx context.Context, env *environment, at *simulateCtlCmd) error {
	return at.cable(ctx, env, ctl.Request{Op: ctl.FailLink, A: c.A, B: c.B})
}

// Run mends the cable.
func (c *ctlRestoreCmd) Run(ctx context.Context, env *environment, at *simulateCtlCmd) error {
	return at.cable(ctx, env, ctl.Request{Op: ctl.Restore, A: c.A, B: c.B})
}

// Run changes the interface and tells what it is now.
func (c *ctlSetCmd) Run(ctx context.Context, env *environment, at *simulateCtlCmd) error {
	status, err := at.do(ctx, ctl.Request{Op: ctl.Set, Device: c.Device, Interface: c.Interface, Field: c.Key, Value: c.Value})
	if err != nil {
		return err
	}
	for _, d := range status.Devices {
		for _, f := range d.Interfaces {
			if d.Name != c.Device || f.Name != c.Interface {
				continue
			}
			if env.json {
				return env.printJSON(f)
			}
			_, err = fmt.Fprintf(env.stdout, "%s %s: %s\n", d.Name, f.Name, describe(f))
			return err
		}
	}
	return nil
}

// Run plays the recording and waits for its end.
func (c *ctlReplayCmd) Run(ctx context.Context, env *environment, at *simulateCtlCmd) error {
	response, err := at.call(ctx, ctl.Request{Op: ctl.Replay, File: c.Name, Speed: c.Speed})
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(map[string]any{"replayed": c.Name, "sent": response.Sent})
	}
	_, err = fmt.Fprintf(env.stdout, "%s played: %d packets sent\n", c.Name, response.Sent)
	return err
}

// Run shows the network.
func (c *ctlStatusCmd) Run(ctx context.Context, env *environment, at *simulateCtlCmd) error {
	response, err := at.call(ctx, ctl.Request{Op: ctl.Status})
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(response.Status)
	}
	return printNetwork(env, *response.Status)
}

// call makes a request on the socket of the data directory.
func (c *simulateCtlCmd) call(ctx context.Context, request ctl.Request) (ctl.Response, error) {
	dir, err := demoDir(c.Data)
	if err != nil {
		return ctl.Response{}, err
	}
	response, err := ctl.Call(ctx, filepath.Join(dir, ctlSocket), request)
	switch {
	case errors.Is(err, ctl.ErrRequest):
		return response, &exitError{exitUsage, err}
	case err != nil && !errors.Is(err, ctl.ErrRefused) && ctx.Err() == nil:
		return response, &exitError{exitNotFound, fmt.Errorf("%w; nettwin demo --data %s runs one", err, dir)}
	}
	return response, err
}

// do makes a request that changes something and returns the state after it.
func (c *simulateCtlCmd) do(ctx context.Context, request ctl.Request) (*device.Status, error) {
	if _, err := c.call(ctx, request); err != nil {
		return nil, err
	}
	response, err := c.call(ctx, ctl.Request{Op: ctl.Status})
	return response.Status, err
}

// cable cuts or mends one and tells what it is now.
func (c *simulateCtlCmd) cable(ctx context.Context, env *environment, request ctl.Request) error {
	status, err := c.do(ctx, request)
	if err != nil {
		return err
	}
	is := func(e device.End, name string) bool { return e.Device == name || e.String() == name }
	for _, each := range status.Cables {
		if is(each.A, request.A) && is(each.B, request.B) || is(each.A, request.B) && is(each.B, request.A) {
			if env.json {
				return env.printJSON(each)
			}
			_, err = fmt.Fprintf(env.stdout, "%s – %s: %s\n", each.A, each.B, cableState(each))
			return err
		}
	}
	return nil
}

func cableState(c device.CableStatus) string {
	switch {
	case c.Cut:
		return "cut"
	case c.Alive:
		return "up"
	}
	return "whole, but an end is down"
}

func describe(f device.Interface) string {
	text := "enabled"
	if !f.Admin {
		text = "disabled"
	}
	if f.Up {
		text += ", up"
	} else {
		text += ", down"
	}
	return fmt.Sprintf("%s, mtu %d, %q", text, f.MTU, f.Description)
}

// printNetwork lists cables, then the interfaces of each device in a line,
// with a mark at those that are not up.
func printNetwork(env *environment, status device.Status) error {
	rows := [][]string{}
	for _, c := range status.Cables {
		rows = append(rows, []string{c.A.String(), c.B.String(), cableState(c)})
	}
	var b strings.Builder
	columns(&b, []string{"cable", "to", "state"}, rows)
	b.WriteByte('\n')
	rows = nil
	for _, d := range status.Devices {
		var names []string
		for _, f := range d.Interfaces {
			names = append(names, f.Name+mark(f))
		}
		rows = append(rows, []string{d.Name, strings.Join(names, " ")})
	}
	columns(&b, []string{"device", "interfaces"}, rows)
	_, err := fmt.Fprint(env.stdout, b.String())
	return err
}

func mark(f device.Interface) string {
	switch {
	case !f.Admin:
		return "(disabled)"
	case !f.Up:
		return "(down)"
	}
	return ""
}

// demoDir is the data directory of the demo: the one that was asked for, else
// that of the user.
func demoDir(asked string) (string, error) {
	if asked != "" {
		return asked, nil
	}
	root, err := dataHome()
	return filepath.Join(cmp.Or(root, "."), "nettwin", "demo"), err
}
