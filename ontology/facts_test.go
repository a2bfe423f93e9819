package ontology_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// systems tells, for the words that the expectations use, operating system
// and vendor in ours.
var systems = map[string][2]string{
	"aos6": {"AOS 6", "Alcatel-Lucent Enterprise"}, "apc": {"APC AOS", "APC"}, "arista_eos": {"EOS", "Arista"},
	"arubaos-cx": {"ArubaOS-CX", "HPE Aruba"}, "asa": {"ASA", "Cisco"}, "ciena-waveserver": {"Waveserver", "Ciena"},
	"comware": {"Comware", "HP"}, "cumulus": {"Cumulus Linux", "Cumulus Networks"}, "dnos": {"Dell Networking OS", "Dell"},
	"drac": {"iDRAC", "Dell"}, "eatonupsm2": {"Eaton UPS", "Eaton"}, "edgeos": {"EdgeOS", "Ubiquiti"},
	"edgeswitch": {"UniFi Switch", "Ubiquiti"}, "f5": {"BIG-IP", "F5"}, "fortigate": {"FortiOS", "Fortinet"},
	"ios": {"IOS", "Cisco"}, "iosxe": {"IOS XE", "Cisco"}, "iosxr": {"IOS XR", "Cisco"}, "jetstream": {"JetStream", "TP-Link"},
	"junos": {"Junos", "Juniper"}, "linux": {"Linux", ""}, "nxos": {"NX-OS", "Cisco"}, "panos": {"PAN-OS", "Palo Alto Networks"},
	"procurve": {"ArubaOS-Switch", "HPE"}, "raritan-pdu": {"Raritan PDU", "Raritan"}, "routeros": {"RouterOS", "MikroTik"},
	"srlinux": {"SR Linux", "Nokia"}, "timos": {"SR OS", "Nokia"}, "unifi": {"UniFi", "Ubiquiti"}, "vrp": {"VRP", "Huawei"},
}

// factFloors is how many of the values that the expectations fill the twin
// must tell alike, by field.
var factFloors = map[string]int{"vendor": 40, "os": 41, "model": 35, "version": 37, "serial": 30, "hardware": 19}

// expectedFacts reads what others say of a device: values of our fields.
func expectedFacts(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		LibreNMS struct {
			Devices struct{ OS, Hardware, Version, Serial string }
		}
		Walk struct {
			Entities []struct{ Class, HardwareRev string }
		}
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	d := want.LibreNMS.Devices
	facts := map[string]string{"vendor": systems[d.OS][1], "os": systems[d.OS][0], "model": d.Hardware, "version": d.Version, "serial": d.Serial}
	for _, e := range want.Walk.Entities {
		if e.Class == "chassis" {
			facts["hardware"] = strings.TrimSpace(e.HardwareRev)
			break
		}
	}
	return facts
}

// sameFact compares a field. A stack has several serial numbers of which the
// expectation names one; its model may have the hardware's revision behind it.
func sameFact(field, want string, got map[string][]string) bool {
	return slices.ContainsFunc(got[field], func(v string) bool {
		return v == want || field == "model" && slices.ContainsFunc(got["hardware"], func(r string) bool { return v+" "+r == want })
	})
}

// compareFacts holds what the twin says of the recorded devices as a whole
// against the expectations; testdata/facts.tsv lists each difference with its
// reason, and one that is gone must leave the list.
func compareFacts(t *testing.T, w *world, files []string) {
	t.Helper()
	got := map[string]map[string][]string{}
	for field, property := range map[string]string{"vendor": "vendor", "os": "operatingSystem", "model": "modelName",
		"version": "softwareVersion", "serial": "serialNumber", "hardware": "hardwareRevision"} {
		for _, row := range w.rows("SELECT ?device ?value { ?device a twin:Device ; twin:" + property + " ?value }") {
			device, value, _ := strings.Cut(row, " ")
			device = strings.TrimPrefix(device, "id/device/")
			if got[device] == nil {
				got[device] = map[string][]string{}
			}
			got[device][field] = append(got[device][field], value)
		}
	}
	var misses []string
	filled, alike := map[string]int{}, map[string]int{}
	for _, file := range files {
		device := strings.TrimSuffix(filepath.Base(file), ".expected.json")
		for field, want := range expectedFacts(t, file) {
			if want == "" {
				continue
			}
			filled[field]++
			if sameFact(field, want, got[device]) {
				alike[field]++
				continue
			}
			misses = append(misses, fmt.Sprintf("%s\t%s\t%s\t%s", device, field, strings.Join(got[device][field], ", "), want))
		}
	}
	for _, field := range slices.Sorted(maps.Keys(factFloors)) {
		t.Logf("%s: %d of %d alike", field, alike[field], filled[field])
		if alike[field] < factFloors[field] {
			t.Errorf("%s: %d alike, at least %d should be", field, alike[field], factFloors[field])
		}
	}
	compare(t, "differences", misses, knownMisses(t))
}

// knownMisses reads the differences that have a reason.
func knownMisses(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/facts.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) != 5 || cells[4] == "" {
			t.Fatalf("testdata/facts.tsv: %q has not the five cells device, field, ours, expected, reason", line)
		}
		out = append(out, strings.Join(cells[:4], "\t"))
	}
	return out
}
