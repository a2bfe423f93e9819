package flow

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/netsampler/goflow2/v2/decoders/netflow"

	"nettwin/ontology/ipfix"
)

// The versions in the first two octets.
const (
	versionNetFlow5 = 5
	versionNetFlow9 = 9
	versionIPFIX    = 10
)

// Lengths of headers, and of a NetFlow v5 record.
const (
	netflow5Header = 24
	netflow9Header = 20
	ipfixHeader    = 16
	setHeader      = 4
	netflow5Record = 48
)

// decoder turns datagrams into records. It is used by one goroutine.
type decoder struct {
	tables   *ipfix.Tables
	netflow5 *template
	packets  *packetReader // nil without a table of sFlow
	scratch  []byte
	life     time.Duration // of an unused template
	stats    *Stats
	sink     func(m *message, r *record)
	meter    func(m *message, index uint32, values []meterValue) // may be nil
	problem  func(m *message, err *DecodeError)

	domains      map[domainID]*domain
	templates    int // of all domains
	pendingBytes int
	changed      bool // what the file of templates holds
	record       record
	domainName   domainID // of the message under way, for errors
}

func newDecoder(tables *ipfix.Tables, life time.Duration, stats *Stats) (*decoder, error) {
	d := &decoder{tables: tables, life: life, stats: stats, domains: map[domainID]*domain{}}
	fields := make([]netflow.Field, len(tables.NetFlow5()))
	for i, f := range tables.NetFlow5() {
		fields[i] = netflow.Field{Type: f.Element.Number, Length: uint16(f.Bytes),
			PenProvided: f.Element.Enterprise != 0, Pen: f.Element.Enterprise}
	}
	var err error
	if d.netflow5, err = compile(tables, versionNetFlow5, firstDataSet, fields, 0, false, time.Time{}); err != nil {
		return nil, fmt.Errorf("flow: record of NetFlow v5: %w", err)
	}
	if tables.SFlow() != nil {
		if d.packets, err = newPacketReader(tables); err != nil {
			return nil, fmt.Errorf("flow: %w", err)
		}
		d.scratch = make([]byte, 0, 8*len(packetNames))
	}
	if n := len(tables.Slots()) - tables.Keys(); n > maxCounters {
		return nil, fmt.Errorf("flow: %d slots of counters, at most %d", n, maxCounters)
	}
	return d, nil
}

// decode reads one datagram.
func (d *decoder) decode(g *datagram) {
	b := g.payload
	d.domainName = domainID{exporterID: exporterID{g.device, g.from.Addr()}}
	m := &message{received: g.at, datagram: g}
	if len(b) < 2 {
		d.fail(m, 0, RadiusMessage, ErrTruncated)
		return
	}
	d.domainName.Version = binary.BigEndian.Uint16(b)
	if d.packets != nil && len(b) >= 4 && binary.BigEndian.Uint32(b) == sflowVersion {
		d.sflow(m, b)
		return
	}
	switch d.domainName.Version {
	case versionNetFlow5:
		d.version5(m, b)
	case versionNetFlow9:
		d.version9(m, b)
	case versionIPFIX:
		// Some exporters put several messages into a datagram.
		for rest := d.ipfix(m, b); len(rest) >= ipfixHeader && binary.BigEndian.Uint16(rest) == versionIPFIX; {
			m = &message{received: g.at, datagram: g}
			rest = d.ipfix(m, rest)
		}
	default:
		d.fail(m, 0, RadiusMessage, ErrVersion)
	}
}

func (d *decoder) fail(m *message, set uint16, radius Radius, err error) {
	d.stats.Errors[radius]++
	d.problem(m, &DecodeError{Device: d.domainName.Device, Version: d.domainName.Version, Domain: d.domainName.Number,
		Template: set, Radius: radius, Err: err})
}

func (d *decoder) version5(m *message, b []byte) {
	if len(b) < netflow5Header {
		d.fail(m, 0, RadiusMessage, ErrTruncated)
		return
	}
	d.stats.NetFlow5++
	count := uint32(binary.BigEndian.Uint16(b[2:]))
	m.uptime = binary.BigEndian.Uint32(b[4:])
	m.export = time.Unix(int64(binary.BigEndian.Uint32(b[8:])), int64(binary.BigEndian.Uint32(b[12:]))).UTC()
	d.domainName.Number = uint32(binary.BigEndian.Uint16(b[20:])) // engine type and number
	m.domain = d.domain(m.received)
	if interval := binary.BigEndian.Uint16(b[22:]) & 0x3FFF; interval > 1 {
		m.sampling = ratio{1, uint64(interval)}
	}
	m.domain.sequence.next(versionNetFlow5, binary.BigEndian.Uint32(b[16:]), count, count, true)
	body := b[netflow5Header:]
	whole := min(int(count), len(body)/netflow5Record)
	if whole < int(count) {
		d.fail(m, 0, RadiusRecord, fmt.Errorf("%w: %d of %d records", ErrTruncated, whole, count))
	}
	d.data(m, d.netflow5, body[:whole*netflow5Record])
}

func (d *decoder) version9(m *message, b []byte) {
	if len(b) < netflow9Header {
		d.fail(m, 0, RadiusMessage, ErrTruncated)
		return
	}
	d.stats.NetFlow9++
	m.uptime = binary.BigEndian.Uint32(b[4:])
	m.export = time.Unix(int64(binary.BigEndian.Uint32(b[8:])), 0).UTC()
	d.domainName.Number = binary.BigEndian.Uint32(b[16:])
	m.domain = d.domain(m.received)
	m.domain.sequence.next(versionNetFlow9, binary.BigEndian.Uint32(b[12:]), 0, 0, true)
	d.sets(m, b[netflow9Header:])
}

// ipfix reads one message and returns what is behind it.
func (d *decoder) ipfix(m *message, b []byte) []byte {
	if len(b) < ipfixHeader {
		d.fail(m, 0, RadiusMessage, ErrTruncated)
		return nil
	}
	d.stats.IPFIX++
	m.export = time.Unix(int64(binary.BigEndian.Uint32(b[4:])), 0).UTC()
	d.domainName.Number = binary.BigEndian.Uint32(b[12:])
	m.domain = d.domain(m.received)
	end := int(binary.BigEndian.Uint16(b[2:]))
	if end < ipfixHeader {
		d.fail(m, 0, RadiusMessage, fmt.Errorf("%w: length %d", ErrTruncated, end))
		return nil
	}
	whole, damaged := min(end, len(b)), d.stats.Errors[RadiusSet]
	c := d.sets(m, b[ipfixHeader:whole])
	if whole < end {
		c.exact = false
		if d.stats.Errors[RadiusSet] == damaged { // it is cut between two sets
			d.fail(m, 0, RadiusSet, fmt.Errorf("%w: %d of %d octets", ErrTruncated, whole, end))
		}
	}
	m.domain.sequence.next(versionIPFIX, binary.BigEndian.Uint32(b[8:]), c.flows+c.options, c.flows, c.exact)
	return b[whole:]
}

// counted is how many data records a message had.
type counted struct {
	flows, options uint32
	exact          bool // all could be counted
}

// sets reads the sets of a message. One that is damaged is left out; if its
// length cannot be believed, so is the rest.
func (d *decoder) sets(m *message, b []byte) counted {
	c := counted{exact: true}
	damaged := 0
	for len(b) >= setHeader {
		id, size := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if id == 0 && size == 0 && zeros(b) {
			return c // some exporters fill datagrams up
		}
		if size < setHeader || size > len(b) {
			d.fail(m, id, RadiusSet, fmt.Errorf("%w: a set of %d octets where %d are left", ErrTruncated, size, len(b)))
			c.exact = false
			return c
		}
		before := d.stats.Errors[RadiusSet]
		d.set(m, id, b[setHeader:size], &c)
		b = b[size:]
		if d.stats.Errors[RadiusSet] > before {
			c.exact = false
			if damaged++; damaged == maxSetErrors {
				d.fail(m, id, RadiusMessage, fmt.Errorf("%d damaged sets: the rest is not read", damaged))
				return c
			}
		}
	}
	return c
}

func zeros(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

func (d *decoder) set(m *message, id uint16, body []byte, c *counted) {
	version := m.domain.Version
	switch {
	case id >= firstDataSet:
		t := m.domain.templates[id]
		if t == nil {
			c.exact = false
			d.wait(m, id, body)
			return
		}
		t.used = m.received
		if n := d.data(m, t, body); t.options {
			c.options += n
		} else {
			c.flows += n
		}
	case version == versionNetFlow9 && id == netflow9TemplateSet, version == versionIPFIX && id == ipfixTemplateSet:
		d.templateSet(m, id, body)
	case version == versionNetFlow9 && id == netflow9OptionsSet:
		d.netflow9Options(m, body)
	case version == versionIPFIX && id == ipfixOptionsSet:
		d.ipfixOptions(m, body)
	default:
		d.fail(m, id, RadiusSet, fmt.Errorf("no such set"))
	}
}
