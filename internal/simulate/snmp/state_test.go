package snmp_test

import (
	"fmt"
	"sync"
	"testing"

	"nettwin/internal/simulate/smi"
	"nettwin/internal/simulate/snmp"
)

func newTable(t testing.TB, rows ...smi.Varbind) *snmp.Table {
	t.Helper()
	table, err := snmp.NewTable(rows)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func bind(oid string, value smi.Value) smi.Varbind {
	return smi.Varbind{OID: smi.MustOID(oid), Value: value}
}

// contents walks a state from its beginning.
func contents(state snmp.State) string {
	text := ""
	for oid, value, ok := state.Next(smi.OID{}); ok; oid, value, ok = state.Next(oid) {
		text += fmt.Sprintf("%s=%s;", oid, value)
	}
	return text
}

// Goal: a table is ordered, its last of several rows holds, and changes show
// at once. Method: walk it after each change.
func TestTable(t *testing.T) {
	table := newTable(t, bind("1.3.2", smi.Integer(1)), bind("1.3.1", smi.Integer(2)), bind("1.3.2", smi.Integer(3)))
	check := func(want string) {
		t.Helper()
		if got := contents(table); got != want {
			t.Errorf("holds %q, want %q", got, want)
		}
	}
	check("1.3.1=INTEGER 2;1.3.2=INTEGER 3;")
	for _, row := range []smi.Varbind{bind("1.3.2", smi.Null()), bind("1.3.1.5", smi.Integer(4)), bind("2.0", smi.Integer(5))} {
		if err := table.Set(row.OID, row.Value); err != nil {
			t.Error(err)
		}
	}
	check("1.3.1=INTEGER 2;1.3.1.5=INTEGER 4;1.3.2=NULL;2.0=INTEGER 5;")
	if !table.Delete(smi.MustOID("1.3.1")) || table.Delete(smi.MustOID("1.3.1")) {
		t.Error("Delete does not tell whether the row was there")
	}
	check("1.3.1.5=INTEGER 4;1.3.2=NULL;2.0=INTEGER 5;")
	if _, ok := table.Get(smi.MustOID("1.3.1")); ok || table.Len() != 3 {
		t.Errorf("deleted row is still there; %d rows", table.Len())
	}
}

// Goal: what no message can carry never enters a table. Method: an OID with a
// single arc, a zero value and an unencodable OID as value.
func TestTableRefuses(t *testing.T) {
	table := newTable(t)
	for _, row := range []smi.Varbind{
		bind("1", smi.Integer(1)), bind("1.3", smi.Value{}), bind("1.3", smi.ObjectID(smi.MustOID("3.1"))),
	} {
		if err := table.Set(row.OID, row.Value); err == nil {
			t.Errorf("Set took %v", row)
		}
		if _, err := snmp.NewTable([]smi.Varbind{row}); err == nil {
			t.Errorf("NewTable took %v", row)
		}
	}
	if table.Len() != 0 {
		t.Errorf("%d rows", table.Len())
	}
}

// Goal: a table can be walked while it changes. Method: writers add and delete
// rows while readers walk; a walk must see every row that is never touched, in
// order (the race detector sees the rest).
func TestTableConcurrent(t *testing.T) {
	table := newTable(t)
	const fixed = 50
	for i := range uint32(fixed) {
		if err := table.Set(smi.NewOID(1, 3, 2*i), smi.Integer(0)); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for w := range uint32(2) {
		wg.Go(func() {
			for i := range uint32(2000) {
				oid := smi.NewOID(1, 3, 2*(i%fixed)+1, w)
				if err := table.Set(oid, smi.Integer(1)); err != nil {
					t.Error(err)
				}
				table.Delete(oid)
			}
		})
	}
	for range 200 {
		seen := 0
		var last smi.OID
		for oid, value, ok := table.Next(smi.OID{}); ok; oid, value, ok = table.Next(oid) {
			if oid.Compare(last) <= 0 {
				t.Fatalf("%s after %s", oid, last)
			}
			if last = oid; value == smi.Integer(0) {
				seen++
			}
		}
		if seen != fixed {
			t.Fatalf("%d untouched rows seen, want %d", seen, fixed)
		}
	}
	wg.Wait()
}
