package flow

import (
	"encoding/binary"
	"time"
)

// Versions of messages, in their first two octets.
const (
	netflow9 = 9
	ipfix    = 10
)

// Lengths of headers, in octets.
const (
	netflow9Header = 20
	ipfixHeader    = 16
	setHeader      = 4
)

// A Stamper rewrites the packets of one exporter. It is for one goroutine.
type Stamper struct {
	templates map[uint16]template // by number
	sequences uint32              // how far sequence numbers go in a round
}

// A timeField is a field of a record that holds a time.
type timeField struct {
	offset int
	kind   timeKind
}

type timeKind uint8

const (
	uptimeMillis timeKind = iota // flowStartSysUpTime, flowEndSysUpTime: 4 octets
	initMillis                   // systemInitTimeMilliseconds: 8 octets
)

// Elements that hold such times (IANA IPFIX registry; RFC 3954 §8 has the first
// two with the same numbers).
const (
	flowEndSysUpTime   = 21
	flowStartSysUpTime = 22
	systemInitTime     = 160
)

// NewStamper reads the packets of one exporter, in order.
func NewStamper(packets [][]byte) *Stamper {
	s := &Stamper{templates: map[uint16]template{}}
	for _, p := range packets {
		eachSet(p, func(id uint16, body []byte) { s.learn(version(p), id, body) })
		if at := sequenceAt(p); at > 0 {
			s.sequences = max(s.sequences, binary.BigEndian.Uint32(p[at:]))
		}
	}
	return s
}

// Stamp returns a copy of a packet for a round: the exporter booted `boot`
// later than in the recording, and has been up for `round` rounds of length
// `every` more.
func (s *Stamper) Stamp(packet []byte, boot time.Duration, round int, every time.Duration) []byte {
	p := append([]byte(nil), packet...)
	up := uint32(time.Duration(round) * every / time.Millisecond)
	add32 := func(at int, n uint32) {
		binary.BigEndian.PutUint32(p[at:], binary.BigEndian.Uint32(p[at:])+n)
	}
	at := sequenceAt(p)
	if at == 0 {
		return p
	}
	add32(at, uint32(round)*s.sequences)
	seconds := uint32((boot + time.Duration(round)*every).Round(time.Second) / time.Second)
	if version(p) == netflow9 {
		add32(4, up) // sysUptime
		add32(8, seconds)
	} else {
		add32(4, seconds) // export time
	}
	eachSet(p, func(id uint16, body []byte) {
		s.eachTime(id, body, func(value []byte, kind timeKind) {
			switch kind {
			case uptimeMillis:
				binary.BigEndian.PutUint32(value, binary.BigEndian.Uint32(value)+up)
			case initMillis:
				binary.BigEndian.PutUint64(value, binary.BigEndian.Uint64(value)+uint64(boot/time.Millisecond))
			}
		})
	})
	return p
}

func version(p []byte) uint16 {
	if len(p) < 2 {
		return 0
	}
	return binary.BigEndian.Uint16(p)
}

// sequenceAt is where the sequence number stands; 0 for what is no message.
func sequenceAt(p []byte) int {
	switch v := version(p); {
	case v == netflow9 && len(p) >= netflow9Header:
		return 12
	case v == ipfix && len(p) >= ipfixHeader:
		return 8
	}
	return 0
}

// eachSet calls f for the sets (flowsets) of a message.
func eachSet(p []byte, f func(id uint16, body []byte)) {
	at := map[uint16]int{netflow9: netflow9Header, ipfix: ipfixHeader}[version(p)]
	if at == 0 {
		return
	}
	for at+setHeader <= len(p) {
		id, length := binary.BigEndian.Uint16(p[at:]), int(binary.BigEndian.Uint16(p[at+2:]))
		if length < setHeader || at+length > len(p) {
			return
		}
		f(id, p[at+setHeader:at+length])
		at += length
	}
}

// Exported is when a packet was exported, in whole seconds; the zero time for
// what is no message.
func Exported(packet []byte) time.Time {
	switch {
	case sequenceAt(packet) == 0:
		return time.Time{}
	case version(packet) == netflow9:
		return time.Unix(int64(binary.BigEndian.Uint32(packet[8:])), 0)
	}
	return time.Unix(int64(binary.BigEndian.Uint32(packet[4:])), 0)
}
