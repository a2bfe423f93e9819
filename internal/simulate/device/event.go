package device

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/xmltree"
)

// A Kind is what an event is about.
type Kind string

// The kinds of events.
const (
	LinkDown      Kind = "link-down"
	LinkUp        Kind = "link-up"
	NeighbourDown Kind = "ospf-neighbour-down"
	NeighbourUp   Kind = "ospf-neighbour-up"
	RemoteChange  Kind = "lldp-remote-change"
)

// An Event is something that happened to a device, which it may tell by a trap
// or log.
type Event struct {
	Time      time.Time
	Uptime    uint32 // sysUpTime, hundredths of a second
	Device    string
	Kind      Kind
	Interface Interface
	// RouterID is the device's own in OSPF; Neighbour and NeighbourID are
	// address and router id of a neighbour. Not valid for other events.
	RouterID, Neighbour, NeighbourID netip.Addr
	// Remote are LLDP's counts of a RemoteChange.
	Remote RemoteCounts
}

// RemoteCounts are how often LLDP's remote tables changed (IEEE 802.1AB
// lldpStatsRemTablesInserts and its siblings).
type RemoteCounts struct{ Inserts, Deletes, Drops, Ageouts uint32 }

// notificationSpace is the namespace of netconfd's interfaces-notifications.
const notificationSpace = "http://yuma123.org/ns/interfaces-notifications"

// Subscribe calls f for each event from now on until cancel. Calls are made one
// after another for one cause; f neither blocks, nor calls the network, nor
// cancels.
func (d *Device) Subscribe(f func(Event)) (cancel func()) { return d.subs.add(f) }

// Watch implements netconf.Device.
func (d *Device) Watch(f func(netconf.Event)) (cancel func()) { return d.watches.add(f) }

// tell hands an event to subscribers, and links' events to NETCONF too.
func (d *Device) tell(e Event) {
	d.subs.call(e)
	if e.Kind == LinkDown || e.Kind == LinkUp {
		content := xmltree.New(notificationSpace, string(e.Kind), xmltree.Leaf(notificationSpace, "if-name", e.Interface.Name))
		d.watches.call(netconf.Event{Time: e.Time, Content: content})
	}
}

// subscribers are functions to call.
type subscribers[T any] struct {
	mu   sync.RWMutex
	last int
	list []subscriber[T]
}

type subscriber[T any] struct {
	id   int
	call func(T)
}

func (s *subscribers[T]) add(f func(T)) (cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	id := s.last
	s.list = append(s.list, subscriber[T]{id, f})
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.list = slices.DeleteFunc(s.list, func(each subscriber[T]) bool { return each.id == id })
	}
}

// call holds the lock so that none is called after its cancel returned.
func (s *subscribers[T]) call(value T) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, each := range s.list {
		each.call(value)
	}
}
