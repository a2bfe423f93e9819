package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"go.uber.org/goleak"

	"nettwin/fixtures"
	"nettwin/internal/simulate/device"
	"nettwin/internal/simulate/notify"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A source hands out the events that the test makes.
type source struct{ call func(device.Event) }

func (s *source) Subscribe(f func(device.Event)) func() {
	s.call = f
	return func() { s.call = nil }
}

// sink is a UDP socket that collects.
func sink(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func receive(t *testing.T, conn *net.UDPConn) ([]byte, netip.AddrPort) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 65536)
	n, from, err := conn.ReadFromUDPAddrPort(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n], from
}

// event is the cut of the recorded incident, seen by r4.
func event(kind device.Kind) device.Event {
	return device.Event{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Uptime: 77, Device: "r4", Kind: kind,
		Interface: device.Interface{Name: "eth1", Index: 3, Admin: true, Addresses: []netip.Prefix{netip.MustParsePrefix("198.18.34.2/30")}},
		Remote:    device.RemoteCounts{Inserts: 3},
		RouterID:  netip.MustParseAddr("198.19.0.4"), Neighbour: netip.MustParseAddr("198.18.34.1"), NeighbourID: netip.MustParseAddr("198.19.0.3"),
	}
}

func decode(t *testing.T, payload []byte) []string {
	t.Helper()
	packet, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(payload)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, v := range packet.Variables[1:] { // after sysUpTime
		all = append(all, fmt.Sprint(v.Name, " ", v.Type, " ", v.Value))
	}
	return all
}

// Goal: traps hold what the real router's traps of the same events held.
// Method: gosnmp decodes both, the recorded incident's and ours.
func TestTrapsLikeTheRecorded(t *testing.T) {
	collector := sink(t)
	events := &source{}
	n, err := notify.Start(context.Background(), events, notify.Options{TrapSink: collector.LocalAddr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	traps, err := fixtures.IncidentTraps()
	if err != nil {
		t.Fatal(err)
	}
	for kind, name := range map[device.Kind]string{device.LinkDown: ".1.3.6.1.6.3.1.1.5.3", device.NeighbourDown: ".1.3.6.1.2.1.14.16.2.2",
		device.RemoteChange: ".1.0.8802.1.1.2.0.0.1"} {
		at := slices.IndexFunc(traps, func(trap fixtures.Trap) bool {
			all := decode(t, trap.Payload)
			return trap.Device == "r4" && strings.HasSuffix(all[0], name) && (kind != device.NeighbourDown || strings.HasSuffix(all[len(all)-1], " 1"))
		})
		if at < 0 {
			t.Fatalf("no recorded trap %s", name)
		}
		events.call(event(kind))
		payload, _ := receive(t, collector)
		got, want := decode(t, payload), decode(t, traps[at].Payload)
		// net-snmp adds more to linkDown than RFC 2863 asks for.
		for i, each := range got {
			if !slices.Contains(want, each) {
				t.Errorf("%s: variable %d %s is not in %v", kind, i, each, want)
			}
		}
		if len(got) < 4 {
			t.Errorf("%s: %v", kind, got)
		}
	}
}

// Goal: each device has its own socket, community and snmpTrapAddress; messages
// are RFC 5424. Method: two devices, both sinks; the recorded neighbour message
// differs only in time and process.
func TestSourcesAndSyslog(t *testing.T) {
	traps, messages := sink(t), sink(t)
	events := &source{}
	n, err := notify.Start(context.Background(), events, notify.Options{
		TrapSink: traps.LocalAddr().String(), SyslogSink: messages.LocalAddr().String(),
		Sources: map[string]notify.Source{"r4": {Community: "lab", Address: netip.MustParseAddr("198.18.0.4"), Local: netip.MustParseAddrPort("127.0.0.1:0")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	down, other := event(device.LinkDown), event(device.LinkUp)
	down.Interface.Name = `e"1]`
	other.Device = "r5"
	events.call(down)
	events.call(other)
	events.call(event(device.NeighbourDown))
	first, from4 := receive(t, traps)
	_, from5 := receive(t, traps)
	if all := decode(t, first); all[len(all)-1] != ".1.3.6.1.6.3.18.1.3.0 IPAddress 198.18.0.4" || !bytes.Contains(first, []byte("\x04\x03lab")) {
		t.Errorf("%v", all)
	}
	if from4 == from5 {
		t.Error("two devices send from one socket")
	}
	receive(t, traps)
	line, _ := receive(t, messages)
	if want := `<28>1 2026-01-02T03:04:05.000006Z r4 linkd - LINK [interface@32473 name="e\"1\]" ifIndex="3" enabled="true" state="down"] interface e"1] is down`; string(line) != want {
		t.Errorf("%s\nwant %s", line, want)
	}
	receive(t, messages)
	line, _ = receive(t, messages)
	recorded, err := fixtures.IncidentSyslog()
	if err != nil {
		t.Fatal(err)
	}
	text := func(m string) string { return strings.TrimSpace(m[strings.Index(m, "AdjChg"):]) }
	at := slices.IndexFunc(recorded, func(m fixtures.LogMessage) bool { return m.Device == "r4" && strings.Contains(m.Text, "Deleted") })
	if got, want := text(string(line)), text(recorded[at].Text); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if !regexp.MustCompile(`^<29>1 \S+Z r4 ospfd - - - AdjChg`).Match(line) {
		t.Errorf("%s", line)
	}
	if err := n.Close(); err != nil || n.Close() != nil {
		t.Error(err)
	}
	if got := n.Stats(); got != (notify.Stats{Traps: 3, Messages: 3}) {
		t.Errorf("%+v", got)
	}
	for _, o := range []notify.Options{{}, {TrapSink: "nowhere"}} {
		if _, err := notify.Start(context.Background(), events, o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}

// Goal: recorded flow packets come again, byte by byte, in order and with their
// times divided by the speed. Method: the recorded 25 s at 200 times the speed.
func TestReplay(t *testing.T) {
	collector := sink(t)
	text, err := fs.ReadFile(fixtures.FS(), "network/flows.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	packets, err := notify.ReadPackets(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := fixtures.Flows()
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	const speed = 200
	done := make(chan error, 1)
	go func() {
		sent, err := notify.Replay(context.Background(), packets, notify.ReplayOptions{Sink: collector.LocalAddr().String(), Speed: speed})
		if err == nil && sent != len(recorded) {
			err = fmt.Errorf("sent %d of %d", sent, len(recorded))
		}
		done <- err
	}()
	exporters := map[string]netip.AddrPort{}
	for i, want := range recorded {
		got, from := receive(t, collector)
		if !bytes.Equal(got, want.Payload) {
			t.Fatalf("packet %d differs", i)
		}
		if known, ok := exporters[want.Device]; ok && known != from {
			t.Errorf("packet %d of %s comes from %s, others from %s", i, want.Device, from, known)
		}
		exporters[want.Device] = from
		if early := want.At.Duration()/speed - time.Since(begin); early > 0 {
			t.Errorf("packet %d came %v early", i, early)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := notify.Replay(ctx, packets, notify.ReplayOptions{Sink: "127.0.0.1", Speed: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for _, o := range []notify.ReplayOptions{{}, {Sink: "127.0.0.1:9", Speed: -1}} {
		if _, err := notify.Replay(context.Background(), packets, o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}

// Goal: a replay goes round, leaves packets out and rewrites them as it is
// told, each round at its time. Method: two packets in rounds of 20 ms, one
// left out, the other marked with its round.
func TestReplayRounds(t *testing.T) {
	collector := sink(t)
	packets := []notify.Packet{{Device: "a", Payload: []byte("a")}, {At: 5 * time.Millisecond, Device: "b", Payload: []byte("b")}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	begin := time.Now()
	go func() {
		_, err := notify.Replay(ctx, packets, notify.ReplayOptions{Every: 20 * time.Millisecond,
			SinkOf: func(p notify.Packet) string {
				if p.Device == "a" {
					return ""
				}
				return collector.LocalAddr().String()
			},
			Rewrite: func(round int, p notify.Packet) []byte { return append(slices.Clone(p.Payload), byte('0'+round)) }})
		done <- err
	}()
	var from netip.AddrPort
	for round := range 4 {
		got, sender := receive(t, collector)
		if string(got) != fmt.Sprint("b", round) || round > 0 && sender != from {
			t.Errorf("round %d: %s of %s", round, got, sender)
		}
		from = sender
		if early := time.Duration(round)*20*time.Millisecond + 5*time.Millisecond - time.Since(begin); early > 0 {
			t.Errorf("round %d came %v early", round, early)
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Goal: events that are to be skipped are not told. Method: one of two devices.
func TestSkip(t *testing.T) {
	collector := sink(t)
	events := &source{}
	n, err := notify.Start(context.Background(), events, notify.Options{TrapSink: collector.LocalAddr().String(),
		Skip: func(e device.Event) bool { return e.Device == "r4" }})
	if err != nil {
		t.Fatal(err)
	}
	told := event(device.LinkUp)
	told.Device = "r5"
	events.call(event(device.LinkDown))
	events.call(told)
	if payload, _ := receive(t, collector); !strings.Contains(decode(t, payload)[0], ".1.3.6.1.6.3.1.1.5.4") {
		t.Errorf("told %v", decode(t, payload))
	}
	if err := n.Close(); err != nil { // which waits for the count
		t.Error(err)
	}
	if got := n.Stats(); got.Traps != 1 || got.Dropped != 0 {
		t.Errorf("%+v", got)
	}
}

// Goal: what are no recorded packets is refused with the line. Method: one case
// per rule.
func TestReadPackets(t *testing.T) {
	good := `{"at":5,"device":"a","payload":"00ff"}`
	if all, err := notify.ReadPackets(strings.NewReader(good + "\n\n" + `{"at":5,"device":"a","message":"hi","more":1}`)); err != nil || len(all) != 2 || string(all[1].Payload) != "hi" {
		t.Errorf("%v, %v", all, err)
	}
	for _, bad := range []string{`x`, `{}`, `{"at":-1,"device":"a","payload":""}`, `{"at":6,"payload":""}`, `{"at":6,"device":"a"}`,
		`{"at":6,"device":"a","payload":"0"}`, `{"at":4,"device":"a","payload":""}`, `{"at":6,"device":"a","payload":"","message":""}`,
		`{"at":9223372036854775807,"device":"a","payload":""}`, `{"at":6,"device":"a","message":"` + strings.Repeat("x", 65508) + `"}`} {
		if _, err := notify.ReadPackets(strings.NewReader(good + "\n" + bad)); !errors.Is(err, notify.ErrPacket) || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%.60s: %v", bad, err)
		}
	}
}

// Goal: no text makes ReadPackets panic; what it reads is in order and fits
// datagrams. Method: fuzzing.
func FuzzReadPackets(f *testing.F) {
	f.Add(`{"at":5,"device":"a","payload":"00ff","port":9}` + "\n" + `{"at":7,"device":"a","message":"hi"}`)
	f.Fuzz(func(t *testing.T, text string) {
		all, err := notify.ReadPackets(strings.NewReader(text))
		if err != nil {
			return
		}
		for i, p := range all {
			if len(p.Payload) > notify.MaxPayloadBytes || p.At < 0 || i > 0 && p.At < all[i-1].At {
				t.Fatalf("%q: %+v", text, p)
			}
		}
	})
}
