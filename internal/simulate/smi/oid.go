package smi

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// MaxArcs is the greatest number of sub-identifiers of an OID (RFC 2578 §3.5).
const MaxArcs = 128

const arcBytes = 4

// An OID is an object identifier: a comparable, immutable value, usable as a
// map key. The zero OID has no arcs and sorts before all others.
type OID struct {
	// key holds each arc as four bytes, big-endian, so that the order of
	// strings is the lexicographic order of OIDs (RFC 3416 §4.2.2).
	key string
}

// NewOID returns the OID of the given arcs. It panics beyond MaxArcs arcs.
func NewOID(arcs ...uint32) OID { return OID{}.Append(arcs...) }

// ParseOID reads the dotted decimal form, with or without a leading dot.
// Errors say what is wrong and with which arc.
func ParseOID(text string) (OID, error) {
	digits := strings.TrimPrefix(text, ".")
	if digits == "" {
		return OID{}, fmt.Errorf("parse OID: %q: no arcs", text)
	}
	if dots := strings.Count(digits, "."); dots >= MaxArcs {
		return OID{}, fmt.Errorf("parse OID: %d arcs, at most %d allowed", dots+1, MaxArcs)
	}
	key := make([]byte, 0, MaxArcs*arcBytes)
	for part := range strings.SplitSeq(digits, ".") {
		arc, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return OID{}, fmt.Errorf("parse OID: %q: arc %d %q is not a number below 2^32", text, len(key)/arcBytes+1, part)
		}
		key = binary.BigEndian.AppendUint32(key, uint32(arc))
	}
	return OID{string(key)}, nil
}

// MustOID is ParseOID for constants; it panics on an error.
func MustOID(text string) OID {
	oid, err := ParseOID(text)
	if err != nil {
		panic(err)
	}
	return oid
}

// Len is the number of arcs.
func (o OID) Len() int { return len(o.key) / arcBytes }

// Arc returns the arc at place i, counted from 0. It panics when i is out of range.
func (o OID) Arc(i int) uint32 {
	at := i * arcBytes
	k := o.key[at : at+arcBytes]
	return uint32(k[0])<<24 | uint32(k[1])<<16 | uint32(k[2])<<8 | uint32(k[3])
}

// Prefix returns the first n arcs. It panics when n is out of range.
func (o OID) Prefix(n int) OID { return OID{o.key[:n*arcBytes]} }

// Append returns o followed by arcs. It panics beyond MaxArcs arcs.
func (o OID) Append(arcs ...uint32) OID {
	if o.Len()+len(arcs) > MaxArcs {
		panic(fmt.Sprintf("smi: OID of %d arcs, at most %d allowed", o.Len()+len(arcs), MaxArcs))
	}
	key := make([]byte, 0, len(o.key)+len(arcs)*arcBytes)
	key = append(key, o.key...)
	for _, arc := range arcs {
		key = binary.BigEndian.AppendUint32(key, arc)
	}
	return OID{string(key)}
}

// HasPrefix reports whether o is prefix or lies below it.
func (o OID) HasPrefix(prefix OID) bool { return strings.HasPrefix(o.key, prefix.key) }

// Compare orders OIDs lexicographically by arc: -1, 0 or 1.
func (o OID) Compare(other OID) int { return strings.Compare(o.key, other.key) }

// String is the dotted decimal form without a leading dot.
func (o OID) String() string {
	text := make([]byte, 0, 3*o.Len())
	for i := range o.Len() {
		if i > 0 {
			text = append(text, '.')
		}
		text = strconv.AppendUint(text, uint64(o.Arc(i)), 10)
	}
	return string(text)
}

// Encodable reports whether BER can carry o: at least two arcs, the first at
// most 2, the second below 40 unless the first is 2 (X.690 §8.19.4).
func (o OID) Encodable() bool {
	if o.Len() < 2 || o.Arc(0) > 2 {
		return false
	}
	if o.Arc(0) == 2 {
		return o.Arc(1) <= 1<<32-1-80
	}
	return o.Arc(1) < 40
}
