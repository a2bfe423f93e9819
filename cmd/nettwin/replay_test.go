package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nettwin/internal/config"
	"nettwin/internal/testenv"
)

// invoke runs nettwin in this process.
func invoke(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// said exports what a store's source graphs and the twin say: all but the
// provenance, which notes each contact.
func said(t *testing.T, data string) []string {
	t.Helper()
	code, text, errs := invoke(t, "export", "--data", data)
	if code != 0 {
		t.Fatal(errs)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, "graph/provenance> .") })
	slices.Sort(lines)
	return lines
}

// recordingsOf makes a folder with recorded messages of one device of every
// kind that the shared data have, and one file that nobody can read.
func recordingsOf(t *testing.T, device string) string {
	t.Helper()
	root := t.TempDir()
	folder := filepath.Join(root, device)
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{
		"walk.snmprec":         "snmp/junos_vmx.snmprec",
		"sflow.bin":            "flow/telegraf/sflow_v5_example/sflow_v5.bin",
		"pushed.jsonl":         "gnmi/yang-push/huawei-ne40e-udp-notif-first20/notifications.jsonl",
		"inventory.json":       "instances/network-inventory-draft/pizza-box-example.json",
		"capture.pcap":         "flow/elastic/netflow9-ubiquiti-edgerouter.pcap/netflow9_ubiquiti_edgerouter.pcap",
		"reply.xml":            "",
		"messages.log":         "",
		"noise":                "",
		"openconfig.notif.bin": "",
	} {
		var text []byte
		switch name {
		case "reply.xml":
			text = []byte(`<rpc-reply xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><data><interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>ge-0/0/0</name><enabled>true</enabled></interface></interfaces></data></rpc-reply>`)
		case "messages.log":
			text = []byte("<189>1 2026-11-20T10:00:00Z vmx app 1 - - ge-0/0/0 is down\nno message\n")
		case "noise":
			text = []byte{0xFF, 0xFE, 0, 1, 2, 3}
		case "openconfig.notif.bin":
			text = notification(`{"ietf-yang-push:push-update":{"id":1,"datastore-contents":{"ietf-interfaces:interfaces":{"interface":[{"name":"ge-0/0/1","enabled":false}]}}}}`)
		default:
			var err error
			if text, err = os.ReadFile(testenv.Shared(t, "data/"+from)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// notification is a datagram of UDP-notif with a message in JSON.
func notification(text string) []byte {
	n := 12 + len(text)
	return append([]byte{0x21, 12, byte(n >> 8), byte(n), 0, 0, 0, 1, 0, 0, 0, 1}, text...)
}

// Goal: a folder of recorded messages becomes a twin, what cannot be read is
// told with its place and costs itself, and the same once more changes nothing.
// Method: real recordings through the command, twice; what each source says is
// looked for, and the two states of the store compared.
func TestReplay(t *testing.T) {
	root, data := recordingsOf(t, "vmx"), t.TempDir()
	replayAll := func() string {
		code, text, errs := invoke(t, "--json", "replay", "--data", data, "--base", "https://replay.example/", "--device", "vmx", "--yang", testenv.Shared(t, "data/yang"), root)
		if code != 0 {
			t.Fatalf("exit code %d\n%s%s", code, text, errs)
		}
		return text
	}
	var reports []replayed
	if err := json.Unmarshal([]byte(replayAll()), &reports); err != nil {
		t.Fatal(err)
	}
	r := reports[0]
	for kind, want := range map[string]int{"snmp walk": 1, "netconf": 1, "json": 21, "syslog": 1, "udp-notif": 1} {
		if r.Messages[kind] != want {
			t.Errorf("%d messages of %s, expected %d", r.Messages[kind], kind, want)
		}
	}
	if r.Messages["flow"] < 2 || len(r.Failures) != 2 || !strings.HasPrefix(r.Failures[0], "vmx/messages.log:2: ") || !strings.HasPrefix(r.Failures[1], "vmx/noise+0: ") {
		t.Errorf("%+v", r)
	}
	first := said(t, data)
	all := strings.Join(first, "\n")
	for _, want := range []string{
		`source/snmp/vmx/system> <https://w3id.org/nettwin/mib/SNMPv2-MIB/sysDescr>`,
		`source/netconf/vmx/ietf-interfaces:interfaces/interface=ge-0%2F0%2F0> <https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/enabled> "true"`,
		`source/udpnotif/vmx/ietf-interfaces:interfaces/interface=ge-0%2F0%2F1> <https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/enabled> "false"`,
		`source/restconf/vmx/ietf-network-inventory:network-inventory/`,
		`source/flow/vmx/interface/3> <https://w3id.org/nettwin/mib/IF-MIB/ifHCInOctets> "3910"`,
		`ge-0/0/0 is down`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the store does not say %s", want)
		}
	}
	replayAll()
	if second := said(t, data); !slices.Equal(first, second) {
		t.Errorf("replaying again changed what the store says:\n%s", difference(first, second))
	}
}

// difference lists what only one of two sorted lists has.
func difference(a, b []string) string {
	var out []string
	for _, l := range a {
		if _, ok := slices.BinarySearch(b, l); !ok {
			out = append(out, "- "+l)
		}
	}
	for _, l := range b {
		if _, ok := slices.BinarySearch(a, l); !ok {
			out = append(out, "+ "+l)
		}
	}
	return strings.Join(out[:min(len(out), 20)], "\n")
}

// Goal: a recorded walk says what a collection from the agent with these
// values says. Method: three recordings, each by an agent and from its file
// into stores of their own; the source graphs are compared but for the uptime,
// which an agent counts on.
func TestReplayedWalk(t *testing.T) {
	for _, name := range []string{"arista_eos", "ios_c3560", "srlinux"} {
		t.Run(name, func(t *testing.T) {
			file := testenv.Shared(t, "data/snmp/"+name+".snmprec")
			live := newReplay(t)
			live.collect(name, file)
			played := newReplay(t)
			if report, err := played.twin.play(t.Context(), played.env.log, (*moduleFolder)(nil).of(nil), file, name); err != nil || len(report.Failures) > 0 {
				t.Fatal(err, report.Failures)
			}
			texts := map[*replay][]string{}
			for _, r := range []*replay{live, played} {
				if err := r.twin.Close(); err != nil {
					t.Fatal(err)
				}
				lines := slices.DeleteFunc(said(t, r.twin.dir), func(l string) bool {
					return !strings.Contains(l, "source/snmp/") || strings.Contains(strings.ToLower(l), "uptime")
				})
				texts[r] = lines
			}
			if len(texts[live]) < 100 || !slices.Equal(texts[live], texts[played]) {
				t.Errorf("%d and %d statements:\n%s", len(texts[live]), len(texts[played]), difference(texts[live], texts[played]))
			}
		})
	}
}

// Goal: a running twin takes in files of a device and what a device pushes, and
// files anew when they change. Method: a service's intake with a folder of
// modules, a file and a listener of UDP-notif on loopback; the graph is asked
// until it says what was sent.
func TestServePushAndFiles(t *testing.T) {
	env := &environment{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, log: newLog(&bytes.Buffer{}, false)}
	folder := t.TempDir()
	reply := func(enabled string) {
		text := `{"ietf-interfaces:interfaces":{"interface":[{"name":"e0","enabled":` + enabled + `}]}}`
		if err := os.WriteFile(filepath.Join(folder, "data.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	reply("true")
	cfg := &config.Config{YANG: testenv.Shared(t, "data/yang"), Listeners: config.Listeners{UDPNotif: []string{"127.0.0.1:0"}, MDT: []string{"127.0.0.1:0"}},
		Devices: []config.Device{{Name: "r1", Address: "127.0.0.1", Sources: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Collect: config.Collect{Push: true, Files: folder}}}}
	from, err := configuredSources(t.Context(), env, cfg)
	if err != nil {
		t.Fatal(err)
	}
	tw, err := openTwin(t.Context(), env, t.TempDir(), "https://push.example/")
	if err != nil {
		t.Fatal(err)
	}
	defer tw.Close()
	s := &service{twin: tw, env: env, sources: from}
	ctx, cancel := context.WithCancel(t.Context())
	in, err := s.newIntake(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var parts sync.WaitGroup
	defer parts.Wait()
	defer in.Close()
	defer cancel()
	for _, run := range in.listeners {
		parts.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	r := &replay{t: t, env: env, twin: tw}
	wait := func(graph, name, value string) {
		t.Helper()
		for end := time.Now().Add(40 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			rows := r.ask(`SELECT ?v WHERE { GRAPH <https://push.example/graph/source/` + graph + `/r1> { ?i <https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/name> "` +
				name + `" ; <https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/enabled> ?v } }`)
			if len(rows) == 1 && rows[0].s("v") == value {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s of %s is %v, expected %s; %+v", name, graph, rows, value, in.status())
			}
		}
	}
	wait("restconf", "e0", "true")
	conn, err := net.Dial("udp", in.pushed[0].at[0])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(notification(`{"ietf-interfaces:interfaces":{"interface":[{"name":"e1","enabled":false}]}}`)); err != nil {
		t.Fatal(err)
	}
	wait("udpnotif", "e1", "false")
	reply("false")
	wait("restconf", "e0", "false")
	found := false
	for _, status := range in.status() {
		found = found || status.Collector == "files" && status.Device == "r1" && status.LastError == "" && !status.LastContact.IsZero()
	}
	if !found {
		t.Errorf("status %+v", in.status())
	}
}

// Goal: recorded responses of gNMI are taken in. Method: those of the shared
// data, each as a device of its own; no failure, and the store holds what each
// of two says, of which one is no YANG. (ingest/gnmi holds the decoding against
// expected values.)
func TestReplayGNMI(t *testing.T) {
	cases, err := filepath.Glob(testenv.Shared(t, "data/gnmi/gnmi") + "/*/responses.json")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	data := t.TempDir()
	for _, file := range cases {
		name := filepath.Base(filepath.Dir(file))
		code, text, errs := invoke(t, "replay", "--data", data, "--device", name, "--yang", testenv.Shared(t, "data/yang"), file)
		if code != 0 || strings.Contains(errs, "not read") || !strings.Contains(text, " gnmi") {
			t.Errorf("%s: exit code %d: %s%s", name, code, text, errs)
		}
	}
	all := strings.Join(said(t, data), "\n")
	for _, want := range []string{
		`source/gnmi/canonical_field_names/`, `source/gnmi/issue_17279/`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the store does not say %s", want)
		}
	}
}
