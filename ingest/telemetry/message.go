package telemetry

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"nettwin/ontology/yang"
)

// Format is how a message is encoded.
type Format uint8

// The formats.
const (
	JSON Format = iota // RFC 7951
	XML                // RFC 7950
)

// Message is what a device pushed at once: a notification, or data below At.
type Message struct {
	Device   string
	Received time.Time
	// Label and Raw are the message as it came, Raw being empty if an earlier
	// part had it; Body is what is decoded of it.
	Label     string
	Raw, Body []byte
	Format    Format
	// At is the data path that the body's elements are children of; "" for a
	// notification, or data from the top.
	At string
	// Transport says how it came, such as "UDP-notif 192.0.2.1"; it holds no
	// secrets.
	Transport string
}

// Errors of Take.
var (
	// ErrDecode: the message cannot be read.
	ErrDecode = errors.New("message cannot be read")
	// ErrFull: the window has no room; what was sent is lost.
	ErrFull = errors.New("window is full")
)

// content is what a message says.
type content struct {
	pushes  []yang.Push
	problem []yang.Problem
	unknown int
}

// decode reads a message by a schema.
func decode(m Message, s *yang.Schema, modules map[string]string) (content, error) {
	opts := yang.DecodeOptions{MaxBytes: MaxMessageBytes, At: m.At, Modules: modules, Keyed: true}
	read := s.ReadJSON
	if m.Format == XML {
		read = s.ReadXML
	}
	tree, err := read(bytes.NewReader(m.Body), opts)
	if err != nil {
		return content{}, fmt.Errorf("%w: %w", ErrDecode, err)
	}
	c := content{pushes: tree.Pushes(), problem: tree.Problems}
	if len(c.pushes) == 0 && !tree.OfPush() {
		c.pushes = []yang.Push{{Tree: tree}}
	}
	for _, p := range c.pushes {
		if p.Tree != nil {
			c.unknown += p.Tree.Stats.Unknown
		}
	}
	return c, nil
}
