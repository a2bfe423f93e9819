package ingest

import (
	"context"
	"strings"
	"time"

	"nettwin/graph/rdf"
)

// Target is one device as configured. The transport endpoint is
// configuration: it enters neither identity nor a name.
type Target struct {
	Name    string // configured name; "" until the first contact told the strongest key
	Address string // host or host:port
	// Timeout bounds one request, Budget the whole collection; zero means the
	// collector's default.
	Timeout, Budget time.Duration
	// Meter counts what the device is asked and keeps to its pace; may be nil.
	// A collector calls Request before each request and Answered after it.
	Meter *Meter
	// Want is what the reading shall bring, see Want; nil means everything. What
	// it does not want is not asked for, and what the graph says of it is
	// withdrawn: a sample's Complete covers it too.
	Want *Want
}

// Collector reads one device by one protocol. Implementations live in
// packages of their own (ingest/snmp) and are safe for concurrent use with
// different targets.
type Collector interface {
	// Name is the collector's part of source graph names: lower-case, such as
	// "snmp".
	Name() string

	// Collect reads the device once. A sample that is incomplete (budget or
	// timeout after some answers) comes with an error that wraps ErrPartial:
	// absent facts then do not mean deletion. Any other error means that
	// nothing was learnt.
	Collect(ctx context.Context, t Target) (*Sample, error)
}

// Sample is what one device said in one window, mapped to facts in the
// source's own vocabulary.
type Sample struct {
	Collector      string
	Device         string // Target.Name, may be ""
	Started, Ended time.Time
	Raw            []RawItem
	Facts          []Fact
	// Complete lists the thing prefixes ("ifTable", "system", …) that were
	// read to their end: only facts of things under these may be deleted.
	// Elsewhere a value that was read still replaces the literals that the
	// same property of the same thing had.
	Complete []string
	// Gone lists properties that the device says are no more: what the graph
	// still says of them is deleted, unless the sample says it again.
	Gone []Gone
	// Expired lists thing prefixes, each below one of Complete, whose things
	// are of the moment, such as events and flows: when they go, provenance
	// keeps neither a last item nor a time of them, else it would grow for ever.
	Expired []string
	// Left are the parts of the source that were not asked for because nobody
	// wants them, Costs what those cost that were; both may be empty.
	Left  []string
	Costs []Cost
	// Clock is what the collector found of the device's clock; nil: nothing but
	// what the facts say.
	Clock *ClockReading
	// Withdrawn: nothing was asked, because nobody wants anything of this
	// source. What the graph says of it goes; it was no contact.
	Withdrawn bool
	// Unsolicited is a sample that the device sent by itself: it is a contact,
	// and says nothing about whether a collector is in sync.
	Unsolicited bool
	// Transport and Instruction go into the envelope item: how the device was
	// asked, such as "SNMPv3 authPriv 192.0.2.1:161", and by which
	// instruction. Both may be empty and hold no secrets.
	Transport, Instruction string
	// Unmapped counts values for which no table of facts has an entry.
	Unmapped int
	Warnings []string
}

// Cost is what reading a part of a source took; several of one part add up.
type Cost struct {
	Part            string
	Requests, Bytes uint64
}

// RawItem is a reply after decryption, such as the response PDUs of one walk.
type RawItem struct {
	Label string // what was asked, such as "1.3.6.1.2.1.2.2"
	Bytes []byte
}

// Gone names statements that hold no more: those of one thing with a property,
// or with any whose IRI continues it behind a "/".
type Gone struct {
	Thing    string
	Property string
	Value    rdf.Term // only the statement with this object; the zero Term: all
}

// covers tells whether a statement about the thing at path is among them.
func (g *Gone) covers(path string, q rdf.Quad) bool {
	rest, ok := strings.CutPrefix(q.P.Value(), g.Property)
	return ok && path == g.Thing && (rest == "" || rest[0] == '/' || rest[0] == '#') && (g.Value.IsZero() || g.Value == q.O)
}

// Fact is one statement about one thing of the source. Things are named by a
// path below the source graph's IRI, such as "ifTable/3"; the pipeline puts
// the graph's IRI before it.
type Fact struct {
	Thing   string
	P       rdf.Term
	O       rdf.Term // the zero Term if Ref is set
	Ref     string   // another thing of the same source as object
	Counter bool     // a counter or uptime: kept apart (DESIGN.md §2, "Counters")
}
