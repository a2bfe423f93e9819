package device

import (
	"net/netip"
	"slices"

	"nettwin/internal/simulate/smi"
)

// port returns LLDP's number of an interface: its ifIndex where all ports are
// numbered so, else that of the port with its name.
func (d *Device) port(f *iface) uint32 {
	const portID = 3 // lldpLocPortId
	ids := rows(d.base, lldpLocPort.Append(portID), func(smi.OID) bool { return true })
	byName, all := f.index, true
	for _, row := range ids {
		number := row.OID.Arc(row.OID.Len() - 1)
		all = all && d.byIndex(number) != nil
		if row.Value.Octets() == f.name {
			byName = number
		}
	}
	if all {
		return f.index
	}
	return byName
}

// hideNeighbours takes away what LLDP and OSPF know over an interface.
func (d *Device) hideNeighbours(name string) {
	d.change(func() []Event {
		f := d.ifs[name]
		if f == nil {
			return nil
		}
		port := d.port(f)
		gone := d.hide(lldpRemote, ofPort(lldpRemote, port))
		d.hide(lldpRemManAddr, ofPort(lldpRemManAddr, port))
		d.hide(lldpExtensions, ofExtensionPort(port))
		events := d.neighbourEvents(f, NeighbourDown)
		if gone > 0 {
			events = append(events, d.lldpChanged(f, lldpStatsDelete))
		}
		d.hide(ospfNbrEntry, ofAddress(ospfNbrEntry, f.hears))
		return events
	})
}

// lldpChanged counts a change of the remote tables and returns its event.
func (d *Device) lldpChanged(f *iface, counter smi.OID) Event {
	if _, ok := d.base.Get(lldpStatsChange); ok {
		d.put(lldpStatsChange, smi.TimeTicks(d.uptime()))
	}
	d.bump(counter)
	count := func(oid smi.OID) uint32 { v, _ := d.table.Get(oid); return uint32(v.Uint()) }
	return Event{Time: d.clock.Now(), Uptime: d.uptime(), Device: d.name, Kind: RemoteChange, Interface: f.view(),
		Remote: RemoteCounts{count(lldpStatsInsert), count(lldpStatsDelete), count(lldpStatsDrop), count(lldpStatsAgeout)}}
}

// neighbourEvents are the events of the OSPF neighbours that are shown.
func (d *Device) neighbourEvents(f *iface, kind Kind) []Event {
	var events []Event
	const idColumn = 3 // ospfNbrRtrId
	own, _ := d.base.Get(ospfRouterID)
	router, _ := netip.AddrFromSlice([]byte(own.Octets()))
	for _, row := range rows(d.table, ospfNbrEntry.Append(idColumn), ofAddress(ospfNbrEntry, f.hears)) {
		at, _ := address(arcs(row.OID, ospfNbrEntry.Len()+1))
		id, _ := netip.AddrFromSlice([]byte(row.Value.Octets()))
		events = append(events, Event{Time: d.clock.Now(), Uptime: d.uptime(), Device: d.name, Kind: kind,
			Interface: f.view(), RouterID: router, Neighbour: at, NeighbourID: id})
	}
	return events
}

// A farEnd is what a device says of itself over a cable.
type farEnd struct {
	remote    []smi.Value // lldpRemTable columns 4 to 12; zero values where unknown
	manage    []smi.Varbind
	speaks    bool // OSPF on this interface
	routerID  smi.Value
	addresses []netip.Prefix
}

// introduce returns what a device tells the far end of an interface.
func (d *Device) introduce(name string) farEnd {
	d.mu.RLock()
	defer d.mu.RUnlock()
	f := d.ifs[name]
	if f == nil {
		return farEnd{}
	}
	port := d.port(f)
	get := func(oid smi.OID) smi.Value { v, _ := d.base.Get(oid); return v }
	far := farEnd{addresses: slices.Clone(f.addresses), routerID: get(ospfRouterID)}
	if chassis := get(lldpLocal.Append(1, 0)); !chassis.IsZero() {
		far.remote = []smi.Value{
			chassis, get(lldpLocal.Append(2, 0)),
			get(lldpLocPort.Append(2, port)), get(lldpLocPort.Append(3, port)), get(lldpLocPort.Append(4, port)),
			get(lldpLocal.Append(3, 0)), get(lldpLocal.Append(4, 0)), get(lldpLocal.Append(5, 0)), get(lldpLocal.Append(6, 0)),
		}
	}
	// lldpLocManAddrTable's columns 4, 5 and 6 are lldpRemManAddrTable's 3, 4 and 5.
	for column := uint32(4); column <= 6; column++ {
		for _, row := range rows(d.base, lldpLocManAddr.Append(column), func(smi.OID) bool { return true }) {
			index := arcs(row.OID, lldpLocManAddr.Len()+1)
			far.manage = append(far.manage, smi.Varbind{OID: smi.NewOID(append([]uint32{column - 1}, index...)...), Value: row.Value})
		}
	}
	far.speaks = len(rows(d.base, ospfIfEntry, ofAddress(ospfIfEntry, f.owns))) > 0
	return far
}

// showNeighbours brings back what LLDP and OSPF knew over an interface. Where
// nothing was recorded because the cable was dead, rows are made of what the
// far end tells; far is nil where they are not to be made.
func (d *Device) showNeighbours(name string, far *farEnd) {
	d.change(func() []Event {
		f := d.ifs[name]
		if f == nil {
			return nil
		}
		port := d.port(f)
		before := len(rows(d.table, lldpRemote, ofPort(lldpRemote, port)))
		known := d.restore(lldpRemote, ofPort(lldpRemote, port))
		d.restore(lldpRemManAddr, ofPort(lldpRemManAddr, port))
		d.restore(lldpExtensions, ofExtensionPort(port))
		if known == 0 && far != nil {
			known = d.makeLLDP(port, far)
		}
		var events []Event
		if known > before {
			events = append(events, d.lldpChanged(f, lldpStatsInsert))
		}
		old := d.neighbourEvents(f, NeighbourUp)
		if d.restore(ospfNbrEntry, ofAddress(ospfNbrEntry, f.hears)) == 0 && far != nil {
			d.makeOSPF(f, far)
		}
		return append(events, d.neighbourEvents(f, NeighbourUp)[len(old):]...)
	})
}

// makeLLDP makes the rows of a neighbour (IEEE 802.1AB lldpRemTable).
func (d *Device) makeLLDP(port uint32, far *farEnd) int {
	if len(far.remote) == 0 {
		return 0
	}
	const firstColumn = 4 // lldpRemChassisIdSubtype
	timeMark, index := d.uptime()/100*100, uint32(1)
	for _, row := range rows(d.table, lldpRemote, func(smi.OID) bool { return true }) {
		index = max(index, row.OID.Arc(row.OID.Len()-1)+1)
	}
	made := 0
	for i, value := range far.remote {
		if !value.IsZero() {
			d.put(lldpRemote.Append(firstColumn+uint32(i), timeMark, port, index), value)
			made++
		}
	}
	for _, row := range far.manage {
		oid := lldpRemManAddr.Append(row.OID.Arc(0), timeMark, port, index).Append(arcs(row.OID, 1)...)
		d.put(oid, row.Value)
	}
	return made
}

// makeOSPF makes the rows of a point-to-point neighbour, and those of the
// interface where it was down in the recording: like those of another interface
// of the device. It needs OSPF at either end.
func (d *Device) makeOSPF(f *iface, far *farEnd) {
	at := slices.IndexFunc(far.addresses, func(p netip.Prefix) bool { return f.hears(p.Addr()) })
	own := slices.IndexFunc(f.addresses, func(p netip.Prefix) bool { return at >= 0 && p.Contains(far.addresses[at].Addr()) })
	if at < 0 || own < 0 || far.routerID.IsZero() {
		return
	}
	spoken := len(rows(d.base, ospfIfEntry, ofAddress(ospfIfEntry, f.owns))) > 0
	if !spoken && !far.speaks {
		return
	}
	if !spoken && !d.makeOSPFInterface(f.addresses[own].Addr()) {
		return
	}
	neighbour := far.addresses[at].Addr()
	ip := smi.IPAddress(neighbour.As4())
	index := append(addressArcs(neighbour), 0)
	for i, value := range []smi.Value{ // ospfNbrTable's columns from 1
		ip, smi.Integer(0), far.routerID, smi.Integer(2), smi.Integer(1), smi.Integer(ospfFull),
		smi.Counter32(5), smi.Gauge32(0), smi.Integer(1), smi.Integer(2), smi.Integer(2),
	} {
		d.put(ospfNbrEntry.Append(uint32(i)+1).Append(index...), value)
	}
}

// makeOSPFInterface copies the rows of a point-to-point interface for another
// address and reports whether there is one to copy.
func (d *Device) makeOSPFInterface(own netip.Addr) bool {
	const stateColumn = 12
	var model netip.Addr
	for _, row := range rows(d.base, ospfIfEntry.Append(stateColumn), func(smi.OID) bool { return true }) {
		if row.Value.Int() == ospfToPoint {
			model, _ = address(arcs(row.OID, ospfIfEntry.Len()+1))
			break
		}
	}
	if !model.IsValid() {
		return false
	}
	for _, entry := range []smi.OID{ospfIfEntry, ospfIfMetric} {
		for _, row := range rows(d.base, entry, ofAddress(entry, func(a netip.Addr) bool { return a == model })) {
			column := row.OID.Arc(entry.Len())
			oid := entry.Append(column).Append(addressArcs(own)...).Append(arcs(row.OID, entry.Len()+5)...)
			if column == 1 {
				row.Value = smi.IPAddress(own.As4())
			}
			d.put(oid, row.Value)
		}
	}
	return true
}

// peers returns the addresses of the BGP peers in the recording.
func (d *Device) peers() []netip.Addr {
	var all []netip.Addr
	for _, row := range rows(d.base, bgpPeerState, func(smi.OID) bool { return true }) {
		if a, ok := address(arcs(row.OID, bgpPeerState.Len())); ok {
			all = append(all, a)
		}
	}
	return all
}

// setPeer lets a BGP session be as recorded, or active while its peer is out of
// reach.
func (d *Device) setPeer(peer netip.Addr, reachable bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	oid := bgpPeerState.Append(addressArcs(peer)...)
	recorded, _ := d.base.Get(oid)
	now, ok := d.table.Get(oid)
	switch {
	case !ok || recorded.Int() != bgpEstablished:
	case !reachable:
		d.put(oid, smi.Integer(bgpActive))
	case now != recorded:
		d.put(oid, recorded)
		d.bump(bgpTransitions.Append(addressArcs(peer)...))
	}
}

// addresses returns the device's own IPv4 addresses.
func (d *Device) addresses() []netip.Addr {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var all []netip.Addr
	for _, f := range d.ifs {
		for _, p := range f.addresses {
			if !p.Addr().IsLoopback() {
				all = append(all, p.Addr())
			}
		}
	}
	return all
}
