package device

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"nettwin/internal/simulate/clock"
	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/smi"
	"nettwin/internal/simulate/snmp"
	"nettwin/internal/simulate/xmltree"
)

// Options say what a device is at the start. Name and Recording are needed.
type Options struct {
	Name      string
	Recording []smi.Varbind // what its SNMP agent answered
	// Datastores is what its NETCONF server answered; nil means that it
	// has none.
	Datastores *Datastores
	// Clock tells the time; nil means the system's.
	Clock clock.Clock
	// ClockRuns: what the device tells of the time goes on, ClockAhead of Clock;
	// else it is as recorded.
	ClockRuns  bool
	ClockAhead time.Duration
}

// A Device is one device's state. Its methods are safe for concurrent use.
type Device struct {
	name  string
	clock clock.Clock
	runs  bool          // the clock, see Options
	ahead time.Duration // of clock
	start time.Time
	base  *snmp.Table // as recorded; not changed

	mu      sync.RWMutex
	table   *snmp.Table // as it is now
	ifs     map[string]*iface
	running *config.Tree // nil without NETCONF
	state   []*xmltree.Node

	// hook tells the network that the device was changed from outside. It
	// is set before the device is used and called without mu.
	hook func()

	subs    subscribers[Event]
	watches subscribers[netconf.Event]
}

// An iface is an interface's state; Device.mu guards it.
type iface struct {
	name       string
	index      uint32
	admin      bool
	shown      bool // admin as ifAdminStatus has it
	carrier    bool
	up         bool
	alias      string
	mtu        int
	mac        string
	addresses  []netip.Prefix // IPv4
	lastChange uint32         // sysUpTime
	changed    time.Time      // of up or admin since the start; zero for none
}

// New makes a device of its recording.
func New(options Options) (*Device, error) {
	d := &Device{name: options.Name, clock: options.Clock, runs: options.ClockRuns, ahead: options.ClockAhead, ifs: map[string]*iface{}}
	if d.clock == nil {
		d.clock = clock.System{}
	}
	d.start = d.clock.Now()
	var err error
	if d.base, err = snmp.NewTable(options.Recording); err != nil {
		return nil, fmt.Errorf("simulate device: %s: %w", d.name, err)
	}
	if d.table, err = snmp.NewTable(options.Recording); err != nil {
		return nil, fmt.Errorf("simulate device: %s: %w", d.name, err)
	}
	if d.name == "" || d.base.Len() == 0 {
		return nil, fmt.Errorf("simulate device: %q: a name and a recording are needed", d.name)
	}
	d.readInterfaces()
	if options.Datastores != nil {
		if err := d.load(options.Datastores); err != nil {
			return nil, fmt.Errorf("simulate device: %s: %w", d.name, err)
		}
	}
	return d, nil
}

// readInterfaces finds the interfaces in the recording, by ifName or ifDescr.
func (d *Device) readInterfaces() {
	for _, row := range rows(d.base, ifDescr, func(smi.OID) bool { return true }) {
		index := row.OID.Arc(row.OID.Len() - 1)
		f := &iface{name: row.Value.Octets(), index: index}
		if name, ok := d.base.Get(ifName.Append(index)); ok && name.Octets() != "" {
			f.name = name.Octets()
		}
		f.admin = d.integer(ifAdminStatus, index) == statusUp
		f.up = d.integer(ifOperStatus, index) == statusUp
		f.shown, f.carrier = f.admin, f.up || !f.admin
		f.mtu = int(d.integer(ifMtu, index))
		f.alias, f.mac = d.octets(ifAlias, index), d.octets(ifPhysAddress, index)
		if v, ok := d.base.Get(ifLastChange.Append(index)); ok {
			f.lastChange = uint32(v.Uint())
		}
		d.ifs[f.name] = f
	}
	for _, row := range rows(d.base, ipAdEntIfIndex, func(smi.OID) bool { return true }) {
		at, ok := address(arcs(row.OID, ipAdEntIfIndex.Len()))
		mask, _ := d.base.Get(ipAdEntNetMask.Append(addressArcs(at)...))
		f := d.byIndex(uint32(row.Value.Int()))
		if ok && f != nil && len(mask.Octets()) == 4 {
			f.addresses = append(f.addresses, netip.PrefixFrom(at, maskBits(mask.Octets())))
		}
	}
}

func maskBits(mask string) int {
	bits := 0
	for i := range len(mask) {
		for b := mask[i]; b&0x80 != 0; b <<= 1 {
			bits++
		}
	}
	return bits
}

func (d *Device) integer(column smi.OID, index uint32) int32 {
	v, _ := d.base.Get(column.Append(index))
	return v.Int()
}

func (d *Device) octets(column smi.OID, index uint32) string {
	v, _ := d.base.Get(column.Append(index))
	return v.Octets()
}

func (d *Device) byIndex(index uint32) *iface {
	for _, f := range d.ifs {
		if f.index == index {
			return f
		}
	}
	return nil
}

// Name is the device's name.
func (d *Device) Name() string { return d.name }

// Get implements snmp.State. sysUpTime counts on from the recording.
func (d *Device) Get(oid smi.OID) (smi.Value, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	value, ok := d.table.Get(oid)
	if ok && oid == sysUpTime {
		value = smi.TimeTicks(d.uptime())
	}
	return value, ok
}

// Next implements snmp.State.
func (d *Device) Next(oid smi.OID) (smi.OID, smi.Value, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	next, value, ok := d.table.Next(oid)
	if ok && next == sysUpTime {
		value = smi.TimeTicks(d.uptime())
	}
	return next, value, ok
}

// Uptime is sysUpTime in hundredths of a second.
func (d *Device) Uptime() uint32 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.uptime()
}

// uptime is sysUpTime in hundredths of a second.
func (d *Device) uptime() uint32 {
	recorded, _ := d.base.Get(sysUpTime)
	return uint32(recorded.Uint()) + uint32(d.clock.Now().Sub(d.start)/(10*time.Millisecond))
}

// An Interface is what is known of an interface at one time.
type Interface struct {
	Name        string         `json:"name"`
	Index       uint32         `json:"ifIndex"`
	Admin       bool           `json:"admin"` // enabled
	Up          bool           `json:"up"`
	Description string         `json:"description,omitempty"`
	MTU         int            `json:"mtu"`
	Addresses   []netip.Prefix `json:"addresses,omitempty"` // IPv4
}

// Interfaces returns the interfaces by ifIndex.
func (d *Device) Interfaces() []Interface {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var all []Interface
	for _, f := range d.byNumber() {
		all = append(all, f.view())
	}
	return all
}

func (d *Device) byNumber() []*iface {
	return slices.SortedFunc(maps.Values(d.ifs), func(a, b *iface) int { return int(int64(a.index) - int64(b.index)) })
}

func (f *iface) view() Interface {
	return Interface{Name: f.name, Index: f.index, Admin: f.admin, Up: f.up, Description: f.alias, MTU: f.mtu, Addresses: slices.Clone(f.addresses)}
}

// Interface returns one interface by name.
func (d *Device) Interface(name string) (Interface, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	f := d.ifs[name]
	if f == nil {
		return Interface{}, false
	}
	return f.view(), true
}

// put sets a live row. The caller holds mu; rows here are always encodable, or
// the recording would have been refused.
func (d *Device) put(oid smi.OID, value smi.Value) {
	if err := d.table.Set(oid, value); err != nil {
		panic(err)
	}
}

// bump adds one to a counter, if there is such a row.
func (d *Device) bump(oid smi.OID) {
	v, ok := d.table.Get(oid)
	switch {
	case ok && v.Kind() == smi.KindCounter32:
		d.put(oid, smi.Counter32(uint32(v.Uint())+1))
	case ok && v.Kind() == smi.KindGauge32:
		d.put(oid, smi.Gauge32(uint32(v.Uint())+1))
	}
}

// hide takes live rows away and returns how many.
func (d *Device) hide(prefix smi.OID, match func(smi.OID) bool) int {
	all := rows(d.table, prefix, match)
	for _, row := range all {
		d.table.Delete(row.OID)
	}
	return len(all)
}

// restore brings recorded rows back and returns how many.
func (d *Device) restore(prefix smi.OID, match func(smi.OID) bool) int {
	all := rows(d.base, prefix, match)
	for _, row := range all {
		d.put(row.OID, row.Value)
	}
	return len(all)
}

// settle brings an interface's rows in line with its state and returns the
// event that this is, or nil. The caller holds mu.
func (d *Device) settle(f *iface) *Event {
	if f.shown != f.admin { // other values, as recorded, stay
		f.shown = f.admin
		d.put(ifAdminStatus.Append(f.index), status(f.admin))
	}
	up := f.admin && f.carrier
	if up == f.up {
		return nil
	}
	f.up = up
	f.lastChange, f.changed = d.uptime(), d.clock.Now()
	d.put(ifOperStatus.Append(f.index), status(up))
	d.put(ifLastChange.Append(f.index), smi.TimeTicks(f.lastChange))
	own := func(a netip.Addr) bool { return f.owns(a) }
	for _, table := range []struct {
		entry smi.OID
		match func(smi.OID) bool
	}{
		{ipNetToMedia, ofIndex(ipNetToMedia, f.index)}, {ipNetToPhysical, ofIndex(ipNetToPhysical, f.index)},
		{ospfIfEntry, ofAddress(ospfIfEntry, own)}, {ospfIfMetric, ofAddress(ospfIfMetric, own)},
	} {
		if up {
			d.restore(table.entry, table.match)
		} else {
			d.hide(table.entry, table.match)
		}
	}
	kind := LinkDown
	if up {
		kind = LinkUp
	}
	return &Event{Time: f.changed, Uptime: f.lastChange, Device: d.name, Kind: kind, Interface: f.view()}
}

// owns reports whether an address is the interface's own.
func (f *iface) owns(a netip.Addr) bool {
	return slices.ContainsFunc(f.addresses, func(p netip.Prefix) bool { return p.Addr() == a })
}

// hears reports whether an address is of a neighbour on the interface's link.
func (f *iface) hears(a netip.Addr) bool {
	return slices.ContainsFunc(f.addresses, func(p netip.Prefix) bool { return p.Addr() != a && p.Contains(a) })
}

// change runs f with mu held, settles all interfaces and tells what happened;
// f returns what more happened.
func (d *Device) change(f func() []Event) {
	d.mu.Lock()
	events := f()
	for _, each := range d.byNumber() {
		if e := d.settle(each); e != nil {
			events = append(events, *e)
		}
	}
	d.mu.Unlock()
	for _, e := range events {
		d.tell(e)
	}
}

// setCarrier is the network's: it does not call the hook.
func (d *Device) setCarrier(name string, carrier bool) {
	d.change(func() []Event {
		if f := d.ifs[name]; f != nil {
			f.carrier = carrier
		}
		return nil
	})
}

// linkState tells whether an interface is enabled and up.
func (d *Device) linkState(name string) (enabled, up bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	f := d.ifs[name]
	if f == nil {
		return false, false
	}
	return f.admin, f.up
}

// changedOutside tells the network, if there is one.
func (d *Device) changedOutside() {
	if d.hook != nil {
		d.hook()
	}
}
