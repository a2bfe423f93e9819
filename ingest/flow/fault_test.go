package flow

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"nettwin/ingest"
)

// slowSink takes samples at its own pace and sums what they state.
type slowSink struct {
	mu    sync.Mutex
	wait  time.Duration
	facts int
	taken int
}

func (s *slowSink) Apply(ctx context.Context, sample *ingest.Sample) (ingest.Report, error) {
	select {
	case <-time.After(s.wait):
	case <-ctx.Done():
		return ingest.Report{}, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken++
	s.facts = max(s.facts, len(sample.Facts))
	return ingest.Report{Device: sample.Device}, nil
}

// Goal: a flood of far more than is taken is counted to the last datagram,
// samples stay as small as their limits, and memory does not grow with what is
// sent. Method: two sockets write as fast as they can to a collector with a
// short queue and a slow sink, every record of another conversation; read,
// dropped by the queue and dropped by the kernel come to what was sent, and
// what was read to messages decoded.
func TestFaultFlood(t *testing.T) {
	const conversations, top, datagrams = 500, 50, 40_000
	sink := &slowSink{wait: 20 * time.Millisecond}
	c, err := Listen(t.Context(), Options{Address: "127.0.0.1:0", Tables: testTables(t), Sink: sink, Window: 10 * time.Millisecond,
		Queue: 64, Conversations: conversations, Top: top, Resolve: func(netip.AddrPort) (string, bool) { return "r1", true }})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Run(context.Background()) }()
	defer func() {
		c.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var senders sync.WaitGroup
	for n := range 2 {
		senders.Go(func() {
			conn, err := net.Dial("udp", c.Address().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			template := ipfixMessage(0, set(2, templateRecord(256, plain...)))
			if _, err := conn.Write(template); err != nil {
				t.Error(err)
			}
			for i := 1; i < datagrams; i++ {
				record := flowRecord(byte(i), 100, 1)
				copy(record, u32(uint32(n<<24|i)))
				if _, err := conn.Write(ipfixMessage(uint32(i), set(256, record))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	senders.Wait()
	const sent = 2 * datagrams
	var s Stats
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if s = c.Stats(); s.Datagrams+s.Kernel == sent && s.IPFIX+s.Dropped == s.Datagrams {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("of %d datagrams %d were read, %d dropped by the kernel; of those read %d decoded, %d dropped", sent, s.Datagrams, s.Kernel, s.IPFIX, s.Dropped)
		}
	}
	t.Logf("%d sent, %d dropped by the kernel, %d by the queue, %d decoded; %d samples", sent, s.Kernel, s.Dropped, s.IPFIX, s.Samples)
	if s.Conversations > conversations || s.Queued > 64 {
		t.Errorf("%d conversations of %d, %d datagrams wait", s.Conversations, conversations, s.Queued)
	}
	if grown := int64(heap()) - int64(before); grown > 64<<20 {
		t.Errorf("memory grew by %d bytes", grown)
	}
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	sink.mu.Lock()
	defer sink.mu.Unlock()
	if sink.taken == 0 || sink.facts > (top+1)*len(plain)*4 {
		t.Errorf("%d samples, the largest of %d facts", sink.taken, sink.facts)
	}
}

// Goal: an exporter whose template never comes costs bounded room and is told:
// sets that wait are counted, and given up after their time, so that a template
// much later finds nothing old. Method: data of many templates from many
// domains and none of the templates; then time, then a template.
func TestFaultNoTemplate(t *testing.T) {
	b := newBench(t)
	at := testTime
	send := func(from netip.Addr, payload []byte) {
		b.decode(&datagram{from: netip.AddrPortFrom(from, 9), at: at, device: "r1", payload: payload})
	}
	large := make([]byte, 40_000)
	var fed uint64
	for i := range 300 {
		from := netip.AddrFrom4([4]byte{10, 0, 0, byte(i % 50)})
		send(from, ipfixMessage(uint32(i), set(256+i%7, large)))
		fed++
	}
	if b.pendingBytes > maxPendingBytes || b.stats.SetsWithoutTemplate != fed {
		t.Errorf("%d octets wait, at most %d; %d sets of %d", b.pendingBytes, maxPendingBytes, b.stats.SetsWithoutTemplate, fed)
	}
	waiting := uint64(0)
	for _, d := range b.domains {
		waiting += uint64(len(d.pending))
	}
	if waiting+b.stats.SetsLost != fed {
		t.Errorf("%d wait, %d lost, of %d", waiting, b.stats.SetsLost, fed)
	}
	at = at.Add(pendingLife + time.Second)
	b.expire(at)
	if b.pendingBytes != 0 || b.stats.SetsLost != fed {
		t.Errorf("%d octets wait, %d lost of %d", b.pendingBytes, b.stats.SetsLost, fed)
	}
	records := len(b.records)
	send(netip.AddrFrom4([4]byte{10, 0, 0, 0}), ipfixMessage(0, set(2, templateRecord(256, plain...))))
	if len(b.records) != records || b.stats.SetsResumed != 0 {
		t.Errorf("the template found %d records of long ago", len(b.records)-records)
	}
}

// Goal: exporters whose clocks and uptimes jump, and a machine whose clock does,
// cost no record and no memory: what is counted is what was told. Method: the
// same conversation with export times from the beginning to the end of what 32
// bits hold, then windows that end before they begin.
func TestFaultClock(t *testing.T) {
	b := newBench(t)
	dev := newDevice("r1")
	w := newWriter(b.tables)
	b.sink = func(m *message, r *record) { dev.add(m, r, DefaultConversations) }
	at := testTime
	send := func(export uint32) {
		m := ipfixMessage(0, set(2, templateRecord(256, plain...)), set(256, flowRecord(1, 100, 1)))
		copy(m[4:8], u32(export))
		g := datagram{from: netip.MustParseAddrPort("192.0.2.1:9"), at: at, device: "r1", payload: m}
		dev.heard(&g)
		b.decode(&g)
	}
	exports := []uint32{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 1, uint32(testTime.Unix()), 7}
	windows := []time.Duration{10 * time.Second, -time.Hour, 10 * time.Second, 24 * time.Hour, -20 * 365 * 24 * time.Hour, time.Second, time.Second}
	for i, export := range exports {
		send(export)
		at = at.Add(windows[i])
		b.expire(at)
		stated := dev.close(at, DefaultIdle, DefaultTop, w.path)
		sample := w.sample(dev, stated, true)
		dev.open(stated)
		if len(sample.Facts) == 0 {
			t.Errorf("export %d: nothing is stated", export)
		}
		seen := false
		for _, f := range sample.Facts {
			seen = seen || f.O.Value() == "100"
		}
		if !seen {
			t.Errorf("export %d, window of %v: the 100 octets are not told: %v", export, windows[i], sample.Facts)
		}
	}
	if b.stats.Records != uint64(len(exports)) || len(dev.conversations) > 1 {
		t.Errorf("%d records, %d conversations", b.stats.Records, len(dev.conversations))
	}
}
