package flow

// sequence watches the sequence numbers of a domain. They count messages in
// NetFlow v9 (RFC 3954 §5.1) and sFlow, and records in NetFlow v5 and IPFIX (RFC 7011
// §3.1), where the number is that of the records before the message;
// softflowd counts the message's own too.
type sequence struct {
	known   bool
	last    uint32
	records uint32 // of the last message
	exact   bool   // the number of records of the last message is known
	own     bool   // the exporter counts the message's own records

	Gaps    uint64 `json:"gaps"`    // times that something was missing
	Lost    uint64 `json:"lost"`    // records, of NetFlow v9 messages
	Resets  uint64 `json:"resets"`  // times that the exporter began anew
	Shuffle uint64 `json:"shuffle"` // messages out of order
}

// Bounds that tell apart what a number that does not fit means.
const (
	maxGap     = 1 << 20 // beyond: the exporter began anew
	maxShuffle = 64      // behind by less: out of order
)

// next takes the number of a message. records are the data records in it and
// flows those of them that are no options; exact is false if some could not
// be counted.
func (s *sequence) next(version uint16, number, records, flows uint32, exact bool) {
	before := *s
	s.known, s.last, s.records, s.exact = true, number, records, exact
	if !before.known {
		return
	}
	expected := before.last + 1
	if version != versionNetFlow9 && version != versionSFlow {
		expected = before.last + before.records
		own := before.last + flows
		switch {
		case number == expected:
			s.own = s.own && number == own
			return
		case number == own || number == before.last+records:
			s.own = true
			return
		case !before.exact || !exact:
			return // no way to tell
		case before.own:
			expected = own
		}
	}
	s.missing(before, number, number-expected)
}

func (s *sequence) missing(before sequence, number, ahead uint32) {
	switch {
	case ahead == 0:
	case ahead <= maxGap:
		s.Gaps++
		s.Lost += uint64(ahead)
	case before.last-number <= maxShuffle && before.last != number:
		s.Shuffle++
		s.last, s.records, s.exact = before.last, before.records, before.exact
	default:
		s.Resets++
	}
}
