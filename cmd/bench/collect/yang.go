package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"

	"nettwin/fixtures"
	"nettwin/ingest"
	"nettwin/ingest/gnmi"
	"nettwin/ingest/netconf"
	"nettwin/ingest/schemas"
	"nettwin/internal/simulate/device"
	gnserver "nettwin/internal/simulate/gnmi"
	ncserver "nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/selfsigned"
	"nettwin/internal/tlspeer"
)

// Interfaces, as they are configured and as they are, in the modules of the
// recorded device that lends its schema. NUMBER stands for each one's own.
var (
	//go:embed interfaces.config.xml
	interfaceConfig []byte
	//go:embed interfaces.state.xml
	interfaceState []byte
)

// yangInterfaces are those of the device that is read, yangLeafs the leafs that
// both files have of one, and lender the recorded device.
const (
	yangInterfaces = 2000
	yangLeafs      = 18
	yangRounds     = 6
	lender         = "r1"
)

// served says where the device is read and how.
type served struct {
	NETCONF, GNMI             string
	HostKey, Certificate, Dir string
	User, Password            string
}

// serveYANG is the process of the device.
func serveYANG(ctx context.Context, o options, in io.Reader, out io.Writer) error {
	d, err := yangDevice()
	if err != nil {
		return err
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return err
	}
	certificate, err := selfsigned.New(rand.Reader, time.Now(), lender, net.IPv4(127, 0, 0, 1))
	if err != nil {
		return err
	}
	s := served{HostKey: ssh.FingerprintSHA256(key.PublicKey()), Certificate: tlspeer.Fingerprint(certificate.Certificate[0]), User: "bench", Password: rand.Text()}
	passwords := map[string]string{s.User: s.Password}
	byNETCONF, err := ncserver.Listen(ctx, "127.0.0.1:0", ncserver.Options{Device: d, HostKey: key, Passwords: passwords})
	if err != nil {
		return err
	}
	defer byNETCONF.Close()
	byGNMI, err := gnserver.Listen(ctx, "127.0.0.1:0", gnserver.Options{Device: d, Certificate: certificate, Passwords: passwords})
	if err != nil {
		return err
	}
	defer byGNMI.Close()
	s.NETCONF, s.GNMI = byNETCONF.Addr().String(), byGNMI.Addr().String()
	if err := json.NewEncoder(out).Encode(s); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

func yangDevice() (*device.Device, error) {
	rows, err := newDevice(1)
	if err != nil {
		return nil, err
	}
	hello, err := fixtures.Hello(lender)
	if err != nil {
		return nil, err
	}
	capabilities, err := device.Capabilities(hello)
	if err != nil {
		return nil, err
	}
	stores := &device.Datastores{Capabilities: capabilities, Running: document(interfaceConfig), State: document(interfaceState)}
	modules, err := fixtures.Modules()
	if err != nil {
		return nil, err
	}
	for _, m := range modules {
		text, err := m.Text()
		if err != nil {
			return nil, err
		}
		stores.Modules = append(stores.Modules, text)
	}
	return device.New(device.Options{Name: "sw-1", Recording: rows, Datastores: stores})
}

// document is the data of all interfaces: of the three lines of a file the one
// in the middle stands for each.
func document(file []byte) []byte {
	lines := bytes.SplitN(bytes.TrimSpace(file), []byte("\n"), 3)
	b := bytes.NewBuffer(slices.Clone(lines[0]))
	for n := range yangInterfaces {
		b.Write(bytes.ReplaceAll(lines[1], []byte("NUMBER"), []byte(strconv.Itoa(n+1))))
	}
	b.Write(lines[2])
	return b.Bytes()
}

// collectYANG is the process that reads the device, by the protocol that each
// line of its input names, again and again.
func collectYANG(ctx context.Context, o options, in io.Reader, out io.Writer) error {
	text, err := os.ReadFile(o.targets)
	if err != nil {
		return err
	}
	var s served
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	modules, err := moduleFolder(o.dir)
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		collector, target, err := s.collector(lines.Text(), modules)
		if err != nil {
			return err
		}
		dir, err := os.MkdirTemp(o.dir, "yang")
		if err != nil {
			return err
		}
		t, err := openTwin(dir)
		if err != nil {
			return err
		}
		stop, err := o.profiled(lines.Text())
		if err != nil {
			return err
		}
		err = readAgain(ctx, collector, target, t, out)
		stop()
		t.close()
		if err != nil {
			return err
		}
	}
	return nil
}

// readAgain prints a reading of each round; in the first all is new.
func readAgain(ctx context.Context, c ingest.Collector, target ingest.Target, t *twin, out io.Writer) error {
	for range yangRounds {
		watch, err := startWatch()
		if err != nil {
			return err
		}
		target.Meter = ingest.NewMeter(nil)
		sample, err := c.Collect(ctx, target)
		if err != nil {
			return err
		}
		report, err := t.pipeline.Apply(ctx, sample)
		if err != nil {
			return err
		}
		r := reading{Facts: len(sample.Facts), Adds: report.Adds}
		if r.CPU, r.Wall, err = watch.stop(); err != nil {
			return err
		}
		if r.Resident, err = residentOf(os.Getpid()); err != nil {
			return err
		}
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func (s served) collector(protocol string, modules *schemas.Directory) (ingest.Collector, ingest.Target, error) {
	switch protocol {
	case "NETCONF":
		c, err := netconf.New(netconf.Options{Schemas: schemas.NewMemoryCache(0), Credentials: func(ingest.Target) (netconf.Credential, error) {
			return netconf.Credential{User: s.User, Password: s.Password, HostKeys: []string{s.HostKey}}, nil
		}})
		return c, ingest.Target{Name: "sw-1", Address: s.NETCONF}, err
	case "gNMI":
		c, err := gnmi.New(gnmi.Options{Schemas: schemas.NewMemoryCache(0), Directory: modules, Credentials: func(ingest.Target) (gnmi.Credential, error) {
			return gnmi.Credential{User: s.User, Password: s.Password, TLS: tlspeer.Config{Pins: []string{s.Certificate}}}, nil
		}})
		return c, ingest.Target{Name: "sw-1", Address: s.GNMI}, err
	}
	return nil, ingest.Target{}, fmt.Errorf("no protocol is called %q", protocol)
}

// moduleFolder writes the modules that a device does not hand out by gNMI.
func moduleFolder(dir string) (*schemas.Directory, error) {
	dir = filepath.Join(dir, "modules")
	modules, err := fixtures.Modules()
	if err := errors.Join(err, os.MkdirAll(dir, 0o755)); err != nil {
		return nil, err
	}
	for _, m := range modules {
		text, err := m.Text()
		if err := errors.Join(err, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s@%s.yang", m.Name, m.Revision)), text, 0o644)); err != nil {
			return nil, err
		}
	}
	return schemas.OpenDirectory(os.DirFS(dir))
}

// yangFloor is what a core has to map, leafs a second.
const yangFloor = 190_000

// benchYANG runs the row.
func benchYANG(ctx context.Context, o options, p *printer) error {
	for _, format := range []string{"xml", "json"} {
		figure, err := o.goBench(ctx, "./ontology/yang", "BenchmarkDecode/format="+format, "leafs/cpu-s")
		if err != nil {
			return err
		}
		p.row("yang", "decode "+format+" to facts", fmt.Sprintf("%.0f leafs/CPU-s", figure), ">= 190000", figure >= yangFloor, "")
	}
	server, err := o.start(ctx, "yang-device")
	if err != nil {
		return err
	}
	defer server.end()
	line, err := server.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("simulated device: %w", err)
	}
	o.targets = filepath.Join(o.dir, "served")
	if err := os.WriteFile(o.targets, line, 0o600); err != nil {
		return err
	}
	reader, err := o.start(ctx, "yang")
	if err != nil {
		return err
	}
	defer reader.end()
	for _, protocol := range []string{"NETCONF", "gNMI"} {
		fmt.Fprintln(reader.in, protocol)
		var rest reading
		for round := range yangRounds {
			var r reading
			line, err := reader.out.ReadBytes('\n')
			if err != nil {
				return fmt.Errorf("twin: %w", err)
			}
			if err := json.Unmarshal(line, &r); err != nil {
				return err
			}
			if round == 0 {
				p.row("yang", protocol+", session to commit, all new", rate(yangInterfaces*yangLeafs, r.CPU, "leafs"), "", false,
					fmt.Sprintf("%.1f s of CPU, %d facts, %d quads added, with its schema read and compiled", r.CPU.Seconds(), r.Facts, r.Adds))
				continue
			}
			rest.CPU += r.CPU
			rest.Resident = r.Resident
		}
		p.row("yang", protocol+", session to commit, unchanged", rate(yangInterfaces*yangLeafs*(yangRounds-1), rest.CPU, "leafs"), "", false,
			fmt.Sprintf("%.1f s of CPU a reading, %d MiB resident", rest.CPU.Seconds()/(yangRounds-1), rest.Resident>>20))
	}
	return nil
}

func rate(n int, cpu time.Duration, what string) string {
	return fmt.Sprintf("%.0f %s/CPU-s", float64(n)/cpu.Seconds(), what)
}
