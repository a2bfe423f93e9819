package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/flow"
	"nettwin/ontology"
	"nettwin/ontology/ipfix"
)

// A template and a message of 24 records of 17 fields, as a router's:
// addresses, ports, interfaces, counters, times, AS numbers.
var (
	//go:embed flow.template.ipfix
	flowTemplate []byte
	//go:embed flow.data.ipfix
	flowData []byte
)

// Where the message has what differs between messages: its sequence number,
// and in each record the address that the conversation begins at.
const (
	flowSequenceAt  = 8
	flowRecordsAt   = 20
	flowRecordBytes = 60
	flowRecords     = 24
)

// flowFrom is when the messages were sent.
var flowFrom = time.Unix(1767225600, 0)

// flowMessage is the nth message; its records belong to so many conversations.
func flowMessage(n, conversations int) []byte {
	m := slices.Clone(flowData)
	binary.BigEndian.PutUint32(m[flowSequenceAt:], uint32(n*flowRecords))
	for i := range flowRecords {
		binary.BigEndian.PutUint32(m[flowRecordsAt+i*flowRecordBytes:], 10<<24|uint32((n*flowRecords+i)%conversations))
	}
	return m
}

// The amounts of row flow: windows of ten seconds at 100,000 records a second
// are a large router's.
const (
	flowWindows       = 10
	flowPerWindow     = 1_000_000 / flowRecords
	flowConversations = 10_000
)

// nothing is a sink that keeps nothing.
type nothing struct{}

func (nothing) Apply(_ context.Context, s *ingest.Sample) (ingest.Report, error) {
	return ingest.Report{Device: s.Device}, nil
}

// flowReading is what a run of records took.
type flowReading struct {
	CPU     time.Duration
	Records int
	Commits uint64
}

// runFlow is the process of a run, which each line of its input names: "sampled"
// makes samples of the windows, "committed" takes them into a store.
func runFlow(ctx context.Context, o options, in io.Reader, out io.Writer) error {
	tables, err := ipfix.Load(ontology.Knowledge(), "map")
	if err != nil {
		return err
	}
	messages := make([][]byte, flowPerWindow)
	for i := range messages {
		messages[i] = flowMessage(i, flowConversations)
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		dir, err := os.MkdirTemp(o.dir, "flow")
		if err != nil {
			return err
		}
		t, err := openTwin(dir)
		if err != nil {
			return err
		}
		stop, err := o.profiled("flow-" + lines.Text())
		if err != nil {
			return err
		}
		var r flowReading
		if lines.Text() == "committed" {
			r, err = feed(ctx, tables, t.pipeline, messages)
			r.Commits = uint64(t.store.Info().Head)
		} else {
			r, err = feed(ctx, tables, nothing{}, messages)
		}
		stop()
		t.close()
		if err != nil {
			return err
		}
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// feed gives windows of messages to a collector.
func feed(ctx context.Context, tables *ipfix.Tables, sink flow.Sink, messages [][]byte) (r flowReading, err error) {
	c, err := flow.Offline(flow.Options{Tables: tables, Sink: sink})
	if err != nil {
		return r, err
	}
	watch, err := startWatch()
	if err != nil {
		return r, err
	}
	from, at := netip.MustParseAddrPort("192.0.2.1:4739"), flowFrom
	if err := c.Feed("r1", from, at, flowTemplate); err != nil {
		return r, err
	}
	for range flowWindows {
		at = at.Add(flow.DefaultWindow)
		for _, m := range messages {
			if err := c.Feed("r1", from, at, m); err != nil {
				return r, err
			}
		}
		if err := c.Settle(ctx); err != nil {
			return r, err
		}
	}
	r.Records = flowWindows * len(messages) * flowRecords
	if got := c.Stats().Records; got != uint64(r.Records) {
		return r, fmt.Errorf("%d of %d records were decoded", got, r.Records)
	}
	r.CPU, _, err = watch.stop()
	return r, err
}

// flowFloor is what a core has to take, records a second, to samples.
const flowFloor = 200_000

// benchFlow runs the row.
func benchFlow(ctx context.Context, o options, p *printer) error {
	figure, err := o.goBench(ctx, "./ingest/flow", "BenchmarkDecode/op=decode/conversations=10000", "records/cpu-s")
	if err != nil {
		return err
	}
	p.row("flow", "decode alone", fmt.Sprintf("%.0f records/CPU-s", figure), "", false, "")
	worker, err := o.start(ctx, "flow")
	if err != nil {
		return err
	}
	defer worker.end()
	for _, run := range []struct{ name, what, floor string }{
		{"sampled", "decode and aggregate to samples", ">= 200000"}, {"committed", "to committed items", ""}} {
		fmt.Fprintln(worker.in, run.name)
		line, err := worker.out.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("twin: %w", err)
		}
		var r flowReading
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		p.row("flow", run.what, rate(r.Records, r.CPU, "records"), run.floor, float64(r.Records)/r.CPU.Seconds() >= flowFloor,
			fmt.Sprintf("%d records of %d conversations in %d windows, %d commits", r.Records, flowConversations, flowWindows, r.Commits))
	}
	return nil
}
