package trap

import (
	"sync/atomic"

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

// Stats counts what became of datagrams.
type Stats struct {
	Received   uint64             `json:"received"`
	Traps      uint64             `json:"traps"`
	Informs    uint64             `json:"informs"`
	Answered   uint64             `json:"answered"`   // informs
	Unanswered uint64             `json:"unanswered"` // whose answer could not be sent
	Reports    uint64             `json:"reports"`    // SNMPv3 discovery and time
	QueueFull  uint64             `json:"queueFull"`
	Kernel     uint64             `json:"kernelDropped"` // before they were received, because the socket's buffer was full
	Socket     uint64             `json:"socketErrors"`
	Unmapped   uint64             `json:"unmapped"` // notifications and variables that no table knows
	Refused    map[string]uint64  `json:"refused,omitempty"`
	Refusals   []ingest.Refusal   `json:"refusals,omitempty"` // the newest
	Senders    ingest.SenderStats `json:"senders"`
	Events     ingest.EventStats  `json:"events"`
}

type counters struct {
	received, traps, informs, answered, unanswered, reports, queueFull, socket, unmapped atomic.Uint64
	refusals                                                                             ingest.Refusals
}

func (c *counters) took(m *message) {
	if m.inform {
		c.informs.Add(1)
	} else {
		c.traps.Add(1)
	}
	c.unmapped.Add(uint64(m.unmapped))
}

// Stats returns the counts so far.
func (l *Listener) Stats() Stats {
	c := &l.counts
	s := Stats{Received: c.received.Load(), Traps: c.traps.Load(), Informs: c.informs.Load(), Answered: c.answered.Load(),
		Unanswered: c.unanswered.Load(), Reports: c.reports.Load(), QueueFull: c.queueFull.Load(), Socket: c.socket.Load(),
		Unmapped: c.unmapped.Load(), Senders: l.from.Stats(), Events: l.log.Stats()}
	s.Kernel = l.lost.Count()
	s.Refused, s.Refusals = c.refusals.Counts()
	return s
}
