package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Goal: what devices push by UDP-notif and Cisco's dial-out stands in the
// metrics, what is lost of it too, and the source's contact. Method: a service
// with both listeners gets one good message and one damaged one of each from a
// configured device, and one from an address that is no device's.
func TestPushMetrics(t *testing.T) {
	dir := t.TempDir()
	notif, dial := freePort(t), freePort(t)
	config := write(t, dir, "nettwin.yaml", fmt.Sprintf(`
base: https://noc.example/
listeners: {udpNotif: %s, mdt: %s}
devices:
  - {name: r1, address: 127.0.0.1, collect: {push: true}}
`, notif, dial))
	d, stop := ownServer(t, "serve", filepath.Join(dir, "data"), "--config", config)
	defer stop()
	send := func(from, to string, messages ...[]byte) {
		t.Helper()
		dialer := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(from)}}
		conn, err := dialer.Dial("udp", to)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for _, m := range messages {
			if _, err := conn.Write(m); err != nil {
				t.Fatal(err)
			}
		}
	}
	body := `{"ietf-interfaces:interfaces":{"interface":[{"name":"eth0","oper-status":"up"}]}}`
	// RFC-to-be UDP-notif: version 1, JSON, header of 12 octets.
	whole := binary.BigEndian.AppendUint16([]byte{1<<5 | 1, 12}, uint16(12+len(body)))
	whole = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(whole, 7), 1)
	whole = append(whole, body...)
	send("127.0.0.1", notif, whole, []byte("nonsense"))
	send("127.0.0.2", notif, whole)
	row := `{"node_id_str":"r1","encoding_path":"ietf-interfaces:interfaces/interface","msg_timestamp":1767225600000,` +
		`"data_json":[{"timestamp":1767225600000,"keys":{"name":"eth0"},"content":{"oper-status":"up"}}]}`
	send("127.0.0.1", dial, []byte(row), []byte("{nonsense"))
	send("127.0.0.2", dial, []byte(row))

	metric := func(name string) float64 {
		_, metrics := d.fetch(t, "metrics")
		for line := range strings.Lines(string(metrics)) {
			if value, ok := strings.CutPrefix(line, name+" "); ok {
				n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
		}
		return -1
	}
	for _, want := range []struct {
		name string
		n    float64
	}{
		{fmt.Sprintf(`nettwin_push_events_total{collector="udpnotif",event="datagram",listener=%q}`, notif), 3},
		{fmt.Sprintf(`nettwin_push_events_total{collector="udpnotif",event="message",listener=%q}`, notif), 1},
		{fmt.Sprintf(`nettwin_push_events_total{collector="udpnotif",event="damaged",listener=%q}`, notif), 1},
		{fmt.Sprintf(`nettwin_push_events_total{collector="udpnotif",event="datagram-unknown",listener=%q}`, notif), 1},
		{fmt.Sprintf(`nettwin_push_events_total{collector="udpnotif",event="datagram-kernel-dropped",listener=%q}`, notif), 0},
		{`nettwin_push_merged_total{collector="udpnotif",event="message"}`, 1},
		{`nettwin_push_merged_total{collector="udpnotif",event="sample-error"}`, 0},
		{fmt.Sprintf(`nettwin_push_events_total{collector="mdt",event="message",listener=%q}`, dial), 1},
		{fmt.Sprintf(`nettwin_push_events_total{collector="mdt",event="row",listener=%q}`, dial), 1},
		{fmt.Sprintf(`nettwin_push_events_total{collector="mdt",event="damaged",listener=%q}`, dial), 1},
		{fmt.Sprintf(`nettwin_push_events_total{collector="mdt",event="unknown",listener=%q}`, dial), 1},
		{fmt.Sprintf(`nettwin_push_events_total{collector="mdt",event="datagram-dropped",listener=%q}`, dial), 0},
		{`nettwin_push_merged_total{collector="mdt",event="message"}`, 1},
	} {
		eventually(t, fmt.Sprintf("%s is %v", want.name, want.n), func() bool { return metric(want.name) == want.n })
	}
	for _, collector := range []string{"udpnotif", "mdt"} {
		eventually(t, "the contact by "+collector, func() bool {
			_, metrics := d.fetch(t, "metrics")
			for line := range strings.Lines(string(metrics)) {
				if strings.HasPrefix(line, "nettwin_source_contact_timestamp_seconds{") &&
					strings.Contains(line, `collector="`+collector+`"`) && strings.Contains(line, `device="r1"`) {
					return true
				}
			}
			return false
		})
	}
}
