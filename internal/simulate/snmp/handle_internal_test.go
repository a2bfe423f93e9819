package snmp

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"

	"nettwin/internal/simulate/smi"
)

// getSysUpTime is a GetRequest for sysUpTime.0 with community "public" and
// request-id 1, written by hand from RFC 1901 §2 and RFC 3416 §3.
var getSysUpTime = mustHex("3026" + "020101" + "0406" + "7075626c6963" +
	"a019" + "020101" + "020100" + "020100" +
	"300e" + "300c" + "0608" + "2b06010201010300" + "0500")

func mustHex(text string) []byte {
	raw, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return raw
}

// testAgent makes an agent without a socket, with a clock that stands still.
func testAgent(t testing.TB, change func(*Options)) *Agent {
	t.Helper()
	table, err := NewTable([]smi.Varbind{
		{OID: sysUpTime, Value: smi.TimeTicks(100)},
		{OID: smi.NewOID(1, 3, 6, 1, 2, 1, 1, 5, 0), Value: smi.Octets(strings.Repeat("n", 600))},
	})
	if err != nil {
		t.Fatal(err)
	}
	options := Options{
		State: table, Communities: []string{"public"}, EngineID: []byte("engine-1"),
		Clock: func() time.Time { return time.Unix(1000, 0) },
		Users: []User{
			{Name: "none"},
			{Name: "auth", AuthProtocol: SHA256, AuthPassword: "authpass"},
			{Name: "des", AuthProtocol: MD5, AuthPassword: "authpass", PrivProtocol: DES, PrivPassword: "privpass"},
			{Name: "aes", AuthProtocol: SHA512, AuthPassword: "authpass", PrivProtocol: AES128, PrivPassword: "privpass"},
		},
	}
	if change != nil {
		change(&options)
	}
	options = options.withDefaults()
	if err := options.check(); err != nil {
		t.Fatal(err)
	}
	agent, err := newAgent(options, netip.MustParseAddrPort("127.0.0.1:161"))
	if err != nil {
		t.Fatal(err)
	}
	return agent
}

// Goal: the bytes of an SNMPv2c answer are those of the standard. Method: a
// request and its answer written by hand.
func TestHandle2cBytes(t *testing.T) {
	want := mustHex("3027" + "020101" + "0406" + "7075626c6963" +
		"a21a" + "020101" + "020100" + "020100" +
		"300f" + "300d" + "0608" + "2b06010201010300" + "430164")
	got, refused := testAgent(t, nil).handle(getSysUpTime)
	if refused != nil || !bytes.Equal(got, want) {
		t.Errorf("answer % x, %v\nwant   % x", got, refused, want)
	}
}

// Goal: each reason to drop an SNMPv2c packet is told apart. Method: one byte
// of a good request changed.
func TestHandle2cRefusals(t *testing.T) {
	change := func(at int, b byte) []byte {
		packet := bytes.Clone(getSysUpTime)
		packet[at] = b
		return packet
	}
	cases := []struct {
		name   string
		packet []byte
		want   counter
	}{
		{"empty", nil, parseErrors},
		{"no sequence", change(0, 0x31), parseErrors},
		{"cut off", getSysUpTime[:20], parseErrors},
		{"SNMPv1", change(4, 0), badVersions},
		{"version 2", change(4, 2), badVersions},
		{"community", change(7, 'P'), badCommunities},
		{"response", change(13, 0xa2), unknownPDUHandlers},
		{"trap", change(13, 0xa7), unknownPDUHandlers},
		{"no PDU", change(13, 0x30), parseErrors},
		{"name", change(28, 0x05), parseErrors},
	}
	agent := testAgent(t, nil)
	for _, c := range cases {
		answer, refused := agent.handle(c.packet)
		if answer != nil || refused == nil || refused.counter != c.want {
			t.Errorf("%s: answer % x, %+v, want counter %d", c.name, answer, refused, c.want)
		}
	}
}

// Goal: a community may name a context, and only a served one. Method: direct
// look-ups.
func TestCommunityContext(t *testing.T) {
	vlan, err := NewTable(nil)
	if err != nil {
		t.Fatal(err)
	}
	agent := testAgent(t, func(o *Options) { o.Contexts = map[string]State{"10": vlan} })
	for name, want := range map[string]bool{"public": true, "public@10": true, "public@11": false, "public@": false, "private@10": false, "@10": false, "": false} {
		state, ok := agent.community(name)
		if ok != want || (name == "public@10" && state != State(vlan)) {
			t.Errorf("%q: served %v, want %v", name, ok, want)
		}
	}
}

// v3 makes the message that a manager sends; the manager's account and the
// agent's share the code, whose interoperability the tests with other
// implementations show.
func v3(agent *Agent, user string, at level, change func(*outgoing3)) []byte {
	out := outgoing3{
		msgID: 77, maxBytes: 1500, level: at | reportableFlag, engineID: agent.engine.id,
		boots: agent.engine.boots, time: agent.engine.seconds(), user: user, account: agent.engine.users[user],
		pdu: response{kind: getRequest, requestID: 5, binds: appendElement(nil, tagSequence, appendValue(appendOID(nil, sysUpTime), smi.Null()))},
	}
	if change != nil {
		change(&out)
	}
	return out.encode()
}

// open3 reads an answer as a manager would.
func open3(t *testing.T, agent *Agent, answer []byte) (message3, request) {
	t.Helper()
	d := newDecoder(answer)
	body, err := d.expect(tagSequence, "message")
	if err != nil {
		t.Fatal(err)
	}
	if version, err := body.integer("version", 3, 3); err != nil || version != 3 {
		t.Fatal(version, err)
	}
	m, err := decodeHeader(&body)
	if err != nil {
		t.Fatal(err)
	}
	scoped, _, refused := agent.engine.open(&m)
	if refused != nil {
		t.Fatal(refused)
	}
	return m, scoped.pdu
}

// Goal: every check of RFC 3414 §3.2 and RFC 3412 §7.2 refuses with its
// counter, its report and the report's security level, and only if the
// manager allows reports. Method: good messages changed in one place.
func TestUSMRefusals(t *testing.T) {
	cases := []struct {
		name   string
		user   string
		level  level
		change func(*outgoing3)
		want   counter
		at     level
	}{
		{"discovery", "", 0, func(o *outgoing3) { o.engineID = "" }, unknownEngineIDs, 0},
		{"other engine", "auth", levelAuth, func(o *outgoing3) { o.engineID = "engine-2" }, unknownEngineIDs, 0},
		{"unknown user", "nobody", 0, nil, unknownUserNames, 0},
		{"no auth key", "none", levelAuth, func(o *outgoing3) { o.account = &account{auth: authSpecs[MD5]} }, unsupportedSecLevels, 0},
		{"no priv key", "auth", levelAuth | levelPriv, func(o *outgoing3) { o.account = &account{auth: authSpecs[MD5], priv: DES, privKey: make([]byte, 16)} }, unsupportedSecLevels, 0},
		{"wrong key", "auth", levelAuth, func(o *outgoing3) { o.account = &account{auth: authSpecs[SHA256], authKey: []byte("x")} }, wrongDigests, 0},
		{"digest of another length", "auth", levelAuth, func(o *outgoing3) { o.account = &account{auth: authSpecs[MD5], authKey: []byte("x")} }, wrongDigests, 0},
		{"boots", "auth", levelAuth, func(o *outgoing3) { o.boots++ }, notInTimeWindows, levelAuth},
		{"time after", "aes", levelAuth | levelPriv, func(o *outgoing3) { o.time += 151 }, notInTimeWindows, levelAuth},
		{"unknown context", "none", 0, func(o *outgoing3) { o.context = "no such" }, unknownContexts, 0},
	}
	agent := testAgent(t, nil)
	for _, c := range cases {
		for _, reportable := range []bool{true, false} {
			packet := v3(agent, c.user, c.level, func(o *outgoing3) {
				if c.change != nil {
					c.change(o)
				}
				if !reportable {
					o.level &^= reportableFlag
				}
			})
			answer, refused := agent.handle(packet)
			if refused == nil || refused.counter != c.want {
				t.Errorf("%s: %+v, want counter %d", c.name, refused, c.want)
				continue
			}
			if (answer != nil) != reportable {
				t.Errorf("%s: reported %v, want %v", c.name, answer != nil, reportable)
			}
			if answer == nil {
				continue
			}
			checkReport(t, agent, c.name, answer, c.want, c.at)
		}
	}
}

func checkReport(t *testing.T, agent *Agent, name string, answer []byte, want counter, at level) {
	t.Helper()
	// The manager knows the engine now; a user that the agent does not know
	// is known to the manager.
	for _, user := range []string{"", "nobody"} {
		if agent.engine.users[user] == nil {
			agent.engine.users[user] = &account{name: user}
			defer delete(agent.engine.users, user)
		}
	}
	m, pdu := open3(t, agent, answer)
	if m.msgID != 77 || m.level != at || m.reportable || string(m.usm.engineID) != "engine-1" || m.usm.boots != 1 {
		t.Errorf("%s: header %+v", name, m)
	}
	wantBind := appendValue(nil, smi.Counter32(1))
	if pdu.kind != reportPDU || len(pdu.binds) != 1 || pdu.binds[0].oid != reportOIDs[want] || !bytes.Equal(pdu.binds[0].value, wantBind) {
		t.Errorf("%s: report %+v, want %s = 1", name, pdu, reportOIDs[want])
	}
}

// Goal: what RFC 3412 drops without a report is dropped and counted. Method:
// good messages changed in one place.
func TestV3Drops(t *testing.T) {
	agent := testAgent(t, nil)
	good := v3(agent, "none", 0, nil)
	// The header's msgFlags and msgSecurityModel follow msgMaxSize 1500.
	at := bytes.Index(good, mustHex("020205dc0401")) + 6
	changed := func(at int, b byte) []byte {
		packet := bytes.Clone(good)
		packet[at] = b
		return packet
	}
	cases := []struct {
		name   string
		packet []byte
		want   counter
	}{
		{"privacy without authentication", changed(at, 2|reportableFlag), invalidMessages},
		{"other security model", changed(at+3, 2), unknownSecurityModels},
		{"small msgMaxSize", changed(at-4, 0), parseErrors},
		{"response", v3(agent, "none", 0, func(o *outgoing3) { o.pdu.kind = responsePDU }), unknownPDUHandlers},
		{"wrong privacy key", v3(agent, "aes", levelAuth|levelPriv, func(o *outgoing3) {
			wrong := *o.account
			wrong.privKey = make([]byte, privKeyBytes)
			o.account = &wrong
		}), parseErrors},
	}
	for _, c := range cases {
		if answer, refused := agent.handle(c.packet); answer != nil || refused == nil || refused.counter != c.want {
			t.Errorf("%s: answer % x, %+v, want counter %d", c.name, answer, refused, c.want)
		}
	}
}

// Goal: an encrypted PDU that cannot be deciphered at all is reported as
// usmStatsDecryptionErrors. Method: DES over 9 octets, authenticated again.
func TestDecryptionError(t *testing.T) {
	agent := testAgent(t, nil)
	packet := v3(agent, "des", levelAuth|levelPriv, nil)
	d := newDecoder(packet)
	body, _ := d.expect(tagSequence, "message")
	_, _ = body.integer("version", 3, 3)
	m, err := decodeHeader(&body)
	if err != nil {
		t.Fatal(err)
	}
	if m.usm, err = decodeUSM(m.security); err != nil {
		t.Fatal(err)
	}
	// Cut one octet off the ciphertext and off each length around it.
	short := bytes.Clone(packet[:len(packet)-1])
	short[1]-- // 0x30 0x81 would need another place
	if packet[1] >= 0x80 {
		short[1]++
		short[2]--
	}
	short[m.data.pos+1]--
	clear(short[m.usm.mac.pos:m.usm.mac.end])
	copy(short[m.usm.mac.pos:], agent.engine.users["des"].mac(short))
	answer, refused := agent.handle(short)
	if refused == nil || refused.counter != decryptionErrors {
		t.Fatalf("%+v, want usmStatsDecryptionErrors", refused)
	}
	checkReport(t, agent, "decryption", answer, decryptionErrors, 0)
}

// Goal: a request below its user's level is answered with authorizationError,
// one at the level with the value. Method: each level that a user's keys allow.
func TestLevels(t *testing.T) {
	agent := testAgent(t, nil)
	for _, c := range []struct {
		user   string
		level  level
		status int32
	}{
		{"none", 0, statusNoError}, {"auth", 0, statusAuthorizationError}, {"auth", levelAuth, statusNoError},
		{"aes", 0, statusAuthorizationError}, {"aes", levelAuth, statusAuthorizationError}, {"aes", levelAuth | levelPriv, statusNoError},
		{"des", levelAuth | levelPriv, statusNoError},
	} {
		answer, refused := agent.handle(v3(agent, c.user, c.level, nil))
		if refused != nil {
			t.Errorf("%s at %d: %v", c.user, c.level, refused)
			continue
		}
		m, pdu := open3(t, agent, answer)
		if m.level != c.level || pdu.kind != responsePDU || pdu.requestID != 5 || pdu.status != c.status || len(pdu.binds) != 1 {
			t.Errorf("%s at %d: level %d, %+v", c.user, c.level, m.level, pdu)
		}
	}
}

// Goal: an answer longer than the manager or the agent accepts is tooBig
// without bindings for GET, and fewer bindings for GETBULK. Method: sysName of
// 600 octets with limits below and above.
func TestTooBig(t *testing.T) {
	agent := testAgent(t, nil)
	sysName := smi.NewOID(1, 3, 6, 1, 2, 1, 1, 5, 0)
	ask := func(kind pduType, maxBytes int, index int32, names ...smi.OID) (int, request) {
		t.Helper()
		packet := v3(agent, "des", levelAuth|levelPriv, func(o *outgoing3) {
			o.maxBytes = maxBytes
			o.pdu.kind, o.pdu.index, o.pdu.binds = kind, index, nil
			for _, name := range names {
				o.pdu.binds = appendElement(o.pdu.binds, tagSequence, appendValue(appendOID(nil, name), smi.Null()))
			}
		})
		answer, refused := agent.handle(packet)
		if refused != nil {
			t.Fatal(refused)
		}
		_, pdu := open3(t, agent, answer)
		return len(answer), pdu
	}
	if n, pdu := ask(getRequest, 600, 0, sysUpTime, sysName); pdu.status != statusTooBig || len(pdu.binds) != 0 || n > 600 {
		t.Errorf("GET: %d bytes, %+v", n, pdu)
	}
	if n, pdu := ask(getRequest, 1000, 0, sysUpTime, sysName); pdu.status != statusNoError || len(pdu.binds) != 2 || n > 1000 {
		t.Errorf("GET with room: %d bytes, %+v", n, pdu)
	}
	if n, pdu := ask(getBulkRequest, 600, 5, smi.NewOID(1, 3)); pdu.status != statusNoError || len(pdu.binds) != 1 || n > 600 {
		t.Errorf("GETBULK: %d bytes, %+v", n, pdu)
	}
	if n, pdu := ask(getBulkRequest, 600, 5, sysUpTime); pdu.status != statusTooBig || len(pdu.binds) != 0 || n > 600 {
		t.Errorf("GETBULK whose first value does not fit: %d bytes, %+v", n, pdu)
	}
	if _, pdu := ask(getBulkRequest, 1500, 5, smi.NewOID(1, 3)); len(pdu.binds) != 3 {
		t.Errorf("GETBULK to the end: %+v, want two variables and one endOfMibView", pdu)
	}
}

// Goal: options that contradict each other are refused with a reason. Method:
// one change to good options each.
func TestOptionsRefused(t *testing.T) {
	table, err := NewTable(nil)
	if err != nil {
		t.Fatal(err)
	}
	password := "longenough"
	cases := []struct {
		says   string
		change func(*Options)
	}{
		{"no state", func(o *Options) { o.State = nil }},
		{"nobody could ask", func(o *Options) { o.Communities = nil }},
		{"engine ID of 4 octets", func(o *Options) { o.EngineID = []byte("1234") }},
		{"engine boots -1", func(o *Options) { o.EngineBoots = -1 }},
		{"messages of 483 bytes", func(o *Options) { o.MaxMessageBytes = 483 }},
		{"needs a name and a state", func(o *Options) { o.Contexts = map[string]State{"x": nil} }},
		{"the name has 0 octets", func(o *Options) { o.Users = []User{{}} }},
		{"stands twice", func(o *Options) { o.Users = []User{{Name: "a"}, {Name: "a"}} }},
		{"privacy needs authentication", func(o *Options) { o.Users = []User{{Name: "a", PrivProtocol: DES, PrivPassword: password}} }},
		{"authentication password has fewer than 8", func(o *Options) { o.Users = []User{{Name: "a", AuthProtocol: MD5, AuthPassword: "1234567"}} }},
		{"privacy password has fewer than 8", func(o *Options) {
			o.Users = []User{{Name: "a", AuthProtocol: MD5, AuthPassword: password, PrivProtocol: DES, PrivPassword: "1234567"}}
		}},
		{"unknown authentication protocol 9", func(o *Options) { o.Users = []User{{Name: "a", AuthProtocol: 9, AuthPassword: password}} }},
		{"unknown privacy protocol 9", func(o *Options) {
			o.Users = []User{{Name: "a", AuthProtocol: MD5, AuthPassword: password, PrivProtocol: 9, PrivPassword: password}}
		}},
	}
	for _, c := range cases {
		options := Options{State: table, Communities: []string{"public"}}
		c.change(&options)
		agent, err := Listen(t.Context(), "127.0.0.1:0", options)
		if err == nil {
			agent.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "snmp listen: 127.0.0.1:0: ") {
			t.Errorf("%v, want %q", err, c.says)
		}
		if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("the message holds a password: %v", err)
		}
	}
}

// Goal: no packet breaks the agent, answers stay within the limit and can be
// read, and a packet that is not answered has a reason. Method: fuzzing with
// good requests of both versions as seeds.
func FuzzHandle(f *testing.F) {
	agent := testAgent(f, func(o *Options) { o.MaxMessageBytes = 1500 })
	f.Add(getSysUpTime)
	for _, user := range []string{"none", "auth", "des", "aes"} {
		f.Add(v3(agent, user, agent.engine.users[user].level, nil))
	}
	f.Add(v3(agent, "", 0, func(o *outgoing3) { o.engineID = "" }))
	for _, kind := range []pduType{getNextRequest, setRequest, getBulkRequest} {
		f.Add(v3(agent, "none", 0, func(o *outgoing3) { o.pdu.kind, o.pdu.index = kind, 10 }))
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		if len(packet) > agent.maxBytes {
			return
		}
		answer, refused := agent.handle(packet)
		if answer == nil && refused == nil {
			t.Error("neither answer nor reason")
		}
		if answer == nil {
			return
		}
		if len(answer) > agent.maxBytes {
			t.Errorf("answer of %d bytes", len(answer))
		}
		d := newDecoder(answer)
		if _, err := d.expect(tagSequence, "answer"); err != nil || d.more() {
			t.Errorf("answer % x: %v", answer, err)
		}
	})
}
