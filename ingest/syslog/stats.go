package syslog

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"nettwin/ingest"
)

// maxRefusals bounds the newest refusals that Stats shows.
const maxRefusals = 50

// Refusal is a message, or a stream, that was not taken.
type Refusal struct {
	Sender string    `json:"sender"` // device, or the address
	Reason string    `json:"reason"`
	Detail string    `json:"detail"`
	Count  uint64    `json:"count"`
	Last   time.Time `json:"last"`
}

// Stats counts what became of messages.
type Stats struct {
	Received           uint64             `json:"received"`
	Messages           uint64             `json:"messages"` // that were read
	QueueFull          uint64             `json:"queueFull"`
	Socket             uint64             `json:"socketErrors"`
	Connections        uint64             `json:"connections"`
	ConnectionsRefused uint64             `json:"connectionsRefused"` // because there were too many
	Refused            map[string]uint64  `json:"refused,omitempty"`
	Refusals           []Refusal          `json:"refusals,omitempty"` // the newest
	Senders            ingest.SenderStats `json:"senders"`
	Events             ingest.EventStats  `json:"events"`
}

type counters struct {
	received, messages, queueFull, socket, connections, connectionsRefused atomic.Uint64

	mu     sync.Mutex // guards what follows
	byWhy  map[string]uint64
	newest []Refusal
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
	c, sender := &l.counts, cmp.Or(d.device, d.from.Addr().String())
	l.opts.Log.Warn("syslog message refused", "device", d.device, "from", d.from, "error", err)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byWhy == nil {
		c.byWhy = map[string]uint64{}
	}
	c.byWhy[reason]++
	entry := Refusal{Sender: sender, Reason: reason, Detail: err.Error(), Count: 1, Last: d.at}
	i := slices.IndexFunc(c.newest, func(o Refusal) bool { return o.Sender == sender && o.Reason == reason })
	switch {
	case i >= 0:
		entry.Count += c.newest[i].Count
		c.newest = slices.Delete(c.newest, i, i+1)
	case len(c.newest) >= maxRefusals:
		c.newest = slices.Delete(c.newest, 0, 1)
	}
	c.newest = append(c.newest, entry)
}

// Stats returns the counts so far.
func (l *Listener) Stats() Stats {
	c := &l.counts
	s := Stats{Received: c.received.Load(), Messages: c.messages.Load(), QueueFull: c.queueFull.Load(), Socket: c.socket.Load(),
		Connections: c.connections.Load(), ConnectionsRefused: c.connectionsRefused.Load(), Refused: map[string]uint64{},
		Senders: l.from.Stats(), Events: l.log.Stats()}
	c.mu.Lock()
	defer c.mu.Unlock()
	for reason, n := range c.byWhy {
		s.Refused[reason] = n
	}
	s.Refusals = slices.Clone(c.newest)
	return s
}
