package flow

import (
	"net/netip"
	"time"
)

// exporterID is who sends. The port is left out, because it changes when an
// exporter starts anew; devices behind one address are told apart by name.
type exporterID struct {
	Device  string
	Address netip.Addr
}

// domainID is an observation domain (RFC 7011 §3.1), a source ID (RFC 3954
// §5.1), or an engine of NetFlow v5.
type domainID struct {
	exporterID
	Version uint16
	Number  uint32
}

// domain is what is known of an observation domain.
type domain struct {
	domainID
	seen      time.Time
	templates map[uint16]*template
	pending   []pendingSet
	sequence  sequence

	boot       time.Time // when sysUpTime was zero, told by options data
	sampling   ratio     // of the whole domain; zero if not told
	samplers   map[uint64]ratio
	interfaces map[uint64]ratio
}

// pendingSet is a set that waits for its template.
type pendingSet struct {
	message  message
	template uint16
	data     []byte
}

// message is what the header of a message says, and what came before.
type message struct {
	domain   *domain
	export   time.Time
	uptime   uint32 // milliseconds; NetFlow only
	sampling ratio  // NetFlow v5 tells it in the header
	received time.Time
	datagram *datagram
}

// datagram is one UDP payload.
type datagram struct {
	from    netip.AddrPort
	at      time.Time
	device  string
	payload []byte
	kept    bool // among the raw items of the window
}

// uptimeTime turns milliseconds since boot into a time. The counter wraps
// after 49.7 days; the time is that nearest to the export. IPFIX tells boot in
// the record or in options data, NetFlow in the header.
func (m *message) uptimeTime(boot time.Time, ms uint32) (time.Time, bool) {
	if m.domain.Version != versionIPFIX {
		return m.export.Add(-time.Duration(int32(m.uptime-ms)) * time.Millisecond), true
	}
	if boot.IsZero() {
		boot = m.domain.boot
	}
	if boot.IsZero() {
		return time.Time{}, false
	}
	exportMS := uint32(m.export.Sub(boot).Milliseconds())
	return boot.Add(m.export.Sub(boot).Truncate(time.Millisecond) - time.Duration(int32(exportMS-ms))*time.Millisecond), true
}
