package graph

import "time"

// The range of inlined xsd:dateTime: years 0001 to 9999.
var (
	minDateTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	maxDateTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
)

// inlineDateTime accepts only YYYY-MM-DDThh:mm:ssZ naming an instant that
// exists, so that formatting it again gives the same bytes (no 24:00:00, no
// leap second, no fraction, no other zone).
func inlineDateTime(s string) (TermID, bool) {
	if len(s) != dateTimeLen || s[19] != 'Z' {
		return None, false
	}
	for i, c := range []byte("dddd-dd-ddTdd:dd:ddZ") {
		if c == 'd' && (s[i] < '0' || s[i] > '9') || c != 'd' && s[i] != c {
			return None, false
		}
	}
	year, month, day := number(s[:4]), number(s[5:7]), number(s[8:10])
	hour, minute, second := number(s[11:13]), number(s[14:16]), number(s[17:19])
	if year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return None, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if t.Day() != day {
		return None, false
	}
	return MakeID(TagDateTime, uint64(t.Unix())), true
}

func formatDateTime(secs int64) string {
	return time.Unix(secs, 0).UTC().Format("2006-01-02T15:04:05Z")
}

func number(digits string) int {
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}
