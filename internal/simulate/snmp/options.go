package snmp

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// DefaultMaxMessageBytes is the largest payload of a UDP datagram over IPv4.
const DefaultMaxMessageBytes = 65507

// Options say what an agent serves and to whom. State is needed, and at least
// one community or user.
type Options struct {
	// State answers requests without a context.
	State State
	// Contexts answer SNMPv3 requests with this contextName and SNMPv2c
	// requests with the community "<community>@<context>", as switches do
	// for their VLANs. May be nil.
	Contexts map[string]State

	Communities []string // SNMPv2c
	Users       []User   // SNMPv3

	// EngineID is snmpEngineID, 5 to 32 octets (RFC 3411 §5). When empty it
	// is made of the address on which the agent listens.
	EngineID []byte
	// EngineBoots is snmpEngineBoots; 0 means 1.
	EngineBoots int32

	// LiveUptime lets sysUpTime advance from the value in State.
	LiveUptime bool
	// Clock tells the time for sysUpTime and snmpEngineTime; nil means
	// time.Now.
	Clock func() time.Time

	// MaxMessageBytes bounds messages in both directions, from 484 to
	// DefaultMaxMessageBytes, which 0 means.
	MaxMessageBytes int

	// Log gets a record at level Debug for each packet that is not
	// answered, with the keys peer, reason and error. May be nil.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	o.EngineBoots = cmp.Or(o.EngineBoots, 1)
	o.MaxMessageBytes = cmp.Or(o.MaxMessageBytes, DefaultMaxMessageBytes)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// check looks at all but the users, whose keys need the engine ID.
func (o Options) check() error {
	if o.State == nil {
		return errors.New("no state to serve")
	}
	if len(o.Communities) == 0 && len(o.Users) == 0 {
		return errors.New("no community and no user: nobody could ask")
	}
	for name, state := range o.Contexts {
		if state == nil || name == "" {
			return fmt.Errorf("context %q: a context needs a name and a state", name)
		}
	}
	if n := len(o.EngineID); n != 0 && (n < minEngineID || n > maxEngineID) {
		return fmt.Errorf("engine ID of %d octets, want %d to %d", n, minEngineID, maxEngineID)
	}
	if o.EngineBoots < 1 {
		return fmt.Errorf("engine boots %d, want at least 1", o.EngineBoots)
	}
	if o.MaxMessageBytes < minMessageBytes || o.MaxMessageBytes > DefaultMaxMessageBytes {
		return fmt.Errorf("messages of %d bytes, want %d to %d", o.MaxMessageBytes, minMessageBytes, DefaultMaxMessageBytes)
	}
	return nil
}

// states returns the served states by context name, "" being the default.
func (o Options) states() map[string]State {
	states := map[string]State{"": o.State}
	for name, state := range o.Contexts {
		states[name] = state
	}
	if o.LiveUptime {
		for name, state := range states {
			states[name] = newUptimeState(state, o.Clock)
		}
	}
	return states
}

// The length of an engine ID (RFC 3411 §5 SnmpEngineID).
const (
	minEngineID = 5
	maxEngineID = 32
)

// examplePEN is the enterprise number kept for examples (RFC 5612).
const examplePEN = 32473

// engineIDFor makes an engine ID of administratively assigned text (RFC 3411
// §5 SnmpEngineID, format 4), cut to the greatest length.
func engineIDFor(address string) string {
	id := []byte{0x80, byte(examplePEN >> 16), byte(examplePEN >> 8 & 0xff), byte(examplePEN & 0xff), 4}
	id = append(id, address[max(0, len(address)-(maxEngineID-len(id))):]...)
	return string(id)
}

// newEngine localises the users' keys.
func newEngine(o Options, address string) (*engine, error) {
	e := &engine{
		id: cmp.Or(string(o.EngineID), engineIDFor(address)), boots: o.EngineBoots,
		start: o.Clock(), clock: o.Clock, users: map[string]*account{},
	}
	// RFC 3414 §8.1.1.1 and RFC 3826 §3.1.4.1 want salts that do not repeat;
	// they count on from the time of the start.
	e.salts.Store(uint64(e.start.UnixNano()))
	for _, user := range o.Users {
		acc, err := newAccount(user, e.id)
		if err != nil {
			return nil, err
		}
		if e.users[user.Name] != nil {
			return nil, fmt.Errorf("user %q stands twice", user.Name)
		}
		e.users[user.Name] = acc
	}
	return e, nil
}
