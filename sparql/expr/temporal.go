package expr

import (
	"math/big"
	"strconv"
	"strings"
	"time"

	"nettwin/graph/rdf"
)

// temporalKind is a datatype of the seven-property model (XSD 1.1 Part 2
// §3.3.7–§3.3.14).
type temporalKind uint8

const (
	dateTimeKind temporalKind = iota + 1
	dateKind
	timeKind
	gYearKind
	gYearMonthKind
	gMonthKind
	gMonthDayKind
	gDayKind
)

var temporalKinds = map[string]temporalKind{
	rdf.XSDDateTime: dateTimeKind, rdf.XSD + "dateTimeStamp": dateTimeKind, rdf.XSDDate: dateKind,
	rdf.XSD + "time": timeKind, rdf.XSD + "gYear": gYearKind, rdf.XSD + "gYearMonth": gYearMonthKind,
	rdf.XSD + "gMonth": gMonthKind, rdf.XSD + "gMonthDay": gMonthDayKind, rdf.XSD + "gDay": gDayKind,
}

// maxYearDigits bounds the year so that seconds fit 64 bits.
const maxYearDigits = 9

// temporal is a point in time or a recurring one. Properties that its kind
// does not have hold the reference values of XSD 1.1 Part 2 §E.3.3, so that
// the line of time is defined for each kind.
type temporal struct {
	kind                     temporalKind
	year                     int64
	month, day, hour, minute int
	seconds                  decimal // 0 ≤ seconds < 60, as written
	zoned                    bool
	offset                   int // minutes east of UTC, if zoned
}

// scanner reads fixed-width fields; it stays failed after the first mismatch.
type scanner struct {
	rest   string
	failed bool
}

func (s *scanner) accept(c byte) bool {
	if s.failed || s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *scanner) expect(text string) {
	rest, ok := strings.CutPrefix(s.rest, text)
	if !ok {
		s.failed = true
		return
	}
	s.rest = rest
}

// number reads n digits and checks the bounds.
func (s *scanner) number(n, low, high int) int {
	if s.failed || len(s.rest) < n {
		s.failed = true
		return 0
	}
	v := 0
	for i := range n {
		c := s.rest[i]
		if c < '0' || c > '9' {
			s.failed = true
			return 0
		}
		v = v*10 + int(c-'0')
	}
	if v < low || v > high {
		s.failed = true
	}
	s.rest = s.rest[n:]
	return v
}

func (s *scanner) year() int64 {
	negative := s.accept('-')
	n := 0
	for n < len(s.rest) && s.rest[n] >= '0' && s.rest[n] <= '9' {
		n++
	}
	if n < 4 || n > maxYearDigits || n > 4 && s.rest[0] == '0' {
		s.failed = true
		return 0
	}
	v, _ := strconv.ParseInt(s.rest[:n], 10, 64)
	s.rest = s.rest[n:]
	if negative {
		return -v
	}
	return v
}

func (s *scanner) secondsField() decimal {
	whole := s.number(2, 0, 59)
	if s.failed || !strings.HasPrefix(s.rest, ".") {
		return decimal{small: int64(whole)}
	}
	n := 1
	for n < len(s.rest) && s.rest[n] >= '0' && s.rest[n] <= '9' {
		n++
	}
	d, ok := parseDecimal(strconv.Itoa(whole)+s.rest[:n], true)
	if !ok || n == 1 {
		s.failed = true
	}
	s.rest = s.rest[n:]
	return d
}

func (t *temporal) readTime(s *scanner) {
	t.hour = s.number(2, 0, 24)
	s.expect(":")
	t.minute = s.number(2, 0, 59)
	s.expect(":")
	t.seconds = s.secondsField()
	if t.hour == 24 && (t.minute != 0 || t.seconds.sign() != 0) {
		s.failed = true
	}
}

func (t *temporal) readZone(s *scanner) {
	switch {
	case s.failed || s.rest == "":
	case s.accept('Z'):
		t.zoned = true
	case s.rest[0] == '+' || s.rest[0] == '-':
		sign := 1
		if s.rest[0] == '-' {
			sign = -1
		}
		s.rest = s.rest[1:]
		hours := s.number(2, 0, 14)
		s.expect(":")
		minutes := s.number(2, 0, 59)
		t.zoned, t.offset = true, sign*(hours*60+minutes)
		if hours == 14 && minutes != 0 {
			s.failed = true
		}
	}
	if s.rest != "" {
		s.failed = true
	}
}

// parseTemporal returns the value of a literal of one of the temporalKinds.
func parseTemporal(lit rdf.Term) (temporal, bool) {
	kind := temporalKinds[lit.Datatype()]
	if kind == 0 {
		return temporal{}, false
	}
	return parseTemporalAs(lit.Value(), kind)
}

func parseTemporalAs(lexical string, kind temporalKind) (temporal, bool) {
	t := temporal{kind: kind, year: 1972, month: 12, day: 31}
	s := &scanner{rest: lexical}
	switch kind {
	case dateTimeKind:
		t.readDate(s)
		s.expect("T")
		t.readTime(s)
	case dateKind:
		t.readDate(s)
	case timeKind:
		t.readTime(s)
	case gYearKind:
		t.year = s.year()
	case gYearMonthKind:
		t.year = s.year()
		s.expect("-")
		t.month = s.number(2, 1, 12)
	case gMonthKind:
		s.expect("--")
		t.month = s.number(2, 1, 12)
	case gMonthDayKind:
		s.expect("--")
		t.month = s.number(2, 1, 12)
		s.expect("-")
		t.day = s.number(2, 1, daysIn(1972, t.month))
	case gDayKind:
		s.expect("---")
		t.day = s.number(2, 1, 31)
	}
	t.readZone(s)
	if s.failed {
		return temporal{}, false
	}
	t.normalizeMidnight()
	return t, true
}

func (t *temporal) readDate(s *scanner) {
	t.year = s.year()
	s.expect("-")
	t.month = s.number(2, 1, 12)
	s.expect("-")
	t.day = s.number(2, 1, 31)
	if !s.failed && t.day > daysIn(t.year, t.month) {
		s.failed = true
	}
}

// normalizeMidnight turns 24:00:00 into the first moment of the next day.
func (t *temporal) normalizeMidnight() {
	if t.hour != 24 {
		return
	}
	t.hour = 0
	if t.kind != dateTimeKind {
		return
	}
	t.day++
	if t.day > daysIn(t.year, t.month) {
		t.day = 1
		t.month++
	}
	if t.month > 12 {
		t.month = 1
		t.year++
	}
}

func daysIn(year int64, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysBefore returns the days from 1970-01-01 to a date of the proleptic
// Gregorian calendar, in which year 0 is a leap year (XSD 1.1 §E.3.4).
func daysBefore(year int64, month, day int) int64 {
	if month <= 2 {
		year--
	}
	era := floorDiv(year, 400)
	yearOfEra := year - era*400
	dayOfYear := int64((153*((month+9)%12)+2)/5 + day - 1)
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// timeline returns the seconds since 1970-01-01T00:00:00 on the value's own
// clock, shifted to UTC if it is zoned.
func (t temporal) timeline() decimal {
	minutes := (daysBefore(t.year, t.month, t.day)*24+int64(t.hour))*60 + int64(t.minute) - int64(t.offset)
	return decimal{small: minutes * 60}.add(t.seconds)
}

// zoneSlack is how far a value without a timezone may lie from the same
// value in UTC (XSD 1.1 §E.3.3: ±14 hours).
const zoneSlack = 14 * 60 * 60

// compareTemporal orders two values of one kind. Where exactly one has a
// timezone and they are within 14 hours of one another, the order is not
// determined and ok is false.
func compareTemporal(a, b temporal) (cmp int, ok bool) {
	x, y := a.timeline(), b.timeline()
	if a.zoned == b.zoned {
		return x.cmp(y), true
	}
	slack := decimal{small: zoneSlack}
	if x.add(slack).cmp(y) < 0 {
		return -1, true
	}
	if y.add(slack).cmp(x) < 0 {
		return 1, true
	}
	return 0, false
}

// formatDateTime writes an instant as xsd:dateTime in UTC, to the millisecond.
func formatDateTime(t time.Time) rdf.Term {
	return rdf.Literal(t.UTC().Format("2006-01-02T15:04:05.999Z07:00"), rdf.XSDDateTime)
}

// date returns the calendar part of a dateTime as a lexical xsd:date, with
// its timezone.
func (t temporal) dateLexical() string {
	year := strconv.FormatInt(max(t.year, -t.year), 10)
	for len(year) < 4 {
		year = "0" + year
	}
	if t.year < 0 {
		year = "-" + year
	}
	return year + "-" + two(t.month) + "-" + two(t.day) + t.zone()
}

func (t temporal) timeLexical() string {
	seconds := t.seconds.trim(0)
	text := seconds.String()
	if seconds.cmp(decimal{small: 10}) < 0 {
		text = "0" + text
	}
	return two(t.hour) + ":" + two(t.minute) + ":" + text + t.zone()
}

func two(v int) string {
	if v < 10 {
		return "0" + strconv.Itoa(v)
	}
	return strconv.Itoa(v)
}

// zone writes the timezone, "" if there is none (TZ, §17.4.5.9).
func (t temporal) zone() string {
	switch {
	case !t.zoned:
		return ""
	case t.offset == 0:
		return "Z"
	case t.offset < 0:
		return "-" + two(-t.offset/60) + ":" + two(-t.offset%60)
	}
	return "+" + two(t.offset/60) + ":" + two(t.offset%60)
}

// duration is a value of xsd:duration, dayTimeDuration or yearMonthDuration
// (XSD 1.1 Part 2 §3.3.6): months and seconds.
type duration struct {
	months  *big.Int
	seconds decimal
}

var durationTypes = map[string]string{ // designators that each type allows
	rdf.XSD + "duration": "YMDTHMS", rdf.XSD + "dayTimeDuration": "DTHMS", rdf.XSD + "yearMonthDuration": "YM",
}

func parseDuration(lit rdf.Term) (duration, bool) {
	allowed, ok := durationTypes[lit.Datatype()]
	if !ok {
		return duration{}, false
	}
	text := lit.Value()
	negative := strings.HasPrefix(text, "-")
	text = strings.TrimPrefix(text, "-")
	if !strings.HasPrefix(text, "P") || len(text) < 3 || strings.HasSuffix(text, "T") {
		return duration{}, false
	}
	d, ok := readDurationFields(text[1:], allowed)
	if ok && negative {
		d.months.Neg(d.months)
		d.seconds = d.seconds.neg()
	}
	return d, ok
}

// readDurationFields reads nYnMnDTnHnMn.nS; each field once, in that order.
func readDurationFields(text, allowed string) (duration, bool) {
	d := duration{months: new(big.Int)}
	next, inTime := 0, false
	for text != "" {
		if text[0] == 'T' {
			if inTime || !strings.Contains(allowed, "T") {
				return d, false
			}
			inTime, next, text = true, 3, text[1:]
			continue
		}
		n := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if n < 1 {
			return d, false
		}
		field, unit := text[:n], text[n]
		text = text[n+1:]
		value, ok := parseDecimal(field, unit == 'S')
		fields := "YMD"
		if inTime {
			fields = "YMDHMS"
		}
		at := strings.IndexByte(fields[min(next, len(fields)):], unit)
		if !ok || at < 0 || !strings.ContainsRune(allowed, rune(unit)) || strings.HasPrefix(field, ".") || strings.HasSuffix(field, ".") {
			return d, false
		}
		if unit == 'M' && !inTime && allowed == "DTHMS" {
			return d, false
		}
		next += at + 1
		d.addField(value, unit, inTime)
	}
	return d, true
}

func (d *duration) addField(value decimal, unit byte, inTime bool) {
	scale := int64(1)
	switch {
	case unit == 'Y':
		d.months.Add(d.months, new(big.Int).Mul(value.mantissa(), big.NewInt(12)))
		return
	case unit == 'M' && !inTime:
		d.months.Add(d.months, value.mantissa())
		return
	case unit == 'D':
		scale = 86400
	case unit == 'H':
		scale = 3600
	case unit == 'M':
		scale = 60
	}
	d.seconds = d.seconds.add(value.mul(decimal{small: scale}))
}

// compareDurations orders two durations where their order is determined:
// when months or seconds alone differ, or both in the same direction.
func compareDurations(a, b duration) (int, bool) {
	m, s := a.months.Cmp(b.months), a.seconds.cmp(b.seconds)
	switch {
	case m == 0:
		return s, true
	case s == 0 || s == m:
		return m, true
	}
	return 0, false
}
