package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"nettwin/graph/rdf"
)

// Severity is the weight of an event, in the numbers of RFC 5424 §6.2.1: 0 is
// the heaviest.
type Severity uint8

// The severities.
const (
	Emergency Severity = iota
	Alert
	Critical
	Error
	Warning
	Notice
	Informational
	Debug
)

var severityNames = [...]string{"emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"}

// String returns the name, such as "warning".
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return "severity " + strconv.Itoa(int(s))
}

// ParseSeverity finds a severity by its name.
func ParseSeverity(name string) (Severity, bool) {
	for i, n := range severityNames {
		if n == name {
			return Severity(i), true
		}
	}
	return 0, false
}

// Event is one thing that a device told by itself, a trap or a log message, as
// an EventLog takes it.
type Event struct {
	Received time.Time
	Reported time.Time // by the device's clock; zero if it told none
	// Guessed: the year or the zone of Reported was not told, see
	// Clock.NoteLocal.
	Guessed  bool
	Class    rdf.Term // of the thing in the source graph
	Type     rdf.Term // what kind of event it is; zero if no table tells
	Severity Severity
	Message  string
	// Facts are what else the source says; their Thing is filled in.
	Facts []Fact
	// Notable events are lifted into the twin, and kept longer than others.
	Notable bool
	// Key is equal for messages that say the same, whose repetitions become
	// one event. Subject is what it speaks of: where another Key spoke of the
	// same Subject in between, the same message is a new event.
	Key, Subject string
	// Read asks for a reading of the device, and says why; "" asks for none.
	Read      string
	Raw       RawItem // the datagram
	Transport string
	// Confirmed is a message that its sender repeats until Done: the same
	// octets once more are no second event.
	Confirmed bool
	// Done, if not nil, is called once when the event is in the graph, or with
	// why it will not be.
	Done func(error)
}

// eventPrefix begins the paths of events, and eventTime is the form of the
// time of receipt in them: event/20261122T043541.546756Z-0a1b2c3d4e5f.
const (
	eventPrefix = "event/"
	eventTime   = "20060102T150405.000000Z"
	hashDigits  = 12
)

func eventPath(at time.Time, hash string) string {
	return eventPrefix + at.UTC().Format(eventTime) + "-" + hash
}

// parseEventPath reads what eventPath wrote.
func parseEventPath(path string) (at time.Time, hash string, ok bool) {
	text, hash, ok := strings.Cut(strings.TrimPrefix(path, eventPrefix), "-")
	at, err := time.Parse(eventTime, text)
	if len(hash) > hashDigits {
		hash = hash[:hashDigits]
	}
	return at, hash, ok && err == nil
}

func eventHash(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])[:hashDigits]
}

// facts are the statements about an event.
func (e *Event) facts(path string) []Fact {
	out := []Fact{
		{Thing: path, P: rdfType, O: e.Class},
		{Thing: path, P: propReceivedTime, O: micros(e.Received)},
		{Thing: path, P: propReportedSeverity, O: rdf.String(e.Severity.String())},
	}
	if e.Notable {
		out = append(out, Fact{Thing: path, P: rdfType, O: classNotable})
	}
	if !e.Reported.IsZero() {
		out = append(out, Fact{Thing: path, P: propReportedTime, O: micros(e.Reported)})
	}
	if !e.Type.IsZero() {
		out = append(out, Fact{Thing: path, P: propReportedType, O: e.Type})
	}
	if e.Message != "" {
		out = append(out, Fact{Thing: path, P: propReportedMessage, O: rdf.String(e.Message)})
	}
	for _, f := range e.Facts {
		f.Thing = path
		out = append(out, f)
	}
	return out
}
