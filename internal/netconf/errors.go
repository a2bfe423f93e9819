package netconf

import (
	"context"
	"errors"
)

// Errors of opening a session. Messages that wrap them begin with "netconf:"
// and the peer.
var (
	// ErrAuth: the device refused the user, or offers no method that the
	// credential can serve. Permanent until the configuration changes.
	ErrAuth = errors.New("authentication failed")
	// ErrHostKey: the device's host key is not the expected one. Permanent.
	ErrHostKey = errors.New("host key refused")
	// ErrConnect: no transport could be opened. Transient.
	ErrConnect = errors.New("cannot connect")
	// ErrNoSubsystem: SSH works, but the device has no subsystem "netconf"
	// for this user. Permanent.
	ErrNoSubsystem = errors.New("no NETCONF subsystem")
)

// Errors of an open session.
var (
	// ErrTimeout: no answer in time. The session goes on; whether the device
	// did what was asked is unknown. Transient.
	ErrTimeout = errors.New("no answer in time")
	// ErrLost: the session ended before the answer. Whether the device did
	// what was asked is unknown. Transient.
	ErrLost = errors.New("session lost")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("session closed")
	// ErrProtocol: the peer does not keep to the framing or to the form of
	// messages.
	ErrProtocol = errors.New("malformed message")
	// ErrTooLarge: a message is beyond its limit.
	ErrTooLarge = errors.New("message too large")
	// ErrUnsupported: the device did not announce the capability that a
	// request needs; nothing was sent. Permanent.
	ErrUnsupported = errors.New("capability not announced")
	// ErrRequest: the request is not well-formed; nothing was sent. Permanent.
	ErrRequest = errors.New("malformed request")
)

// Class tells what a failure means for another try.
type Class uint8

// The classes.
const (
	// Permanent: the same request fails again until something changes.
	Permanent Class = iota
	// Transient: the same request may succeed later.
	Transient
	// Corrupt: the peer breaks the protocol.
	Corrupt
)

// String names the class.
func (c Class) String() string {
	return [...]string{"permanent", "transient", "corrupt"}[c]
}

// transientTags are the error-tags of RFC 6241 appendix A that speak of the
// moment and not of the request.
var transientTags = map[string]bool{"in-use": true, "lock-denied": true, "resource-denied": true}

// Classify judges an error of this package. Of several errors of one reply
// all must be transient for the reply to be. A call whose own context ended is
// Permanent: its caller gave up.
func Classify(err error) Class {
	var reply RPCErrors
	switch {
	case errors.As(err, &reply):
		for _, e := range reply {
			if !transientTags[e.Tag] {
				return Permanent
			}
		}
		return Transient
	case errors.Is(err, ErrProtocol), errors.Is(err, ErrTooLarge):
		return Corrupt
	case errors.Is(err, ErrTimeout), errors.Is(err, ErrLost), errors.Is(err, ErrConnect):
		return Transient
	case errors.Is(err, context.DeadlineExceeded):
		return Transient
	}
	return Permanent
}
