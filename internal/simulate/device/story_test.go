package device_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	scrapli "github.com/scrapli/scrapligo/driver/netconf"
	"github.com/scrapli/scrapligo/driver/options"
	"golang.org/x/crypto/ssh"

	"nettwin/internal/simulate/ctl"
	"nettwin/internal/simulate/device"
	"nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/notify"
	"nettwin/internal/simulate/snmp"
)

// Goal: all protocols show one state on their sockets. Method: the recorded r1
// and r2 with an SNMP agent and NETCONF server; ctl disables an interface, a
// trap comes, gosnmp sees it at both ends; scrapligo enables it again, and SNMP
// shows that.
func TestOneStateOnSockets(t *testing.T) {
	r1 := must(device.New(device.Options{Name: "r1", Recording: recording(t, "r1"), Datastores: datastores(t, "r1")}))(t)
	r2 := must(device.New(device.Options{Name: "r2", Recording: recording(t, "r2")}))(t)
	n := must(device.NewNetwork(device.NetworkOptions{Devices: []*device.Device{r1, r2}, Hold: 10 * time.Millisecond,
		Cables: []device.Cable{{A: device.End{Device: "r1", Interface: "eth1"}, B: device.End{Device: "r2", Interface: "eth1"}}}}))(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	server := must(netconf.Listen(ctx, "127.0.0.1:0", netconf.Options{Device: r1, Startup: r1.Running(),
		HostKey: must(ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(make([]byte, 32))))(t), Passwords: map[string]string{"op": "pw"}}))(t)
	agents := map[string]*snmp.Agent{}
	for _, d := range n.Devices() {
		agents[d.Name()] = must(snmp.Listen(ctx, "127.0.0.1:0", snmp.Options{State: d, Communities: []string{"public"}}))(t)
	}
	collector := must(net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}))(t)
	notifier := must(notify.Start(ctx, n, notify.Options{TrapSink: collector.LocalAddr().String()}))(t)
	socket := filepath.Join(t.TempDir(), "ctl.sock")
	control := must(ctl.Serve(ctx, socket, ctl.Options{Network: n}))(t)
	defer func() {
		for _, each := range []interface{ Close() error }{control, notifier, collector, agents["r1"], agents["r2"], server, n} {
			if err := each.Close(); err != nil {
				t.Error(err)
			}
		}
	}()

	status := func(name, iface string) string {
		t.Helper()
		f, _ := n.Device(name).Interface(iface)
		addr := agents[name].Addr()
		g := &gosnmp.GoSNMP{Target: addr.Addr().String(), Port: addr.Port(), Version: gosnmp.Version2c, Community: "public", Timeout: 5 * time.Second, MaxOids: 10}
		if err := g.Connect(); err != nil {
			t.Fatal(err)
		}
		defer g.Conn.Close()
		packet, err := g.Get([]string{fmt.Sprintf("1.3.6.1.2.1.2.2.1.7.%d", f.Index), fmt.Sprintf("1.3.6.1.2.1.2.2.1.8.%d", f.Index)})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(packet.Variables[0].Value, packet.Variables[1].Value)
	}
	trap := func(want string) {
		t.Helper()
		buf := make([]byte, 65536)
		if err := collector.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		for {
			size, _, err := collector.ReadFromUDP(buf)
			if err != nil {
				t.Fatalf("no trap %s: %v", want, err)
			}
			packet, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(buf[:size])
			if err != nil {
				t.Fatal(err)
			}
			if packet.Variables[1].Value == want {
				return
			}
		}
	}
	if got := status("r1", "eth1"); got != "1 1" {
		t.Fatalf("at the start %s", got)
	}
	must(ctl.Call(ctx, socket, ctl.Request{Op: ctl.Set, Device: "r1", Interface: "eth1", Field: "enabled", Value: "false"}))(t)
	trap(".1.3.6.1.6.3.1.1.5.3")
	if a, b := status("r1", "eth1"), status("r2", "eth1"); a != "2 2" || b != "1 2" {
		t.Errorf("disabled: r1 %s, r2 %s", a, b)
	}

	d := must(scrapli.NewDriver("127.0.0.1", options.WithPort(int(server.Addr().Port())), options.WithAuthUsername("op"), options.WithAuthPassword("pw"),
		options.WithAuthNoStrictKey(), options.WithTransportType("standard"), options.WithTimeoutOps(10*time.Second)))(t)
	if err := d.Open(); err != nil {
		t.Fatal(err)
	}
	const in = `<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>eth1</name>%s</interface></interfaces>`
	before := must(d.GetConfig("running"))(t)
	if !strings.Contains(before.Result, "<enabled>false</enabled>") {
		t.Errorf("running %s", before.Result)
	}
	if r := must(d.EditConfig("candidate", "<config>"+fmt.Sprintf(in, "<enabled>true</enabled>")+"</config>"))(t); r.Failed != nil {
		t.Fatal(r.Result)
	}
	if r := must(d.Commit())(t); r.Failed != nil {
		t.Fatal(r.Result)
	}
	trap(".1.3.6.1.6.3.1.1.5.4")
	if a, b := status("r1", "eth1"), status("r2", "eth1"); a != "1 1" || b != "1 1" {
		t.Errorf("enabled: r1 %s, r2 %s", a, b)
	}
	state := must(d.Get(`<interfaces-state xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>eth1</name><oper-status/></interface></interfaces-state>`))(t)
	if !strings.Contains(state.Result, "<oper-status>up</oper-status>") {
		t.Errorf("state %s", state.Result)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
