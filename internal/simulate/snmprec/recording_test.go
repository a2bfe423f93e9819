package snmprec_test

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nettwin/internal/simulate/smi"
	"nettwin/internal/simulate/snmprec"
	"nettwin/internal/testenv"
)

// Goal: each tag yields its type, and order, duplicates, blank lines and
// comments are settled as documented. Method: one text with all of them.
func TestRead(t *testing.T) {
	text := strings.Join([]string{
		"# a comment",
		"1.3.6.1.9.3.0|2|-7",
		"1.3.6.1.9.1.0|4|a|b \\x",
		"1.3.6.1.9.2.0|4x|00fF",
		"",
		".1.3.6.1.9.4.0|5|",
		"1.3.6.1.9.5.0|6|1.3.6.1.4.1",
		"1.3.6.1.9.6.0|64|192.0.2.1",
		"1.3.6.1.9.7.0|64x|C0000202",
		"1.3.6.1.9.8.0|65|4294967295",
		"1.3.6.1.9.9.0|66|1",
		"1.3.6.1.9.10.0|67|2",
		"1.3.6.1.9.11.0|68x|9f78",
		"1.3.6.1.9.12.0|70|18446744073709551615",
		"1.3.6.1.9.3.0|2|8\r",
		"1.3.6.1.9.13.0|2|4294967295",
		"1.3.6.1.9.14.0|65|-1",
	}, "\n")
	rec, err := snmprec.Read("a.snmprec", strings.NewReader(text), snmprec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	at := func(arc uint32) smi.OID { return smi.NewOID(1, 3, 6, 1, 9, arc, 0) }
	want := []smi.Varbind{
		{OID: at(1), Value: smi.Octets(`a|b \x`)}, {OID: at(2), Value: smi.Octets("\x00\xff")}, {OID: at(3), Value: smi.Integer(8)},
		{OID: at(4), Value: smi.Null()}, {OID: at(5), Value: smi.ObjectID(smi.MustOID("1.3.6.1.4.1"))},
		{OID: at(6), Value: smi.IPAddress([4]byte{192, 0, 2, 1})}, {OID: at(7), Value: smi.IPAddress([4]byte{192, 0, 2, 2})},
		{OID: at(8), Value: smi.Counter32(1<<32 - 1)}, {OID: at(9), Value: smi.Gauge32(1)}, {OID: at(10), Value: smi.TimeTicks(2)},
		{OID: at(11), Value: smi.Opaque("\x9fx")}, {OID: at(12), Value: smi.Counter64(1<<64 - 1)},
		{OID: at(13), Value: smi.Integer(-1)}, {OID: at(14), Value: smi.Counter32(1<<32 - 1)},
	}
	if len(rec.Rows) != len(want) {
		t.Fatalf("%d rows, want %d: %v", len(rec.Rows), len(want), rec.Rows)
	}
	for i := range want {
		if rec.Rows[i] != want[i] {
			t.Errorf("row %d: %v, want %v", i, rec.Rows[i], want[i])
		}
	}
	if rec.Ignored != 2 || rec.Unsorted != 2 || rec.Lines != 17 {
		t.Errorf("ignored %d, unsorted %d, lines %d; want 2, 2, 17", rec.Ignored, rec.Unsorted, rec.Lines)
	}
	wantFindings := []string{
		"a.snmprec:2: 1.3.6.1.9.3.0: replaced: line 15 holds the same OID",
		"a.snmprec:16: 1.3.6.1.9.13.0: adjusted: 4294967295 read as -1",
		"a.snmprec:17: 1.3.6.1.9.14.0: adjusted: -1 read as 4294967295",
	}
	checkFindings(t, rec, wantFindings)
}

// Goal: a row that cannot be served is left out with its reason, and the rest
// is kept. Method: one broken row of each sort among one good row.
func TestReadUnusable(t *testing.T) {
	text := strings.Join([]string{
		"no row at all",
		"1.3.x|2|1",
		"1|2|1",
		"1.3.6.1|2",
		"1.3.6.1|3|1",
		"1.3.6.1|2:numeric|min=1",
		"1.3.6.1|2|one",
		"1.3.6.1|2|4294967296",
		"1.3.6.1|65|4294967296",
		"1.3.6.1|70|-1",
		"1.3.6.1|64|<private>",
		"1.3.6.1|64x|0001",
		"1.3.6.1|4x|0",
		"1.3.6.1|2x|00",
		"1.3.6.1|6|9.9",
		"1.3.6.1|6|",
		"1.3.6.1.1.0|2|1",
	}, "\n")
	rec, err := snmprec.Read("b", strings.NewReader(text), snmprec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.Rows) != 1 || rec.Rows[0].Value != smi.Integer(1) {
		t.Errorf("rows %v", rec.Rows)
	}
	checkFindings(t, rec, []string{
		"b:1: unusable: want OID|TAG|VALUE, found no |",
		`b:2: unusable: parse OID: "1.3.x": arc 3 "x" is not a number below 2^32`,
		"b:3: 1: unusable: no SNMP message can carry this OID",
		"b:4: 1.3.6.1: unusable: want OID|TAG|VALUE, found one | only",
		`b:5: 1.3.6.1: unusable: unknown tag "3"`,
		`b:6: 1.3.6.1: unusable: unknown tag "2:numeric"`,
		`b:7: 1.3.6.1: unusable: "one" is not a number that INTEGER can hold`,
		`b:8: 1.3.6.1: unusable: "4294967296" is not a number that INTEGER can hold`,
		`b:9: 1.3.6.1: unusable: "4294967296" is not a number that Counter32 can hold`,
		`b:10: 1.3.6.1: unusable: "-1" is not a number that Counter64 can hold`,
		`b:11: 1.3.6.1: unusable: "<private>" is not an IPv4 address`,
		"b:12: 1.3.6.1: unusable: IpAddress of 2 octets, want 4",
		"b:13: 1.3.6.1: unusable: hexadecimal value: encoding/hex: odd length hex string",
		"b:14: 1.3.6.1: unusable: hexadecimal value for INTEGER, which has no octets",
		"b:15: 1.3.6.1: unusable: no SNMP message can carry the OID 9.9",
		`b:16: 1.3.6.1: unusable: parse OID: "": no arcs`,
	})
}

func checkFindings(t *testing.T, rec *snmprec.Recording, want []string) {
	t.Helper()
	if len(rec.Findings) != len(want) {
		t.Errorf("%d findings, want %d: %v", len(rec.Findings), len(want), rec.Findings)
		return
	}
	for i, f := range rec.Findings {
		if f.Error() != want[i] {
			t.Errorf("finding %d:\n got %s\nwant %s", i, f, want[i])
		}
	}
}

// Goal: what is no recording, or is too big for the limits, is an error with
// file and line. Method: limits of one row and 20 bytes a line.
func TestReadErrors(t *testing.T) {
	limits := snmprec.Limits{LineBytes: 20, Rows: 1}
	cases := []struct {
		text string
		is   error
		says string
	}{
		{"", snmprec.ErrNoRows, "c: no usable row in 0 lines"},
		{"# only\n", snmprec.ErrNoRows, "in 1 lines"},
		{"PK\x03\x04\n", snmprec.ErrNoRows, "c:1: unusable: want OID|TAG|VALUE"},
		{"1.3.6.1|2|1\n1.3.6.2|2|1", snmprec.ErrTooManyRows, "c:2: "},
		{"1.3.6.1|4|1234567890\r\n", nil, ""},
		{"\n1.3.6.1|4|1234567890x", snmprec.ErrLineTooLong, "c:2: "},
		{"\n1.3.6.1|4|1234567890xxxxxxxxxx", snmprec.ErrLineTooLong, "c:2: "},
	}
	for _, c := range cases {
		_, err := snmprec.Read("c", strings.NewReader(c.text), limits)
		if !errors.Is(err, c.is) || (err != nil && !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%q: %v, want %v saying %q", c.text, err, c.is, c.says)
		}
	}
	if _, err := snmprec.Open(filepath.Join(t.TempDir(), "none"), limits); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
}

// Goal: every row of the recordings of real devices is read as it stands.
// Method: an independent split of the files in this test, compared row by row
// in text form; the rows that cannot be served are listed here by hand.
func TestRealRecordings(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(testenv.Shared(t, "data/snmp"), "*.snmprec"))
	if err != nil {
		t.Fatal(err)
	}
	// An IpAddress masked as <private>; ARP rows that share an OID since their
	// address was masked; a MAC masked as 58AC78XXYYZZ.
	unusable := map[string]int{"nxos_n3k-3064pq": 4}
	adjusted := map[string]int{"iosxe": 29}
	replaced := map[string]int{"procurve": 12}
	devices, rows := 0, 0
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".snmprec")
		rec, err := snmprec.Open(path, snmprec.Limits{})
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(name, "@") {
			devices++
		}
		rows += len(rec.Rows)
		if got := rec.Count(snmprec.Unusable); got != unusable[name] {
			t.Errorf("%s: %d unusable rows, want %d: %v", name, got, unusable[name], rec.Findings)
		}
		if got := rec.Count(snmprec.Adjusted); got < adjusted[name] {
			t.Errorf("%s: %d adjusted rows, want %d or more: %v", name, got, adjusted[name], rec.Findings)
		}
		if got := rec.Count(snmprec.Replaced); got != replaced[name] {
			t.Errorf("%s: %d replaced rows, want %d: %v", name, got, replaced[name], rec.Findings)
		}
		if rec.Lines != rec.Ignored+len(rec.Rows)+rec.Count(snmprec.Replaced)+rec.Count(snmprec.Unusable) {
			t.Errorf("%s: lines not accounted for: %d lines, %d ignored, %d rows, findings %v", name, rec.Lines, rec.Ignored, len(rec.Rows), rec.Findings)
		}
		want := splitFile(t, path)
		if len(rec.Rows) != len(want)-unusable[name] {
			t.Errorf("%s: %d rows, want %d", name, len(rec.Rows), len(want)-unusable[name])
		}
		for _, row := range rec.Rows {
			if got := asText(row.Value); got != want[row.OID.String()] {
				t.Errorf("%s: %s: %q, want %q", name, row.OID, got, want[row.OID.String()])
			}
		}
	}
	if devices != 41 {
		t.Errorf("%d devices, want 41", devices)
	}
	t.Logf("%d files, %d devices, %d rows", len(paths), devices, rows)
}

// splitFile maps OID to "tag|value", hexadecimal in lower case, without the
// reader under test.
func splitFile(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows := map[string]string{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		part := strings.SplitN(lines.Text(), "|", 3)
		switch part[1] {
		case "4":
			part[2] = hex.EncodeToString([]byte(part[2]))
		case "4x":
			if _, err := hex.DecodeString(part[2]); err != nil {
				part[2] = hex.EncodeToString([]byte(part[2]))
			}
			part[1], part[2] = "4", strings.ToLower(part[2])
		}
		rows[part[0]] = part[1] + "|" + part[2]
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

func asText(v smi.Value) string {
	tag := fmt.Sprintf("%d|", v.Kind())
	switch v.Kind() {
	case smi.KindInteger:
		return tag + fmt.Sprint(v.Int())
	case smi.KindOctets:
		return tag + hex.EncodeToString([]byte(v.Octets()))
	case smi.KindNull:
		return tag
	case smi.KindOID:
		return tag + v.OID().String()
	case smi.KindIPAddress:
		o := v.Octets()
		return tag + fmt.Sprintf("%d.%d.%d.%d", o[0], o[1], o[2], o[3])
	default:
		return tag + fmt.Sprint(v.Uint())
	}
}

// Goal: no text breaks the reader, and what it returns keeps its promises:
// sorted, each OID once, every line accounted for. Method: fuzzing.
func FuzzRead(f *testing.F) {
	f.Add("1.3.6.1.2.1.1.3.0|67|1\n1.3.6.1|4x|00\n")
	f.Add("1.3.6.1|2|-1\n#\n\n1.3.6.1|65|-1\n1.3|6|2.999")
	f.Add("1.3.6.1|64|1.2.3.4\r\n1.3.6.1|64x|01020304\n|||\n")
	f.Fuzz(func(t *testing.T, text string) {
		rec, err := snmprec.Read("fuzz", strings.NewReader(text), snmprec.Limits{LineBytes: 100, Rows: 50})
		if err != nil {
			return
		}
		for i, row := range rec.Rows {
			if i > 0 && rec.Rows[i-1].OID.Compare(row.OID) >= 0 {
				t.Errorf("rows %d and %d out of order", i-1, i)
			}
			if row.Value.IsZero() || !row.OID.Encodable() {
				t.Errorf("row %d: %v", i, row)
			}
		}
		if rec.Lines != rec.Ignored+len(rec.Rows)+rec.Count(snmprec.Replaced)+rec.Count(snmprec.Unusable) {
			t.Errorf("lines not accounted for: %+v", rec)
		}
	})
}
