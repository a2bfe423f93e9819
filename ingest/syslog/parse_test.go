package syslog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nettwin/internal/testenv"
)

var receipt = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)

// Goal: messages are read as RFC 5424 §6.5 and RFC 3164 §5.4 tell by example,
// and as devices vary them. Method: their examples, expected values by hand.
func TestParse(t *testing.T) {
	for _, c := range []struct {
		raw, stamp, host, app, pid, id, text string
		facility, severity                   int
	}{
		{"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xef\xbb\xbf'su root' failed for lonvick on /dev/pts/8",
			"2003-10-11T22:14:15.003Z", "mymachine.example.com", "su", "", "ID47", "'su root' failed for lonvick on /dev/pts/8", 4, 2},
		{"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
			"2003-08-24T12:14:15.000003Z", "192.0.2.1", "myproc", "8710", "", "%% It's time to make the do-nuts.", 20, 5},
		{"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\" eventSource=\"Appli\\\"ca\\]tion\"][x@1 y=\"\"]",
			"2003-10-11T22:14:15.003Z", "mymachine.example.com", "evntslog", "", "ID47", "", 20, 5},
		{"<0>1 - - - - - -", "", "", "", "", "", "", 0, 0},
		{"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
			"2025-10-11T22:14:15Z", "mymachine", "su", "", "", "'su root' failed for lonvick on /dev/pts/8", 4, 2},
		{"<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!", "2026-02-05T17:32:18Z", "10.0.0.99", "", "", "", "Use the BFG!", 1, 5},
		{"<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: %% It's time", "2025-08-24T05:34:00Z", "CST", "", "", "", "1987 mymachine myproc[10]: %% It's time", 20, 5},
		{"<191>Dec 31 23:59:59 r1 zebra[77]: x\n", "2025-12-31T23:59:59Z", "r1", "zebra", "77", "", "x", 23, 7},
		{"<13>just text", "", "", "", "", "", "just text", 1, 5},
		{"<13>caf\xe9 \x01x", "", "", "", "", "", "café  x", 1, 5},
		{"<189>521: router1: *Nov 14 08:30:56.699: %LINK-5-CHANGED: Interface G2, changed state to down", "2025-11-14T08:30:56.699Z", "router1", "", "", "", "%LINK-5-CHANGED: Interface G2, changed state to down", 23, 5},
	} {
		m, err := Parse([]byte(c.raw), receipt)
		stamp := ""
		if !m.Time.IsZero() {
			stamp = m.Time.UTC().Format(time.RFC3339Nano)
		}
		if err != nil || stamp != c.stamp || m.Hostname != c.host || m.AppName != c.app || m.ProcID != c.pid || m.MessageID != c.id ||
			m.Text != c.text || m.Facility != c.facility || int(m.Severity) != c.severity {
			t.Errorf("%s\n%+v, %v", c.raw, m, err)
		}
	}
	m, _ := Parse([]byte("<165>1 - - - - - [a@1 b=\"3\" c=\"Appli\\\"ca\\]ti\\on\"][x@1 y=\"\"] t"), receipt)
	if len(m.Data) != 3 || m.Data[1] != (Parameter{"a@1", "c", "Appli\"ca]ti\\on"}) || m.Data[2] != (Parameter{"x@1", "y", ""}) || m.Text != "t" {
		t.Errorf("%+v", m)
	}
}

// Goal: broken messages are refused with the octet and what is wrong. Method:
// one fault at a time.
func TestBrokenMessages(t *testing.T) {
	for _, c := range []struct {
		raw   string
		err   error
		wants string
	}{
		{"", ErrEmpty, "empty"}, {"\n", ErrEmpty, "empty"},
		{"hello", ErrNoPriority, "octet 0"}, {"<>x", ErrNoPriority, "octet 0"}, {"<192>x", ErrNoPriority, "192 is above 191"},
		{"<1a>x", ErrNoPriority, `"1a" is no number`}, {"<00001>x", ErrNoPriority, "octet 0"}, {"<", ErrNoPriority, "octet 0"},
		{"<1>1 yesterday h a p m - x", ErrHeader, `octet 5: syslog: broken header: TIMESTAMP "yesterday"`},
		{"<1>1 - " + strings.Repeat("h", 256) + " a p m - x", ErrHeader, "HOSTNAME of 256 octets"},
		{"<1>1 - h\x80 a p m - x", ErrHeader, "octet 0x80"}, {"<1>1 - h a p m", ErrHeader, "ends without structured data"},
		{"<1>1 - h", ErrHeader, "ends before the end of HOSTNAME"}, {"<1>1 - h a p m ", ErrHeader, "ends without structured data"},
		{"<1>1 - h a p m x", ErrHeader, "structured data begins with"}, {"<1>1 - h a p m [", ErrHeader, "no end"},
		{"<1>1 - h a p m [a b]", ErrHeader, "name of structured data"}, {"<1>1 - h a p m [a b=c]", ErrHeader, "no quoted value"},
		{"<1>1 - h a p m [a b=\"c]", ErrHeader, "no end"}, {"<1>1 - h a p m [a b=\"c\"", ErrHeader, "no end"},
		{"<1>1 - h a p m [a b=\"c\"]x", ErrHeader, "no blank"},
		{"<1>1 - h a p m [a" + strings.Repeat(" b=\"c\"", MaxParameters+1) + "]", ErrHeader, "more than 128 parameters"},
	} {
		_, err := Parse([]byte(c.raw), receipt)
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.wants) {
			t.Errorf("%.60q: %v, want %s", c.raw, err, c.wants)
		}
	}
}

// Goal: the framings of RFC 6587 are told apart, mixed too, and faults cost
// one message or the stream. Method: streams by hand, read octet by octet.
func TestFraming(t *testing.T) {
	for _, c := range []struct{ stream, want string }{
		{"9 <1>a\nb\x00cd11 <2>hello wo", "<1>a\nb\x00cd|<2>hello wo|EOF"},
		{"<1>a\n<2>b\r\n\n<3>c", "<1>a|<2>b\r|<3>c|EOF"},
		{"<1>a\x00<2>b\n5 <3>xy<4>z\n", "<1>a|<2>b|<3>xy|<4>z|EOF"},
		{"99 <1>a", "unexpected EOF"},
		{"40 " + strings.Repeat("x", 40) + "4 <1>a", "too long|<1>a|EOF"},
		{"<" + strings.Repeat("x", 40) + "\n<1>a\n", "too long|<1>a|EOF"},
		{"12x <1>a", "framing"}, {"12345678901 x", "framing"},
	} {
		f := newFrames(iotestOneByte{strings.NewReader(c.stream)}, 32)
		var got []string
		for {
			b, err := f.next()
			switch {
			case err == nil:
				got = append(got, string(b))
				continue
			case errors.Is(err, ErrTooLong):
				got = append(got, "too long")
				continue
			case errors.Is(err, ErrFraming):
				got = append(got, "framing")
			default:
				got = append(got, err.Error())
			}
			break
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%q: %q, want %q", c.stream, strings.Join(got, "|"), c.want)
		}
	}
}

type iotestOneByte struct{ r io.Reader }

func (o iotestOneByte) Read(b []byte) (int, error) { return o.r.Read(b[:min(1, len(b))]) }

// Goal: messages of nine makers are understood as napalm-logs, which nobody of
// this project wrote, expects: priority, host, and for interfaces and
// neighbours what happened to whom. Method: each recorded message; expected.json
// beside it.
func TestNapalmLogs(t *testing.T) {
	root := testenv.Shared(t, "data/syslog/napalm-logs")
	rules, err := loadTable(os.DirFS(filepath.Join(testenv.ProjectRoot(), "ontology")), tableFile)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "*", "*", "*", "syslog.msg"))
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	kinds := map[string]string{"INTERFACE_DOWN": "InterfaceDownEvent", "INTERFACE_UP": "InterfaceUpEvent",
		"OSPF_NEIGHBOR_DOWN": "NeighborDownEvent", "OSPF_NEIGHBOR_UP": "NeighborUpEvent"}
	hosts, meant := 0, 0
	for _, file := range files {
		var want struct {
			Error, Host        string
			Facility, Severity int
			Message            map[string]any `json:"yang_message"`
		}
		text, err := os.ReadFile(filepath.Join(filepath.Dir(file), "expected.json"))
		if err == nil {
			err = json.Unmarshal(text, &want)
		}
		if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(file, root+"/")
		m, err := Parse(raw, receipt)
		if err != nil || m.Facility != want.Facility || int(m.Severity) != want.Severity {
			t.Errorf("%s: %+v, %v, want %d and %d", name, m, err, want.Facility, want.Severity)
			continue
		}
		if m.Hostname == want.Host {
			hosts++
		} else {
			t.Logf("%s: host %q, want %q", name, m.Hostname, want.Host)
		}
		kind := kinds[want.Error]
		if kind == "" {
			continue
		}
		meant++
		e := rules.event(m)
		if !strings.HasSuffix(e.Type.Value(), "#"+kind) || e.Read == "" {
			t.Errorf("%s: type %s of %q, want %s", name, e.Type, m.Text, kind)
		}
		about := ""
		for _, f := range e.Facts {
			if f.P == propNamesInterface || f.P == propNamesNeighbor {
				about += f.O.Value() + " "
			}
		}
		found := false
		for word := range strings.FieldsSeq(about) {
			found = found || named(want.Message, word)
		}
		if joined := strings.ReplaceAll(about, " ", ""); named(want.Message, joined) {
			found = true // some write "ethernet 1/1", which napalm-logs joins
		}
		if !found {
			t.Errorf("%s: about %q, expected one of %v", name, about, want.Message)
		}
	}
	t.Logf("%d of %d hosts, %d interfaces and neighbours", hosts, len(files), meant)
	// Elsewhere the expectation takes a prefix off the name (re0-), or the name
	// stands where no rule tells it from a program's.
	if hosts < len(files)-7 || meant < 23 {
		t.Errorf("%d of %d hosts, %d meanings", hosts, len(files), meant)
	}
}

// named tells whether a tree of JSON has a key.
func named(tree any, key string) bool {
	m, ok := tree.(map[string]any)
	if !ok {
		return false
	}
	for k, v := range m {
		if k == key || named(v, key) {
			return true
		}
	}
	return false
}

// Goal: structured data of real firewalls is read as Elastic expects. Method:
// each line of juniper-srx that keeps to RFC 5424; name, priority and the
// parameters as the text that Elastic took out of the same line.
func TestElasticStructuredData(t *testing.T) {
	root := testenv.Shared(t, "data/syslog/elastic-ecs/juniper-srx")
	files, err := filepath.Glob(filepath.Join(root, "*.log"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	read, broken := 0, 0
	for _, file := range files {
		var want []map[string]any
		text, err := os.ReadFile(file + "-expected.json")
		if err == nil {
			err = json.Unmarshal(text, &want)
		}
		if err != nil {
			t.Fatal(err)
		}
		lines, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range bytes.Split(bytes.TrimSpace(lines), []byte("\n")) {
			m, err := Parse(line, receipt)
			if err != nil {
				broken++
				t.Logf("%s:%d: %v", filepath.Base(file), i+1, err)
				continue
			}
			read++
			var words []string
			for _, p := range m.Data {
				words = append(words, p.Name+"=\""+p.Value+"\"")
			}
			got := fmt.Sprint(m.Hostname, " ", m.Facility*8+int(m.Severity), " ", strings.Join(words, " "))
			expected := fmt.Sprint(want[i]["observer.name"], " ", want[i]["event.severity"], " ", want[i]["event.original"])
			if got != strings.TrimSpace(expected) {
				t.Errorf("%s:%d:\n%s\nwant\n%s", filepath.Base(file), i+1, got, expected)
			}
		}
	}
	t.Logf("%d read, %d refused", read, broken)
	if read != 57 || broken != 5 { // these have typographic quotes
		t.Errorf("%d messages read, %d refused", read, broken)
	}
}

// Fuzz: no octets make the parser panic, and what it reads can be stored.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"<34>1 2003-10-11T22:14:15.003Z h su - ID47 [a@1 b=\"c\\\"\"] x", "<34>Oct 11 22:14:15 m su[1]: x", "<13>2018-7-23 01:00:33.270.1 h %%01IFNET/4/IF_STATE(l)[4997]:Interface E", "<189>521: r: *Nov 14 08:30:56.699: %X"} {
		f.Add([]byte(s))
	}
	rules, err := loadTable(os.DirFS(filepath.Join(testenv.ProjectRoot(), "ontology")), tableFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse(raw, receipt)
		if err != nil {
			return
		}
		e := rules.event(m)
		if m.Facility > 23 || m.Severity > 7 || e.Severity > 7 {
			t.Errorf("%+v", m)
		}
		for _, fact := range e.Facts {
			if strings.ContainsAny(fact.P.Value(), " <>\"{}|\\^`") {
				t.Errorf("%s is no IRI", fact.P)
			}
		}
	})
}

// Fuzz: no stream makes the framing panic, loop or hand out more than it may.
func FuzzFraming(f *testing.F) {
	for _, s := range []string{"5 <1>ab<2>c\n", "9999999999 x", "0 x", "<1>\x00\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		in, total := newFrames(strings.NewReader(string(stream)), 64), 0
		for range len(stream) + 2 {
			b, err := in.next()
			total += len(b)
			if len(b) > 64 || total > len(stream) {
				t.Fatalf("%d octets of %d", total, len(stream))
			}
			if err != nil && !errors.Is(err, ErrTooLong) {
				return
			}
		}
		t.Fatal("no end")
	})
}
