package control

import (
	"context"
	"errors"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Errors of drivers. Test with errors.Is.
var (
	// ErrNothingPending: the device has no confirmed commit of that token: it
	// was confirmed, cancelled or has timed out.
	ErrNothingPending = errors.New("control: no such confirmed commit")
	// ErrPayload: the change cannot be written as a payload, or the payload
	// does not keep to the device's schema.
	ErrPayload = errors.New("control: payload refused")
	// ErrLocked: another session holds the lock.
	ErrLocked = errors.New("control: locked by another session")
)

// Device is a device as one source names it.
type Device struct {
	Name  string   // twin:deviceName of the source graph
	IRI   rdf.Term // what the source describes
	Graph rdf.Term // the source graph
}

// Payload is what one device is sent.
type Payload struct {
	Driver string `json:"driver"`
	Device string `json:"device"`
	IRI    string `json:"deviceIri"`
	Graph  string `json:"graph"`
	Type   string `json:"mediaType"`
	Body   string `json:"body"`
	// Changes are the facts of the source graph that the payload brings about:
	// those that reading the device again must show.
	Changes []Change `json:"changes"`
	// Item is the content name of Body.
	Item string `json:"item,omitempty"`
}

func (p *Payload) device() Device {
	return Device{Name: p.Device, IRI: rdf.IRI(p.IRI), Graph: rdf.IRI(p.Graph)}
}

// Holding is what a device's running configuration says of a payload.
type Holding string

// The holdings.
const (
	HoldsBefore Holding = "before" // nothing of the payload
	HoldsAfter  Holding = "after"  // all of it
	HoldsMixed  Holding = "mixed"  // some of it
)

// Driver writes to devices by one protocol. Implementations live in packages
// of their own (control/netconf), pass controltest.Run and are safe for
// concurrent use.
type Driver interface {
	// Name is that of the collector in whose source graphs the driver reads
	// what is configured, such as "netconf".
	Name() string

	// Payload computes what turns the device's configuration from what its
	// source graph says in base into what it says in branch. It validates the
	// result by the device's schema. Facts that are no configuration are left
	// out; a payload without Changes means that nothing is to be sent.
	// Errors: ErrPayload, those of the sources, ctx.Err().
	Payload(ctx context.Context, d Device, base, branch graph.Source) (Payload, error)

	// Open opens a session.
	Open(ctx context.Context, d Device) (Session, error)
}

// Session is a session with one device. One goroutine at a time. A session
// that ends, by Close or by loss, releases its locks and forgets an edit that
// was not committed; a confirmed commit outlives it.
type Session interface {
	// Lock keeps others from changing what is to be changed. Errors: ErrLocked.
	Lock(ctx context.Context) error
	// Edit prepares the payload without effect on what runs, after the device
	// has tested it.
	Edit(ctx context.Context, p *Payload) error
	// Commit makes the edit run until timeout, unless it is confirmed by the
	// token before.
	Commit(ctx context.Context, token string, timeout time.Duration) error
	// Compare reads the running configuration again.
	Compare(ctx context.Context, p *Payload) (Holding, error)
	// Confirm makes a commit last, of this session or by its token of another.
	// Errors: ErrNothingPending.
	Confirm(ctx context.Context, token string) error
	// Cancel takes a commit back at once, likewise. Errors: ErrNothingPending.
	Cancel(ctx context.Context, token string) error
	// Discard forgets an edit that was not committed.
	Discard(ctx context.Context) error
	Unlock(ctx context.Context) error
	// Close ends the session. It is idempotent.
	Close() error
}
