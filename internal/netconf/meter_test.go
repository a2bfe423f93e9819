package netconf_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"nettwin/internal/netconf"
	simulate "nettwin/internal/simulate/netconf"
)

// meter counts, and refuses once it is told to.
type meter struct {
	requests, bytes atomic.Int64
	refuse          atomic.Pointer[error]
}

func (m *meter) Request(context.Context) error {
	if err := m.refuse.Load(); err != nil {
		return *err
	}
	m.requests.Add(1)
	return nil
}

func (m *meter) Answered(n int) { m.bytes.Add(int64(n)) }

// Goal: a meter is asked before each request and told of all that comes; what
// it refuses is not sent. Method: a simulated device over SSH.
func TestMeter(t *testing.T) {
	m := &meter{}
	s, err := netconf.Dial(t.Context(), simulated(t, simulate.Bugs{}), netconf.Config{User: "twin", Password: password("right"),
		HostKey: netconf.AnyHostKey(t), Timeout: 10 * time.Second, Meter: m})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	before := m.bytes.Load()
	if m.requests.Load() != 0 || before < 500 {
		t.Errorf("after the hello %d requests, %d bytes: there is a key exchange and a hello", m.requests.Load(), before)
	}
	r, err := s.Get(t.Context(), netconf.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.bytes.Load() - before; m.requests.Load() != 1 || got < int64(len(r.XML)) {
		t.Errorf("%d requests, %d bytes for a reply of %d", m.requests.Load(), got, len(r.XML))
	}
	over := errors.New("the time for one device is used up")
	m.refuse.Store(&over)
	if _, err := s.Get(t.Context(), netconf.Query{}); !errors.Is(err, over) || m.requests.Load() != 1 {
		t.Errorf("error %v, %d requests", err, m.requests.Load())
	}
}
