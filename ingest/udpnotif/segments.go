package udpnotif

import (
	"fmt"
	"net/netip"
	"time"
)

// Limits of messages that come in segments.
const (
	// maxSegments bounds the segments of a message.
	maxSegments = 4096
	// maxWaiting bounds the bytes that wait for further segments.
	maxWaiting = 64 << 20
	// segmentLife is how long a message waits for its next segment.
	segmentLife = 10 * time.Second
)

// messageID tells messages apart.
type messageID struct {
	from      netip.Addr
	publisher uint32
	message   uint32
}

// partial is a message of which segments are missing.
type partial struct {
	segments map[uint16][]byte
	last     int // number of the last segment; -1: not known yet
	bytes    int
	heard    time.Time
}

// assembly puts segments together. It is used by one goroutine.
type assembly struct {
	waiting map[messageID]*partial
	bytes   int
	lost    uint64 // messages that were given up
}

// add takes a segment and returns the whole message when it was the one that
// was missing.
func (a *assembly) add(from netip.Addr, h header, payload []byte, now time.Time) ([]byte, error) {
	if a.waiting == nil {
		a.waiting = map[messageID]*partial{}
	}
	id := messageID{from, h.publisher, h.message}
	p := a.waiting[id]
	if p == nil {
		p = &partial{segments: map[uint16][]byte{}, last: -1}
		a.waiting[id] = p
	}
	if p.segments[h.segment] != nil {
		return nil, nil // a repetition
	}
	if len(p.segments) >= maxSegments {
		a.drop(id)
		return nil, fmt.Errorf("%w: a message of more than %d segments", ErrHeader, maxSegments)
	}
	p.segments[h.segment] = payload
	p.bytes += len(payload)
	a.bytes += len(payload)
	p.heard = now
	if h.last {
		p.last = int(h.segment)
	}
	if p.last >= 0 && len(p.segments) == p.last+1 {
		return a.whole(id, p)
	}
	for a.bytes > maxWaiting {
		a.drop(a.largest())
	}
	return nil, nil
}

// whole joins the segments of a message.
func (a *assembly) whole(id messageID, p *partial) ([]byte, error) {
	out := make([]byte, 0, p.bytes)
	for i := range p.last + 1 {
		part, ok := p.segments[uint16(i)]
		if !ok {
			a.drop(id)
			return nil, fmt.Errorf("%w: segments beyond the last one", ErrHeader)
		}
		out = append(out, part...)
	}
	delete(a.waiting, id)
	a.bytes -= p.bytes
	return out, nil
}

func (a *assembly) drop(id messageID) {
	a.bytes -= a.waiting[id].bytes
	delete(a.waiting, id)
	a.lost++
}

// largest finds a message of the sender that keeps most waiting.
func (a *assembly) largest() messageID {
	sum := map[netip.Addr]int{}
	for id, p := range a.waiting {
		sum[id.from] += p.bytes
	}
	var worst messageID
	found := false
	for id, p := range a.waiting {
		if !found || sum[id.from] > sum[worst.from] || sum[id.from] == sum[worst.from] && p.heard.Before(a.waiting[worst].heard) {
			worst, found = id, true
		}
	}
	return worst
}

// expire gives up what waited for too long.
func (a *assembly) expire(now time.Time) {
	for id, p := range a.waiting {
		if now.Sub(p.heard) > segmentLife {
			a.drop(id)
		}
	}
}
