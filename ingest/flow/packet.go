package flow

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/netsampler/goflow2/v2/decoders/netflow"

	"nettwin/ontology/ipfix"
)

// packetField numbers what a sampled packet tells.
type packetField uint8

const (
	packetProtocol packetField = iota
	packetClass
	packetSourcePort
	packetPort
	packetTCPFlags
	packetICMP
	packetICMPv6
	packetVLAN
	packetInput
	packetOutput
	packetOctets
	packetPackets
	packetFrame
	packetNumbers // how many of them are numbers

	packetSource4 = iota - 1
	packetSource6
	packetDestination4
	packetDestination6
	packetSourceMAC
	packetDestinationMAC
	packetFields
)

// packetNames are the names in the table.
var packetNames = map[string]packetField{
	"protocol": packetProtocol, "class": packetClass, "source-port": packetSourcePort, "destination-port": packetPort,
	"tcp-flags": packetTCPFlags, "icmp": packetICMP, "icmp-v6": packetICMPv6, "vlan": packetVLAN, "input": packetInput,
	"output": packetOutput, "octets": packetOctets, "packets": packetPackets, "frame-octets": packetFrame,
	"source-ipv4": packetSource4, "source-ipv6": packetSource6, "destination-ipv4": packetDestination4,
	"destination-ipv6": packetDestination6, "source-mac": packetSourceMAC, "destination-mac": packetDestinationMAC,
}

// packet is what is known of one sampled packet.
type packet struct {
	numbers [packetNumbers]uint64
	known   [packetNumbers]bool
	// Of four or sixteen octets, and of six.
	source, destination       []byte
	sourceMAC, destinationMAC []byte
	isIP                      bool
}

func (p *packet) set(f packetField, n uint64) { p.numbers[f], p.known[f] = n, true }

func (p *packet) addresses(from, to []byte) { p.source, p.destination = from, to }

// value returns the octets of a field; nil if the packet does not tell it.
// Numbers are written behind scratch, which must have room.
func (p *packet) value(f packetField, scratch *[]byte) []byte {
	of := func(b []byte, size int) []byte {
		if len(b) == size {
			return b
		}
		return nil
	}
	switch f {
	case packetSource4:
		return of(p.source, 4)
	case packetSource6:
		return of(p.source, 16)
	case packetDestination4:
		return of(p.destination, 4)
	case packetDestination6:
		return of(p.destination, 16)
	case packetSourceMAC:
		return p.sourceMAC
	case packetDestinationMAC:
		return p.destinationMAC
	}
	if !p.known[f] {
		return nil
	}
	*scratch = binary.BigEndian.AppendUint64(*scratch, p.numbers[f])
	return (*scratch)[len(*scratch)-8:]
}

// packetReader turns packets into records by the table of sFlow.
type packetReader struct {
	template *template
	fields   []packetField // of the template's
}

// newPacketReader checks the table.
func newPacketReader(t *ipfix.Tables) (*packetReader, error) {
	r := &packetReader{}
	var specs []netflow.Field
	for _, f := range t.SFlow().Packet {
		field, ok := packetNames[f.Name]
		if !ok {
			return nil, fmt.Errorf("samples of sFlow: the table names the field %q, which a packet does not have", f.Name)
		}
		r.fields = append(r.fields, field)
		specs = append(specs, netflow.Field{Type: f.Element.Number, Length: 8, PenProvided: f.Element.Enterprise != 0, Pen: f.Element.Enterprise})
	}
	var err error
	r.template, err = compile(t, versionSFlow, firstDataSet, specs, 0, false, time.Time{})
	return r, err
}

// takePacket makes a record of a packet, which stands for rate packets.
func (d *decoder) takePacket(m *message, p *packet, rate uint32) {
	r := &d.record
	r.reset(d.tables.Keys())
	scratch := d.scratch[:0]
	t := d.packets.template
	for i := range t.steps {
		s := &t.steps[i]
		value := p.value(d.packets.fields[s.index], &scratch)
		if value == nil {
			continue
		}
		if err := d.field(m, r, s, value); err != nil {
			d.fail(m, t.id, RadiusField, err)
		}
	}
	d.stats.Records++
	r.start, r.end = m.received, m.received
	if r.sampling = d.ratioOfSample(rate); r.sampling == (ratio{}) {
		r.sampling = m.domain.ratioOf(m, r)
	}
	r.appendKey()
	d.sink(m, r)
}

// ratioOfSample reads a rate; 0 says nothing.
func (d *decoder) ratioOfSample(rate uint32) ratio {
	if rate == 0 {
		return ratio{}
	}
	return ratio{1, uint64(rate)}
}
