package socket_test

import (
	"net"
	"testing"

	"nettwin/internal/socket"
	"nettwin/internal/testenv"
)

// Goal: what the kernel drops is counted, all of it, and stays counted when the
// socket is closed. Method: a small buffer gets far more than it holds, and then
// what is left in it is read: sent is read and dropped.
func TestLosses(t *testing.T) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	losses := socket.Watch(conn)
	if n := losses.Count(); n != 0 {
		t.Fatalf("%d dropped before anything was sent", n)
	}
	from, err := net.Dial("udp", conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	const sent = 500
	for range sent {
		if _, err := from.Write(make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	lost := losses.Count()
	if lost == 0 {
		testenv.Absent(t, "a kernel that tells what it drops")
	}
	read := uint64(0)
	for buffer := make([]byte, 2000); read+lost < sent; read++ {
		if _, err := conn.Read(buffer); err != nil {
			t.Fatal(err)
		}
	}
	if again := losses.Count(); again != lost || read == 0 {
		t.Errorf("%d sent, %d read, %d dropped, then %d", sent, read, lost, again)
	}
	conn.Close()
	if after := losses.Count(); after != lost {
		t.Errorf("%d dropped, %d when closed", lost, after)
	}
	if n := (*socket.Losses)(nil).Count(); n != 0 {
		t.Errorf("nothing dropped %d", n)
	}
}
