package flow

import (
	"encoding/binary"
	"slices"
)

// field is an element in a template under construction: enterprise 0 sets no
// enterprise bit.
type field struct {
	enterprise     uint32
	number, octets uint16
}

// Elements that the tests use, by their numbers in IANA's registry.
var (
	source4      = field{0, 8, 4}
	destination4 = field{0, 12, 4}
	protocol     = field{0, 4, 1}
	octets       = field{0, 1, 4}
	packetCount  = field{0, 2, 4}
	sourcePort   = field{0, 7, 2}
	port         = field{0, 11, 2}
	ingress      = field{0, 10, 4}
)

func u16(n int) []byte    { return binary.BigEndian.AppendUint16(nil, uint16(n)) }
func u32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// set makes a set with a header.
func set(id int, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat(u16(id), u16(len(body)+setHeader), body)
}

// ipfixMessage makes a message of domain 7, exported at testTime.
func ipfixMessage(sequence uint32, sets ...[]byte) []byte {
	body := slices.Concat(sets...)
	return slices.Concat(u16(versionIPFIX), u16(len(body)+ipfixHeader), u32(uint32(testTime.Unix())), u32(sequence), u32(7), body)
}

// netflow9Message makes a message of source 7, 100 s after boot.
func netflow9Message(sequence uint32, sets ...[]byte) []byte {
	return slices.Concat(u16(versionNetFlow9), u16(len(sets)), u32(100_000), u32(uint32(testTime.Unix())), u32(sequence), u32(7), slices.Concat(sets...))
}

// templateRecord makes a template.
func templateRecord(id int, fields ...field) []byte {
	return slices.Concat(u16(id), u16(len(fields)), specs(fields))
}

func specs(fields []field) []byte {
	var out []byte
	for _, f := range fields {
		if f.enterprise != 0 {
			out = slices.Concat(out, u16(int(f.number)|enterpriseBit), u16(int(f.octets)), u32(f.enterprise))
		} else {
			out = slices.Concat(out, u16(int(f.number)), u16(int(f.octets)))
		}
	}
	return out
}

// ipfixOptionsRecord makes a template of options with scopes first.
func ipfixOptionsRecord(id, scopes int, fields ...field) []byte {
	return slices.Concat(u16(id), u16(len(fields)), u16(scopes), specs(fields))
}

// plain is the template of flowRecord.
var plain = []field{source4, destination4, protocol, sourcePort, port, octets, packetCount}

// flowRecord is a record of 10.0.0.<host> to 10.0.1.1.
func flowRecord(host byte, bytes, count uint32) []byte {
	return slices.Concat([]byte{10, 0, 0, host, 10, 0, 1, 1, 6}, u16(40000), u16(443), u32(bytes), u32(count))
}

// plainPath is the thing of flowRecord.
func plainPath(host string) string { return "flow/10.0.0." + host + "~10.0.1.1~6~40000~443~~~~~~~" }
