package ctl

import (
	"errors"
	"fmt"

	"nettwin/internal/simulate/device"
)

// The operations of requests.
const (
	FailLink = "fail-link"
	Restore  = "restore"
	Set      = "set"
	Replay   = "replay"
	Status   = "status"
)

// Limits of the protocol.
const (
	MaxRequestBytes  = 64 << 10
	MaxResponseBytes = 16 << 20
	MaxClients       = 16
)

// ErrRequest is wrapped by errors about what a request lacks.
var ErrRequest = errors.New("bad request")

// A Request is what a client asks for. Op says which of the others are needed.
type Request struct {
	Op string `json:"op"`
	// A and B are the ends of a cable: devices, or "device:interface".
	A string `json:"a,omitempty"`
	B string `json:"b,omitempty"`
	// Device, Interface, Field and Value are for Set.
	Device    string `json:"device,omitempty"`
	Interface string `json:"interface,omitempty"`
	Field     string `json:"field,omitempty"`
	Value     string `json:"value,omitempty"`
	// File and Speed are for Replay; 0 means the recorded speed.
	File  string  `json:"file,omitempty"`
	Speed float64 `json:"speed,omitempty"`
}

func (r Request) check() error {
	need := map[string][]string{
		FailLink: {r.A, r.B}, Restore: {r.A, r.B}, Set: {r.Device, r.Interface, r.Field}, Replay: {r.File}, Status: nil,
	}
	values, ok := need[r.Op]
	if !ok {
		return fmt.Errorf("%w: there is no operation %q: %s, %s, %s, %s, %s", ErrRequest, r.Op, FailLink, Restore, Set, Replay, Status)
	}
	for _, value := range values {
		if value == "" {
			return fmt.Errorf("%w: %s lacks one of its arguments", ErrRequest, r.Op)
		}
	}
	if r.Speed < 0 {
		return fmt.Errorf("%w: speed %g is below 0", ErrRequest, r.Speed)
	}
	return nil
}

// A Response answers a request.
type Response struct {
	OK     bool           `json:"ok"`
	Error  string         `json:"error,omitempty"`
	Sent   int            `json:"sent,omitempty"`   // packets, of Replay
	Status *device.Status `json:"status,omitempty"` // of Status
}
