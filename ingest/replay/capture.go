package replay

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Magic numbers of captures: with microseconds and with nanoseconds.
const (
	pcapMicro   = 0xA1B2C3D4
	pcapNano    = 0xA1B23C4D
	pcapngMagic = 0x0A0D0D0A
)

const (
	captureHeader = 24
	packetHeader  = 16
	maxSnap       = 1 << 20
)

// Link types (tcpdump.org/linktypes.html) that are read.
const (
	linkNull     = 0
	linkEthernet = 1
	linkRaw      = 101
	linkLoop     = 108
	linkSLL      = 113
	linkSLL2     = 276
)

// captureOrder tells the byte order of a capture; ok is false if it is none.
func captureOrder(b []byte) (order binary.ByteOrder, ok bool) {
	if len(b) < captureHeader {
		return nil, false
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if n := order.Uint32(b); n == pcapMicro || n == pcapNano {
			return order, true
		}
	}
	return nil, false
}

// capture plays the UDP datagrams of a capture that are of a known kind.
func (r *reader) capture(m Message) {
	b := m.Bytes
	order, ok := captureOrder(b)
	if !ok {
		r.report.fail(m.Place, errors.New("captures in the form pcapng are not read: convert it with tshark -F pcap -r IN -w OUT"))
		return
	}
	unit := time.Microsecond
	if order.Uint32(b) == pcapNano {
		unit = time.Nanosecond
	}
	link := order.Uint32(b[20:]) & 0xFFFF
	for at := captureHeader; at < len(b); {
		part := m
		part.Place.Offset = int64(at)
		if len(b)-at < packetHeader {
			r.report.fail(part.Place, errors.New("the capture ends within a packet's header"))
			return
		}
		size := order.Uint32(b[at+8:])
		if size > maxSnap || int(size) > len(b)-at-packetHeader {
			r.report.fail(part.Place, fmt.Errorf("a packet of %d octets where %d are left", size, len(b)-at-packetHeader))
			return
		}
		part.At = time.Unix(int64(order.Uint32(b[at:])), int64(order.Uint32(b[at+4:]))*int64(unit)).UTC()
		frame := b[at+packetHeader : at+packetHeader+int(size)]
		at += packetHeader + int(size)
		from, payload, ok := udp(link, frame)
		if !ok {
			continue
		}
		part.From, part.Bytes = from, payload
		if part.Kind = datagramKind(payload); part.Kind == Unknown {
			continue // somebody else's traffic
		}
		part.Device = r.sender(m.Device, from)
		r.play(part)
	}
}

// sender names the device of a captured datagram.
func (r *reader) sender(file string, from netip.AddrPort) string {
	if r.opts.Device != "" {
		return file
	}
	if r.opts.Resolve != nil {
		if device, ok := r.opts.Resolve(from); ok {
			return device
		}
	}
	return from.Addr().String()
}

// udp finds the payload of a UDP datagram in a frame; ok is false if it holds
// none, or only a fragment or the beginning of one.
func udp(link uint32, b []byte) (from netip.AddrPort, payload []byte, ok bool) {
	skip := map[uint32]int{linkNull: 4, linkLoop: 4, linkSLL: 16, linkSLL2: 20, linkEthernet: 14, linkRaw: 0}
	n, known := skip[link]
	if !known || len(b) < n {
		return from, nil, false
	}
	if link == linkEthernet {
		kind := binary.BigEndian.Uint16(b[12:])
		for (kind == 0x8100 || kind == 0x88A8) && len(b) >= n+4 {
			kind = binary.BigEndian.Uint16(b[n+2:])
			n += 4
		}
		if kind != 0x0800 && kind != 0x86DD {
			return from, nil, false
		}
	}
	b = b[n:]
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		size, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
		if b[9] != 17 || size < 20 || total > len(b) || total < size+8 || binary.BigEndian.Uint16(b[6:])&0x3FFF != 0 {
			return from, nil, false
		}
		return datagram(netip.AddrFrom4([4]byte(b[12:16])), b[size:total])
	case len(b) >= 48 && b[0]>>4 == 6 && b[6] == 17:
		total := int(binary.BigEndian.Uint16(b[4:])) + 40
		if total > len(b) || total < 48 {
			return from, nil, false
		}
		return datagram(netip.AddrFrom16([16]byte(b[8:24])), b[40:total])
	}
	return from, nil, false
}

func datagram(from netip.Addr, b []byte) (netip.AddrPort, []byte, bool) {
	size := int(binary.BigEndian.Uint16(b[4:]))
	if size < 8 || size > len(b) {
		return netip.AddrPort{}, nil, false
	}
	return netip.AddrPortFrom(from, binary.BigEndian.Uint16(b)), b[8:size], true
}
