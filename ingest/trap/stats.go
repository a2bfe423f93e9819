package trap

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"nettwin/ingest"
)

// The reasons of refusals.
const (
	reasonMalformed = "malformed"    // RFC 3412: snmpInASNParseErrs
	reasonCommunity = "community"    // RFC 3418: snmpInBadCommunityNames
	reasonUser      = "unknown user" // RFC 3414 §3.2: usmStatsUnknownUserNames
	reasonLevel     = "security level"
	reasonDigest    = "wrong digest"
	reasonDecrypt   = "decryption"
	reasonWindow    = "time window"
	reasonPDU       = "no notification"
	reasonUnknown   = "unknown device"
	reasonTooMany   = "too many variables"
)

// refusal is a datagram that is not taken.
type refusal struct{ reason, detail string }

func (r *refusal) Error() string { return r.reason + ": " + r.detail }

// maxRefusals bounds the newest refusals that Stats shows.
const maxRefusals = 50

// Refusal is a datagram that was not taken, as Stats shows it.
type Refusal struct {
	Sender string    `json:"sender"` // device, or the address
	Reason string    `json:"reason"`
	Detail string    `json:"detail"`
	Count  uint64    `json:"count"`
	Last   time.Time `json:"last"`
}

// Stats counts what became of datagrams.
type Stats struct {
	Received   uint64             `json:"received"`
	Traps      uint64             `json:"traps"`
	Informs    uint64             `json:"informs"`
	Answered   uint64             `json:"answered"`   // informs
	Unanswered uint64             `json:"unanswered"` // whose answer could not be sent
	Reports    uint64             `json:"reports"`    // SNMPv3 discovery and time
	QueueFull  uint64             `json:"queueFull"`
	Socket     uint64             `json:"socketErrors"`
	Unmapped   uint64             `json:"unmapped"` // notifications and variables that no table knows
	Refused    map[string]uint64  `json:"refused,omitempty"`
	Refusals   []Refusal          `json:"refusals,omitempty"` // the newest
	Senders    ingest.SenderStats `json:"senders"`
	Events     ingest.EventStats  `json:"events"`
}

type counters struct {
	received, traps, informs, answered, unanswered, reports, queueFull, socket, unmapped atomic.Uint64

	mu     sync.Mutex // guards what follows
	byWhy  map[string]uint64
	newest []Refusal
}

func (c *counters) note(n *atomic.Uint64) { n.Add(1) }

func (c *counters) took(m *message) {
	if m.inform {
		c.informs.Add(1)
	} else {
		c.traps.Add(1)
	}
	c.unmapped.Add(uint64(m.unmapped))
}

func (c *counters) refused(r *refusal, sender string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byWhy == nil {
		c.byWhy = map[string]uint64{}
	}
	c.byWhy[r.reason]++
	i := slices.IndexFunc(c.newest, func(o Refusal) bool { return o.Sender == sender && o.Reason == r.reason })
	entry := Refusal{Sender: sender, Reason: r.reason, Detail: r.detail, Count: 1, Last: at}
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
	s := Stats{Received: c.received.Load(), Traps: c.traps.Load(), Informs: c.informs.Load(), Answered: c.answered.Load(),
		Unanswered: c.unanswered.Load(), Reports: c.reports.Load(), QueueFull: c.queueFull.Load(), Socket: c.socket.Load(),
		Unmapped: c.unmapped.Load(), Refused: map[string]uint64{}, Senders: l.from.Stats(), Events: l.log.Stats()}
	c.mu.Lock()
	defer c.mu.Unlock()
	for reason, n := range c.byWhy {
		s.Refused[reason] = n
	}
	s.Refusals = slices.Clone(c.newest)
	return s
}
