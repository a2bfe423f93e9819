package flow

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/netsampler/goflow2/v2/decoders/netflow"

	"nettwin/ontology/ipfix"
)

// tally is a count in both directions.
type tally struct{ forward, reverse uint64 }

func (t tally) sum() uint64 { return t.forward + t.reverse }

func (t *tally) add(o tally) {
	t.forward += o.forward
	t.reverse += o.reverse
}

// record is what one flow record says. It is reused for the next one: its
// slices end with the call that gets it.
type record struct {
	key        []byte // see appendKey
	counts     [maxCounters]tally
	totals     [maxCounters]tally
	hasTotal   bool
	hasReverse bool
	start, end time.Time
	sampling   ratio
	unmapped   int

	keys       [][]byte // value of each key slot
	types      []ipfix.Type
	parameters parameters
	sampler    uint64
	hasSampler bool
	boot       time.Time // told by the record itself
	scope      uint64    // interface that options are about
	hasScope   bool
	interfaces [2]uint64 // as met
	nInterface int
}

func (r *record) reset(keys int) {
	key, list, types := r.key[:0], r.keys, r.types
	if len(list) != keys {
		list, types = make([][]byte, keys), make([]ipfix.Type, keys)
	}
	clear(list)
	*r = record{key: key, keys: list, types: types}
}

// data reads the records of a set and returns how many there were.
func (d *decoder) data(m *message, t *template, b []byte) uint32 {
	var n uint32
	for len(b) >= t.least {
		size, ok := t.length(b)
		if !ok {
			d.fail(m, t.id, RadiusRecord, ErrTruncated)
			return n
		}
		values, err := netflow.DecodeDataSetUsingFields(m.domain.Version, bytes.NewBuffer(b[:size]), t.fields)
		if err != nil {
			d.fail(m, t.id, RadiusRecord, err)
			return n
		}
		b = b[size:]
		n++
		d.take(m, t, values)
	}
	return n
}

// take reads one record.
func (d *decoder) take(m *message, t *template, values []netflow.DataField) {
	r := &d.record
	r.reset(d.tables.Keys())
	for i := range t.steps {
		s := &t.steps[i]
		value, _ := values[s.index].Value.([]byte)
		if err := d.field(m, r, s, value); err != nil {
			d.fail(m, t.id, RadiusField, err)
		}
	}
	if t.options {
		d.stats.OptionRecords++
		d.options(m.domain, r)
		return
	}
	d.stats.Records++
	r.unmapped = t.unmapped
	r.sampling = m.domain.ratioOf(m, r)
	r.appendKey()
	d.sink(m, r)
}

// field reads one field.
func (d *decoder) field(m *message, r *record, s *step, value []byte) error {
	if s.scopeInterface {
		r.scope, r.hasScope = ipfix.Number(value)
		return nil
	}
	slot := s.slot - d.tables.Keys()
	switch s.role {
	case ipfix.Key, ipfix.Interface:
		return r.keyField(s, value)
	case ipfix.Start, ipfix.End:
		return r.timeField(m, s, value)
	case ipfix.Boot:
		at, ok := ipfix.Time(s.field.Element.Type, value)
		if !ok {
			return length(s, value)
		}
		r.boot = at
	case ipfix.Sampling:
		if !r.parameters.add(s.field, value) {
			return length(s, value)
		}
	default:
		n, ok := ipfix.Number(value)
		if !ok {
			return length(s, value)
		}
		switch s.role {
		case ipfix.Counter:
			r.counts[slot].forward += n
		case ipfix.ReverseCounter:
			r.counts[slot].reverse += n
			r.hasReverse = true
		case ipfix.Total:
			r.totals[slot].forward = n
			r.hasTotal = true
		case ipfix.ReverseTotal:
			r.totals[slot].reverse = n
			r.hasTotal, r.hasReverse = true, true
		case ipfix.Sampler:
			r.sampler, r.hasSampler = n, true
		}
	}
	return nil
}

func length(s *step, value []byte) error {
	return &ipfix.LengthError{Element: s.field.Element.Name, Bytes: len(value)}
}

// keyField notes a value of the key. Where a record has several elements of
// one slot, the last that is not zero counts: exporters send both address
// families and leave one empty, and of a tunnel the inner packet comes behind
// the outer (RFC 7011 §8), whose conversation it is.
func (r *record) keyField(s *step, value []byte) error {
	typ := s.field.Element.Type
	switch typ {
	case ipfix.IPv4Address, ipfix.IPv6Address, ipfix.MACAddress:
		if len(value) != fixedSize(typ) {
			return length(s, value)
		}
	case ipfix.String, ipfix.OctetArray:
		value = value[:min(len(value), maxKeyBytes)]
	default:
		n, ok := ipfix.Number(value)
		if !ok {
			return length(s, value)
		}
		if s.role == ipfix.Interface && r.nInterface < len(r.interfaces) {
			r.interfaces[r.nInterface] = n
			r.nInterface++
		}
	}
	if r.keys[s.slot] == nil || !zeros(value) {
		r.keys[s.slot], r.types[s.slot] = value, typ
	}
	return nil
}

func (r *record) timeField(m *message, s *step, value []byte) error {
	var at time.Time
	ok := false
	if s.field.Detail == ipfix.NoDetail {
		at, ok = ipfix.Time(s.field.Element.Type, value)
	} else if n, fits := ipfix.Number(value); fits && len(value) <= 4 {
		switch s.field.Detail {
		case ipfix.BeforeExport:
			at, ok = m.export.Add(-time.Duration(n)*time.Microsecond), true
		case ipfix.Uptime:
			if at, ok = m.uptimeTime(r.boot, uint32(n)); !ok {
				return ErrNoTimeBase
			}
		}
	}
	if !ok {
		return length(s, value)
	}
	if s.role == ipfix.Start {
		r.start = at
	} else {
		r.end = at
	}
	return nil
}

// appendKey makes the key: for each slot nothing (0) or the type and the
// value, numbers as 8 octets, since templates may differ in their lengths.
func (r *record) appendKey() {
	for i, value := range r.keys {
		if value == nil {
			r.key = append(r.key, 0)
			continue
		}
		typ := r.types[i]
		r.key = append(r.key, byte(typ)+1)
		switch typ {
		case ipfix.IPv4Address, ipfix.IPv6Address, ipfix.MACAddress:
			r.key = append(r.key, value...)
		case ipfix.String, ipfix.OctetArray:
			r.key = append(r.key, byte(len(value)))
			r.key = append(r.key, value...)
		default:
			n, _ := ipfix.Number(value)
			r.key = binary.BigEndian.AppendUint64(r.key, n)
		}
	}
}

// fixedSize is how many octets a value has in a key.
func fixedSize(t ipfix.Type) int {
	switch t {
	case ipfix.IPv4Address:
		return 4
	case ipfix.IPv6Address:
		return 16
	case ipfix.MACAddress:
		return 6
	}
	return 8
}

// splitKey returns the values of a key by slot; nil where there is none.
func splitKey(key string, keys int) (values [][]byte, types []ipfix.Type) {
	values, types = make([][]byte, keys), make([]ipfix.Type, keys)
	at := 0
	for i := range keys {
		tag := key[at]
		at++
		if tag == 0 {
			continue
		}
		types[i] = ipfix.Type(tag - 1)
		size := fixedSize(types[i])
		if types[i] == ipfix.String || types[i] == ipfix.OctetArray {
			size = int(key[at])
			at++
		}
		values[i] = []byte(key[at : at+size])
		at += size
	}
	return values, types
}

// options takes in what an options record tells.
func (d *decoder) options(dom *domain, r *record) {
	if !r.boot.IsZero() && !r.boot.Equal(dom.boot) {
		dom.boot = r.boot
		d.changed = true
	}
	said := r.parameters.ratio()
	if said == (ratio{}) {
		return
	}
	switch {
	case r.hasSampler:
		d.setRatio(dom.samplers, r.sampler, said)
	case r.hasScope:
		d.setRatio(dom.interfaces, r.scope, said)
	case r.nInterface > 0:
		d.setRatio(dom.interfaces, r.interfaces[0], said)
	case dom.sampling != said:
		dom.sampling = said
		d.changed = true
	}
}

func (d *decoder) setRatio(table map[uint64]ratio, key uint64, said ratio) {
	old, known := table[key]
	if old == said && known || !known && len(table) >= maxSamplers {
		return
	}
	table[key] = said
	d.changed = true
}

// ratioOf returns how the packets of a record were chosen: as the record
// says, else as its sampler, its interfaces or its domain do.
func (dom *domain) ratioOf(m *message, r *record) ratio {
	if said := r.parameters.ratio(); said != (ratio{}) {
		return said
	}
	if r.hasSampler {
		if said, ok := dom.samplers[r.sampler]; ok {
			return said
		}
	}
	for _, i := range r.interfaces[:r.nInterface] {
		if said, ok := dom.interfaces[i]; ok {
			return said
		}
	}
	if m.sampling != (ratio{}) {
		return m.sampling
	}
	return dom.sampling
}
