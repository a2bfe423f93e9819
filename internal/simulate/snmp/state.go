package snmp

import (
	"fmt"
	"slices"
	"sync"

	"nettwin/internal/simulate/smi"
)

// A State is what a device knows, ordered by OID. Implementations are safe for
// concurrent use and may change between calls; names they return are encodable
// (smi.OID.Encodable) and values are not zero.
type State interface {
	// Get returns the variable with this name, if there is one.
	Get(oid smi.OID) (smi.Value, bool)
	// Next returns the first variable whose name sorts after oid, whether
	// or not a variable named oid exists. Cost: O(log variables).
	Next(oid smi.OID) (smi.OID, smi.Value, bool)
}

// A Table is a State in memory that can be changed while it is served. It is
// safe for concurrent use; each call sees or makes one change as a whole.
type Table struct {
	mu   sync.RWMutex
	rows []smi.Varbind // sorted by OID, each OID once
}

// NewTable returns a table of the given variables, in any order; of several
// with one name the last holds. The slice is copied. A name or value that no
// message can carry is an error.
func NewTable(rows []smi.Varbind) (*Table, error) {
	for _, row := range rows {
		if err := checkRow(row.OID, row.Value); err != nil {
			return nil, err
		}
	}
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b smi.Varbind) int { return a.OID.Compare(b.OID) })
	kept := sorted[:0]
	for i, row := range sorted {
		if i+1 == len(sorted) || sorted[i+1].OID != row.OID {
			kept = append(kept, row)
		}
	}
	return &Table{rows: kept}, nil
}

// Get implements State.
func (t *Table) Get(oid smi.OID) (smi.Value, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	at, found := t.find(oid)
	if !found {
		return smi.Value{}, false
	}
	return t.rows[at].Value, true
}

// Next implements State.
func (t *Table) Next(oid smi.OID) (smi.OID, smi.Value, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	at, found := t.find(oid)
	if found {
		at++
	}
	if at == len(t.rows) {
		return smi.OID{}, smi.Value{}, false
	}
	return t.rows[at].OID, t.rows[at].Value, true
}

// Len is the number of variables.
func (t *Table) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.rows)
}

// Set gives a variable a value and adds it if it is new. A name or value that
// no message can carry is an error and changes nothing. Cost: O(log variables),
// O(variables) for a new one.
func (t *Table) Set(oid smi.OID, value smi.Value) error {
	if err := checkRow(oid, value); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	at, found := t.find(oid)
	if found {
		t.rows[at].Value = value
	} else {
		t.rows = slices.Insert(t.rows, at, smi.Varbind{OID: oid, Value: value})
	}
	return nil
}

// Delete removes a variable and reports whether it was there.
func (t *Table) Delete(oid smi.OID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, found := t.find(oid)
	if found {
		t.rows = slices.Delete(t.rows, at, at+1)
	}
	return found
}

func (t *Table) find(oid smi.OID) (int, bool) {
	return slices.BinarySearchFunc(t.rows, oid, func(row smi.Varbind, oid smi.OID) int {
		return row.OID.Compare(oid)
	})
}

func checkRow(oid smi.OID, value smi.Value) error {
	if !oid.Encodable() {
		return fmt.Errorf("set variable: %q: no SNMP message can carry this OID", oid)
	}
	if value.IsZero() || value.Kind() == smi.KindOID && !value.OID().Encodable() {
		return fmt.Errorf("set variable: %s: no SNMP message can carry %s", oid, value)
	}
	return nil
}
