package main

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nettwin/internal/testenv"
	"nettwin/ontology/ipfix"
)

// labExporters are the routers that tell about traffic.
var labExporters = []string{"r1", "r4", "r6"}

// flowTraffic is how long the services' traffic is sent.
const flowTraffic = 6 * time.Second

// compareFlows has softflowd on three routers tell the twin about real traffic,
// by IPFIX and NetFlow v9, and compares each conversation in the graph with
// what nfdump reads in the same packets, which were captured on their way.
// The exporters are ended first: they then tell what they have not told yet,
// and both see the same end.
func (s labTwin) compareFlows(t *testing.T) {
	capture := captureFlows(t)
	inLab(t, "flows", "start")
	sendTraffic(t, flowTraffic)
	inLab(t, "flows", "stop")
	var want map[string]flowSums
	read := 0
	defer func() {
		if t.Failed() {
			diffFlows(t, s.flows(t), want)
		}
	}()
	compared := eventually(t, "the flows are in the graph", func() bool {
		if packets := capture.packets(); len(packets) != read { // the last may still be on their way
			read, want = len(packets), nfdumpReads(t, packets)
		}
		return len(want) > 0 && fmt.Sprint(s.flows(t)) == fmt.Sprint(want)
	})
	if err := capture.close(); err != nil {
		t.Error(err)
	}
	protocols := map[string]int{}
	for _, p := range capture.packets() {
		protocols[fmt.Sprintf("%s version %d", p.Device, binary.BigEndian.Uint16(p.payload))]++
	}
	services := 0
	for key := range want {
		if strings.Contains(key, " 5060") || strings.Contains(key, " 3260") {
			services++
		}
	}
	if len(protocols) != len(labExporters) || services < 4 {
		t.Errorf("too little was seen: %v, %d conversations of the services", protocols, services)
	}
	t.Logf("%v: %d conversations (%d of services) are as nfdump reads them, %v after the last packet", protocols, len(want), services, compared.Round(time.Millisecond))
}

// sendTraffic sends the services' traffic for a time.
func sendTraffic(t *testing.T, d time.Duration) {
	t.Helper()
	cmd := exec.Command("python3", "-B", filepath.Join(testenv.ProjectRoot(), "fixtures/lab/lab.py"), "send")
	cmd.Env = labEnv()
	said := newOutput()
	cmd.Stdout, cmd.Stderr = said, said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "traffic", func() bool { return strings.Contains(said.String(), "sending") })
	<-time.After(d)
	if err := errors.Join(stdin.Close(), cmd.Wait()); err != nil {
		t.Fatalf("traffic: %v: %s", err, said)
	}
}

// flowSums is what one conversation comes to: octets and packets, there and
// back.
type flowSums struct{ inBytes, inPackets, outBytes, outPackets uint64 }

// flows are the conversations in the graph by their key.
func (s labTwin) flows(t *testing.T) map[string]flowSums {
	t.Helper()
	all := map[string]flowSums{}
	for _, device := range labExporters {
		things := map[string]map[string]string{}
		for _, r := range s.ask(t, `SELECT ?f ?p ?o { GRAPH <https://demo.example/graph/source/flow/`+device+`> { ?f a <`+ipfix.NS+`FlowRecord> ; ?p ?o } }`) {
			if things[r.s("f")] == nil {
				things[r.s("f")] = map[string]string{}
			}
			things[r.s("f")][strings.TrimPrefix(r.s("p"), ipfix.NS)] = r.s("o")
		}
		for name, f := range things {
			if strings.HasSuffix(name, "/remainder") && number(f["octetTotalCount"]) == 0 {
				continue
			}
			icmp := number(f["icmpTypeCodeIPv4"])
			if device != "r4" { // nfdump does not read that of IPv6 in NetFlow v9
				icmp += number(f["icmpTypeCodeIPv6"])
			}
			key := flowKey(device, f["sourceIPv4Address"]+f["sourceIPv6Address"], f["destinationIPv4Address"]+f["destinationIPv6Address"],
				number(f["protocolIdentifier"]), number(f["sourceTransportPort"]), number(f["destinationTransportPort"]),
				number(f["ingressInterface"]), number(f["egressInterface"]), number(f["flowDirection"]), icmp)
			sums := all[key]
			sums.inBytes += number(f["octetTotalCount"])
			sums.inPackets += number(f["packetTotalCount"])
			sums.outBytes += number(f["reverseOctetTotalCount"])
			sums.outPackets += number(f["reversePacketTotalCount"])
			all[key] = sums
		}
	}
	return all
}

func flowKey(device, source, destination string, numbers ...uint64) string {
	return fmt.Sprintf("%s %s %s %d", device, source, destination, numbers)
}

func number(text string) uint64 {
	n, _ := strconv.ParseUint(text, 10, 64)
	return n
}

// diffFlows shows where graph and nfdump differ.
func diffFlows(t *testing.T, graph, want map[string]flowSums) {
	t.Helper()
	for key, w := range want {
		if g, ok := graph[key]; g != w {
			t.Logf("%s: nfdump %+v, graph %+v (%t)", key, w, g, ok)
		}
	}
	for key, g := range graph {
		if _, ok := want[key]; !ok {
			t.Logf("%s: graph %+v, nfdump has it not", key, g)
		}
	}
}

// nfdumpReads has nfcapd and nfdump read packets, as a recording does, and
// sums by conversation.
func nfdumpReads(t *testing.T, packets []flowPacket) map[string]flowSums {
	t.Helper()
	var lines []byte
	for _, device := range labExporters {
		if !slices.ContainsFunc(packets, func(p flowPacket) bool { return p.Device == device }) {
			return nil
		}
	}
	for _, p := range packets {
		line, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(append(lines, line...), '\n')
	}
	dir := t.TempDir()
	write(t, dir, "flows.jsonl", string(lines))
	inLab(t, "flowtruth", dir)
	all := map[string]flowSums{}
	for _, device := range labExporters {
		text, err := os.ReadFile(filepath.Join(dir, "truth", device, "flows.json"))
		if err != nil {
			t.Fatal(err)
		}
		var records []struct {
			Proto           uint64
			Source4         string `json:"src4_addr"`
			Source6         string `json:"src6_addr"`
			Destination4    string `json:"dst4_addr"`
			Destination6    string `json:"dst6_addr"`
			SourcePort      uint64 `json:"src_port"`
			DestinationPort uint64 `json:"dst_port"`
			ICMPType        uint64 `json:"icmp_type"`
			ICMPCode        uint64 `json:"icmp_code"`
			Input           uint64 `json:"input_snmp"`
			Output          uint64 `json:"output_snmp"`
			Direction       uint64
			InPackets       uint64 `json:"in_packets"`
			InBytes         uint64 `json:"in_bytes"`
			OutPackets      uint64 `json:"out_packets"`
			OutBytes        uint64 `json:"out_bytes"`
		}
		if err := json.Unmarshal(text, &records); err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			key := flowKey(device, r.Source4+r.Source6, r.Destination4+r.Destination6, r.Proto, r.SourcePort, r.DestinationPort,
				r.Input, r.Output, r.Direction, r.ICMPType<<8|r.ICMPCode)
			sums := all[key]
			sums.inBytes += r.InBytes
			sums.inPackets += r.InPackets
			sums.outBytes += r.OutBytes
			sums.outPackets += r.OutPackets
			all[key] = sums
		}
	}
	return all
}

// flowPacket is a flow packet as it came by, in the form of flows.jsonl.
type flowPacket struct {
	Device  string `json:"device"`
	Payload string `json:"payload"`
	payload []byte
}

// flowCapture sees the packets to the twin's ports on their way.
type flowCapture struct {
	file *os.File
	done chan struct{}

	mu   sync.Mutex
	seen []flowPacket
	err  error
}

// captureFlows listens at the interface by which all packets come, below the
// sockets of the twin (man 7 packet).
func captureFlows(t *testing.T) *flowCapture {
	t.Helper()
	bridge, err := net.InterfaceByName("brm")
	if err != nil {
		t.Fatal(err)
	}
	ipv4 := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, syscall.ETH_P_IP))
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_DGRAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, int(ipv4))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, 4<<20),
		syscall.Bind(fd, &syscall.SockaddrLinklayer{Protocol: ipv4, Ifindex: bridge.Index})); err != nil {
		t.Fatal(err)
	}
	c := &flowCapture{file: os.NewFile(uintptr(fd), "flow packets"), done: make(chan struct{})}
	go c.run()
	t.Cleanup(func() { c.close() })
	return c
}

// close ends the capture, once.
func (c *flowCapture) close() error {
	c.file.Close()
	<-c.done
	return c.err
}

func (c *flowCapture) run() {
	defer close(c.done)
	buffer := make([]byte, 64<<10)
	for {
		n, err := c.file.Read(buffer)
		if err != nil {
			if !errors.Is(err, os.ErrClosed) && !errors.Is(err, io.EOF) {
				c.err = err
			}
			return
		}
		if p, ok := flowPacketOf(buffer[:n]); ok {
			c.mu.Lock()
			c.seen = append(c.seen, p)
			c.mu.Unlock()
		}
	}
}

// flowPacketOf takes the payload out of an IPv4 packet (RFC 791, RFC 768) of a
// router to one of the flow ports.
func flowPacketOf(ip []byte) (flowPacket, bool) {
	if len(ip) < 20 || ip[9] != syscall.IPPROTO_UDP || netip.AddrFrom4([4]byte(ip[16:20])).String() != labCollector {
		return flowPacket{}, false
	}
	udp := ip[int(ip[0]&15)*4 : min(len(ip), int(binary.BigEndian.Uint16(ip[2:])))]
	if port := binary.BigEndian.Uint16(udp[2:]); port != 4739 && port != 2055 {
		return flowPacket{}, false
	}
	payload := slices.Clone(udp[8:binary.BigEndian.Uint16(udp[4:])])
	return flowPacket{Device: fmt.Sprintf("r%d", ip[15]), Payload: hex.EncodeToString(payload), payload: payload}, true
}

func (c *flowCapture) packets() []flowPacket {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.seen)
}
