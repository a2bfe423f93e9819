package replay

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"
)

// form is how a file is written.
type form uint8

const (
	formNone form = iota
	formSnmprec
	formSnmpwalk
	formCapture
	formXML
	formJSON
	formJSONLines
	formSyslog
	formDatagram
)

// mayBeOutput tells whether what is written so may be what a device answered
// to a command: text may look like anything that has no sign of its own.
func (f form) mayBeOutput() bool {
	return f == formNone || f == formXML || f == formJSON || f == formJSONLines || f == formDatagram
}

var formByExtension = map[string]form{".snmprec": formSnmprec, ".snmpwalk": formSnmpwalk, ".walk": formSnmpwalk, ".xml": formXML,
	".json": formJSON, ".jsonl": formJSONLines, ".ndjson": formJSONLines, ".log": formSyslog, ".syslog": formSyslog, ".msg": formSyslog}

var (
	snmprecStart  = regexp.MustCompile(`^\.?[0-2](\.\d+)+\|\d+x?\|`)
	snmpwalkStart = regexp.MustCompile(`^(\.?[0-2](\.\d+)+|iso(\.\d+)+|[A-Za-z0-9-]+::\S+) = `)
	syslogStart   = regexp.MustCompile(`^<\d{1,3}>`)
)

// recognise finds how a file is written: captures and text by their beginning,
// text in doubt by the file's name, the rest is a datagram.
func recognise(name string, text []byte) form {
	if _, ok := captureOrder(text); ok || binary.LittleEndian.Uint32(padded(text)) == pcapngMagic {
		return formCapture
	}
	head := text[:min(len(text), sniffBytes)]
	line := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\uFEFF")), " \t\r\n")
	first, _, _ := bytes.Cut(line, []byte("\n"))
	switch {
	case snmprecStart.Match(line):
		return formSnmprec
	case snmpwalkStart.Match(line):
		return formSnmpwalk
	case syslogStart.Match(line):
		return formSyslog
	}
	if f := formByExtension[strings.ToLower(path.Ext(name))]; f != formNone {
		if f == formJSON && json.Valid(bytes.TrimSpace(first)) && len(bytes.TrimSpace(line[min(len(first), len(line)):])) > 0 {
			return formJSONLines // several documents, one a line
		}
		return f
	}
	switch {
	case len(line) > 0 && line[0] == '<' && utf8.Valid(trimPartial(line)):
		return formXML
	case len(line) > 0 && (line[0] == '{' || line[0] == '[') && utf8.Valid(trimPartial(line)):
		if json.Valid(text) {
			return formJSON
		}
		return formJSONLines
	case datagramKind(text) != Unknown && !printable(head):
		return formDatagram
	}
	return formNone
}

// printable tells whether the beginning of a file is text: a datagram has a
// sign that is none.
func printable(head []byte) bool {
	for _, c := range head {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7F {
			return false
		}
	}
	return len(head) > 0 && utf8.Valid(trimPartial(head))
}

func padded(b []byte) []byte {
	if len(b) < 4 {
		return make([]byte, 4)
	}
	return b
}

// trimPartial takes off a rune that the end of the beginning cut.
func trimPartial(b []byte) []byte {
	for range utf8.UTFMax {
		if len(b) == 0 || utf8.Valid(b) {
			break
		}
		b = b[:len(b)-1]
	}
	return b
}

// datagramKind finds what a datagram is by its header: each kind's version and
// lengths must fit.
func datagramKind(b []byte) Kind {
	if len(b) < 4 {
		return Unknown
	}
	two := binary.BigEndian.Uint16(b)
	switch {
	case binary.BigEndian.Uint32(b) == 5 && len(b) >= 28, // sFlow version 5
		(two == 5 || two == 9 || two == 10) && len(b) >= 16:
		return Flow
	case syslogStart.Match(b):
		return Syslog
	case two == 1 && len(b) >= 12 && (b[3] == 1 || b[3] == 2) && binary.BigEndian.Uint16(b[4:]) == 1:
		return MDT
	case b[0]>>5 <= 1 && len(b) >= 12 && b[1] >= 12 && int(binary.BigEndian.Uint16(b[2:])) == len(b):
		return UDPNotif
	case b[0] == 0x0A: // the first field of a message of telemetry without header
		return MDT
	}
	return Unknown
}

// recorded is a line of a recorder: the message in "payload", who sent it in
// "node".
type recorded struct {
	Payload json.RawMessage `json:"payload"`
	Path    string          `json:"encoding_path"`
	// Of gNMI: a notification, or the end of the first ones.
	Update       json.RawMessage `json:"update"`
	SyncResponse json.RawMessage `json:"syncResponse"`
}

// json plays one document in JSON.
func (r *reader) json(m Message) {
	if text := bytes.TrimSpace(m.Bytes); len(text) > 0 && text[0] == '[' {
		r.array(m)
		return
	}
	var shape recorded
	if err := json.Unmarshal(m.Bytes, &shape); err != nil {
		if syntax, ok := err.(*json.SyntaxError); ok {
			err = fmt.Errorf("json: octet %d: %w", syntax.Offset, err)
		}
		r.report.fail(m.Place, err)
		return
	}
	if len(shape.Payload) > 0 && shape.Payload[0] == '{' {
		m.Bytes = shape.Payload
		shape = recorded{}
		_ = json.Unmarshal(m.Bytes, &shape) // it is part of what was read
	}
	switch {
	case shape.Path != "":
		m.Kind = MDT
	case len(shape.Update) > 0 && shape.Update[0] == '{' || len(shape.SyncResponse) > 0:
		m.Kind = GNMI
	default:
		m.Kind = JSON
	}
	r.play(m)
}

// array plays the documents of an array.
func (r *reader) array(m Message) {
	decoder := json.NewDecoder(bytes.NewReader(m.Bytes))
	_, err := decoder.Token()
	for err == nil && decoder.More() {
		part := m
		part.Place.Offset = m.Place.Offset + decoder.InputOffset()
		var text json.RawMessage
		if err = decoder.Decode(&text); err == nil {
			if part.Bytes = text; text[0] != '{' {
				r.report.fail(part.Place, errContent)
				continue
			}
			r.json(part)
		}
	}
	if err == nil {
		_, err = decoder.Token()
	}
	if err != nil {
		r.report.fail(m.Place, fmt.Errorf("json: octet %d: %w", decoder.InputOffset(), err))
	}
}

// lines plays each line of a file.
func (r *reader) lines(m Message, play func(Message)) {
	number := 0
	for line := range bytes.Lines(m.Bytes) {
		number++
		if line = bytes.TrimRight(line, "\r\n"); len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		part := m
		part.Place.Line, part.Bytes = number, line
		if len(line) > MaxLineBytes {
			r.report.fail(part.Place, fmt.Errorf("a line of %d bytes, at most %d", len(line), MaxLineBytes))
			continue
		}
		play(part)
	}
}
