package mdt

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"nettwin/ontology/yang"
)

// Limits of one message.
const (
	// MaxMessageBytes bounds a message, also after it was inflated.
	MaxMessageBytes = 32 << 20
	maxDepth        = 64
	maxRows         = 100_000
)

// message is one message of telemetry.
type message struct {
	node, subscription, path string
	rows                     []row
}

// row is what a message tells of one thing.
type row struct {
	keys    []yang.Key
	content []byte // a JSON object
}

// Numbers of the fields of Telemetry and TelemetryField (Cisco, telemetry.proto).
const (
	telemetryNode         = 1
	telemetrySubscription = 3
	telemetryPath         = 6
	telemetryRows         = 11
	telemetryCompact      = 12

	fieldName   = 2
	fieldBytes  = 4
	fieldString = 5
	fieldBool   = 6
	fieldUint32 = 7
	fieldUint64 = 8
	fieldSint32 = 9
	fieldSint64 = 10
	fieldDouble = 11
	fieldFloat  = 12
	fieldFields = 15
)

// field is a field of a row: a value, or further fields.
type field struct {
	name  string
	value string // as JSON; "" if it holds fields
	text  string // as a key
	sub   []*field
}

// decodeGPB reads a message in self-describing protocol buffers.
func decodeGPB(b []byte) (message, error) {
	var m message
	err := fields(b, func(f wireField) error {
		if f.kind != wireBytes {
			return nil
		}
		switch f.number {
		case telemetryNode:
			m.node = strings.ToValidUTF8(string(f.bytes), "\uFFFD")
		case telemetrySubscription:
			m.subscription = strings.ToValidUTF8(string(f.bytes), "\uFFFD")
		case telemetryPath:
			m.path = string(f.bytes)
		case telemetryCompact:
			if len(f.bytes) > 0 {
				return fmt.Errorf("%w: compact protocol buffers: configure self-describing ones (encoding self-describing-gpb)", ErrEncoding)
			}
		case telemetryRows:
			if len(m.rows) >= maxRows {
				return fmt.Errorf("%w: more than %d rows", ErrMessage, maxRows)
			}
			top, err := decodeField(f.bytes, 0)
			if err != nil {
				return err
			}
			m.rows = append(m.rows, top.row())
		}
		return nil
	})
	if err == nil && !utf8.ValidString(m.path) {
		err = fmt.Errorf("%w: a path that is not UTF-8", ErrMessage)
	}
	return m, err
}

func decodeField(b []byte, depth int) (*field, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: fields nest deeper than %d", ErrMessage, maxDepth)
	}
	out := &field{}
	err := fields(b, func(f wireField) error {
		switch f.number {
		case fieldName:
			out.name = strings.ToValidUTF8(string(f.bytes), "\uFFFD")
		case fieldBytes:
			out.set(quote(base64.StdEncoding.EncodeToString(f.bytes)), base64.StdEncoding.EncodeToString(f.bytes))
		case fieldString:
			text := strings.ToValidUTF8(string(f.bytes), "\uFFFD")
			out.set(quote(text), text)
		case fieldBool:
			out.plain(strconv.FormatBool(f.n != 0))
		case fieldUint32, fieldUint64:
			out.plain(strconv.FormatUint(f.n, 10))
		case fieldSint32, fieldSint64:
			out.plain(strconv.FormatInt(f.zigzag(), 10))
		case fieldDouble:
			out.plain(number(f.float64(), 64))
		case fieldFloat:
			out.plain(number(f.float32(), 32))
		case fieldFields:
			sub, err := decodeField(f.bytes, depth+1)
			if err != nil {
				return err
			}
			out.sub = append(out.sub, sub)
		}
		return nil
	})
	return out, err
}

func (f *field) set(value, text string) { f.value, f.text = value, text }
func (f *field) plain(text string)      { f.value, f.text = text, text }

func number(v float64, bits int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "null"
	}
	return strconv.FormatFloat(v, 'f', -1, bits)
}

// quote writes a JSON string; what is not UTF-8 becomes U+FFFD.
func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil { // a string does not fail
		return `""`
	}
	return string(text)
}

// row splits a top field into keys and content; one that has neither is all
// content.
func (f *field) row() row {
	var r row
	content := &field{}
	split := false
	for _, s := range f.sub {
		switch s.name {
		case "keys":
			split = true
			s.keys(&r.keys)
		case "content":
			split = true
			content.sub = append(content.sub, s.sub...)
		}
	}
	if !split {
		content = f
	}
	for len(content.sub) == 1 && content.sub[0].name == "" && content.sub[0].value == "" {
		content = content.sub[0] // NX-OS wraps it
	}
	r.content = content.object(nil)
	return r
}

// keys collects the values below a field by their names.
func (f *field) keys(to *[]yang.Key) {
	for _, s := range f.sub {
		if s.value != "" {
			*to = append(*to, yang.Key{Name: s.name, Value: s.text})
		} else {
			s.keys(to)
		}
	}
}

// object writes the fields below f as a JSON object: those of one name as an
// array.
func (f *field) object(out []byte) []byte {
	out = append(out, '{')
	done := map[string]bool{}
	groups := map[string][]*field{}
	for _, s := range f.sub {
		groups[s.name] = append(groups[s.name], s)
	}
	for _, s := range f.sub {
		if done[s.name] {
			continue
		}
		if len(done) > 0 {
			out = append(out, ',')
		}
		done[s.name] = true
		name := s.name
		if name == "" {
			name = "_" // a part without name among others
		}
		out = append(out, quote(name)...)
		out = append(out, ':')
		group := groups[s.name]
		if len(group) == 1 {
			out = s.json(out)
			continue
		}
		out = append(out, '[')
		for i, g := range group {
			if i > 0 {
				out = append(out, ',')
			}
			out = g.json(out)
		}
		out = append(out, ']')
	}
	return append(out, '}')
}

func (f *field) json(out []byte) []byte {
	switch {
	case f.value != "":
		return append(out, f.value...)
	case len(f.sub) > 0 && f.unnamed():
		out = append(out, '[')
		for i, s := range f.sub {
			if i > 0 {
				out = append(out, ',')
			}
			out = s.json(out)
		}
		return append(out, ']')
	}
	return f.object(out)
}

// unnamed tells whether all fields below are entries of an array.
func (f *field) unnamed() bool {
	for _, s := range f.sub {
		if s.name != "" {
			return false
		}
	}
	return true
}

// jsonMessage is a message in JSON.
type jsonMessage struct {
	Node         string `json:"node_id_str"`
	Subscription string `json:"subscription_id_str"`
	Path         string `json:"encoding_path"`
	Rows         []struct {
		Keys    json.RawMessage `json:"keys"`
		Content json.RawMessage `json:"content"`
	} `json:"data_json"`
}

// decodeJSON reads a message in JSON.
func decodeJSON(b []byte) (message, error) {
	var j jsonMessage
	if err := json.Unmarshal(b, &j); err != nil {
		return message{}, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	if len(j.Rows) > maxRows {
		return message{}, fmt.Errorf("%w: more than %d rows", ErrMessage, maxRows)
	}
	m := message{node: j.Node, subscription: j.Subscription, path: j.Path}
	for _, r := range j.Rows {
		keys, err := jsonKeys(r.Keys)
		if err != nil {
			return m, err
		}
		if len(r.Content) > 0 && r.Content[0] == '{' {
			m.rows = append(m.rows, row{keys, r.Content})
		}
	}
	return m, nil
}

// jsonKeys reads the keys of a row: an object, or an array of such.
func jsonKeys(b json.RawMessage) ([]yang.Key, error) {
	if len(b) == 0 || string(b) == "null" {
		return nil, nil
	}
	list := []json.RawMessage{b}
	if b[0] == '[' {
		list = nil
		if err := json.Unmarshal(b, &list); err != nil {
			return nil, fmt.Errorf("%w: keys: %w", ErrMessage, err)
		}
	}
	var keys []yang.Key
	for _, part := range list {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(part, &object); err != nil {
			return nil, fmt.Errorf("%w: keys: %w", ErrMessage, err)
		}
		for _, name := range sortedKeys(object) {
			text := string(object[name])
			var s string
			if json.Unmarshal(object[name], &s) == nil {
				text = s
			}
			keys = append(keys, yang.Key{Name: name, Value: text})
		}
	}
	return keys, nil
}
