package trap

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/internal/clock"
	"nettwin/internal/snmp"
	"nettwin/internal/testenv"
	"nettwin/ontology/mib"
)

// opener is a listener without a socket.
func opener(tb testing.TB) *Listener {
	tb.Helper()
	knowledge := os.DirFS(filepath.Join(testenv.ProjectRoot(), "ontology"))
	tables, err := mib.Load(knowledge, "map")
	if err != nil {
		tb.Fatal(err)
	}
	rules, err := loadTable(knowledge, tableFile, tables)
	if err != nil {
		tb.Fatal(err)
	}
	e, err := newEngine(nil, clock.System{})
	if err != nil {
		tb.Fatal(err)
	}
	return &Listener{rules: rules, engine: e, opts: Options{Tables: tables, Clock: clock.System{}, Credentials: func(string) []snmp.Credential {
		return []snmp.Credential{{Community: "public"}, {User: "plain"}, {User: "twin", Auth: "sha256", AuthPass: "authpass123", Priv: "aes", PrivPass: "privpass123"}}
	}}}
}

// tlv writes BER with a short length.
func tlv(tag byte, parts ...string) string {
	body := strings.Join(parts, "")
	if len(body) > 127 {
		return string([]byte{tag, 0x81, byte(len(body))}) + body
	}
	return string([]byte{tag, byte(len(body))}) + body
}

// v2 is a message with a PDU.
func v2(pdu string) []byte { return []byte(tlv(0x30, "\x02\x01\x01", tlv(4, "public"), pdu)) }

func pdu(tag byte, binds ...string) string {
	return tlv(tag, "\x02\x01\x07", "\x02\x01\x00", "\x02\x01\x00", tlv(0x30, binds...))
}

func bind(oid string, value string) string {
	name, _ := hex.DecodeString(oid)
	return tlv(0x30, tlv(6, string(name)), value)
}

const (
	upTimeName  = "2b06010201010300"
	trapOIDName = "2b060106030101040100"
)

// Goal: what is broken is refused with its reason and place. Method: one
// fault at a time, octets by hand after RFC 3416 and X.690.
func TestMalformed(t *testing.T) {
	l := opener(t)
	up := bind(upTimeName, "\x43\x01\x01")
	down, _ := hex.DecodeString("2b0601060301010503")
	link := bind(trapOIDName, tlv(6, string(down)))
	for _, c := range []struct{ name, message, reason, detail string }{
		{"nothing", "", reasonMalformed, "octet 0: message: the message ends early"},
		{"no sequence", "\x04\x00", reasonMalformed, "tag 0x04, expected 0x30"},
		{"long", "\x30\x05\x02\x01", reasonMalformed, "ends early"},
		{"length", "\x30\x85\x01\x01\x01\x01\x01", reasonMalformed, "a length of 5 octets"},
		{"behind", "\x30\x03\x02\x01\x01x", reasonMalformed, "octet 5: 1 octets behind the message"},
		{"version", tlv(0x30, "\x02\x01\x09"), reasonMalformed, "version 9"},
		{"big version", tlv(0x30, tlv(2, "123456789")), reasonMalformed, "an integer of 9 octets"},
		{"no community", tlv(0x30, "\x02\x01\x01", "\x02\x01\x01"), reasonMalformed, "octet 5: community: tag 0x02"},
		{"community", tlv(0x30, "\x02\x01\x01", tlv(4, "secret"), pdu(0xa7, up, link)), reasonCommunity, "none of the 1 communities"},
		{"no pdu", string(v2("")), reasonMalformed, ""},
		{"get", string(v2(pdu(0xa0, up))), reasonPDU, "0xa0"},
		{"no variables", string(v2(pdu(0xa7))), reasonMalformed, "first two variables"},
		{"no trap OID", string(v2(pdu(0xa7, up))), reasonMalformed, "first two variables"},
		{"order", string(v2(pdu(0xa7, link, up))), reasonMalformed, "first two variables"},
		{"types", string(v2(pdu(0xa7, up, bind(trapOIDName, "\x02\x01\x01")))), reasonMalformed, "no object identifier"},
		{"too many", "", reasonTooMany, "at most 256"},
		{"flags", tlv(0x30, "\x02\x01\x03", tlv(0x30, "\x02\x01\x01", "\x02\x02\x7f\x7f", tlv(4, "\x02"), "\x02\x01\x03"), tlv(4)), reasonMalformed, "msgFlags 02 are not valid"},
		{"model", tlv(0x30, "\x02\x01\x03", tlv(0x30, "\x02\x01\x01", "\x02\x02\x7f\x7f", tlv(4, "\x00"), "\x02\x01\x01"), tlv(4)), reasonMalformed, "security model 1"},
		{"no user", tlv(0x30, "\x02\x01\x03", tlv(0x30, "\x02\x01\x01", "\x02\x02\x7f\x7f", tlv(4, "\x00"), "\x02\x01\x03"), tlv(4, tlv(0x30, tlv(4, "engine"), "\x02\x01\x01", "\x02\x01\x01"))), reasonMalformed, "msgUserName"},
		{"engine", tlv(0x30, "\x02\x01\x03", tlv(0x30, "\x02\x01\x01", "\x02\x02\x7f\x7f", tlv(4, "\x00"), "\x02\x01\x03"), tlv(4, tlv(0x30, tlv(4, "e"), "\x02\x01\x01", "\x02\x01\x01", tlv(4, "u"), tlv(4), tlv(4)))), reasonMalformed, "engine ID of 1 octets"},
	} {
		raw := []byte(c.message)
		if c.reason == reasonTooMany {
			raw = many(up, link, bind("2b06010201", "\x02\x01\x01"), MaxVarbinds+1)
		}
		_, err := l.open(datagram{device: "r1", from: netip.MustParseAddrPort("192.0.2.1:162"), bytes: raw})
		var r *refusal
		if !errors.As(err, &r) || r.reason != c.reason || !strings.Contains(r.detail, c.detail) {
			t.Errorf("%s: %v, want %s: %s", c.name, err, c.reason, c.detail)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells a community: %v", c.name, err)
		}
	}
}

// many is a notification with n more variables.
func many(up, oid, more string, n int) []byte {
	long := func(tag byte, body string) string {
		return string([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}) + body
	}
	binds := long(0x30, up+oid+strings.Repeat(more, n))
	return []byte(long(0x30, "\x02\x01\x01"+tlv(4, "public")+long(0xa7, "\x02\x01\x07\x02\x01\x00\x02\x01\x00"+binds)))
}

// Goal: the first line of the table that fits gives type, severity, what the
// event is about and whether to read; SNMPv1 traps find notifications defined
// without the zero; unknown ones stay with their OID. Method: messages made of
// varbinds by hand.
func TestTable(t *testing.T) {
	l := opener(t)
	oid := func(s string) []uint32 {
		o, err := mib.ParseOID(s)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	number := func(name string, n int64) snmp.Varbind {
		return snmp.Varbind{Name: oid(name), Tag: snmp.TagInteger, Value: mib.Value{Kind: mib.Number, Int: n}}
	}
	const twin = "https://w3id.org/nettwin/ns#"
	for _, c := range []struct {
		oid      string
		binds    []snmp.Varbind
		kind     string
		severity ingest.Severity
		about    string
		read     bool
	}{
		{"1.3.6.1.6.3.1.1.5.3", []snmp.Varbind{number("1.3.6.1.2.1.2.2.1.7.5", 1)}, twin + "InterfaceDownEvent", ingest.Error, "5", true},
		{"1.3.6.1.6.3.1.1.5.3", []snmp.Varbind{number("1.3.6.1.2.1.2.2.1.7.5", 2)}, twin + "InterfaceDownEvent", ingest.Notice, "5", true},
		{"1.3.6.1.2.1.14.16.2.2", []snmp.Varbind{number("1.3.6.1.2.1.14.10.1.6.198.18.12.2.0", 8)}, twin + "NeighborUpEvent", ingest.Notice, "198.18.12.2", true},
		{"1.3.6.1.2.1.14.16.2.2", []snmp.Varbind{number("1.3.6.1.2.1.14.10.1.6.198.18.12.2.0", 5)}, twin + "NeighborChangeEvent", ingest.Informational, "198.18.12.2", true},
		{"1.3.6.1.2.1.15.7.0.2", []snmp.Varbind{number("1.3.6.1.2.1.15.3.1.2.198.19.0.4", 1)}, twin + "NeighborDownEvent", ingest.Warning, "198.19.0.4", true},
		{"1.3.6.1.2.1.14.16.2.14", nil, mib.NS + "OSPF-TRAP-MIB/ospfLsdbOverflow", ingest.Notice, "", false},
		{"1.3.6.1.4.1.32473.0.1", nil, "", ingest.Notice, "", false},
	} {
		e := l.rules.event(&message{oid: oid(c.oid), varbinds: c.binds, transport: "SNMPv2c"})
		about := ""
		for _, f := range e.Facts {
			for _, p := range abouts {
				if f.P == p {
					about += f.O.Value()
				}
			}
		}
		if e.Type.Value() != c.kind || e.Severity != c.severity || about != c.about || (e.Read != "") != c.read || e.Notable != (c.severity <= ingest.Notice) {
			t.Errorf("%s: %+v, about %q", c.oid, e, about)
		}
	}
}

// Goal: mistakes in the table are told with file and line. Method: one each.
func TestBrokenTable(t *testing.T) {
	l := opener(t)
	for line, want := range map[string]string{
		"linkDown":                             "map/trap.tsv:1: 1 cells, expected 6",
		"ifIndex\t-\t-\terror\t-\tyes":         `"ifIndex" is no notification`,
		"linkDown\tx=1\t-\terror\t-\tyes":      `where "x=1"`,
		"linkDown\t-\ta b\terror\t-\tyes":      "type:",
		"linkDown\t-\t-\tloud\t-\tyes":         `severity "loud"`,
		"linkDown\t-\t-\terror\tport=x\tyes":   `about "port=x"`,
		"linkDown\t-\t-\terror\tifIndex=x\tno": `about "ifIndex=x"`,
		"linkDown\t-\t-\terror\t-\tmaybe":      `read "maybe"`,
	} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "map"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, tableFile), []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadTable(os.DirFS(dir), tableFile, l.opts.Tables); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// Fuzz: no datagram makes the decoder panic, and what it takes is an event
// that can be stored.
func FuzzOpen(f *testing.F) {
	for _, s := range []string{
		"305d02010104067075626c6963a75002042d867ad00201000201003042300d06082b060102010103004301203017060a2b06010603010104010006092b06010603010105013018060a2b060106030101040300060a2b06010401bf0803020a",
		"302e02010004067075626c6963a42106092b0601040181fd590140040000000002010202010043010330073005060100020100",
	} {
		b, err := hex.DecodeString(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(tlv(0x30, "\x02\x01\x03", tlv(0x30, "\x02\x01\x01", "\x02\x02\x7f\x7f", tlv(4, "\x00"), "\x02\x01\x03"),
		tlv(4, tlv(0x30, tlv(4, "\x80\x00\x00\x00\x04abc"), "\x02\x01\x01", "\x02\x01\x01", tlv(4, "plain"), tlv(4), tlv(4))),
		tlv(0x30, tlv(4, "\x80\x00\x00\x00\x04abc"), tlv(4), pdu(0xa7)))))
	l := opener(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := parseHeader(raw)
		if err == nil && h.flags&flagReportable != 0 {
			return // a report would be sent
		}
		m, err := l.open(datagram{device: "r1", bytes: raw})
		if err != nil {
			var r *refusal
			if !errors.As(err, &r) || r.detail == "" {
				t.Errorf("%v is no refusal with a reason", err)
			}
			return
		}
		e := l.rules.event(m)
		if len(e.Message) > MaxMessageBytes+3 {
			t.Errorf("a message of %d octets", len(e.Message))
		}
		for _, fact := range e.Facts {
			if err := rdf.CheckIRI(fact.P.Value()); err != nil {
				t.Error(err)
			}
		}
	})
}
