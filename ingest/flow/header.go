package flow

import "encoding/binary"

// The kinds of headers that an agent may send (sFlow Version 5 §5,
// header_protocol). Others are counted by their interfaces only.
const (
	headerEthernet = 1
	headerPPP      = 7
	headerIPv4     = 11
	headerIPv6     = 12
	headerMPLS     = 13
)

// EtherTypes and numbers of protocols that lead to an IP header.
const (
	etherIPv4    = 0x0800
	etherIPv6    = 0x86DD
	etherVLAN    = 0x8100
	etherQinQ    = 0x88A8
	etherOldQinQ = 0x9100
	etherMPLS    = 0x8847
	etherPPPoE   = 0x8864

	pppIPv4 = 0x0021
	pppIPv6 = 0x0057

	protocolICMP   = 1
	protocolTCP    = 6
	protocolUDP    = 17
	protocolICMPv6 = 58
	protocolSCTP   = 132
)

// maxTags bounds the VLAN tags, MPLS labels or IPv6 extension headers of one
// packet.
const maxTags = 16

// header reads the beginning of a packet, which may be cut off anywhere: what
// is missing is not told.
func (p *packet) header(protocol uint32, b []byte) {
	switch protocol {
	case headerEthernet:
		p.ethernet(b)
	case headerPPP:
		p.ppp(b)
	case headerMPLS:
		p.mpls(b)
	case headerIPv4, headerIPv6:
		p.ip(b)
	}
}

func (p *packet) ethernet(b []byte) {
	if len(b) < 14 {
		return
	}
	p.destinationMAC, p.sourceMAC = b[:6], b[6:12]
	kind := binary.BigEndian.Uint16(b[12:])
	b = b[14:]
	for range maxTags {
		if kind != etherVLAN && kind != etherQinQ && kind != etherOldQinQ || len(b) < 4 {
			break
		}
		p.set(packetVLAN, uint64(binary.BigEndian.Uint16(b)&0xFFF)) // of several the innermost
		kind, b = binary.BigEndian.Uint16(b[2:]), b[4:]
	}
	switch kind {
	case etherIPv4, etherIPv6:
		p.ip(b)
	case etherMPLS:
		p.mpls(b)
	case etherPPPoE:
		if len(b) > 6 {
			p.ppp(b[6:])
		}
	}
}

func (p *packet) ppp(b []byte) {
	if len(b) >= 2 && b[0] == 0xFF && b[1] == 0x03 { // address and control (RFC 1662 §3.1)
		b = b[2:]
	}
	if len(b) < 2 {
		return
	}
	if kind := binary.BigEndian.Uint16(b); kind == pppIPv4 || kind == pppIPv6 {
		p.ip(b[2:])
	}
}

// mpls passes over labels to what stands below the last one (RFC 3032 §2.1).
func (p *packet) mpls(b []byte) {
	for range maxTags {
		if len(b) < 4 {
			return
		}
		last := b[2]&1 == 1
		if b = b[4:]; last {
			p.ip(b)
			return
		}
	}
}

// ip reads an IP header of either version.
func (p *packet) ip(b []byte) {
	if len(b) == 0 {
		return
	}
	switch b[0] >> 4 {
	case 4:
		p.ipv4(b)
	case 6:
		p.ipv6(b)
	}
}

func (p *packet) ipv4(b []byte) {
	size := int(b[0]&15) * 4
	if len(b) < 20 || size < 20 {
		return
	}
	p.isIP = true
	p.addresses(b[12:16], b[16:20])
	p.set(packetOctets, uint64(binary.BigEndian.Uint16(b[2:])))
	p.set(packetProtocol, uint64(b[9]))
	p.set(packetClass, uint64(b[1]))
	if first := binary.BigEndian.Uint16(b[6:])&0x1FFF == 0; first && size <= len(b) {
		p.transport(b[9], b[size:])
	}
}

// ipv6 reads an IPv6 header and passes over extension headers (RFC 8200 §4).
func (p *packet) ipv6(b []byte) {
	if len(b) < 40 {
		return
	}
	p.isIP = true
	p.addresses(b[8:24], b[24:40])
	p.set(packetOctets, uint64(binary.BigEndian.Uint16(b[4:]))+40)
	p.set(packetClass, uint64(binary.BigEndian.Uint16(b)>>4&0xFF))
	next, rest, first := b[6], b[40:], true
	for range maxTags {
		size := 0
		switch next {
		case 0, 43, 60, 135: // hop-by-hop, routing, destination options, mobility
			if len(rest) >= 2 {
				size = int(rest[1])*8 + 8
			}
		case 44: // fragment
			if len(rest) >= 8 {
				size, first = 8, binary.BigEndian.Uint16(rest[2:])>>3 == 0
			}
		}
		if size == 0 || size > len(rest) {
			break
		}
		next, rest = rest[0], rest[size:]
	}
	p.set(packetProtocol, uint64(next))
	if first {
		p.transport(next, rest)
	}
}

func (p *packet) transport(protocol byte, b []byte) {
	switch protocol {
	case protocolTCP, protocolUDP, protocolSCTP:
		if len(b) >= 4 {
			p.set(packetSourcePort, uint64(binary.BigEndian.Uint16(b)))
			p.set(packetPort, uint64(binary.BigEndian.Uint16(b[2:])))
		}
		if protocol == protocolTCP && len(b) >= 14 {
			p.set(packetTCPFlags, uint64(b[13]))
		}
	case protocolICMP:
		if len(b) >= 2 {
			p.set(packetICMP, uint64(binary.BigEndian.Uint16(b)))
		}
	case protocolICMPv6:
		if len(b) >= 2 {
			p.set(packetICMPv6, uint64(binary.BigEndian.Uint16(b)))
		}
	}
}
