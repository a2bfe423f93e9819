package ingest

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"

	"nettwin/internal/clock"
)

// Defaults and limits of Senders.
const (
	// DefaultRate and DefaultBurst are the datagrams of one device that are
	// looked at: in a second on average, and at once.
	DefaultRate  = 200
	DefaultBurst = 1000
	// MaxUnknownSenders bounds the list of senders that are no device; the one
	// that has been silent for longest makes room.
	MaxUnknownSenders = 100
)

// SenderOptions make Senders. Resolve is required.
type SenderOptions struct {
	// Resolve returns the name of the device that sends from an address, as
	// the configuration calls it.
	Resolve func(netip.AddrPort) (device string, ok bool)
	Rate    float64 // datagrams a second of one device
	Burst   int
	Clock   clock.Clock
}

// UnknownSender is somebody who sends and is no device.
type UnknownSender struct {
	Address string    `json:"address"`
	Count   uint64    `json:"count"`
	Last    time.Time `json:"last"`
	Reason  string    `json:"reason,omitempty"`
}

// Senders tells who sends what comes without being asked for, and how much of
// it is taken. It is safe for concurrent use.
type Senders struct {
	opts SenderOptions

	mu      sync.Mutex // guards what follows
	buckets map[string]*bucket
	unknown map[netip.Addr]*UnknownSender
	strange uint64 // datagrams of unknown senders
	limited map[string]uint64
}

type bucket struct {
	tokens float64
	at     time.Time
}

// NewSenders returns a guard.
func NewSenders(opts SenderOptions) *Senders {
	opts.Rate = cmp.Or(opts.Rate, DefaultRate)
	opts.Burst = cmp.Or(opts.Burst, DefaultBurst)
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	return &Senders{opts: opts, buckets: map[string]*bucket{}, unknown: map[netip.Addr]*UnknownSender{}, limited: map[string]uint64{}}
}

// Device finds the device of an address; who is none is counted.
func (s *Senders) Device(from netip.AddrPort) (string, bool) {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	if device, ok := s.opts.Resolve(from); ok {
		return device, true
	}
	s.Unknown(from.Addr(), "")
	return "", false
}

// Find is Device without counting.
func (s *Senders) Find(from netip.AddrPort) (string, bool) {
	return s.opts.Resolve(netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
}

// Unknown counts a datagram of somebody who is no device.
func (s *Senders) Unknown(from netip.Addr, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strange++
	u := s.unknown[from]
	if u == nil {
		if len(s.unknown) >= MaxUnknownSenders {
			s.forgetOne()
		}
		u = &UnknownSender{Address: from.String()}
		s.unknown[from] = u
	}
	u.Count++
	u.Last, u.Reason = s.opts.Clock.Now(), reason
}

func (s *Senders) forgetOne() {
	var oldest netip.Addr
	for a, u := range s.unknown {
		if !oldest.IsValid() || u.Last.Before(s.unknown[oldest].Last) {
			oldest = a
		}
	}
	delete(s.unknown, oldest)
}

// Admit tells whether one more datagram of a device (or of a proxy's address)
// is taken now; one that is not is counted.
func (s *Senders) Admit(device string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Clock.Now()
	b := s.buckets[device]
	if b == nil {
		b = &bucket{tokens: float64(s.opts.Burst), at: now}
		s.buckets[device] = b
	}
	past := max(now.Sub(b.at), 0) // a clock that was set back takes nothing away
	b.tokens = min(b.tokens+past.Seconds()*s.opts.Rate, float64(s.opts.Burst))
	b.at = now
	if b.tokens < 1 {
		s.limited[device]++
		return false
	}
	b.tokens--
	return true
}

// SenderStats counts what was not taken.
type SenderStats struct {
	Unknown        uint64            `json:"unknown"` // datagrams of senders that are no device
	UnknownSenders []UnknownSender   `json:"unknownSenders,omitempty"`
	Limited        uint64            `json:"limited"` // datagrams beyond a device's rate
	LimitedDevices map[string]uint64 `json:"limitedDevices,omitempty"`
}

// Stats returns the counts so far, unknown senders in the order of their
// addresses.
func (s *Senders) Stats() SenderStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := SenderStats{Unknown: s.strange}
	for _, u := range s.unknown {
		out.UnknownSenders = append(out.UnknownSenders, *u)
	}
	slices.SortFunc(out.UnknownSenders, func(a, b UnknownSender) int { return cmp.Compare(a.Address, b.Address) })
	for device, n := range s.limited {
		if out.LimitedDevices == nil {
			out.LimitedDevices = map[string]uint64{}
		}
		out.LimitedDevices[device] = n
		out.Limited += n
	}
	return out
}
