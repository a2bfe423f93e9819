package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/flow"
	"nettwin/ingest/syslog"
	"nettwin/ontology"
	"nettwin/ontology/ipfix"
)

// The lengths of a flood.
const (
	floodTime    = 15 * time.Second
	floodSenders = 2
	floodSource  = 1000 // messages that a sender repeats
	settleTime   = 20 * time.Second
)

// tally is what became of the datagrams that were sent.
type tally struct {
	Received, Kernel uint64 // read, and dropped before
	Taken, Dropped   uint64 // of those read
	Items            uint64 // records or events that were taken into the store
	Commits          uint64
	CPU              time.Duration
}

// resolveAll takes whoever sends for one device.
func resolveAll(netip.AddrPort) (string, bool) { return "r1", true }

// listen is the process of the listeners: it prints their addresses, and for
// each line of its input, which names one, what came to that so far, with all
// that waited taken.
func listen(ctx context.Context, o options, in io.Reader, out io.Writer) error {
	t, err := openTwin(o.dir)
	if err != nil {
		return err
	}
	defer t.close()
	tables, err := ipfix.Load(ontology.Knowledge(), "map")
	if err != nil {
		return err
	}
	flows, err := flow.Listen(ctx, flow.Options{Address: "127.0.0.1:0", Tables: tables, Sink: t.pipeline, Resolve: resolveAll, Window: time.Second})
	if err != nil {
		return err
	}
	defer flows.Close()
	failed := make(chan error, 1)
	go func() { failed <- flows.Run(ctx) }()
	messages, err := syslog.Listen(ctx, syslog.Options{UDP: "127.0.0.1:0", Knowledge: ontology.Knowledge(),
		Events: ingest.EventLogOptions{Pipeline: t.pipeline, Hold: time.Nanosecond}, Senders: ingest.SenderOptions{Resolve: resolveAll}})
	if err != nil {
		return err
	}
	defer messages.Close()
	fmt.Fprintln(out, "flow", flows.Address())
	fmt.Fprintln(out, "syslog", messages.Address())
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var now tally
		if lines.Text() == "flow" {
			if err := flows.Flush(ctx); err != nil {
				return err
			}
			s := flows.Stats()
			now = tally{Received: s.Datagrams, Kernel: s.Kernel, Taken: s.IPFIX, Dropped: s.Dropped, Items: s.Records}
		} else {
			s := messages.Stats()
			for until := time.Now().Add(settleTime); s.Events.Waiting > 0 && time.Now().Before(until); s = messages.Stats() {
				time.Sleep(50 * time.Millisecond)
			}
			now = tally{Received: s.Received, Kernel: s.Kernel, Taken: s.Messages, Dropped: s.QueueFull + s.Senders.Limited, Items: s.Events.Stored}
		}
		now.Commits = uint64(t.store.Info().Head)
		watch, err := startWatch()
		if err != nil {
			return err
		}
		now.CPU = watch.cpu
		if err := json.NewEncoder(out).Encode(now); err != nil {
			return err
		}
	}
	return nil
}

// send is a process that sends: its input is what and where to, and then a line
// that ends it, whereupon it prints how many datagrams it sent.
func send(ctx context.Context, o options, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	if !lines.Scan() {
		return lines.Err()
	}
	kind, address, _ := strings.Cut(lines.Text(), " ")
	conn, err := net.Dial("udp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	messages := make([][]byte, floodSource)
	for i := range messages {
		if messages[i] = flowMessage(i, floodSource*flowRecords); kind == "syslog" {
			messages[i] = fmt.Appendf(nil, "<187>1 2026-01-01T00:00:00Z r1 link 1 - - port %d of %d lost its peer", i, o.seed)
		}
	}
	done := make(chan struct{})
	go func() { lines.Scan(); close(done) }()
	sent := uint64(0)
	if kind == "flow" {
		if _, err := conn.Write(flowTemplate); err != nil {
			return err
		}
		sent++
	}
	for ; ctx.Err() == nil; sent++ {
		select {
		case <-done:
			_, err := fmt.Fprintln(out, sent)
			return err
		default:
		}
		if _, err := conn.Write(messages[sent%floodSource]); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// benchFlood runs the row.
func benchFlood(ctx context.Context, o options, p *printer) error {
	listener, err := o.start(ctx, "listener")
	if err != nil {
		return err
	}
	defer listener.end()
	addresses := map[string]string{}
	for range 2 {
		line, err := listener.out.ReadString('\n')
		if err != nil {
			return fmt.Errorf("twin: %w", err)
		}
		kind, address, _ := strings.Cut(strings.TrimSpace(line), " ")
		addresses[kind] = address
	}
	for _, kind := range []string{"flow", "syslog"} {
		if err := flood(ctx, o, p, listener, kind, addresses[kind]); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// count asks a listener.
func (c *child) count(kind string) (t tally, err error) {
	fmt.Fprintln(c.in, kind)
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return t, fmt.Errorf("twin: %w", err)
	}
	return t, json.Unmarshal(line, &t)
}

func flood(ctx context.Context, o options, p *printer, listener *child, kind, address string) error {
	before, err := listener.count(kind)
	if err != nil {
		return err
	}
	var senders []*child
	for range floodSenders {
		s, err := o.start(ctx, "sender")
		if err != nil {
			return err
		}
		defer s.end()
		fmt.Fprintln(s.in, kind, address)
		senders = append(senders, s)
	}
	var early int64
	for part := range 3 {
		select {
		case <-time.After(floodTime / 3):
		case <-ctx.Done():
			return ctx.Err()
		}
		if part == 0 {
			if early, err = residentOf(listener.pid); err != nil {
				return err
			}
		}
	}
	late, err := residentOf(listener.pid)
	if err != nil {
		return err
	}
	var sent uint64
	for _, s := range senders {
		var n uint64
		fmt.Fprintln(s.in, "stop")
		if _, err := fmt.Fscanln(s.out, &n); err != nil {
			return fmt.Errorf("sender: %w", err)
		}
		sent += n
	}
	after, err := listener.settled(kind, before, sent)
	if err != nil {
		return err
	}
	taken, lost := after.Taken-before.Taken, after.Dropped-before.Dropped+after.Kernel-before.Kernel
	cpu := (after.CPU - before.CPU).Seconds()
	p.row("flood", kind+": counted of what was sent", fmt.Sprintf("%d of %d", taken+lost, sent), "= all", taken+lost == sent,
		fmt.Sprintf("%d taken, %d dropped, of these %d by the kernel: %.1f times what was taken", taken, lost, after.Kernel-before.Kernel, float64(sent)/float64(max(taken, 1))))
	p.row("flood", kind+": into the store", fmt.Sprintf("%.0f a second", float64(after.Items-before.Items)/floodTime.Seconds()), "", false,
		fmt.Sprintf("%.0f datagrams/CPU-s looked at, %d commits, %.1f s of CPU", float64(after.Received-before.Received)/cpu, after.Commits-before.Commits, cpu))
	p.row("flood", kind+": memory", fmt.Sprintf("%d to %d MiB", early>>20, late>>20), "+32 MiB", late < early+32<<20, "resident after a third and at the end")
	return nil
}

// settled waits until a listener has looked at all that was sent.
func (c *child) settled(kind string, before tally, sent uint64) (tally, error) {
	for until := time.Now().Add(settleTime); ; time.Sleep(100 * time.Millisecond) {
		now, err := c.count(kind)
		seen := now.Received - before.Received + now.Kernel - before.Kernel
		if err != nil || seen >= sent && now.Taken+now.Dropped == now.Received || time.Now().After(until) {
			return now, err
		}
	}
}
