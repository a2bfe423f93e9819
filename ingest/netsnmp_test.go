package ingest_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/ingest/trap"
	"nettwin/internal/snmp"
	"nettwin/internal/testenv"
)

// anyone resolves every sender on loopback to one device: net-snmp's tools
// choose their own ports.
func anyone(device string) func(netip.AddrPort) (string, bool) {
	return func(a netip.AddrPort) (string, bool) { return device, a.Addr().IsLoopback() }
}

// netsnmp runs one of net-snmp's tools with an empty home.
func netsnmp(t *testing.T, tool string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, testenv.Tool(t, tool), args...)
	dir := t.TempDir()
	cmd.Env = append(os.Environ(), "SNMP_PERSISTENT_DIR="+dir, "SNMPCONFPATH="+dir, "MIBS=", "HOME="+dir)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

const linkDown3 = "1.3.6.1.6.3.1.1.5.3 1.3.6.1.2.1.2.2.1.1.3 i 3 1.3.6.1.2.1.2.2.1.7.3 i 1 1.3.6.1.2.1.2.2.1.8.3 i 2"

// Goal: net-snmp's own tools are understood: traps of all versions, informs
// acknowledged, SNMPv3 with discovery, digest and encryption. Method: run
// them; snmpinform fails by itself if it is not answered.
func TestNetSNMP(t *testing.T) {
	w := newTold(t)
	w.device("r1")
	l := w.traps(func(o *trap.Options) {
		o.Senders.Resolve = anyone("r1")
		o.Credentials = func(string) []snmp.Credential {
			return []snmp.Credential{{Community: "public"},
				{User: "twin", Auth: "sha256", AuthPass: "authpass123", Priv: "aes", PrivPass: "privpass123"},
				{User: "plain"}, {User: "signed", Auth: "sha", AuthPass: "authpass123"}, {User: "old", Auth: "md5", AuthPass: "authpass123", Priv: "des", PrivPass: "privpass123"}}
		}
	})
	address := l.Address().String()
	private := "-v3 -u twin -l authPriv -a SHA-256 -A authpass123 -x AES -X privpass123"
	const engine = " -e 0x8000000004010203"
	for _, c := range []struct{ name, tool, args string }{
		{"v2c trap", "snmptrap", "-v2c -c public " + address + " 1 " + linkDown3},
		{"v2c inform", "snmpinform", "-v2c -c public " + address + " 2 " + linkDown3},
		{"v1 trap", "snmptrap", "-v1 -c public " + address + " 1.3.6.1.4.1.32473 192.0.2.1 2 0 3 1.3.6.1.2.1.2.2.1.1.3 i 3"},
		{"v3 trap", "snmptrap", private + engine + " " + address + " 4 " + linkDown3},
		{"v3 inform", "snmpinform", private + " " + address + " 5 " + linkDown3},
		{"v3 noauth inform", "snmpinform", "-v3 -u plain -l noAuthNoPriv " + address + " 6 " + linkDown3},
		{"v3 auth inform", "snmpinform", "-v3 -u signed -l authNoPriv -a SHA -A authpass123 " + address + " 7 " + linkDown3},
		{"v3 des inform", "snmpinform", "-v3 -u old -l authPriv -a MD5 -A authpass123 -x DES -X privpass123 " + address + " 8 " + linkDown3},
	} {
		before := l.Stats()
		out, err := netsnmp(t, c.tool, strings.Fields(c.args)...)
		if err != nil {
			t.Errorf("%s: %v\n%s\n%+v", c.name, err, out, l.Stats())
			continue
		}
		answers := uint64(0)
		if c.tool == "snmpinform" {
			answers = 1
		}
		w.until(c.name, func() bool { // an answer is counted once it is sent
			s := l.Stats()
			return s.Traps+s.Informs == before.Traps+before.Informs+1 && s.Answered == before.Answered+answers
		})
	}
	for _, c := range []struct{ reason, tool, args string }{
		{"community", "snmptrap", "-v2c -c wrong " + address + " 1 " + linkDown3},
		{"unknown user", "snmptrap", "-v3 -u nobody -l noAuthNoPriv" + engine + " " + address + " 1 " + linkDown3},
		{"wrong digest", "snmptrap", "-v3 -u twin -l authPriv -a SHA-256 -A authpass999 -x AES -X privpass123" + engine + " " + address + " 1 " + linkDown3},
		{"decryption", "snmptrap", "-v3 -u twin -l authPriv -a SHA-256 -A authpass123 -x AES -X privpass999" + engine + "04 " + address + " 1 " + linkDown3},
		{"security level", "snmptrap", "-v3 -u twin -l noAuthNoPriv" + engine + " " + address + " 1 " + linkDown3},
	} {
		if out, err := netsnmp(t, c.tool, strings.Fields(c.args)...); err != nil {
			t.Errorf("%s: %v %s", c.reason, err, out)
		}
		w.until(c.reason, func() bool { return l.Stats().Refused[c.reason] == 1 })
	}
	s := l.Stats()
	for _, r := range s.Refusals {
		if r.Sender != "r1" || r.Count != 1 || r.Detail == "" || strings.Contains(r.Detail, "wrong ") || strings.Contains(r.Detail, "pass") && strings.Contains(r.Detail, "123") {
			t.Errorf("refusal %+v", r)
		}
	}
	if out, err := netsnmp(t, "snmpinform", strings.Fields("-v2c -c wrong -r 0 -t 1 "+address+" 1 "+linkDown3)...); err == nil {
		t.Errorf("an inform of a wrong community is acknowledged: %s", out)
	}
	l.Close()
	got := w.rows(`SELECT ?version ?up ?kind ?i { GRAPH ?g { ?e trap:version ?version ; trap:upTime ?up ; trap:notification ?kind ; trap:IF-MIB\/ifIndex ?i } }`)
	want := []string{"SNMPv2c 1 https://w3id.org/nettwin/mib/IF-MIB/linkDown 3", "SNMPv1 3 https://w3id.org/nettwin/mib/IF-MIB/linkDown 3"}
	for _, row := range want {
		if !slices.Contains(got, row) {
			t.Errorf("%v lacks %s", got, row)
		}
	}
}

// Goal: SNMPv3 messages that are sent again, or of an engine's past, are
// refused; a sender whose idea of our time is wrong learns it. Method: replay
// the octets of a real trap after newer ones.
func TestReplayedTrap(t *testing.T) {
	w := newTold(t)
	w.device("r1")
	l := w.traps(func(o *trap.Options) {
		o.Senders.Resolve = anyone("r1")
		o.Credentials = func(string) []snmp.Credential {
			return []snmp.Credential{{User: "signed", Auth: "sha", AuthPass: "authpass123"}}
		}
	})
	tap, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer tap.Close()
	capture := func(boots string) []byte {
		args := strings.Fields("-v3 -u signed -l authNoPriv -a SHA -A authpass123 -e 0x8000000004010203 -Z " + boots + ",1000 " + tap.LocalAddr().String() + " 4 " + linkDown3)
		if out, err := netsnmp(t, "snmptrap", args...); err != nil {
			t.Fatal(err, out)
		}
		b := make([]byte, 65535)
		if err := tap.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, _, err := tap.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		return b[:n]
	}
	old, newer := capture("3"), capture("4")
	w.send("r1", l.Address(), old)
	w.send("r1", l.Address(), newer)
	w.until("both taken", func() bool { return l.Stats().Traps == 2 })
	w.send("r1", l.Address(), old)
	w.until("the old one refused", func() bool { return l.Stats().Refused["time window"] == 1 })
	forged := slices.Clone(newer)
	forged[len(forged)-1] ^= 1
	w.send("r1", l.Address(), forged)
	w.until("the forged one refused", func() bool { return l.Stats().Refused["wrong digest"] == 1 })
}
