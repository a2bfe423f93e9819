package flow

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"nettwin/ontology/ipfix"
)

// versionSFlow names sFlow version 5 among the versions of flow messages. On
// the wire its number is one of 32 bits, so that the first two octets are
// zero, which no other version has.
const versionSFlow = 0x5F05

// sflowVersion is the number on the wire. Versions 2 and 4 have other layouts
// and are not read.
const sflowVersion = 5

// The formats of samples (sFlow Version 5 §5, sFlow drop notifications); the
// enterprise is 0.
const (
	flowSample            = 1
	counterSample         = 2
	expandedFlowSample    = 3
	expandedCounterSample = 4
	discardSample         = 5
)

// The formats of records of a flow sample that tell the packet.
const (
	sampledHeader   = 1
	sampledEthernet = 2
	sampledIPv4     = 3
	sampledIPv6     = 4
)

// splitFormat takes apart enterprise (20 bits) and format (12 bits).
func splitFormat(n uint32) ipfix.Structure {
	return ipfix.Structure{Enterprise: n >> 12, Format: n & 0xFFF}
}

// source is what a sample is about (sflow_data_source): a class, of which 0
// means an interface, and an index.
type source struct{ class, index uint32 }

// sflow reads one datagram.
func (d *decoder) sflow(m *message, b []byte) {
	x := xdr{b: b[4:]}
	switch x.uint32() { // the agent's address
	case 1:
		x.next(4)
	case 2:
		x.next(16)
	default:
		x.short = true
	}
	d.domainName.Version, d.domainName.Number = versionSFlow, x.uint32()
	number, uptime, samples := x.uint32(), x.uint32(), x.uint32()
	if x.short {
		d.fail(m, 0, RadiusMessage, ErrTruncated)
		return
	}
	d.stats.SFlow++
	m.uptime, m.export = uptime, m.received
	m.domain = d.domain(m.received)
	m.domain.sequence.next(versionSFlow, number, 0, 0, true)
	for i := range samples {
		format := splitFormat(x.uint32())
		body := x.opaque()
		if x.short {
			d.fail(m, 0, RadiusRecord, fmt.Errorf("%w: %d of %d samples", ErrTruncated, i, samples))
			return
		}
		if err := d.sflowSample(m, format, body); err != nil {
			d.fail(m, 0, RadiusRecord, err)
		}
	}
}

// sflowSample reads one sample. Formats of makers are left out.
func (d *decoder) sflowSample(m *message, format ipfix.Structure, body []byte) error {
	if format.Enterprise != 0 {
		d.stats.ForeignSamples++
		return nil
	}
	x := xdr{b: body}
	switch format.Format {
	case flowSample, expandedFlowSample:
		return d.flowSample(m, &x, format.Format == expandedFlowSample)
	case counterSample, expandedCounterSample:
		return d.counterSample(m, &x, format.Format == expandedCounterSample)
	case discardSample:
		return d.discardSample(m, &x)
	}
	d.stats.ForeignSamples++
	return nil
}

// readSource reads a source of data: one number, of which the first octet is
// the class, or two.
func (x *xdr) readSource(expanded bool) source {
	if expanded {
		return source{x.uint32(), x.uint32()}
	}
	n := x.uint32()
	return source{n >> 24, n & 0xFFFFFF}
}

// unknownInterface stands for an interface that the agent does not know, or
// for the device itself.
const unknownInterface = 0x3FFFFFFF

// readInterface reads an interface of a packet. It is an ifIndex only in
// format 0; a packet that was discarded (1) or left by several ports (2) has
// none.
func (x *xdr) readInterface(expanded bool) (index uint32, ok bool) {
	var format uint32
	if expanded {
		format, index = x.uint32(), x.uint32()
	} else {
		n := x.uint32()
		format, index = n>>30, n&0x3FFFFFFF
	}
	return index, !x.short && format == 0 && index != 0 && index != unknownInterface
}

// flowSample reads a packet that was chosen of many.
func (d *decoder) flowSample(m *message, x *xdr, expanded bool) error {
	x.uint32() // number of the sample
	x.readSource(expanded)
	rate := x.uint32()
	x.uint32() // packets that could have been chosen
	drops := x.uint32()
	input, hasInput := x.readInterface(expanded)
	output, hasOutput := x.readInterface(expanded)
	n := x.uint32()
	if x.short {
		return fmt.Errorf("%w: flow sample", ErrTruncated)
	}
	d.stats.SampleDrops = max(d.stats.SampleDrops, uint64(drops))
	p := packet{}
	if hasInput {
		p.set(packetInput, uint64(input))
	}
	if hasOutput {
		p.set(packetOutput, uint64(output))
	}
	p.set(packetPackets, 1)
	for i := range n {
		format := splitFormat(x.uint32())
		body := x.opaque()
		if x.short {
			return fmt.Errorf("%w: record %d of %d of a flow sample", ErrTruncated, i, n)
		}
		if format.Enterprise == 0 {
			p.structure(format.Format, body)
		}
	}
	d.takePacket(m, &p, rate)
	return nil
}

// structure reads a record of a flow sample; others than those of the packet
// itself say nothing that the tables want.
func (p *packet) structure(format uint32, body []byte) {
	x := xdr{b: body}
	switch format {
	case sampledHeader:
		protocol, frame := x.uint32(), x.uint32()
		x.uint32() // octets that were cut off
		header := x.opaque()
		if !x.short {
			p.set(packetFrame, uint64(frame))
			p.header(protocol, header)
		}
	case sampledEthernet:
		frame := x.uint32()
		from, to := x.next(8), x.next(8) // six octets, filled up
		if !x.short {
			p.set(packetFrame, uint64(frame))
			p.sourceMAC, p.destinationMAC = from[:6], to[:6]
		}
	case sampledIPv4, sampledIPv6:
		p.sampledIP(&x, format == sampledIPv6)
	}
}

// sampledIP reads the parts of a packet that an agent took apart itself.
func (p *packet) sampledIP(x *xdr, six bool) {
	size := 4
	if six {
		size = 16
	}
	octets, protocol := x.uint32(), x.uint32()
	from, to := x.next(size), x.next(size)
	sourcePort, port, flags, class := x.uint32(), x.uint32(), x.uint32(), x.uint32()
	if x.short || p.isIP {
		return
	}
	p.isIP = true
	p.addresses(from, to)
	p.set(packetOctets, uint64(octets))
	p.set(packetProtocol, uint64(protocol))
	p.set(packetClass, uint64(class))
	switch protocol {
	case protocolTCP:
		p.set(packetTCPFlags, uint64(flags))
		fallthrough
	case protocolUDP, protocolSCTP:
		p.set(packetSourcePort, uint64(sourcePort))
		p.set(packetPort, uint64(port))
	}
}

// discardSample counts packets that the device dropped.
func (d *decoder) discardSample(m *message, x *xdr) error {
	x.uint32() // number of the sample
	x.readSource(true)
	x.uint32() // notifications that were lost
	x.uint32() // input
	x.uint32() // output
	x.uint32() // reason
	if x.short {
		return fmt.Errorf("%w: discarded packet", ErrTruncated)
	}
	d.stats.Discards++
	return nil
}

// counterSample reads counters of an interface. Those of other sources of data
// have no place.
func (d *decoder) counterSample(m *message, x *xdr, expanded bool) error {
	x.uint32() // number of the sample
	from := x.readSource(expanded)
	n := x.uint32()
	if x.short {
		return fmt.Errorf("%w: counter sample", ErrTruncated)
	}
	d.stats.CounterSamples++
	var values []meterValue
	for i := range n {
		format := splitFormat(x.uint32())
		body := x.opaque()
		if x.short {
			return fmt.Errorf("%w: record %d of %d of a counter sample", ErrTruncated, i, n)
		}
		values = readMeters(d.tables.SFlow().Meters[format], body, values)
	}
	if from.class == 0 && len(values) > 0 && d.meter != nil {
		d.meter(m, from.index, values)
	}
	return nil
}

// sflowAgent is the address that an agent calls its own; false if the datagram
// is none of sFlow. Relays keep it when they send a datagram on.
func sflowAgent(b []byte) (netip.Addr, bool) {
	if len(b) < 8 || binary.BigEndian.Uint32(b) != sflowVersion {
		return netip.Addr{}, false
	}
	x := xdr{b: b[4:]}
	size := 4
	if x.uint32() == 2 {
		size = 16
	}
	a, ok := netip.AddrFromSlice(x.next(size))
	return a.Unmap(), ok
}
