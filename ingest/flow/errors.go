package flow

import (
	"errors"
	"fmt"
)

// Radius is how much a decoding error costs.
type Radius uint8

// The radii: what is lost is the field, record, set or message.
const (
	RadiusField Radius = iota
	RadiusRecord
	RadiusSet
	RadiusMessage
)

var radiusNames = [...]string{"field", "record", "set", "message"}

// String returns the name.
func (r Radius) String() string { return radiusNames[r] }

// Kinds of decoding errors.
var (
	// ErrVersion: the datagram is none of NetFlow v5, NetFlow v9, IPFIX and
	// sFlow version 5.
	ErrVersion = errors.New("unknown version")
	// ErrTruncated: something ends before its length says.
	ErrTruncated = errors.New("it ends too early")
	// ErrTemplate: a template that cannot be used.
	ErrTemplate = errors.New("unusable template")
	// ErrNoTimeBase: a time counts from a start that the exporter did not
	// tell, for options data did not come yet.
	ErrNoTimeBase = errors.New("the exporter has not told yet when its clock began")
)

// DecodeError says where a datagram is damaged and what is lost by it.
type DecodeError struct {
	Device   string
	Version  uint16
	Domain   uint32
	Template uint16 // or set; 0 if neither
	Radius   Radius
	Err      error
}

// Error tells all of it.
func (e *DecodeError) Error() string {
	where := fmt.Sprintf("version %d domain %d", e.Version, e.Domain)
	if e.Template != 0 {
		where += fmt.Sprintf(" template %d", e.Template)
	}
	return fmt.Sprintf("flow: %s: %s: a %s is lost: %v", e.Device, where, e.Radius, e.Err)
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }
