package syslog

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"nettwin/ingest"
)

// Errors of Parse.
var (
	// ErrNoPriority: the message does not begin with <0> to <191>.
	ErrNoPriority = errors.New("syslog: no priority")
	// ErrEmpty: there is no message.
	ErrEmpty = errors.New("syslog: an empty message")
	// ErrHeader: a message of RFC 5424 whose header or structured data is not
	// as it must be.
	ErrHeader = errors.New("syslog: broken header")
)

// Parse reads one message that was received at a time. What begins as RFC 5424
// must go on so; anything else with a priority is RFC 3164, of which every
// part but the priority may be missing (its §4.3.3 and what devices send).
// Errors name the octet.
func Parse(raw []byte, received time.Time) (Message, error) {
	raw = bytes.TrimRight(raw, "\r\n\x00")
	if len(raw) == 0 {
		return Message{}, ErrEmpty
	}
	pri, rest, err := priority(raw)
	if err != nil {
		return Message{}, err
	}
	m := Message{Facility: pri / 8, Severity: ingest.Severity(pri % 8)}
	if len(rest) > 1 && rest[0] == '1' && rest[1] == ' ' {
		p := &parser{b: raw, pos: len(raw) - len(rest) + 2}
		m.Version = 1
		return m, p.rfc5424(&m)
	}
	rfc3164(&m, trimmed(rest), received)
	return m, nil
}

// priority reads PRI (RFC 5424 §6.2.1).
func priority(b []byte) (int, []byte, error) {
	end := bytes.IndexByte(b[:min(len(b), 5)], '>')
	if b[0] != '<' || end < 2 {
		return 0, nil, fmt.Errorf("octet 0: %w", ErrNoPriority)
	}
	n := 0
	for _, c := range b[1:end] {
		if c < '0' || c > '9' {
			return 0, nil, fmt.Errorf("octet 1: %w: %q is no number", ErrNoPriority, b[1:end])
		}
		n = 10*n + int(c-'0')
	}
	if n > 191 {
		return 0, nil, fmt.Errorf("octet 1: %w: %d is above 191", ErrNoPriority, n)
	}
	return n, b[end+1:], nil
}

// parser reads RFC 5424.
type parser struct {
	b   []byte
	pos int
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("octet %d: %w: %s", p.pos, ErrHeader, fmt.Sprintf(format, args...))
}

// field reads up to a blank; "-" is nothing.
func (p *parser) field(name string, limit int) (string, error) {
	end := bytes.IndexByte(p.b[p.pos:], ' ')
	if end < 0 {
		if name != "MSGID" {
			return "", p.errorf("the message ends before the end of %s", name)
		}
		return "", p.errorf("the message ends without structured data")
	}
	word := p.b[p.pos : p.pos+end]
	if end == 0 || end > limit {
		return "", p.errorf("%s of %d octets, 1 to %d are allowed", name, end, limit)
	}
	for _, c := range word {
		if c < 33 || c > 126 {
			return "", p.errorf("%s with the octet 0x%02x", name, c)
		}
	}
	p.pos += end + 1
	if string(word) == "-" {
		return "", nil
	}
	return string(word), nil
}

func (p *parser) rfc5424(m *Message) error {
	at := p.pos
	stamp, err := p.field("TIMESTAMP", 48)
	if err != nil {
		return err
	}
	if stamp != "" {
		if m.Time, err = time.Parse(time.RFC3339Nano, stamp); err != nil {
			// Some devices leave the zone out.
			m.Time, err = time.Parse("2006-01-02T15:04:05", stamp)
			m.Guessed = true
		}
		if err != nil {
			p.pos = at
			return p.errorf("TIMESTAMP %q is not as RFC 5424 §6.2.3 has it", stamp)
		}
	}
	for _, f := range []struct {
		name  string
		limit int
		into  *string
	}{{"HOSTNAME", 255, &m.Hostname}, {"APP-NAME", 48, &m.AppName}, {"PROCID", 128, &m.ProcID}, {"MSGID", 32, &m.MessageID}} {
		if *f.into, err = p.field(f.name, f.limit); err != nil {
			return err
		}
	}
	if err := p.data(m); err != nil {
		return err
	}
	if p.pos == len(p.b) {
		return nil
	}
	if p.b[p.pos] != ' ' {
		return p.errorf("no blank behind the structured data")
	}
	m.Text = trimmed(bytes.TrimPrefix(p.b[p.pos+1:], []byte("\xef\xbb\xbf")))
	return nil
}

// data reads STRUCTURED-DATA (RFC 5424 §6.3).
func (p *parser) data(m *Message) error {
	if p.pos >= len(p.b) {
		return p.errorf("the message ends without structured data")
	}
	if p.b[p.pos] == '-' {
		p.pos++
		return nil
	}
	if p.b[p.pos] != '[' {
		return p.errorf("structured data begins with %q", p.b[p.pos])
	}
	for p.pos < len(p.b) && p.b[p.pos] == '[' {
		if err := p.element(m); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) element(m *Message) error {
	p.pos++
	id, err := p.name(" ]")
	if err != nil {
		return err
	}
	for {
		switch {
		case p.pos >= len(p.b):
			return p.errorf("the element %s has no end", id)
		case p.b[p.pos] == ']':
			p.pos++
			return nil
		}
		for p.pos < len(p.b) && p.b[p.pos] == ' ' {
			p.pos++
		}
		if p.pos < len(p.b) && p.b[p.pos] == ']' {
			continue
		}
		name, err := p.name("=")
		if err != nil {
			return err
		}
		value, err := p.value(name)
		if err != nil {
			return err
		}
		if len(m.Data) >= MaxParameters {
			return p.errorf("more than %d parameters", MaxParameters)
		}
		m.Data = append(m.Data, Parameter{id, name, value})
	}
}

// name reads an SD-NAME up to one of the octets of end. SD-IDs of devices are
// longer than RFC 5424 allows; 64 octets are taken.
func (p *parser) name(end string) (string, error) {
	n := bytes.IndexAny(p.b[p.pos:], end)
	if n <= 0 || n > 2*maxName {
		return "", p.errorf("a name of structured data that is empty, too long or has no end")
	}
	word := p.b[p.pos : p.pos+n]
	for _, c := range word {
		if c < 33 || c > 126 || c == '"' {
			return "", p.errorf("the octet 0x%02x in a name of structured data", c)
		}
	}
	p.pos += n
	return string(word), nil
}

// value reads ="…" with its escapes.
func (p *parser) value(name string) (string, error) {
	if p.pos+1 >= len(p.b) || p.b[p.pos] != '=' || p.b[p.pos+1] != '"' {
		return "", p.errorf("the parameter %s has no quoted value", name)
	}
	p.pos += 2
	var out []byte
	for ; p.pos < len(p.b); p.pos++ {
		switch c := p.b[p.pos]; {
		case c == '"':
			p.pos++
			return text(out), nil
		case c == '\\' && p.pos+1 < len(p.b) && strings.IndexByte(`"\]`, p.b[p.pos+1]) >= 0:
			p.pos++
			out = append(out, p.b[p.pos])
		default:
			out = append(out, c)
		}
	}
	return "", p.errorf("the value of %s has no end", name)
}

// text makes UTF-8 of octets: what is not, is read as ISO 8859-1. Control
// characters, which no result format could carry, become blanks.
func text(b []byte) string {
	s := string(b)
	if !utf8.Valid(b) {
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		s = string(runes)
	}
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' || r == 0x7f || r == 0xFFFE || r == 0xFFFF {
			return ' '
		}
		return r
	}, s)
}

func trimmed(b []byte) string { return strings.TrimSpace(text(b)) }

// stamps are the forms of the time in RFC 3164 (§4.1.2) and in what devices
// send beside it, tried in this order at the message's beginning.
var stamps = []struct {
	re      *regexp.Regexp
	layouts []string
	year    bool // it has a year
	zone    bool // it has a zone
}{
	{regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)`), []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"}, true, true},
	{regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)?`), []string{"2006-1-2 15:04:05"}, true, false},
	{regexp.MustCompile(`^\d{4} [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)?`), []string{"2006 Jan _2 15:04:05"}, true, false},
	{regexp.MustCompile(`^[*.]?[A-Z][a-z]{2} {1,2}\d{1,2} \d{4} \d\d:\d\d:\d\d(?:\.\d+)?`), []string{"Jan _2 2006 15:04:05"}, true, false},
	{regexp.MustCompile(`^[*.]?[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)?`), []string{"Jan _2 15:04:05"}, false, false},
}

var (
	sequence = regexp.MustCompile(`^\d+: +`)                                                          // a running number before the rest
	hostWord = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._:-]*?)(?: *: +| +)`)                      // HOSTNAME
	nodeWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9/]*:`)                                       // a card of the host, before the time
	tagWord  = regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9_./-]{0,47})(?:\[([^\]\s]{1,128})\])?: ?`) // TAG, §4.1.3
)

// rfc3164 reads what it can: [number:] [host:] TIMESTAMP [zone] HOSTNAME
// TAG[pid]: text. Text that does not fit stays in Text.
func rfc3164(m *Message, s string, received time.Time) {
	s = sequence.ReplaceAllString(s, "")
	rest, ok := m.stamp(s, received)
	if !ok {
		if h := hostWord.FindStringSubmatch(s); h != nil {
			behind := s[len(h[0]):]
			if rest, ok = m.stamp(behind, received); !ok {
				rest, ok = m.stamp(nodeWord.ReplaceAllString(behind, ""), received)
			}
			if ok {
				m.Hostname = strings.TrimRight(h[1], ":")
			}
		}
	}
	if !ok {
		m.tag(s)
		return
	}
	if m.Hostname == "" && !strings.HasPrefix(rest, ":") {
		rest = strings.TrimLeft(rest, " ")
		if h := hostWord.FindStringSubmatch(rest); h != nil && !strings.HasSuffix(strings.TrimRight(h[0], " "), "]:") {
			m.Hostname = strings.TrimRight(h[1], ":")
			rest = rest[len(h[0]):]
		}
	}
	m.tag(strings.TrimLeft(rest, " :"))
}

// stamp reads a time at the beginning of s and a zone's name behind it.
func (m *Message) stamp(s string, received time.Time) (rest string, ok bool) {
	for _, form := range stamps {
		word := form.re.FindString(s)
		if word == "" {
			continue
		}
		for _, layout := range form.layouts {
			t, err := time.Parse(layout, strings.TrimLeft(word, "*."))
			if err != nil {
				continue
			}
			if !form.year {
				t = nearest(t, received)
			}
			m.Time, m.Guessed = t, !form.year || !form.zone
			return zoneName.ReplaceAllString(moreDigits.ReplaceAllString(s[len(word):], ""), ""), true
		}
	}
	return s, false
}

// moreDigits is a second fraction behind a time.
var moreDigits = regexp.MustCompile(`^\.\d+`)

// zoneName is a name of a zone behind a time, which does not tell its offset.
var zoneName = regexp.MustCompile(`^ [A-Z]{3,5}(?:: )`)

// nearest gives a time without a year the year in which it is nearest to that
// of receipt.
func nearest(t, received time.Time) time.Time {
	best := t
	for i, year := range []int{received.Year() - 1, received.Year(), received.Year() + 1} {
		c := time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		if i == 0 || c.Sub(received).Abs() < best.Sub(received).Abs() {
			best = c
		}
	}
	return best
}

// tag reads the program and its process; the rest is the text.
func (m *Message) tag(s string) {
	if t := tagWord.FindStringSubmatch(s); t != nil {
		m.AppName, m.ProcID = t[1], t[2]
		s = s[len(t[0]):]
	}
	m.Text = strings.TrimSpace(s)
}
