package replay

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"nettwin/internal/snmp"
)

// Kind is what a message is.
type Kind uint8

// The kinds.
const (
	Unknown  Kind = iota
	Walk          // values of an SNMP agent
	XML           // a reply or notification of NETCONF
	JSON          // data or a notification in JSON (RFC 7951)
	Syslog        // one log message
	Flow          // a datagram of NetFlow, IPFIX or sFlow
	UDPNotif      // a datagram of UDP-notif
	MDT           // a message of Cisco's telemetry
	GNMI          // a SubscribeResponse of gNMI, in the JSON of protocol buffers
	Output        // what a device answered to a command, as Options.Knows tells
	kinds
)

var kindNames = [kinds]string{"unknown", "snmp walk", "netconf", "json", "syslog", "flow", "udp-notif", "mdt", "gnmi", "output"}

// String returns the name.
func (k Kind) String() string { return kindNames[min(k, kinds-1)] }

// Message is one recorded message.
type Message struct {
	Kind     Kind
	Device   string
	From     netip.AddrPort // of captured datagrams; else zero
	At       time.Time      // when it was captured, else when the file was written
	Place    Place
	Bytes    []byte
	Varbinds []snmp.Varbind // of a walk
}

// Place says where a message stands.
type Place struct {
	File   string
	Line   int   // from 1; 0 where the file has no lines
	Offset int64 // in octets, where it has none
}

// String writes file:line or file+offset.
func (p Place) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s+%d", p.File, p.Offset)
}

// Player takes the messages of a kind.
type Player interface {
	// Play takes one message; an error costs this message.
	Play(ctx context.Context, m Message) error
	// Finish puts what was played into the graph.
	Finish(ctx context.Context) error
}

// Failure is something that could not be read.
type Failure struct {
	Place Place
	Err   error
}

// Error tells where and why.
func (f Failure) Error() string { return fmt.Sprintf("%s: %v", f.Place, f.Err) }

// Unwrap returns the cause.
func (f Failure) Unwrap() error { return f.Err }

// Report says what a reading brought.
type Report struct {
	Files    int
	Messages [kinds]int // by kind
	Failures []Failure
	More     int // failures beyond MaxFailures
}

// Played is how many messages were taken.
func (r *Report) Played() int {
	n := 0
	for _, m := range r.Messages {
		n += m
	}
	return n
}

func (r *Report) fail(at Place, err error) {
	if len(r.Failures) >= MaxFailures {
		r.More++
		return
	}
	r.Failures = append(r.Failures, Failure{at, err})
}
