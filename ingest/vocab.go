package ingest

import (
	"time"

	"nettwin/graph/rdf"
	"nettwin/naming"
)

// The terms of provenance and identity that the pipeline writes. Their
// meaning is in the vocabulary (twin.ttl) and in PROV-O.
var (
	rdfType = rdf.IRI(rdf.RDFType)

	classSource   = rdf.IRI(naming.Twin + "Source")
	classEnvelope = rdf.IRI(naming.Twin + "EnvelopeItem")
	classActivity = rdf.IRI(naming.Prov + "Activity")

	propDescribes        = rdf.IRI(naming.Twin + "describes")
	propDeviceName       = rdf.IRI(naming.Twin + "deviceName")
	propCollector        = rdf.IRI(naming.Twin + "collector")
	propCounterProperty  = rdf.IRI(naming.Twin + "counterProperty")
	propIdentityKey      = rdf.IRI(naming.Twin + "identityKey")
	propStatedKey        = rdf.IRI(naming.Twin + "statedKey")
	propFormerKey        = rdf.IRI(naming.Twin + "formerIdentityKey")
	propIdentityConflict = rdf.IRI(naming.Twin + "identityConflict")
	propFirstSeen        = rdf.IRI(naming.Twin + "firstSeen")
	propLastSeen         = rdf.IRI(naming.Twin + "lastSeen")
	propLastContact      = rdf.IRI(naming.Twin + "lastContact")
	propLastError        = rdf.IRI(naming.Twin + "lastError")
	propSyncState        = rdf.IRI(naming.Twin + "syncState")
	propItem             = rdf.IRI(naming.Twin + "item")
	propLastItem         = rdf.IRI(naming.Twin + "lastItem")
	propSourceGraph      = rdf.IRI(naming.Twin + "sourceGraph")
	propEnvelope         = rdf.IRI(naming.Twin + "envelope")
	propTransport        = rdf.IRI(naming.Twin + "transport")
	propInstruction      = rdf.IRI(naming.Twin + "instruction")
	propLabel            = rdf.IRI(naming.Twin + "label")

	classNotable = rdf.IRI(naming.Twin + "NotableEvent")

	propReceivedTime     = rdf.IRI(naming.Twin + "receivedTime")
	propReportedTime     = rdf.IRI(naming.Twin + "reportedTime")
	propReportedType     = rdf.IRI(naming.Twin + "reportedType")
	propReportedSeverity = rdf.IRI(naming.Twin + "reportedSeverity")
	propReportedMessage  = rdf.IRI(naming.Twin + "reportedMessage")
	propOccurrences      = rdf.IRI(naming.Twin + "occurrences")
	propLastOccurrence   = rdf.IRI(naming.Twin + "lastOccurrence")

	propStarted   = rdf.IRI(naming.Prov + "startedAtTime")
	propEnded     = rdf.IRI(naming.Prov + "endedAtTime")
	propUsed      = rdf.IRI(naming.Prov + "used")
	propGenerated = rdf.IRI(naming.Prov + "generated")
)

// State is how well a source is known (MISSION row A16), a value of
// twin:syncState.
type State string

// The states.
const (
	StateUnknown State = "unknown" // not asked yet
	StateInSync  State = "in sync" // the last collection succeeded
	StateStale   State = "stale"   // it failed
	StateUnasked State = "unasked" // nobody needs anything of it: it is not asked, and states nothing
	StateLost    State = "lost"    // so many failed that what was said before may not be believed
)

// seconds writes an instant in whole seconds: the graph holds such values in
// their ids, so that a poll does not make the dictionary grow.
func seconds(t time.Time) rdf.Term {
	return rdf.Literal(t.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05Z"), rdf.XSDDateTime)
}

// micros writes an instant with its microseconds.
func micros(t time.Time) rdf.Term {
	return rdf.Literal(t.UTC().Format("2006-01-02T15:04:05.000000Z"), rdf.XSDDateTime)
}

// exact writes an instant with its fraction.
func exact(t time.Time) rdf.Term {
	return rdf.Literal(t.UTC().Format("2006-01-02T15:04:05.000Z"), rdf.XSDDateTime)
}
