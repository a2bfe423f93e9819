package device_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/fixtures"
	"nettwin/internal/simulate/device"
	"nettwin/internal/simulate/smi"
)

// Goal: with its cable cut, an end says by SNMP what the real routers said of
// themselves by other ways while the real cable was cut. Method: interfaces
// against `ip -j link`, OSPF neighbours against vtysh, LLDP neighbours against
// lldpcli, of the incident's moments; the cable is cut and mended between.
func TestCutMatchesTruth(t *testing.T) {
	n, hand := recorded(t)
	link := must(fixtures.ReadIncident())(t).Link
	compare := func(moment string) {
		t.Helper()
		for _, name := range []string{link.A.Device, link.B.Device} {
			rows := walk(n.Device(name))
			equal(t, moment+" "+name+" interfaces", operUp(rows), trulyUp(t, moment, name))
			equal(t, moment+" "+name+" OSPF", ospfNeighbours(rows), trueOSPF(t, moment, name))
			equal(t, moment+" "+name+" LLDP", lldpNeighbours(rows, n.Device(name)), trueLLDP(t, moment, name))
		}
	}
	compare(fixtures.Before)
	if err := n.FailLink(link.A.Device, link.B.Device); err != nil {
		t.Fatal(err)
	}
	hand.Advance(10 * time.Second)
	compare(fixtures.During)
	if err := n.Restore(link.A.Device, link.B.Device); err != nil {
		t.Fatal(err)
	}
	hand.Advance(10 * time.Second)
	compare(fixtures.After)
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("%s: %v, the truth is %v", what, got, want)
	}
}

// column returns a column's values by index.
func column(rows map[string]string, oid string) map[string]string {
	all := map[string]string{}
	for key, value := range rows {
		if index, ok := strings.CutPrefix(key, oid+"."); ok {
			all[index] = strings.Trim(value[strings.LastIndexByte(value, ' ')+1:], `"`)
		}
	}
	return all
}

// operUp are the interfaces whose ifOperStatus is up.
func operUp(rows map[string]string) (up []string) {
	names := column(rows, "1.3.6.1.2.1.31.1.1.1.1")
	for index, status := range column(rows, "1.3.6.1.2.1.2.2.1.8") {
		if status == "1" {
			up = append(up, names[index])
		}
	}
	return up
}

func momentTruth[T any](t *testing.T, moment, name, file string) (answer T) {
	t.Helper()
	if err := json.Unmarshal(must(fixtures.IncidentTruth(moment, name, file))(t), &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func trulyUp(t *testing.T, moment, name string) (up []string) {
	t.Helper()
	for _, l := range momentTruth[[]struct {
		Name  string   `json:"ifname"`
		Flags []string `json:"flags"`
	}](t, moment, name, "link.json") {
		if slices.Contains(l.Flags, "LOWER_UP") {
			up = append(up, l.Name)
		}
	}
	return up
}

// ospfNeighbours are router id, address and whether the adjacency is full.
func ospfNeighbours(rows map[string]string) (all []string) {
	states := column(rows, "1.3.6.1.2.1.14.10.1.6")
	for index, id := range column(rows, "1.3.6.1.2.1.14.10.1.3") {
		all = append(all, fmt.Sprint(id, " ", strings.TrimSuffix(index, ".0"), " ", states[index] == "8"))
	}
	return all
}

func trueOSPF(t *testing.T, moment, name string) (all []string) {
	t.Helper()
	for id, list := range momentTruth[struct {
		Neighbors map[string][]struct{ IfaceAddress, NbrState string }
	}](t, moment, name, "ospf-neighbor.json").Neighbors {
		for _, each := range list {
			all = append(all, fmt.Sprint(id, " ", each.IfaceAddress, " ", strings.HasPrefix(each.NbrState, "Full")))
		}
	}
	return all
}

// lldpNeighbours are local port and remote system.
func lldpNeighbours(rows map[string]string, d *device.Device) (all []string) {
	names := map[string]string{}
	for _, f := range d.Interfaces() {
		names[fmt.Sprint(f.Index)] = f.Name
	}
	for index, system := range column(rows, "1.0.8802.1.1.2.1.4.1.1.9") {
		port := strings.Split(index, ".")[1] // after the time mark
		all = append(all, names[port]+" "+system)
	}
	return all
}

func trueLLDP(t *testing.T, moment, name string) (all []string) {
	t.Helper()
	answer := momentTruth[struct {
		LLDP []struct {
			Interface []struct {
				Name    string
				Chassis []struct{ Name []struct{ Value string } }
			}
		}
	}](t, moment, name, "lldp.json")
	for _, l := range answer.LLDP {
		for _, i := range l.Interface {
			all = append(all, i.Name+" "+i.Chassis[0].Name[0].Value)
		}
	}
	return all
}

// Goal: recorded rows are played over the state and taken back, and rows that
// the state keeps by itself are left to it. Method: routes and a status of r3,
// on a clock that the test moves.
func TestPlay(t *testing.T) {
	n, hand := recorded(t)
	r3 := n.Device("r3")
	before := walk(r3)
	var rows []device.Row
	for i, oid := range slices.Sorted(maps.Keys(column(before, "1.3.6.1.2.1.4.24.7.1.8")))[:4] {
		rows = append(rows, device.Row{At: time.Duration(i) * time.Second, Device: "r3", OID: smi.MustOID("1.3.6.1.2.1.4.24.7.1.8." + oid)})
	}
	rows = append(rows,
		device.Row{At: 4 * time.Second, Device: "r3", OID: smi.MustOID("1.3.6.1.2.1.2.2.1.8.2"), Value: smi.Integer(2)},
		device.Row{At: 20 * time.Second, Device: "r3", OID: smi.MustOID("1.3.6.1.2.1.4.24.6.0"), Value: smi.Gauge32(7)})
	done := make(chan error)
	go func() { done <- n.Play(t.Context(), rows, 2) }()
	gone := func() int { return len(differences(before, walk(r3), "1.3.6.1.2.1.4.24", "1.3.6.1.2.1.2.2.1.8")) }
	for gone() < 1 {
		time.Sleep(time.Millisecond) // the first row is due at once, on another goroutine
	}
	for range 50 {
		hand.Advance(100 * time.Millisecond)
		time.Sleep(time.Millisecond)
	}
	if got := gone(); got != 4 {
		t.Errorf("%d rows differ, want the 4 routes: the status is the state's", got)
	}
	hand.Advance(10 * time.Second)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := gone(); got != 0 {
		t.Errorf("%d rows differ afterwards", got)
	}
	if err := n.Play(t.Context(), rows[:1], 0); err == nil {
		t.Error("speed 0 is accepted")
	}
	if err := n.Play(t.Context(), []device.Row{{Device: "r33", OID: smi.MustOID("1.3.6.1.4.1")}}, 1); err == nil {
		t.Error("a device that is not there is accepted")
	}
}
