package snmp_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"go.uber.org/goleak"

	"nettwin/internal/simulate/smi"
	"nettwin/internal/simulate/snmp"
	"nettwin/internal/simulate/snmprec"
	"nettwin/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen starts an agent on a loopback port for the length of a test.
func listen(t testing.TB, options snmp.Options) *snmp.Agent {
	t.Helper()
	if options.Communities == nil && options.Users == nil {
		options.Communities = []string{"public"}
	}
	agent, err := snmp.Listen(context.Background(), "127.0.0.1:0", options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := agent.Close(); err != nil {
			t.Error(err)
		}
	})
	return agent
}

// manager connects gosnmp, an SNMP library that shares no code with the agent.
func manager(t testing.TB, agent *snmp.Agent, change func(*gosnmp.GoSNMP)) *gosnmp.GoSNMP {
	t.Helper()
	g := &gosnmp.GoSNMP{
		Target: agent.Addr().Addr().String(), Port: agent.Addr().Port(), Community: "public", Version: gosnmp.Version2c,
		Timeout: 5 * time.Second, Retries: 0, MaxOids: gosnmp.MaxOids, MaxRepetitions: 50,
	}
	if change != nil {
		change(g)
	}
	if err := g.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

func recorded(t testing.TB, path string) *snmp.Table {
	t.Helper()
	rec, err := snmprec.Open(path, snmprec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return newTable(t, rec.Rows...)
}

// splitFile maps OID to "tag|value", octets in hexadecimal, without the
// project's reader; rows that hold masked text instead of their type's value
// are left out.
func splitFile(t testing.TB, path string) map[string]string {
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
		oid, tag, value := part[0], part[1], part[2]
		switch {
		case tag == "64" && net.ParseIP(value) == nil:
			continue
		case tag == "4":
			value = hex.EncodeToString([]byte(value))
		case tag == "4x":
			tag, value = "4", strings.ToLower(value)
			if _, err := hex.DecodeString(value); err != nil { // masked: served as it stands
				value = hex.EncodeToString([]byte(part[2]))
			}
		}
		rows[oid] = tag + "|" + value
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// asRow is a variable that gosnmp read, in splitFile's form.
func asRow(pdu gosnmp.SnmpPDU) string {
	switch pdu.Type {
	case gosnmp.OctetString:
		return "4|" + hex.EncodeToString(pdu.Value.([]byte))
	case gosnmp.Null:
		return "5|"
	case gosnmp.ObjectIdentifier:
		return "6|" + strings.TrimPrefix(pdu.Value.(string), ".")
	default:
		return fmt.Sprintf("%d|%v", byte(pdu.Type), pdu.Value)
	}
}

// walkAll bulk-walks all that an agent has: the two top arcs in use, each from
// its beginning.
func walkAll(t testing.TB, g *gosnmp.GoSNMP) map[string]string {
	t.Helper()
	rows := map[string]string{}
	for _, root := range []string{".1.0", ".1.3"} {
		err := g.BulkWalk(root, func(pdu gosnmp.SnmpPDU) error {
			rows[strings.TrimPrefix(pdu.Name, ".")] = asRow(pdu)
			return nil
		})
		if err != nil {
			t.Fatalf("walk %s: %v", root, err)
		}
	}
	return rows
}

func compareRows(t testing.TB, got, want map[string]string) {
	t.Helper()
	const mostShown = 10
	wrong := 0
	for oid, value := range want {
		if got[oid] == value {
			continue
		}
		if wrong++; wrong <= mostShown {
			t.Errorf("%s: %q, want %q", oid, got[oid], value)
		}
	}
	if wrong > 0 || len(got) != len(want) {
		t.Errorf("%d rows, want %d, of which %d are wrong or missing", len(got), len(want), wrong)
	}
}

// Goal: a manager that bulk-walks a recorded device reads the recording, no row
// more or less or different. Method: gosnmp over v2c against all recordings,
// compared with an independent split of the files.
func TestWalkRecordings(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(testenv.Shared(t, "data/snmp"), "*.snmprec"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("no recordings")
	}
	rows := 0
	start := time.Now()
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".snmprec"), func(t *testing.T) {
			agent := listen(t, snmp.Options{State: recorded(t, path)})
			got := walkAll(t, manager(t, agent, nil))
			compareRows(t, got, splitFile(t, path))
			rows += len(got)
		})
	}
	t.Logf("%d recordings, %d rows in %v", len(paths), rows, time.Since(start).Round(time.Millisecond))
}

// smallTable holds a scalar group and a table with two columns and two indexes.
func smallTable(t testing.TB) *snmp.Table {
	return newTable(t,
		bind("1.3.6.1.2.1.1.1.0", smi.Octets("a device")),
		bind("1.3.6.1.2.1.1.3.0", smi.TimeTicks(1000)),
		bind("1.3.6.1.2.1.2.2.1.2.1", smi.Octets("eth1")),
		bind("1.3.6.1.2.1.2.2.1.2.2", smi.Octets("eth2")),
		bind("1.3.6.1.2.1.2.2.1.8.1", smi.Integer(1)),
		bind("1.3.6.1.2.1.2.2.1.8.2", smi.Integer(2)),
		bind("1.3.6.1.2.1.4.20.1.1.10.0.0.1", smi.IPAddress([4]byte{10, 0, 0, 1})),
		bind("1.3.6.1.2.1.4.20.1.2.10.0.0.1", smi.Integer(1)),
	)
}

func get(t testing.TB, g *gosnmp.GoSNMP, oids ...string) *gosnmp.SnmpPacket {
	t.Helper()
	packet, err := g.Get(oids)
	if err != nil {
		t.Fatal(err)
	}
	return packet
}

// Goal: GET answers each name with its value or the right exception. Method:
// names beside the rows of a small table; the objects are those of IF-MIB,
// IP-MIB and SNMPv2-MIB.
func TestGet(t *testing.T) {
	g := manager(t, listen(t, snmp.Options{State: smallTable(t)}), nil)
	object, instance := gosnmp.NoSuchObject, gosnmp.NoSuchInstance
	cases := []struct {
		oid  string
		want gosnmp.Asn1BER
	}{
		{".1.3.6.1.2.1.1.1.0", gosnmp.OctetString},
		{".1.3.6.1.2.1.2.2.1.8.2", gosnmp.Integer},
		{".1.3.6.1.2.1.4.20.1.1.10.0.0.1", gosnmp.IPAddress},
		{".1.3.6.1.2.1.1.1", instance},               // sysDescr without its 0
		{".1.3.6.1.2.1.1.1.1", instance},             // another sysDescr
		{".1.3.6.1.2.1.1.2.0", object},               // sysObjectID
		{".1.3.6.1.2.1.1", object},                   // a group
		{".1.3.6.1.2.1.2.2.1.8.3", instance},         // ifOperStatus.3
		{".1.3.6.1.2.1.2.2.1.8", instance},           // a column
		{".1.3.6.1.2.1.2.2.1.7.1", object},           // a column that is missing
		{".1.3.6.1.2.1.4.20.1.2.9.9.9.9", instance},  // another index
		{".1.3.6.1.2.1.4.20.1.2.10.0.0.2", instance}, // another index
		{".1.3.6.1.2.1.4.20.1.3.10.0.0.1", object},   // ipAdEntNetMask
		{".2.1.0", object},
	}
	for _, c := range cases {
		packet := get(t, g, c.oid)
		if packet.Error != gosnmp.NoError || len(packet.Variables) != 1 || packet.Variables[0].Name != c.oid || packet.Variables[0].Type != c.want {
			t.Errorf("%s: %v %+v, want %v", c.oid, packet.Error, packet.Variables, c.want)
		}
	}
	packet := get(t, g, cases[0].oid, cases[5].oid, cases[1].oid)
	if len(packet.Variables) != 3 || packet.Variables[1].Type != object || packet.Variables[2].Value != 2 {
		t.Errorf("several names: %+v", packet.Variables)
	}
}

// Goal: GETNEXT and GETBULK go on to the next row in order, end with
// endOfMibView, and GETBULK heeds non-repeaters and max-repetitions (RFC 3416
// §4.2.3). Method: the small table, with the whole answers written down.
func TestGetNextAndBulk(t *testing.T) {
	g := manager(t, listen(t, snmp.Options{State: smallTable(t)}), nil)
	names := func(packet *gosnmp.SnmpPacket, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, v := range packet.Variables {
			text += strings.TrimPrefix(v.Name, ".1.3.6.1.2.1.")
			if v.Type == gosnmp.EndOfMibView {
				text += "!"
			}
			text += " "
		}
		return strings.TrimSpace(text)
	}
	check := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s\nwant %s", what, got, want)
		}
	}
	first, descr, last := ".1.3.6.1.2.1.1", ".1.3.6.1.2.1.2.2.1.2", ".1.3.6.1.2.1.4.20.1.2.10.0.0.1"
	check("GETNEXT", names(g.GetNext([]string{first, descr, ".1.3.6.1.2.1.1.1.0", last})), "1.1.0 2.2.1.2.1 1.3.0 4.20.1.2.10.0.0.1!")
	check("GETBULK", names(g.GetBulk([]string{first, descr, ".1.3.6.1.2.1.2.2.1.8"}, 1, 2)), "1.1.0 2.2.1.2.1 2.2.1.8.1 2.2.1.2.2 2.2.1.8.2")
	check("no repetition", names(g.GetBulk([]string{first, descr}, 1, 0)), "1.1.0")
	check("only non-repeaters", names(g.GetBulk([]string{first, descr}, 5, 9)), "1.1.0 2.2.1.2.1")
	check("beyond the end", names(g.GetBulk([]string{".1.3.6.1.2.1.4.20.1.1.10.0.0.1"}, 0, 9)), "4.20.1.2.10.0.0.1 4.20.1.2.10.0.0.1!")
	check("one column longer", names(g.GetBulk([]string{".1.3.6.1.2.1.4.20.1.1.10.0.0.1", last}, 0, 9)),
		"4.20.1.2.10.0.0.1 4.20.1.2.10.0.0.1! 4.20.1.2.10.0.0.1! 4.20.1.2.10.0.0.1!")
}

// Goal: a SET changes nothing and is answered with notWritable and its own
// bindings (RFC 3416 §4.2.5). Method: one SET, then a GET.
func TestSet(t *testing.T) {
	g := manager(t, listen(t, snmp.Options{State: smallTable(t)}), nil)
	oid := ".1.3.6.1.2.1.1.1.0"
	packet, err := g.Set([]gosnmp.SnmpPDU{{Name: oid, Type: gosnmp.OctetString, Value: "changed"}})
	if err != nil {
		t.Fatal(err)
	}
	if packet.Error != gosnmp.NotWritable || packet.ErrorIndex != 1 || len(packet.Variables) != 1 || string(packet.Variables[0].Value.([]byte)) != "changed" {
		t.Errorf("%v at %d, %+v", packet.Error, packet.ErrorIndex, packet.Variables)
	}
	if value := get(t, g, oid).Variables[0].Value; string(value.([]byte)) != "a device" {
		t.Errorf("after SET: %q", value)
	}
}

// Goal: whoever does not know the community learns nothing, not even that
// somebody listens. Method: gosnmp times out; the agent counts.
func TestWrongCommunity(t *testing.T) {
	agent := listen(t, snmp.Options{State: smallTable(t)})
	g := manager(t, agent, func(g *gosnmp.GoSNMP) { g.Community, g.Timeout = "private", 100*time.Millisecond })
	if _, err := g.Get([]string{".1.3.6.1.2.1.1.1.0"}); err == nil || !strings.Contains(err.Error(), "timeout") {
		t.Errorf("error %v, want a timeout", err)
	}
	if s := agent.Stats(); s.BadCommunities != 1 || s.Answered != 0 || s.Received != 1 {
		t.Errorf("%+v", s)
	}
}

// Goal: contexts are reached by community@context and by contextName. Method:
// two states, asked for the same name.
func TestContexts(t *testing.T) {
	oid := ".1.3.6.1.2.1.17.1.0"
	agent := listen(t, snmp.Options{
		State: smallTable(t), Contexts: map[string]snmp.State{"10": newTable(t, bind(oid[1:], smi.Integer(10)))},
		Communities: []string{"public"}, Users: []snmp.User{{Name: "none"}},
	})
	v2c := manager(t, agent, func(g *gosnmp.GoSNMP) { g.Community = "public@10" })
	v3 := manager(t, agent, func(g *gosnmp.GoSNMP) { v3User(g, snmp.User{Name: "none"}); g.ContextName = "10" })
	for _, g := range []*gosnmp.GoSNMP{v2c, v3} {
		if v := get(t, g, oid).Variables[0]; v.Value != 10 {
			t.Errorf("%v: %+v", g.Version, v)
		}
	}
}

// Goal: changes of the state show in the next answer, and sysUpTime advances
// only if asked to. Method: a clock that the test moves.
func TestLiveState(t *testing.T) {
	var mu sync.Mutex
	now := time.Unix(1_000_000, 0)
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	pass := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
	upTime, operStatus := ".1.3.6.1.2.1.1.3.0", ".1.3.6.1.2.1.2.2.1.8.1"

	table := smallTable(t)
	live := manager(t, listen(t, snmp.Options{State: table, LiveUptime: true, Clock: clock}), nil)
	still := manager(t, listen(t, snmp.Options{State: table, Clock: clock}), nil)
	checkUpTime := func(g *gosnmp.GoSNMP, want uint32) {
		t.Helper()
		if v := get(t, g, upTime).Variables[0]; v.Type != gosnmp.TimeTicks || v.Value != want {
			t.Errorf("sysUpTime %+v, want %d", v, want)
		}
		next, err := g.GetNext([]string{".1.3.6.1.2.1.1.1.0"})
		if err != nil || next.Variables[0].Value != want {
			t.Errorf("sysUpTime by GETNEXT %+v, %v, want %d", next.Variables, err, want)
		}
	}
	checkUpTime(live, 1000)
	pass(90 * time.Second)
	checkUpTime(live, 10000)
	checkUpTime(still, 1000)
	if err := table.Set(smi.MustOID(upTime[1:]), smi.TimeTicks(1<<32-100)); err != nil {
		t.Fatal(err)
	}
	checkUpTime(live, 1<<32-100)
	pass(2 * time.Second)
	checkUpTime(live, 100)

	if err := table.Set(smi.MustOID(operStatus[1:]), smi.Integer(7)); err != nil {
		t.Fatal(err)
	}
	if v := get(t, live, operStatus).Variables[0]; v.Value != 7 {
		t.Errorf("ifOperStatus %+v, want 7", v)
	}
	table.Delete(smi.MustOID(operStatus[1:]))
	if v := get(t, live, operStatus).Variables[0]; v.Type != gosnmp.NoSuchInstance {
		t.Errorf("deleted ifOperStatus %+v", v)
	}
}

// Goal: a device that is down says nothing until it is up again, and a slow one
// answers late. Method: SetSilent and SetDelay with a manager that retries.
func TestTrouble(t *testing.T) {
	agent := listen(t, snmp.Options{State: smallTable(t)})
	g := manager(t, agent, func(g *gosnmp.GoSNMP) { g.Timeout = 150 * time.Millisecond; g.Retries = 1 })
	oid := ".1.3.6.1.2.1.1.1.0"

	agent.SetSilent(true)
	if _, err := g.Get([]string{oid}); err == nil {
		t.Error("a silent agent answered")
	}
	if s := agent.Stats(); s.Silenced != 2 || s.Received != 2 || s.Answered != 0 {
		t.Errorf("silent: %+v", s)
	}
	agent.SetSilent(false)
	get(t, g, oid)

	slow := manager(t, agent, nil)
	const delay = 60 * time.Millisecond
	agent.SetDelay(delay)
	start := time.Now()
	get(t, slow, oid)
	if took := time.Since(start); took < delay {
		t.Errorf("answer after %v, want at least %v", took, delay)
	}
	agent.SetDelay(time.Hour)
	if _, err := g.Get([]string{oid}); err == nil {
		t.Error("an answer came before its delay")
	}
	// Close must not wait for the answers that are held; listen's cleanup
	// and goleak see to it.
}

// Goal: an agent ends with its context and with Close, and Close may be called
// twice. Method: ask after each, then listen again on the same address.
func TestEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	options := snmp.Options{State: smallTable(t), Communities: []string{"public"}}
	agent, err := snmp.Listen(ctx, "127.0.0.1:0", options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := snmp.Listen(ctx, agent.Addr().String(), options); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second agent on one address: %v", err)
	}
	get(t, manager(t, agent, nil), ".1.3.6.1.2.1.1.1.0")
	cancel()
	if err := agent.Close(); err != nil {
		t.Errorf("close after the context: %v", err)
	}
	if err := agent.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	again, err := snmp.Listen(t.Context(), agent.Addr().String(), options)
	if err != nil {
		t.Fatalf("the address is still taken: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if _, err := snmp.Listen(t.Context(), "no address", options); err == nil {
		t.Error("no error for a malformed address")
	}
	if _, err := snmp.Listen(ctx, "127.0.0.1:0", options); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("listen with an ended context: %v", err)
	}
}

// Goal: malformed and over-long packets are counted, not answered, and do not
// disturb others. Method: raw datagrams, then a good request.
func TestMalformedPackets(t *testing.T) {
	agent := listen(t, snmp.Options{State: smallTable(t), MaxMessageBytes: 484})
	conn, err := net.Dial("udp", agent.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, packet := range [][]byte{{0x30, 0x84}, []byte("not BER"), make([]byte, 485), make([]byte, 60000)} {
		if _, err := conn.Write(packet); err != nil {
			t.Fatal(err)
		}
	}
	get(t, manager(t, agent, nil), ".1.3.6.1.2.1.1.1.0")
	// An answer is counted once it is sent: the manager may have it before.
	for deadline := time.Now().Add(10 * time.Second); agent.Stats().Answered == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if s := agent.Stats(); s.Received != 5 || s.ParseErrors != 2 || s.TooLong != 2 || s.Answered != 1 {
		t.Errorf("%+v", s)
	}
}

// BenchmarkBulkWalk walks 10,000 rows with gosnmp, 50 a request.
func BenchmarkBulkWalk(b *testing.B) {
	rows := make([]smi.Varbind, 0, 10_000)
	for i := range uint32(cap(rows)) {
		rows = append(rows, smi.Varbind{OID: smi.NewOID(1, 3, 6, 1, 2, 1, 2, 2, 1, 10+i%10, i/10), Value: smi.Counter32(i)})
	}
	agent := listen(b, snmp.Options{State: newTable(b, rows...)})
	g := manager(b, agent, nil)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if err := g.BulkWalk(".1.3", func(gosnmp.SnmpPDU) error { n++; return nil }); err != nil || n != len(rows) {
			b.Fatalf("%d rows, %v", n, err)
		}
	}
}
