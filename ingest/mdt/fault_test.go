package mdt

import (
	"net"
	"testing"
	"time"
)

// Goal: connections that stop in the middle, are closed half, or say nothing
// cost themselves, are counted and ended in time, and whole messages before the
// fault are taken; others go on. Method: connections that do each, with a short
// time of idleness, and one that is well.
func TestFaultHalfClosed(t *testing.T) {
	r := start(t, nil, func(o *Options) { o.Idle = 300 * time.Millisecond })
	good := framedAs(encodingGPB, 0, row1(t, "e", 1))
	ended := func(conn net.Conn) {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("something came back")
		} else if e, ok := err.(net.Error); ok && e.Timeout() {
			t.Error("the connection is not ended")
		}
	}
	half := r.send(t, r.l.TCPAddress(), good, good[:len(good)/2]) // closed for writing in the middle
	if err := half.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	ended(half)
	r.until(t, func(s Stats) bool { return s.Messages == 1 && s.Damaged == 1 })
	stuck := r.send(t, r.l.TCPAddress(), good, good[:headerBytes-3]) // in the middle of a header, and open
	ended(stuck)
	r.until(t, func(s Stats) bool { return s.Messages == 2 && s.Damaged == 2 })
	silent := r.send(t, r.l.TCPAddress())
	ended(silent)
	r.until(t, func(s Stats) bool { return s.Damaged == 3 })
	cut := r.send(t, r.l.TCPAddress(), good, good[:len(good)-1])
	if err := cut.(*net.TCPConn).SetLinger(0); err != nil { // a reset
		t.Fatal(err)
	}
	r.until(t, func(s Stats) bool { return s.Messages == 3 })
	cut.Close()
	r.until(t, func(s Stats) bool { return s.Damaged == 4 })
	well := r.send(t, r.l.TCPAddress(), good, good)
	r.until(t, func(s Stats) bool { return s.Messages == 5 })
	well.Close()
	r.l.mu.Lock()
	open := len(r.l.conns)
	r.l.mu.Unlock()
	for end := time.Now().Add(20 * time.Second); open > 0; time.Sleep(time.Millisecond) {
		r.l.mu.Lock()
		open = len(r.l.conns)
		r.l.mu.Unlock()
		if time.Now().After(end) {
			t.Fatalf("%d connections are open", open)
		}
	}
}

// Goal: a flood of datagrams is counted to the last one: read or dropped by the
// kernel, and of those read, taken, damaged, limited or dropped by the queue.
// Method: one socket writes as fast as it can, every tenth datagram damaged.
func TestFaultFlood(t *testing.T) {
	r := start(t, nil, nil)
	good := row1(t, "e", 1)
	conn, err := net.Dial("udp", r.l.UDPAddress().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const sent = 30_000
	for i := range sent {
		b := good
		if i%10 == 0 {
			b = good[:len(good)-1]
		}
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	r.until(t, func(s Stats) bool {
		return s.Datagrams+s.Kernel == sent && s.Messages+s.Damaged+s.Dropped+s.Senders.Limited == s.Datagrams
	})
	s := r.l.Stats()
	t.Logf("%d sent: %d messages, %d damaged, %d limited, %d dropped, %d by the kernel", sent, s.Messages, s.Damaged, s.Senders.Limited, s.Dropped, s.Kernel)
	if s.Messages == 0 {
		t.Error("nothing was taken")
	}
}
