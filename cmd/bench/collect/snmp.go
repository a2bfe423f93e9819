package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/snmp"
	"nettwin/ontology"
	"nettwin/ontology/mib"
)

// The phases of row snmp, in their order.
const (
	phaseFirst    = "first"
	phaseSame     = "same"
	phaseSome     = "some"
	phaseCounters = "counters"
)

// workers read at the same time, as many as the scheduler lets by default.
const workers = ingest.DefaultWorkers

// reading is what one reading of all devices took.
type reading struct {
	CPU, Wall time.Duration
	Facts     int
	Adds      uint64
	Resident  int64
	Failures  int
	Error     string // the first
}

// collectSNMP is the process of the twin: for each line of its input, a
// phase's name, it reads all devices and prints a reading.
func collectSNMP(ctx context.Context, o options, in io.Reader, out io.Writer) error {
	text, err := os.ReadFile(o.targets)
	if err != nil {
		return err
	}
	addresses := strings.Fields(string(text))
	t, err := openTwin(o.dir)
	if err != nil {
		return err
	}
	defer t.close()
	tables, err := mib.Load(ontology.Knowledge(), "map")
	if err != nil {
		return err
	}
	c, err := snmp.New(snmp.Options{Tables: tables, Timeout: time.Minute,
		Credentials: func(ingest.Target) (snmp.Credential, error) { return snmp.Credential{Community: community}, nil }})
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		stop, err := o.profiled(lines.Text())
		if err != nil {
			return err
		}
		r, err := readAll(ctx, c, t, addresses)
		stop()
		if err != nil {
			return err
		}
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// readAll reads every device once.
func readAll(ctx context.Context, c *snmp.Collector, t *twin, addresses []string) (r reading, err error) {
	watch, err := startWatch()
	if err != nil {
		return r, err
	}
	var mu sync.Mutex // guards r
	var running sync.WaitGroup
	next := make(chan int)
	for range workers {
		running.Go(func() {
			for i := range next {
				sample, err := c.Collect(ctx, ingest.Target{Name: fmt.Sprintf("sw-%05d", i), Address: addresses[i], Meter: ingest.NewMeter(nil)})
				var report ingest.Report
				if err == nil {
					report, err = t.pipeline.Apply(ctx, sample)
				}
				mu.Lock()
				if err != nil {
					if r.Failures++; r.Failures == 1 {
						r.Error = err.Error()
					}
				} else {
					r.Facts += len(sample.Facts)
					r.Adds += report.Adds
				}
				mu.Unlock()
			}
		})
	}
	for i := range addresses {
		next <- i
	}
	close(next)
	running.Wait()
	if r.CPU, r.Wall, err = watch.stop(); err != nil {
		return r, err
	}
	r.Resident, err = residentOf(os.Getpid())
	return r, err
}

// child is a process of this program.
type child struct {
	pid int
	in  io.WriteCloser
	out *bufio.Reader
	end func() error
}

// benchSNMP runs the row.
func benchSNMP(ctx context.Context, o options, p *printer) error {
	devices, err := o.start(ctx, "devices")
	if err != nil {
		return err
	}
	defer devices.end()
	var list strings.Builder
	for {
		line, err := devices.out.ReadString('\n')
		if err != nil {
			return fmt.Errorf("simulated devices: %w", err)
		}
		if line == "\n" {
			break
		}
		list.WriteString(line)
	}
	file, err := os.CreateTemp(o.dir, "targets")
	if err != nil {
		return err
	}
	_, err = file.WriteString(list.String())
	if err := file.Close(); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	o.targets = file.Name()
	reader, err := o.start(ctx, "snmp")
	if err != nil {
		return err
	}
	defer reader.end()
	for _, phase := range []string{phaseFirst, phaseSame, phaseSame, phaseSome, phaseCounters} {
		fmt.Fprintln(devices.in, phase)
		changed, err := devices.out.ReadString('\n')
		if err != nil {
			return fmt.Errorf("simulated devices: %w", err)
		}
		fmt.Fprintln(reader.in, phase)
		var r reading
		line, err := reader.out.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("twin: %w", err)
		}
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		if r.Failures > 0 {
			return fmt.Errorf("%d of %d devices were not read: %s", r.Failures, o.devices, r.Error)
		}
		p.row("snmp", phaseText(phase, strings.TrimSpace(changed)), fmt.Sprintf("%.3f of a core", r.CPU.Seconds()/60), "< 0.25",
			r.CPU.Seconds()/60 < 0.25*float64(o.devices)/1000,
			fmt.Sprintf("%.1f s of CPU in %.1f s, %d facts, %d quads added, %d MiB resident", r.CPU.Seconds(), r.Wall.Seconds(), r.Facts, r.Adds, r.Resident>>20))
	}
	return nil
}

func phaseText(phase, changed string) string {
	switch phase {
	case phaseFirst:
		return "first reading, all new"
	case phaseSame:
		return "nothing changed"
	case phaseSome:
		return changed + " values of each changed"
	}
	return "all " + changed + " counters of each changed"
}
