package device

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"nettwin/internal/simulate/clock"
)

// Hold times that hold where NetworkOptions leaves them zero.
const (
	DefaultHold    = time.Second
	DefaultBGPHold = 9 * time.Second
)

// Errors of a network.
var (
	ErrNoDevice = errors.New("there is no such device")
	ErrNoCable  = errors.New("there is no such cable")
	ErrClosed   = errors.New("the network is closed")
)

// An End is one end of a cable.
type End struct {
	Device    string `json:"device"`
	Interface string `json:"interface"`
}

func (e End) String() string { return e.Device + ":" + e.Interface }

// A Cable joins two interfaces. Behind a Relay, such as a media converter, an
// end does not see that the far end is disabled.
type Cable struct {
	A     End  `json:"a"`
	B     End  `json:"b"`
	Relay bool `json:"relay,omitempty"`
}

// NetworkOptions say what a network is made of.
type NetworkOptions struct {
	Devices []*Device
	Cables  []Cable
	// Hold is how long LLDP and OSPF take to lose a neighbour, and to find
	// one; 0 means DefaultHold.
	Hold time.Duration
	// BGPHold is the same for BGP; 0 means DefaultBGPHold.
	BGPHold time.Duration
	Clock   clock.Clock // nil means the system's
}

// A Network is devices and cables. Its methods are safe for concurrent use.
type Network struct {
	options NetworkOptions
	devices map[string]*Device
	owners  map[netip.Addr]string // device by address

	// mu guards the cables and timers.
	mu     sync.Mutex
	cables []*cable
	bgp    clock.Timer
	closed bool
	timers sync.WaitGroup // calls that the clock may make
}

// A cable is a Cable and its state.
type cable struct {
	Cable
	cut      bool
	recorded bool        // live when the network began
	shown    bool        // neighbours are shown
	timer    clock.Timer // until shown follows
}

// NewNetwork joins devices. Cables may lead to devices that are not simulated,
// but must have one end that is, and each end stands once.
func NewNetwork(options NetworkOptions) (*Network, error) {
	options.Hold = cmp.Or(options.Hold, DefaultHold)
	options.BGPHold = cmp.Or(options.BGPHold, DefaultBGPHold)
	if options.Clock == nil {
		options.Clock = clock.System{}
	}
	n := &Network{options: options, devices: map[string]*Device{}, owners: map[netip.Addr]string{}}
	for _, d := range options.Devices {
		if n.devices[d.name] != nil {
			return nil, fmt.Errorf("simulate network: device %q stands twice", d.name)
		}
		n.devices[d.name] = d
		for _, a := range d.addresses() {
			n.owners[a] = d.name
		}
	}
	seen := map[End]bool{}
	for _, c := range options.Cables {
		if err := n.check(c, seen); err != nil {
			return nil, fmt.Errorf("simulate network: cable %s – %s: %w", c.A, c.B, err)
		}
		n.cables = append(n.cables, &cable{Cable: c})
	}
	n.mu.Lock()
	n.carry()
	for _, c := range n.cables {
		c.recorded = n.alive(c)
		c.shown = c.recorded
	}
	n.mu.Unlock()
	for _, d := range options.Devices {
		d.hook = n.settle
	}
	return n, nil
}

func (n *Network) check(c Cable, seen map[End]bool) error {
	simulated := 0
	for _, end := range []End{c.A, c.B} {
		if seen[end] {
			return fmt.Errorf("%s stands twice", end)
		}
		seen[end] = true
		d := n.devices[end.Device]
		if d == nil {
			continue
		}
		simulated++
		if _, ok := d.Interface(end.Interface); !ok {
			return fmt.Errorf("%s has no interface %q", end.Device, end.Interface)
		}
	}
	if simulated == 0 {
		return fmt.Errorf("%w at either end", ErrNoDevice)
	}
	return nil
}

// Close takes back what is still to come and waits for what has begun. The
// state stays. Further calls do nothing.
func (n *Network) Close() error {
	n.mu.Lock()
	n.closed = true
	for _, c := range n.cables {
		n.stop(&c.timer)
	}
	n.stop(&n.bgp)
	n.mu.Unlock()
	n.timers.Wait()
	return nil
}

func (n *Network) stop(timer *clock.Timer) {
	if *timer != nil && (*timer).Stop() {
		n.timers.Done()
	}
	*timer = nil
}

// after calls f later with mu held, unless the network is closed.
func (n *Network) after(d time.Duration, f func()) clock.Timer {
	n.timers.Add(1)
	return n.options.Clock.AfterFunc(d, func() {
		defer n.timers.Done()
		n.mu.Lock()
		defer n.mu.Unlock()
		if !n.closed {
			f()
		}
	})
}

// Device returns a device by name, or nil.
func (n *Network) Device(name string) *Device { return n.devices[name] }

// Devices returns the devices in their order.
func (n *Network) Devices() []*Device { return slices.Clone(n.options.Devices) }

// Subscribe calls f for the events of all devices from now on until cancel;
// f neither blocks nor calls the network.
func (n *Network) Subscribe(f func(Event)) (cancel func()) {
	var cancels []func()
	for _, d := range n.options.Devices {
		cancels = append(cancels, d.Subscribe(f))
	}
	return func() {
		for _, each := range cancels {
			each()
		}
	}
}

// FailLink cuts the cable between two devices, each given as "r1" or, where
// several cables join them, as "r1:eth0".
func (n *Network) FailLink(a, b string) error { return n.setCut(a, b, true) }

// Restore makes the cable whole again.
func (n *Network) Restore(a, b string) error { return n.setCut(a, b, false) }

func (n *Network) setCut(a, b string, cut bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return ErrClosed
	}
	c, err := n.find(a, b)
	if err != nil {
		return err
	}
	c.cut = cut
	n.follow()
	return nil
}

// Set changes an interface of a device; see Device.Set.
func (n *Network) Set(device, iface, field, value string) error {
	d, err := n.device(device)
	if err != nil {
		return fmt.Errorf("set: %w", err)
	}
	return d.Set(iface, field, value)
}

// settle follows a change that a device made by itself.
func (n *Network) settle() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed {
		n.follow()
	}
}

// follow carries causes to their effects. The caller holds mu.
func (n *Network) follow() {
	n.carry()
	for _, c := range n.cables {
		switch alive := n.alive(c); {
		case alive == c.shown:
			n.stop(&c.timer)
		case c.timer == nil:
			c.timer = n.after(n.options.Hold, func() {
				c.timer = nil
				n.show(c)
			})
		}
	}
	if n.bgp == nil {
		n.bgp = n.after(n.options.BGPHold, func() {
			n.bgp = nil
			n.peers()
		})
	}
}

// carry gives each end of each cable its carrier, or takes it.
func (n *Network) carry() {
	for _, c := range n.cables {
		n.carrier(c, c.A, c.B)
		n.carrier(c, c.B, c.A)
	}
}

func (n *Network) carrier(c *cable, near, far End) {
	d := n.devices[near.Device]
	if d == nil {
		return
	}
	light := true
	if f := n.devices[far.Device]; f != nil && !c.Relay {
		light, _ = f.linkState(far.Interface)
	}
	d.setCarrier(near.Interface, !c.cut && light)
}

// alive reports whether frames pass a cable.
func (n *Network) alive(c *cable) bool {
	for _, end := range []End{c.A, c.B} {
		if d := n.devices[end.Device]; d != nil {
			if _, up := d.linkState(end.Interface); !up {
				return false
			}
		}
	}
	return !c.cut
}

// show lets LLDP and OSPF at both ends know what the cable is by now.
func (n *Network) show(c *cable) {
	alive := n.alive(c)
	if alive == c.shown {
		return
	}
	c.shown = alive
	n.showEnd(c, c.A, c.B)
	n.showEnd(c, c.B, c.A)
}

func (n *Network) showEnd(c *cable, near, far End) {
	d := n.devices[near.Device]
	switch {
	case d == nil:
	case !c.shown:
		d.hideNeighbours(near.Interface)
	case c.recorded || n.devices[far.Device] == nil:
		d.showNeighbours(near.Interface, nil)
	default:
		told := n.devices[far.Device].introduce(far.Interface)
		d.showNeighbours(near.Interface, &told)
	}
}

// peers lets BGP know which peers can be reached.
func (n *Network) peers() {
	for i, d := range n.options.Devices {
		reached := n.reachable(i)
		for _, peer := range d.peers() {
			if owner, ok := n.owners[peer]; ok {
				d.setPeer(peer, reached[owner])
			}
		}
	}
}

// reachable returns the devices that chains of live cables reach.
func (n *Network) reachable(from int) map[string]bool {
	reached := map[string]bool{n.options.Devices[from].name: true}
	for grown := true; grown; {
		grown = false
		for _, c := range n.cables {
			if reached[c.A.Device] != reached[c.B.Device] && n.alive(c) {
				reached[c.A.Device], reached[c.B.Device], grown = true, true, true
			}
		}
	}
	return reached
}

// CableStatus is a cable's state.
type CableStatus struct {
	Cable
	Cut   bool `json:"cut"`
	Alive bool `json:"alive"`
}

// Status is what a network is at one time.
type Status struct {
	Devices []DeviceStatus `json:"devices"`
	Cables  []CableStatus  `json:"cables"`
}

// DeviceStatus is a device's state.
type DeviceStatus struct {
	Name       string      `json:"name"`
	Interfaces []Interface `json:"interfaces"`
}

// Status returns the state of all devices and cables.
func (n *Network) Status() Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	var s Status
	for _, d := range n.options.Devices {
		s.Devices = append(s.Devices, DeviceStatus{d.name, d.Interfaces()})
	}
	for _, c := range n.cables {
		s.Cables = append(s.Cables, CableStatus{c.Cable, c.cut, n.alive(c)})
	}
	return s
}
