package syslog

import (
	"cmp"
	"errors"
	"io"
	"sync/atomic"

	"nettwin/ingest"
)

// Stats counts what became of messages.
type Stats struct {
	Received           uint64             `json:"received"`
	Messages           uint64             `json:"messages"` // that were read
	QueueFull          uint64             `json:"queueFull"`
	Kernel             uint64             `json:"kernelDropped"` // datagrams before they were received, because the socket's buffer was full
	Socket             uint64             `json:"socketErrors"`
	Connections        uint64             `json:"connections"`
	ConnectionsRefused uint64             `json:"connectionsRefused"` // because there were too many
	Refused            map[string]uint64  `json:"refused,omitempty"`
	Refusals           []ingest.Refusal   `json:"refusals,omitempty"` // the newest
	Senders            ingest.SenderStats `json:"senders"`
	Events             ingest.EventStats  `json:"events"`
}

type counters struct {
	received, messages, queueFull, socket, connections, connectionsRefused atomic.Uint64
	refusals                                                               ingest.Refusals
}

// reasons of refusals, by their errors.
var reasons = []struct {
	err  error
	name string
}{
	{ErrNoPriority, "priority"}, {ErrEmpty, "empty"}, {ErrHeader, "header"}, {ErrTooLong, "too long"}, {ErrFraming, "framing"},
	{io.ErrUnexpectedEOF, "stream ended"},
}

func (l *Listener) refuse(d datagram, err error) {
	reason := "stream"
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			reason = r.name
			break
		}
	}
	if l.counts.refusals.Add(cmp.Or(d.device, d.from.Addr().String()), reason, err.Error(), d.at) {
		l.opts.Log.Warn("syslog message refused", "device", d.device, "from", d.from, "error", err)
	}
}

// Stats returns the counts so far.
func (l *Listener) Stats() Stats {
	c := &l.counts
	s := Stats{Received: c.received.Load(), Messages: c.messages.Load(), QueueFull: c.queueFull.Load(), Socket: c.socket.Load(),
		Connections: c.connections.Load(), ConnectionsRefused: c.connectionsRefused.Load(),
		Senders: l.from.Stats(), Events: l.log.Stats()}
	s.Kernel = l.lost.Count()
	s.Refused, s.Refusals = c.refusals.Counts()
	return s
}
