package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nettwin/internal/testenv"
	"nettwin/internal/tools/mibfacts/internal/smi"
)

// Goal: the shipped tables are what the tool writes. Method: write each
// generated table again from its module and compare.
func TestTablesAreCurrent(t *testing.T) {
	mibs := testenv.Shared(t, "data/snmp/mibs")
	dir := filepath.Join(testenv.ProjectRoot(), "ontology", "map", "mib")
	names, err := generated(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 10 {
		t.Fatalf("%d generated tables in %s, expected at least 10", len(names), dir)
	}
	selected, err := conventions(filepath.Join(filepath.Dir(dir), "selectors.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	set := smi.NewSet(mibs)
	for _, name := range names {
		want, err := facts(set, name, selected)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, name+".tsv"))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s.tsv is not current: run go generate ./ontology/mib", name)
		}
	}
}

// Goal: the tool's rows say what a module says. Method: a module written for
// the test with each kind of clause, expected rows by hand.
func TestFacts(t *testing.T) {
	dir := t.TempDir()
	module := `T-MIB DEFINITIONS ::= BEGIN
IMPORTS OBJECT-TYPE FROM B-SMI;
Colour ::= TEXTUAL-CONVENTION DISPLAY-HINT "255a" STATUS current DESCRIPTION "a -- b ::= { }" SYNTAX OCTET STRING (SIZE (0..8))
Pair ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION "" SYNTAX OCTET STRING (SIZE (2))
TEntry ::= SEQUENCE { tKey Pair, tState INTEGER }
t OBJECT IDENTIFIER ::= { iso std(9) 7 } -- a comment
tName OBJECT-TYPE SYNTAX Colour UNITS "x  y" MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { t 1 }
tTable OBJECT-TYPE SYNTAX SEQUENCE OF TEntry MAX-ACCESS not-accessible STATUS current DESCRIPTION "" ::= { t 2 }
tEntry OBJECT-TYPE SYNTAX TEntry MAX-ACCESS not-accessible STATUS current DESCRIPTION "" INDEX { IMPLIED tKey } ::= { tTable 1 }
tKey OBJECT-TYPE SYNTAX Pair MAX-ACCESS not-accessible STATUS current DESCRIPTION "" ::= { tEntry 1 }
tState OBJECT-TYPE SYNTAX INTEGER { up(1), down(-2) } MAX-ACCESS read-write STATUS current DESCRIPTION "" DEFVAL { up } ::= { tEntry 2 }
tGone NOTIFICATION-TYPE OBJECTS { tState, tName } STATUS current DESCRIPTION "" ::= { t 3 }
tPlain NOTIFICATION-TYPE STATUS current DESCRIPTION "OBJECTS { x }" ::= { t 4 }
END
`
	if err := os.WriteFile(filepath.Join(dir, "T-MIB"), []byte(module), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := facts(smi.NewSet(dir), "T-MIB", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1.9.7 t group - - - - - - - -",
		"1.9.7.1 tName scalar t - text - - - x_y read-only",
		"1.9.7.2 tTable table - - - - - - - not-accessible",
		"1.9.7.2.1 tEntry entry tTable IMPLIED_tKey - - - - - not-accessible",
		"1.9.7.2.1.1 tKey column tTable - octets 2 - - - not-accessible",
		"1.9.7.2.1.2 tState column tTable - integer - up=1,down=-2 - - read-write",
		"1.9.7.3 tGone notification - tState_tName - - - - - -",
		"1.9.7.4 tPlain notification - - - - - - - -",
	}
	lines := strings.Split(strings.TrimSpace(got), "\n")[3:]
	for i, line := range lines {
		line = strings.NewReplacer(" ", "_", "\t", " ").Replace(line)
		if i >= len(want) || line != want[i] {
			t.Errorf("row %d: %s", i, line)
		}
	}
	if len(lines) != len(want) {
		t.Errorf("%d rows, expected %d", len(lines), len(want))
	}
}

// Goal: a broken module is refused with file and line. Method: one fault at a
// time.
func TestBrokenModules(t *testing.T) {
	for _, c := range []struct{ module, want string }{
		{"T-MIB DEFINITIONS ::= ", "T-MIB:1: the module T-MIB has no BEGIN"},
		{"T-MIB DEFINITIONS ::= BEGIN\n", "T-MIB:2: the module T-MIB has no END"},
		{"T-MIB DEFINITIONS ::= BEGIN\nx OBJECT-TYPE DESCRIPTION \"", "T-MIB:2: a quoted text has no end"},
		{"T-MIB DEFINITIONS ::= BEGIN\nx OBJECT IDENTIFIER ::= { y 1 }\nz OBJECT-TYPE SYNTAX INTEGER ::= { x 1 }\nEND", "T-MIB:2: the OID of x"},
		{"T-MIB DEFINITIONS ::= BEGIN\nx OBJECT IDENTIFIER ::= { x 1 }\nz OBJECT-TYPE SYNTAX INTEGER ::= { x 1 }\nEND", "the OID of x refers to itself"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "T-MIB"), []byte(c.module), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := facts(smi.NewSet(dir), "T-MIB", nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, expected %s", err, c.want)
		}
	}
}

// FuzzParse: no text makes the parser panic or run on.
func FuzzParse(f *testing.F) {
	f.Add("T DEFINITIONS ::= BEGIN x OBJECT-TYPE SYNTAX INTEGER { a(1) } (0..2) INDEX { IMPLIED y } ::= { iso 1 } END")
	f.Add("T DEFINITIONS ::= BEGIN IMPORTS a FROM b; C ::= [1] IMPLICIT OCTET STRING (SIZE (1|2..3)) END")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := smi.Parse("T", text)
		if err == nil && m.Name == "" {
			t.Error("a module without a name")
		}
	})
}
