package netconf

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/crypto/ssh"

	"nettwin/internal/simulate/clock"
	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/xmltree"
)

// A Device is what a server configures. Its methods are safe for concurrent
// use and do not wait for the server.
type Device interface {
	// Running returns the running configuration.
	Running() *config.Tree
	// Apply makes a configuration the running one. With effect false the
	// configuration changes, but what it should bring about does not, as
	// when a device fails to act. An error changes nothing.
	Apply(next *config.Tree, effect bool) error
	// State returns the state data of <get>, without configuration.
	State() []*xmltree.Node
	// Watch calls f for each event from now on, in order, until cancel,
	// after which no call begins. f does not block.
	Watch(f func(Event)) (cancel func())
}

// An Event is something that a device tells by itself.
type Event struct {
	Time    time.Time
	Content *xmltree.Node   // what a notification holds; nil with Changes
	Changes []config.Change // the running configuration changed, not by NETCONF
}

// Bugs of a real server, netconfd 2.13, that clients must survive.
type Bugs struct {
	// ValidateDropsEdit: validate on candidate forgets that it was
	// changed; the commit that follows answers ok and drops the edit.
	ValidateDropsEdit bool
	// BusyPostponesRollback: the rollback of a confirmed commit at its
	// timeout waits until no message has come for a second.
	BusyPostponesRollback bool
	// RollbackWithoutEffect: the rollback at the timeout gives the
	// configuration back, but interfaces stay as the commit left them.
	RollbackWithoutEffect bool
	// LockedRunningStays: while a session holds the lock of running, a
	// confirmed commit that times out or is cancelled leaves the edit there;
	// nothing waits any more, and the cancel is answered ok.
	LockedRunningStays bool
	// VagueNothingPending: a persist-id that no confirmed commit waits for is
	// answered by operation-failed; that of a cancel does not name it.
	VagueNothingPending bool
	// LosesEarlyRPC: an rpc that arrives together with the client's hello
	// is lost, and the session with it.
	LosesEarlyRPC bool
}

// Options say what a server serves and to whom. Device, HostKey and a
// password or key are needed.
type Options struct {
	Device Device
	// Startup is the startup configuration at the start; nil means that
	// there is no such datastore.
	Startup *config.Tree
	// WritableRunning allows edits of running.
	WritableRunning bool

	// YANGPush offers subscriptions to the datastore, on change (RFC 8641).
	YANGPush bool

	HostKey   ssh.Signer
	Passwords map[string]string          // by user
	Keys      map[string][]ssh.PublicKey // by user

	// MaxSessions bounds the sessions; 0 means 16. Connections that have
	// no session yet have the same bound.
	MaxSessions int
	// MaxMessageBytes bounds messages of clients; 0 means 4 MiB.
	MaxMessageBytes int
	// ChunkBytes is the size of chunks sent; 0 means 16 KiB.
	ChunkBytes int
	// IdleTimeout ends sessions that send nothing for this time and have
	// no subscription; 0 means 10 minutes, less than 0 none.
	IdleTimeout time.Duration
	// HelloTimeout is the time for login and hello; 0 means 10 s.
	HelloTimeout time.Duration

	Bugs Bugs
	// Clock tells the time for timeouts and notifications; nil means the
	// system's.
	Clock clock.Clock
	// Log gets a record at level Debug for sessions that end by an error.
	// May be nil.
	Log *slog.Logger
}

const (
	defaultSessions     = 16
	defaultMessageBytes = 4 << 20
	defaultChunkBytes   = 16 << 10
	defaultIdle         = 10 * time.Minute
	defaultHello        = 10 * time.Second
)

// Limits on one message of a client and on what waits for it.
const (
	maxElements      = 1 << 14
	maxQueueBytes    = 1 << 20 // beyond it, notifications are not taken
	defaultConfirm   = 600     // seconds (RFC 6241 §8.4.1)
	quietForRollback = time.Second
)

func (o Options) withDefaults() Options {
	o.MaxSessions = cmp.Or(o.MaxSessions, defaultSessions)
	o.MaxMessageBytes = cmp.Or(o.MaxMessageBytes, defaultMessageBytes)
	o.ChunkBytes = cmp.Or(o.ChunkBytes, defaultChunkBytes)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, defaultIdle)
	o.HelloTimeout = cmp.Or(o.HelloTimeout, defaultHello)
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o Options) check() error {
	switch {
	case o.Device == nil:
		return errors.New("no device to configure")
	case o.HostKey == nil:
		return errors.New("no host key")
	case len(o.Passwords) == 0 && len(o.Keys) == 0:
		return errors.New("no password and no key: nobody could log in")
	case o.MaxSessions < 1 || o.MaxMessageBytes < 1 || o.ChunkBytes < 1:
		return fmt.Errorf("limits of %d sessions, %d and %d bytes: each must be at least 1", o.MaxSessions, o.MaxMessageBytes, o.ChunkBytes)
	}
	return nil
}
