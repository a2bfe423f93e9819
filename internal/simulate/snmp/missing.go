package snmp

import "nettwin/internal/simulate/smi"

const (
	// shortestColumn is the fewest arcs of a table's column: the arcs of
	// mib-2 or of an enterprise, then group or table, entry and column.
	shortestColumn = 10
	// mostSiblings bounds the columns looked at to recognise a table.
	mostSiblings = 16
)

// missing chooses the exception for a name without a variable (RFC 3416
// §4.2.1): noSuchInstance below a known object, else noSuchObject.
//
// A state holds variables and no schema, so the objects are inferred from
// them: the variable that shares most arcs with the name tells which object
// begins there.
func missing(state State, oid smi.OID) byte {
	for shared := oid.Len(); shared > 0; shared-- {
		prefix := oid.Prefix(shared)
		neighbour, _, ok := state.Next(prefix)
		if !ok || !neighbour.HasPrefix(prefix) {
			continue
		}
		if objectArcs(state, neighbour) <= shared {
			return tagNoSuchInstance
		}
		return tagNoSuchObject
	}
	return tagNoSuchObject
}

// objectArcs returns how many arcs of a variable's name are those of its
// object type. Columns of one table have the same indexes below an entry whose
// last arc is 1 (RFC 2578 §7.1.12), so a variable with a sibling of the same
// index in another column tells where the column ends. Without such a sibling
// it is taken for an object with one index arc, as scalars have.
func objectArcs(state State, name smi.OID) int {
	for arcs := shortestColumn; arcs < name.Len(); arcs++ {
		if name.Arc(arcs-2) == 1 && hasSibling(state, name, arcs) {
			return arcs
		}
	}
	return name.Len() - 1
}

// hasSibling reports whether a variable exists that differs from name only in
// arc column-1.
func hasSibling(state State, name smi.OID, column int) bool {
	entry := name.Prefix(column - 1)
	from := entry
	for range mostSiblings {
		next, _, ok := state.Next(from)
		if !ok || !next.HasPrefix(entry) {
			return false
		}
		arc := next.Arc(column - 1)
		if arc != name.Arc(column-1) {
			if _, ok := state.Get(withArc(name, column-1, arc)); ok {
				return true
			}
		}
		from = entry.Append(arc, 1<<32-1)
	}
	return false
}

func withArc(name smi.OID, at int, arc uint32) smi.OID {
	arcs := make([]uint32, name.Len())
	for i := range arcs {
		arcs[i] = name.Arc(i)
	}
	arcs[at] = arc
	return smi.NewOID(arcs...)
}
