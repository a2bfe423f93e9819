package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk/internal/dict"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/internal/batch"
)

// recordKind says what a record does.
type recordKind uint8

// The kinds of records.
const (
	recordCommit recordKind = 1 + iota
	recordFork
	recordDrop
	recordLoad
	recordTrimmed
)

// record is one step in the life of a store, as the log holds it.
type record struct {
	kind recordKind

	// recordCommit: the commit, the dictionary's new entries, of which the
	// first has number firstTerm, and the effective changes.
	commit    graph.Commit
	firstTerm uint64
	terms     []dict.Raw
	changes   *batch.Changes

	// recordTrimmed: a commit that has lost changes to graphs whose past is not
	// retained: changes are the others, commit counts all of them.

	// recordLoad: a commit whose changes are in segments; changes is nil.
	segments []uint64

	// recordFork: branch name starts from commit base of branch parent, whose
	// line contains it. recordDrop: branch name goes.
	name   string
	parent string
	base   graph.CommitSeq
}

// The layout of a record. Integers of the frame are little-endian.
//
//	offset size
//	0      4    "NTr1"
//	4      4    length of the payload
//	8      8    number of the record, from 1 over the whole log
//	16     8    number of the last record that was durable when this one was made
//	24     4    CRC-32C of salt ‖ bytes 0–23 ‖ payload
//	28     …    payload
//
// Records that are flushed together may reach the medium in any order, so
// after a crash a good one can follow a bad one that was never acknowledged.
// The number of the last durable record tells this from corruption.
//
// The salt is that of STORE: bytes that someone put into a literal, or that
// another store left on the medium, are no records here.
//
// The payload begins with its kind. uv is an unsigned varint, str a uv of the
// length and the bytes.
//
//	commit  1  uv seq, uv parent, str branch, varint seconds, uv nanoseconds, str note,
//	           uv first term, uv terms × (1 byte kind | 0x80 if language-tagged, uv extra, str text),
//	           uv deletes × quad, uv adds × quad
//	load    4  as commit up to the terms, then uv adds, uv deletes,
//	           uv segments × uv number: there are the changes
//	trimmed 5  as commit up to the note, then uv adds, uv deletes, which it had,
//	           uv deletes × quad, uv adds × quad, which it has, then zeros
//	fork    2  str name, str parent, uv base
//	drop    3  str name
//	quad       1 byte: bit i set if position i (S, P, O, G) is as in the quad
//	           before (the first: as in 0 0 0 0), then uv of each other id
//	id         payload<<4 | tag, so that small numbers are short
const (
	frameMagic = "NTr1"
	frameLen   = 28
	summedLen  = 24 // of the frame

	// MaxRecordBytes bounds a payload.
	MaxRecordBytes = math.MaxInt32
)

// langFlag marks a language-tagged literal beside its kind.
const langFlag = 0x80

var errShort = errors.New("record ends early")

// appendFrame adds the frame and payload of a record.
func appendFrame(b []byte, salt []byte, number, durable uint64, payload []byte) []byte {
	var head [frameLen]byte
	copy(head[:], frameMagic)
	binary.LittleEndian.PutUint32(head[4:], uint32(len(payload)))
	binary.LittleEndian.PutUint64(head[8:], number)
	binary.LittleEndian.PutUint64(head[16:], durable)
	binary.LittleEndian.PutUint32(head[summedLen:], intact.Sum(salt, head[:summedLen], payload))
	return append(append(b, head[:]...), payload...)
}

// frame is the head of a record.
type frame struct {
	length  uint32
	number  uint64
	durable uint64
	sum     uint32
}

// parseFrame reads a head; false if it is none.
func parseFrame(head []byte) (frame, bool) {
	if len(head) < frameLen || string(head[:4]) != frameMagic {
		return frame{}, false
	}
	f := frame{
		length:  binary.LittleEndian.Uint32(head[4:]),
		number:  binary.LittleEndian.Uint64(head[8:]),
		durable: binary.LittleEndian.Uint64(head[16:]),
		sum:     binary.LittleEndian.Uint32(head[summedLen:]),
	}
	return f, f.length <= MaxRecordBytes
}

// encodeRecord appends the payload of r.
func encodeRecord(b []byte, r *record) []byte {
	b = append(b, byte(r.kind))
	switch r.kind {
	case recordCommit, recordLoad, recordTrimmed:
		b = encodeCommit(b, r)
	case recordFork:
		b = appendString(b, r.name)
		b = appendString(b, r.parent)
		b = binary.AppendUvarint(b, uint64(r.base))
	case recordDrop:
		b = appendString(b, r.name)
	}
	return b
}

func encodeCommit(b []byte, r *record) []byte {
	c := &r.commit
	b = binary.AppendUvarint(b, uint64(c.Seq))
	b = binary.AppendUvarint(b, uint64(c.Parent))
	b = appendString(b, c.Branch)
	b = binary.AppendVarint(b, c.Time.Unix())
	b = binary.AppendUvarint(b, uint64(c.Time.Nanosecond()))
	b = appendString(b, c.Note)
	if r.kind == recordTrimmed {
		b = binary.AppendUvarint(b, c.Adds)
		b = binary.AppendUvarint(b, c.Deletes)
		b = appendQuads(b, r.changes.Deletes)
		return appendQuads(b, r.changes.Adds)
	}
	b = binary.AppendUvarint(b, r.firstTerm)
	b = binary.AppendUvarint(b, uint64(len(r.terms)))
	for _, t := range r.terms {
		kind := t.Kind
		if t.Lang {
			kind |= langFlag
		}
		b = append(b, kind)
		b = binary.AppendUvarint(b, uint64(t.Extra))
		b = appendString(b, t.Text)
	}
	if r.kind == recordLoad {
		b = binary.AppendUvarint(b, c.Adds)
		b = binary.AppendUvarint(b, c.Deletes)
		return appendList(b, r.segments)
	}
	b = appendQuads(b, r.changes.Deletes)
	return appendQuads(b, r.changes.Adds)
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendQuads(b []byte, quads []graph.Quad) []byte {
	b = binary.AppendUvarint(b, uint64(len(quads)))
	var last graph.Quad
	for _, q := range quads {
		at := len(b)
		b = append(b, 0)
		for i, id := range q {
			if id == last[i] {
				b[at] |= 1 << i
				continue
			}
			b = binary.AppendUvarint(b, id.Payload()<<4|uint64(id.Tag()))
		}
		last = q
	}
	return b
}

// decodeRecord reads a payload. Its strings share b's memory only through
// copies, so b may be reused.
func decodeRecord(b []byte) (*record, error) {
	d := &decoder{b: b}
	r := &record{kind: recordKind(d.byte())}
	switch r.kind {
	case recordCommit:
		d.commit(r)
		r.changes = &batch.Changes{Deletes: d.quads(), Adds: d.quads()}
		r.commit.Adds, r.commit.Deletes = uint64(len(r.changes.Adds)), uint64(len(r.changes.Deletes))
	case recordTrimmed:
		d.commitHead(r)
		r.commit.Adds, r.commit.Deletes = d.uvarint(), d.uvarint()
		r.changes = &batch.Changes{Deletes: d.quads(), Adds: d.quads()}
		d.zeros()
	case recordLoad:
		d.commit(r)
		r.commit.Adds, r.commit.Deletes, r.segments = d.uvarint(), d.uvarint(), d.list()
		if d.err == nil && len(r.segments) != 1 {
			d.fail(fmt.Errorf("a load in %d segments", len(r.segments)))
		}
	case recordFork:
		r.name, r.parent, r.base = d.string(), d.string(), graph.CommitSeq(d.uvarint())
	case recordDrop:
		r.name = d.string()
	default:
		d.fail(fmt.Errorf("record of unknown kind %d", r.kind))
	}
	if d.err == nil && len(d.b) > 0 {
		d.fail(fmt.Errorf("record has %d bytes too many", len(d.b)))
	}
	return r, d.err
}

// decoder takes fields from the front of b until one fails.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.b = nil
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.fail(errShort)
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail(errShort)
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.fail(errShort)
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) string() string {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.fail(errShort)
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

// count reads a number of things of at least size bytes each, so that a bad
// count cannot make us reserve more than the record is worth.
func (d *decoder) count(size int) int {
	n := d.uvarint()
	if n > uint64(len(d.b)/size) {
		d.fail(errShort)
		return 0
	}
	return int(n)
}

// commitHead reads what a commit is, without its terms and changes.
func (d *decoder) commitHead(r *record) {
	c := &r.commit
	c.Seq, c.Parent, c.Branch = graph.CommitSeq(d.uvarint()), graph.CommitSeq(d.uvarint()), d.string()
	secs, nanos := d.varint(), d.uvarint()
	if nanos >= uint64(time.Second) {
		d.fail(fmt.Errorf("commit %d has %d nanoseconds", c.Seq, nanos))
		return
	}
	c.Time = time.Unix(secs, int64(nanos)).UTC()
	c.Note = d.string()
	c.Effective = true
}

func (d *decoder) commit(r *record) {
	d.commitHead(r)
	r.firstTerm = d.uvarint()
	r.terms = make([]dict.Raw, d.count(3))
	for i := range r.terms {
		kind := d.byte()
		extra := d.uvarint()
		if extra > math.MaxUint32 {
			d.fail(fmt.Errorf("term %d names entry %d", r.firstTerm+uint64(i), extra))
		}
		r.terms[i] = dict.Raw{Kind: kind &^ langFlag, Lang: kind&langFlag != 0, Extra: uint32(extra), Text: d.string()}
		if d.err != nil {
			return
		}
	}
}

func (d *decoder) quads() []graph.Quad {
	quads := make([]graph.Quad, d.count(2))
	var last graph.Quad
	for i := range quads {
		same := d.byte()
		if same > 0xF {
			d.fail(fmt.Errorf("quad %d begins with byte %#x", i, same))
		}
		before := last
		for pos := range last {
			if same>>pos&1 == 0 {
				v := d.uvarint()
				last[pos] = graph.MakeID(graph.Tag(v&0xF), v>>4)
			}
		}
		if last == before {
			d.fail(fmt.Errorf("quad %d repeats the one before", i))
		}
		if d.err != nil {
			return nil
		}
		quads[i] = last
	}
	return quads
}

// zeros reads the rest, which must be nothing else.
func (d *decoder) zeros() {
	for _, c := range d.b {
		if c != 0 {
			d.fail(errors.New("a trimmed record ends with what is not zero"))
			return
		}
	}
	d.b = nil
}
