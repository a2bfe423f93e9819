package netconf_test

import (
	"io"
	"net"
	"sync"
	"testing"
)

// wire carries TCP to an address. It can be cut: connections break, and while
// it is down new ones find nobody.
type wire struct {
	listener net.Listener
	to       string
	mu       sync.Mutex // guards what is below
	isDown   bool
	open     map[net.Conn]bool
	work     sync.WaitGroup
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	w := &wire{listener: must(net.Listen("tcp", "127.0.0.1:0"))(t), to: to, open: map[net.Conn]bool{}}
	w.work.Go(w.accept)
	t.Cleanup(func() {
		w.listener.Close()
		w.cut(true)
		w.work.Wait()
	})
	return w
}

func (w *wire) addr() string { return w.listener.Addr().String() }

func (w *wire) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.to)
		if err != nil || !w.keep(client, server) {
			client.Close()
			if err == nil {
				server.Close()
			}
			continue
		}
		w.work.Go(func() { w.pipe(client, server) })
		w.work.Go(func() { w.pipe(server, client) })
	}
}

// keep notes a connection unless the wire is down.
func (w *wire) keep(ends ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isDown {
		return false
	}
	for _, end := range ends {
		w.open[end] = true
	}
	return true
}

func (w *wire) pipe(from, to net.Conn) {
	_, _ = io.Copy(to, from) // how it ends does not matter: both ends are closed
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, end := range []net.Conn{from, to} {
		end.Close()
		delete(w.open, end)
	}
}

// cut breaks all connections, and lets no new ones through while down.
func (w *wire) cut(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isDown = down
	for end := range w.open {
		end.Close()
	}
}

// mend lets connections through again.
func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isDown = false
}
