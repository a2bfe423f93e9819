package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nettwin/fixtures"
	"nettwin/internal/simulate/device"
	"nettwin/internal/simulate/smi"
)

// ear is a UDP socket that counts what it hears, by sender.
type ear struct {
	conn *net.UDPConn
	done sync.WaitGroup
	mu   sync.Mutex
	from map[netip.Addr]int
	last string
}

func listen(t *testing.T) *ear {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	e := &ear{conn: conn, from: map[netip.Addr]int{}}
	e.done.Go(func() {
		buf := make([]byte, 1<<16)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			e.mu.Lock()
			e.from[from.Addr()]++
			e.last = string(buf[:n])
			e.mu.Unlock()
		}
	})
	t.Cleanup(func() { conn.Close(); e.done.Wait() })
	return e
}

func (e *ear) address() string { return e.conn.LocalAddr().String() }

func (e *ear) heard() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := map[string]int{}
	for from, n := range e.from {
		all[from.String()] = n
	}
	return all
}

// played is a simulated network without a twin, with what its devices send.
type played struct {
	*simulation
	dir                string
	trap, syslog, flow *ear
}

func play(t *testing.T) played {
	t.Helper()
	env := &environment{log: slog.New(slog.DiscardHandler)}
	s, err := startSimulation(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	p := played{s, t.TempDir(), listen(t), listen(t), listen(t)}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// heard lets the devices of a network tell the test what happens.
func heard(t *testing.T) played {
	t.Helper()
	p := play(t)
	if err := p.tell(t.Context(), p.dir, sinks{p.trap.address(), p.syslog.address(), p.flow.address()}); err != nil {
		t.Fatal(err)
	}
	return p
}

// ctl runs "nettwin simulate ctl" on the network.
func (p played) ctl(t *testing.T, args ...string) result {
	t.Helper()
	return nettwin(t, "", append([]string{"simulate", "ctl", "--data", p.dir}, args...)...)
}

// TestSimulateCtl gives each order of "nettwin simulate ctl" and looks at what
// it prints and at the network; wrong orders get messages that list what there
// is.
func TestSimulateCtl(t *testing.T) {
	t.Parallel()
	p := heard(t)
	steps := []struct {
		args string
		code int
		says []string
	}{
		{"fail-link r3:eth2 r4:eth1", 0, []string{"r3:eth2 – r4:eth1: cut\n"}},
		{"status", 0, []string{"r3:eth2  r4:eth1  cut", "r7      lo mgmt0 eth1 eth2 eth3(disabled)", "eth1(down)"}},
		{"restore r4 r3", 0, []string{"r3:eth2 – r4:eth1: up\n"}},
		{"set r1 lan0 enabled false", 0, []string{"r1 lan0: disabled, down, mtu 1500, \"LAN of h1\"\n"}},
		{"set r1 lan0 enabled true", 0, []string{"r1 lan0: enabled, up"}},
		{"fail-link r3 r9", 1, []string{"there is no such cable; r3 has ", "r3:eth2 – r4:eth1"}},
		{"fail-link r3:eth7 r4", 1, []string{`r3 has no interface "eth7": `, "eth1, eth2, eth3, lan0"}},
		{"fail-link r33 r4", 1, []string{"there is no such device: r1, r2, r3"}},
		{"set r33 eth1 enabled false", 1, []string{"there is no such device: r1, r2, r3"}},
		{"set r1 eth1 enabled no", 1, []string{`enabled is true or false, not "no"`}},
		{"set r1 eth1 colour red", 1, []string{`there is no key "colour": enabled, description, mtu`}},
		{"replay summer", 1, []string{`there is no recording "summer": incident, start`}},
		{"replay incident --speed 11", 1, []string{"speed 11: at most 10"}},
		{"replay incident --speed=-1", 2, []string{"below 0"}},
		{"fail-link r3", 2, []string{`expected "<b>"`}},
	}
	for _, s := range steps {
		got := p.ctl(t, strings.Fields(s.args)...)
		if got.code != s.code {
			t.Errorf("%s: code %d, want %d:\n%s%s", s.args, got.code, s.code, got.stdout, got.stderr)
		}
		for _, text := range s.says {
			if !strings.Contains(got.stdout+got.stderr, text) {
				t.Errorf("%s: it does not say %q:\n%s%s", s.args, text, got.stdout, got.stderr)
			}
		}
	}
	var status device.Status
	if err := json.Unmarshal([]byte(p.ctl(t, "status", "--json").stdout), &status); err != nil || len(status.Devices) != 9 || len(status.Cables) < 12 {
		t.Errorf("status: %v, %+v", err, status)
	}
	var cable device.CableStatus
	if err := json.Unmarshal([]byte(p.ctl(t, "restore", "r3", "r4", "--json").stdout), &cable); err != nil || cable.A.String() != "r3:eth2" || !cable.Alive {
		t.Errorf("restore: %v, %+v", err, cable)
	}
	none := nettwin(t, "", "simulate", "ctl", "--data", filepath.Join(p.dir, "none"), "status")
	if none.code != exitNotFound || !strings.Contains(none.stderr, "nettwin demo --data") {
		t.Errorf("without a demo: %d %s", none.code, none.stderr)
	}
}

// rows are all variables of the devices' agents, as text.
func (p played) rows() map[string]string {
	all := map[string]string{}
	for _, d := range p.network.Devices() {
		for at := (smi.OID{}); ; {
			oid, value, ok := d.Next(at)
			if !ok {
				break
			}
			all[d.Name()+" "+oid.String()] = value.String()
			at = oid
		}
	}
	return all
}

// changed lists the rows that differ, without times and counts of changes.
func changed(before, after map[string]string) []string {
	var all []string
	for key := range maps.Keys(before) {
		if after[key] != before[key] {
			all = append(all, key)
		}
	}
	for key := range maps.Keys(after) {
		if _, ok := before[key]; !ok {
			all = append(all, key)
		}
	}
	all = slices.DeleteFunc(all, func(key string) bool {
		_, oid, _ := strings.Cut(key, " ")
		return oid == "1.3.6.1.2.1.1.3.0" || strings.HasPrefix(oid, "1.3.6.1.2.1.2.2.1.9.") || strings.HasPrefix(oid, "1.0.8802.1.1.2.1.2.")
	})
	slices.Sort(all)
	return all
}

// routes are the destinations of a device's inetCidrRouteTable with next hops.
func routes(rows map[string]string, name string) []string {
	var all []string
	for key := range rows {
		if rest, ok := strings.CutPrefix(key, name+" 1.3.6.1.2.1.4.24.7.1.7."); ok {
			all = append(all, rest)
		}
	}
	slices.Sort(all)
	return all
}

// TestReplayIncident plays the recorded incident ten times faster: while the
// cable is cut both ends are down and r3 has the routes that its agent had
// then; all recorded packets come, each from its device's own address and
// none twice; afterwards every agent says what it said before, but for times
// and counts.
func TestReplayIncident(t *testing.T) {
	t.Parallel()
	p := heard(t)
	before := p.rows()
	incident, err := fixtures.ReadIncident()
	if err != nil {
		t.Fatal(err)
	}
	const speed = 10
	ended := make(chan result, 1)
	go func() { ended <- p.ctl(t, "replay", "incident", "--speed", fmt.Sprint(speed)) }()
	for _, end := range []fixtures.End{incident.Link.A, incident.Link.B} {
		eventually(t, "the cut", func() bool {
			f, _ := p.network.Device(end.Device).Interface(end.Interface)
			return !f.Up && f.Admin
		})
	}
	var during map[string]string
	eventually(t, "routes of r3 like those of its agent", func() bool {
		during = p.rows()
		got := routes(during, "r3")
		return len(got) > 0 && !slices.Equal(got, routes(before, "r3")) && len(changed(before, during)) > 100
	})
	if again := p.ctl(t, "replay", "incident"); again.code == 0 || !strings.Contains(again.stderr, "under way") {
		t.Errorf("two replays at once: %d %s", again.code, again.stderr)
	}
	got := <-ended
	counts := map[*ear]map[string]int{p.trap: {}, p.syslog: {}, p.flow: {}}
	count := func(e *ear, device string) { counts[e][p.hosts[device].String()]++ }
	traps, _ := fixtures.IncidentTraps()
	for _, each := range traps {
		count(p.trap, each.Device)
	}
	messages, _ := fixtures.IncidentSyslog()
	for _, each := range messages {
		count(p.syslog, each.Device)
	}
	flows, _ := fixtures.IncidentFlows()
	for _, each := range flows {
		count(p.flow, each.Device)
	}
	if want := fmt.Sprintf("incident played: %d packets sent\n", len(traps)+len(messages)+len(flows)); got.stdout != want || got.code != 0 {
		t.Errorf("%d %s%s, want %s", got.code, got.stdout, got.stderr, want)
	}
	for e, want := range counts {
		// What was sent may still be on its way to the test. Flows of the quiet
		// recording may come before and after.
		eventually(t, "packets", func() bool {
			got := e.heard()
			for from, n := range want {
				if got[from] < n {
					return false
				}
			}
			return true
		})
		if got := e.heard(); e != p.flow && !maps.Equal(got, want) {
			t.Errorf("heard %v, want %v", got, want)
		}
	}
	if left := changed(before, p.rows()); len(left) > 0 {
		t.Errorf("%d rows are not as before, such as %v", len(left), left[:min(len(left), 5)])
	}
}

// TestDevicesTell disables an interface and expects that device and its
// neighbour tell of it by trap and syslog, each from its own address; flows of
// an exporter stop with the interface that it observes.
func TestDevicesTell(t *testing.T) {
	t.Parallel()
	p := heard(t)
	if got := p.ctl(t, "set", "r4", "eth1", "enabled", "false"); got.code != 0 {
		t.Fatal(got.stderr)
	}
	r3, r4 := p.hosts["r3"].String(), p.hosts["r4"].String()
	if r3 == r4 {
		t.Fatalf("both devices are at %s", r3)
	}
	deadline := time.Now().Add(10 * time.Second)
	for p.trap.heard()[r4] < 3 || p.trap.heard()[r3] < 3 || p.syslog.heard()[r4] < 2 || p.syslog.heard()[r3] < 2 {
		if time.Now().After(deadline) {
			t.Fatalf("traps %v, messages %v", p.trap.heard(), p.syslog.heard())
		}
		time.Sleep(10 * time.Millisecond)
	}
	if p.exporterUp("r4") || !p.exporterUp("r6") || p.exporterUp("r2") {
		t.Error("r4 exports, or r6 does not, or r2 does")
	}
}
