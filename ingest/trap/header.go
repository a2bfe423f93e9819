package trap

import (
	"errors"
	"fmt"
)

// header is the beginning of a message, read before anything is believed
// (RFC 3412 §6, RFC 3414 §2.4).
type header struct {
	version   int // 0 is SNMPv1, 1 SNMPv2c, 3 SNMPv3
	community []byte

	msgID       int64
	flags       byte
	model       int64
	engineID    []byte
	boots, time int64
	user        []byte
}

// The bits of msgFlags (RFC 3412 §6.4).
const (
	flagAuth       = 1
	flagPriv       = 2
	flagReportable = 4
)

const usmModel = 3 // RFC 3411 §6.1

// ber reads BER; pos is counted from the datagram's first octet.
type ber struct {
	b   []byte
	pos int
}

const (
	tagInteger  = 0x02
	tagOctets   = 0x04
	tagSequence = 0x30
)

var errEarly = errors.New("the message ends early")

// value reads one value with the given tag and returns its content.
func (r *ber) value(what string, tag byte) ([]byte, error) {
	at := r.pos
	fail := func(err error) ([]byte, error) { return nil, fmt.Errorf("octet %d: %s: %w", at, what, err) }
	if len(r.b)-r.pos < 2 {
		return fail(errEarly)
	}
	if r.b[r.pos] != tag {
		return fail(fmt.Errorf("tag 0x%02x, expected 0x%02x", r.b[r.pos], tag))
	}
	n := int(r.b[r.pos+1])
	r.pos += 2
	if n >= 0x80 {
		octets := n & 0x7f
		if octets == 0 || octets > 4 {
			return fail(fmt.Errorf("a length of %d octets", octets))
		}
		if len(r.b)-r.pos < octets {
			return fail(errEarly)
		}
		n = 0
		for range octets {
			n = n<<8 | int(r.b[r.pos])
			r.pos++
		}
	}
	if n < 0 || n > len(r.b)-r.pos {
		return fail(errEarly)
	}
	r.pos += n
	return r.b[r.pos-n : r.pos], nil
}

func (r *ber) integer(what string) (int64, error) {
	at := r.pos
	b, err := r.value(what, tagInteger)
	if err != nil {
		return 0, err
	}
	if len(b) == 0 || len(b) > 8 {
		return 0, fmt.Errorf("octet %d: %s: an integer of %d octets", at, what, len(b))
	}
	n := int64(int8(b[0]))
	for _, c := range b[1:] {
		n = n<<8 | int64(c)
	}
	return n, nil
}

// inside returns a reader of a value that was just read.
func (r *ber) inside(b []byte) *ber { return &ber{b: r.b[:r.pos], pos: r.pos - len(b)} }

// parseHeader reads the beginning of a message.
func parseHeader(raw []byte) (h header, err error) {
	outer := &ber{b: raw}
	body, err := outer.value("message", tagSequence)
	if err != nil {
		return h, err
	}
	if outer.pos != len(raw) {
		return h, fmt.Errorf("octet %d: %d octets behind the message", outer.pos, len(raw)-outer.pos)
	}
	r := outer.inside(body)
	version, err := r.integer("version")
	if err != nil {
		return h, err
	}
	switch h.version = int(version); version {
	case 0, 1:
		h.community, err = r.value("community", tagOctets)
		return h, err
	case 3:
		return h, h.v3(r)
	}
	return h, fmt.Errorf("version %d is none of 0 (SNMPv1), 1 (SNMPv2c) and 3", version)
}

func (h *header) v3(r *ber) error {
	global, err := r.value("msgGlobalData", tagSequence)
	if err != nil {
		return err
	}
	g := r.inside(global)
	if h.msgID, err = g.integer("msgID"); err != nil {
		return err
	}
	if _, err = g.integer("msgMaxSize"); err != nil {
		return err
	}
	flags, err := g.value("msgFlags", tagOctets)
	if err != nil {
		return err
	}
	if len(flags) != 1 || flags[0]&flagPriv != 0 && flags[0]&flagAuth == 0 {
		return fmt.Errorf("msgFlags %x are not valid", flags)
	}
	h.flags = flags[0]
	if h.model, err = g.integer("msgSecurityModel"); err != nil {
		return err
	}
	if h.model != usmModel {
		return fmt.Errorf("security model %d, expected %d (USM)", h.model, usmModel)
	}
	security, err := r.value("msgSecurityParameters", tagOctets)
	if err != nil {
		return err
	}
	s := r.inside(security)
	usm, err := s.value("UsmSecurityParameters", tagSequence)
	if err != nil {
		return err
	}
	u := s.inside(usm)
	if h.engineID, err = u.value("msgAuthoritativeEngineID", tagOctets); err != nil {
		return err
	}
	if h.boots, err = u.integer("msgAuthoritativeEngineBoots"); err != nil {
		return err
	}
	if h.time, err = u.integer("msgAuthoritativeEngineTime"); err != nil {
		return err
	}
	h.user, err = u.value("msgUserName", tagOctets)
	return err
}
