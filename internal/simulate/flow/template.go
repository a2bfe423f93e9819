package flow

import "encoding/binary"

// A template is the layout of records, as far as times need it.
type template struct {
	fields []timeField
	length int // of a record in octets; 0 where it varies
}

// Numbers of the sets that hold templates (RFC 3954 §5.2, §6.1; RFC 7011
// §3.3.2).
const (
	templates9  = 0
	options9    = 1
	templates10 = 2
	options10   = 3
)

// variableLength marks a field whose length stands in each record (RFC 7011
// §7).
const variableLength = 0xffff

// learn reads the templates of a set.
func (s *Stamper) learn(version, id uint16, body []byte) {
	for len(body) >= 4 {
		number, fields := binary.BigEndian.Uint16(body), int(binary.BigEndian.Uint16(body[2:]))
		var rest []byte
		switch {
		case version == netflow9 && id == templates9, version == ipfix && id == templates10:
			rest = body[4:]
		case version == ipfix && id == options10 && len(body) >= 6:
			rest = body[6:] // after the scope's count, which the count of fields includes
		case version == netflow9 && id == options9 && len(body) >= 6:
			// Scope and options are told in octets, four a field.
			fields = (fields + int(binary.BigEndian.Uint16(body[4:]))) / 4
			rest = body[6:]
		default:
			return
		}
		t, after, ok := readTemplate(version, fields, rest)
		if !ok || number < 256 {
			return // padding
		}
		s.templates[number] = t
		body = after
	}
}

// readTemplate reads field specifiers (RFC 7011 §3.2).
func readTemplate(version uint16, fields int, body []byte) (t template, rest []byte, ok bool) {
	fixed := true
	for range fields {
		if len(body) < 4 {
			return t, nil, false
		}
		element, length := binary.BigEndian.Uint16(body), int(binary.BigEndian.Uint16(body[2:]))
		body = body[4:]
		if enterprise := version == ipfix && element&0x8000 != 0; enterprise {
			if len(body) < 4 {
				return t, nil, false
			}
			body, element = body[4:], 0
		}
		if length == variableLength {
			fixed = false
		}
		switch {
		case (element == flowStartSysUpTime || element == flowEndSysUpTime) && length == 4:
			t.fields = append(t.fields, timeField{t.length, uptimeMillis})
		case element == systemInitTime && length == 8:
			t.fields = append(t.fields, timeField{t.length, initMillis})
		}
		t.length += length
	}
	if !fixed {
		t = template{} // its records are left as they are
	}
	return t, body, true
}

// eachTime calls f for every time in the records of a data set.
func (s *Stamper) eachTime(id uint16, body []byte, f func(value []byte, kind timeKind)) {
	t := s.templates[id]
	if t.length == 0 {
		return
	}
	for ; len(body) >= t.length; body = body[t.length:] {
		for _, field := range t.fields {
			f(body[field.offset:], field.kind)
		}
	}
}
