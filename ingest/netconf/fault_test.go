package netconf_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/ingest/netconf"
)

// between passes what a client and a server say to each other, until it does
// something to the client's connection after so many octets of the server's.
type between struct {
	listener net.Listener
	to       string
	after    int64
	then     func(client *net.TCPConn, end <-chan struct{})
	slow     time.Duration // before each octet of the server's, from after on
	passed   atomic.Int64  // of the server's octets, of all connections

	end     chan struct{}
	running sync.WaitGroup
}

func passOn(t *testing.T, to string, change func(*between)) *between {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &between{listener: l, to: to, after: 1 << 40, end: make(chan struct{})}
	if change != nil {
		change(b)
	}
	b.running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			b.running.Go(func() { b.join(client.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		close(b.end)
		l.Close()
		b.running.Wait()
	})
	return b
}

func (b *between) join(client *net.TCPConn) {
	server, err := net.Dial("tcp", b.to)
	if err != nil {
		client.Close()
		return
	}
	stop := make(chan struct{})
	var halves sync.WaitGroup
	halves.Go(func() {
		select {
		case <-b.end:
		case <-stop:
		}
		client.Close()
		server.Close()
	})
	halves.Go(func() {
		_, _ = io.Copy(server, client) // ends when either goes
		server.Close()
	})
	b.forth(client, server)
	close(stop)
	halves.Wait()
}

// forth passes the server's octets.
func (b *between) forth(client *net.TCPConn, server net.Conn) {
	buffer := make([]byte, 256)
	for n := int64(0); ; {
		size := min(int64(len(buffer)), max(b.after-n, 1))
		if b.slow > 0 && n >= b.after {
			time.Sleep(b.slow)
			size = 1
		}
		got, err := server.Read(buffer[:size])
		if err != nil {
			return
		}
		if b.then != nil && n >= b.after {
			b.then(client, b.end)
			return
		}
		if _, err := client.Write(buffer[:got]); err != nil {
			return
		}
		n += int64(got)
		b.passed.Add(int64(got))
	}
}

// Goal: a device whose session is cut off, half closed, stuck or slow at any
// point of it costs its own reading, in the time that it has, with an error that
// names it and is one of the contract's; the next reading is whole. Method: a
// passer-by between collector and simulated device does each of these after a
// part of what a whole reading takes.
func TestFaults(t *testing.T) {
	s := serve(t, newDevice(t, twoPorts))
	straight := passOn(t, s.Addr().String(), nil)
	read := func(c *netconf.Collector, address string, timeout, budget time.Duration) (*ingest.Sample, error) {
		return c.Collect(t.Context(), ingest.Target{Name: "r1", Address: address, Timeout: timeout, Budget: budget})
	}
	whole, err := read(collector(t, nil), straight.listener.Addr().String(), 10*time.Second, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	all := straight.passed.Load()
	want := lines(whole.Facts, ofPorts)
	if all < 2000 || len(want) == 0 {
		t.Fatalf("a reading takes %d octets and brings %d facts", all, len(want))
	}
	shut := func(client *net.TCPConn, _ <-chan struct{}) { client.Close() }
	half := func(client *net.TCPConn, end <-chan struct{}) {
		client.CloseWrite()
		select {
		case <-end:
		case <-time.After(2 * time.Second):
		}
	}
	stuck := func(_ *net.TCPConn, end <-chan struct{}) { <-end }
	for name, change := range map[string]func(*between){
		"cut off":     func(b *between) { b.then = shut },
		"half closed": func(b *between) { b.then = half },
		"stuck":       func(b *between) { b.then = stuck },
		"slow":        func(b *between) { b.slow = 50 * time.Millisecond },
	} {
		for _, percent := range []int64{1, 20, 50, 80, 97} {
			t.Run(fmt.Sprint(name, " at ", percent), func(t *testing.T) {
				t.Parallel()
				b := passOn(t, s.Addr().String(), func(b *between) {
					b.after = all * percent / 100
					change(b)
				})
				begun := time.Now()
				sample, err := read(collector(t, nil), b.listener.Addr().String(), 500*time.Millisecond, time.Second)
				if took := time.Since(begun); took > 15*time.Second {
					t.Errorf("it took %v", took)
				}
				if err == nil && slices.Equal(lines(sample.Facts, ofPorts), want) {
					return // what was left was not needed
				}
				if err == nil || sample != nil && !errors.Is(err, ingest.ErrPartial) || !errors.Is(err, ingest.ErrTimeout) && !errors.Is(err, ingest.ErrPartial) {
					t.Fatalf("sample %v, error %v", sample != nil, err)
				}
				if !strings.Contains(err.Error(), "r1 (") {
					t.Errorf("%q does not name the device", err)
				}
				if sample != nil && slices.Contains(sample.Complete, "example-ports:ports") && !slices.Equal(lines(sample.Facts, ofPorts), want) {
					t.Errorf("what was cut off is called complete")
				}
			})
		}
	}
	t.Run("next", func(t *testing.T) {
		again, err := read(collector(t, nil), straight.listener.Addr().String(), 10*time.Second, time.Minute)
		if err != nil || !slices.Equal(lines(again.Facts, ofPorts), want) {
			t.Errorf("%v", err)
		}
	})
}

// Goal: a device that lies costs what it lies about: values of wrong types,
// enumerations and leafs that there are not are kept as told and reported, what
// is true beside them is mapped as ever. Method: state data by hand.
func TestLies(t *testing.T) {
	d := newDevice(t, twoPorts)
	d.state = elements(t, `<ports xmlns="urn:example:ports"><port><name>eth0</name><age>minus seven</age><packets>99999999999999999999</packets><invented>x</invented></port>`+
		`<port><age>3</age></port><port><name>eth0</name><age>8</age></port></ports><nonsense xmlns="urn:example:nowhere"><a><b>c</b></a></nonsense>`)
	s := serve(t, d)
	sample, err := collector(t, nil).Collect(context.Background(), target(s))
	if err != nil && !errors.Is(err, ingest.ErrPartial) || sample == nil {
		t.Fatal(err)
	}
	got := lines(sample.Facts, ofPorts)
	for _, true := range []string{`ports/port/label "to r2"`, `ports/port/speed "1000"^^<xsd:integer>`} {
		if !slices.ContainsFunc(got, func(l string) bool { return strings.Contains(l, true) }) {
			t.Errorf("%s is lost among lies:\n%s", true, strings.Join(got, "\n"))
		}
	}
	for _, f := range sample.Facts {
		if text := f.O.Value(); text == "minus seven" && f.O.Datatype() != rdf.XSDString {
			t.Errorf("a lie is taken for a number: %v", f)
		}
	}
	if len(sample.Warnings) == 0 || sample.Unmapped == 0 {
		t.Errorf("nothing is reported: %d warnings, %d unmapped", len(sample.Warnings), sample.Unmapped)
	}
	if !slices.ContainsFunc(sample.Warnings, func(w string) bool { return strings.Contains(w, "age") }) {
		t.Errorf("warnings %q", sample.Warnings)
	}
}
