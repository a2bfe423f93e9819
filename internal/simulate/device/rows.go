package device

import (
	"net/netip"

	"nettwin/internal/simulate/smi"
)

// Objects of the standard MIBs that the state touches: columns of IF-MIB,
// IP-MIB, OSPF-MIB and BGP4-MIB, entries of tables whose rows come and go.
var (
	sysUpTime = smi.NewOID(1, 3, 6, 1, 2, 1, 1, 3, 0)

	ifEntry       = smi.NewOID(1, 3, 6, 1, 2, 1, 2, 2, 1)
	ifDescr       = smi.NewOID(1, 3, 6, 1, 2, 1, 2, 2, 1, 2)
	ifMtu         = smi.NewOID(1, 3, 6, 1, 2, 1, 2, 2, 1, 4)
	ifPhysAddress = smi.NewOID(1, 3, 6, 1, 2, 1, 2, 2, 1, 6)
	ifAdminStatus = smi.NewOID(1, 3, 6, 1, 2, 1, 2, 2, 1, 7)
	ifOperStatus  = smi.NewOID(1, 3, 6, 1, 2, 1, 2, 2, 1, 8)
	ifLastChange  = smi.NewOID(1, 3, 6, 1, 2, 1, 2, 2, 1, 9)
	ifName        = smi.NewOID(1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1)
	ifAlias       = smi.NewOID(1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18)

	ipAddrEntry     = smi.NewOID(1, 3, 6, 1, 2, 1, 4, 20, 1)
	ipAdEntIfIndex  = ipAddrEntry.Append(2)
	ipAdEntNetMask  = ipAddrEntry.Append(3)
	ipAddressEntry  = smi.NewOID(1, 3, 6, 1, 2, 1, 4, 34, 1)
	ipNetToMedia    = smi.NewOID(1, 3, 6, 1, 2, 1, 4, 22, 1)
	ipNetToPhysical = smi.NewOID(1, 3, 6, 1, 2, 1, 4, 35, 1)

	ospfRouterID   = smi.NewOID(1, 3, 6, 1, 2, 1, 14, 1, 1, 0)
	ospfIfEntry    = smi.NewOID(1, 3, 6, 1, 2, 1, 14, 7, 1)
	ospfIfMetric   = smi.NewOID(1, 3, 6, 1, 2, 1, 14, 8, 1)
	ospfNbrEntry   = smi.NewOID(1, 3, 6, 1, 2, 1, 14, 10, 1)
	bgpPeerState   = smi.NewOID(1, 3, 6, 1, 2, 1, 15, 3, 1, 2)
	bgpTransitions = smi.NewOID(1, 3, 6, 1, 2, 1, 15, 3, 1, 15)

	lldp            = smi.NewOID(1, 0, 8802, 1, 1, 2, 1)
	lldpStatsChange = lldp.Append(2, 1, 0)
	lldpStatsInsert = lldp.Append(2, 2, 0)
	lldpStatsDelete = lldp.Append(2, 3, 0)
	lldpStatsDrop   = lldp.Append(2, 4, 0)
	lldpStatsAgeout = lldp.Append(2, 5, 0)
	lldpLocal       = lldp.Append(3)
	lldpLocPort     = lldp.Append(3, 7, 1)
	lldpLocManAddr  = lldp.Append(3, 8, 1)
	lldpRemote      = lldp.Append(4, 1, 1)
	lldpRemManAddr  = lldp.Append(4, 2, 1)
	lldpExtensions  = lldp.Append(5)
)

// Values of ifAdminStatus, ifOperStatus, ospfIfState, ospfNbrState and
// bgpPeerState.
const (
	statusUp       = 1
	statusDown     = 2
	ospfLoopback   = 2
	ospfToPoint    = 4
	ospfFull       = 8
	bgpActive      = 3
	bgpEstablished = 6
)

func status(up bool) smi.Value {
	if up {
		return smi.Integer(statusUp)
	}
	return smi.Integer(statusDown)
}

// arcs returns the arcs of an OID from place i.
func arcs(oid smi.OID, i int) []uint32 {
	all := make([]uint32, 0, oid.Len()-i)
	for ; i < oid.Len(); i++ {
		all = append(all, oid.Arc(i))
	}
	return all
}

// source is what rows are read from: the live state or the recording.
type source interface {
	Next(oid smi.OID) (smi.OID, smi.Value, bool)
	Get(oid smi.OID) (smi.Value, bool)
}

// rows returns the variables below prefix that match, in order.
func rows(from source, prefix smi.OID, match func(oid smi.OID) bool) []smi.Varbind {
	var all []smi.Varbind
	for at := prefix; ; {
		oid, value, ok := from.Next(at)
		if !ok || !oid.HasPrefix(prefix) {
			return all
		}
		if match(oid) {
			all = append(all, smi.Varbind{OID: oid, Value: value})
		}
		at = oid
	}
}

// indexed matches rows of a table with this entry by their index, the arcs
// after the column.
func indexed(entry smi.OID, match func(index []uint32) bool) func(smi.OID) bool {
	return func(oid smi.OID) bool {
		return oid.Len() > entry.Len()+1 && match(arcs(oid, entry.Len()+1))
	}
}

// ofIndex matches rows whose index begins with an ifIndex.
func ofIndex(entry smi.OID, ifIndex uint32) func(smi.OID) bool {
	return indexed(entry, func(index []uint32) bool { return index[0] == ifIndex })
}

// address reads an IPv4 address at the start of an index.
func address(index []uint32) (netip.Addr, bool) {
	if len(index) < 4 {
		return netip.Addr{}, false
	}
	var a [4]byte
	for i, arc := range index[:4] {
		if arc > 255 {
			return netip.Addr{}, false
		}
		a[i] = byte(arc)
	}
	return netip.AddrFrom4(a), true
}

func addressArcs(a netip.Addr) []uint32 {
	var all []uint32
	for _, b := range a.AsSlice() {
		all = append(all, uint32(b))
	}
	return all
}

// ofAddress matches rows whose index begins with an IPv4 address.
func ofAddress(entry smi.OID, match func(netip.Addr) bool) func(smi.OID) bool {
	return indexed(entry, func(index []uint32) bool {
		a, ok := address(index)
		return ok && match(a)
	})
}

// ofPort matches rows of LLDP's remote tables by local port; their indices
// begin with time mark and port (IEEE 802.1AB lldpRemEntry).
func ofPort(entry smi.OID, port uint32) func(smi.OID) bool {
	return indexed(entry, func(index []uint32) bool { return len(index) > 2 && index[1] == port })
}

// ofExtensionPort matches rows of the remote tables of LLDP's extensions,
// lldp.5.OUI.1.3.TABLE.1.COLUMN.TIMEMARK.PORT….
func ofExtensionPort(port uint32) func(smi.OID) bool {
	return func(oid smi.OID) bool {
		at := lldpExtensions.Len()
		return oid.Len() > at+8 && oid.Arc(at+1) == 1 && oid.Arc(at+2) == 3 && oid.Arc(at+4) == 1 && oid.Arc(at+7) == port
	}
}
