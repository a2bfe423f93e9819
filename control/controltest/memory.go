package controltest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"nettwin/control"
	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Memory is a driver with its devices in memory. Facts whose predicate begins
// with Config are configuration. Faults can be switched on.
type Memory struct {
	Collector string
	Config    string
	Now       func() time.Time
	// Fault is asked before each operation, by device and name ("lock",
	// "edit", "commit", "confirm", "cancel", "compare", "discard", "unlock",
	// "open"), and again after it with the name and " done". An error becomes
	// that of the operation.
	Fault func(device, operation string) error
	// Drop makes commits answer ok and change nothing.
	Drop bool
	// Refuse makes Payload fail.
	Refuse bool

	mu      sync.Mutex
	devices map[string]*memoryDevice
}

// memoryDevice is one device's datastores: sets of facts as N-Quads.
type memoryDevice struct {
	running, candidate, before map[string]bool // before: nil if nothing is pending
	token                      string
	deadline                   time.Time
	lock                       *memorySession
	commits                    int
}

// Name is that of the collector whose source graphs the driver reads.
func (m *Memory) Name() string { return m.Collector }

func (m *Memory) device(name string) *memoryDevice {
	if m.devices == nil {
		m.devices = map[string]*memoryDevice{}
	}
	if m.devices[name] == nil {
		m.devices[name] = &memoryDevice{running: map[string]bool{}, candidate: map[string]bool{}}
	}
	d := m.devices[name]
	if d.before != nil && !m.Now().Before(d.deadline) {
		d.running, d.candidate, d.before, d.token = d.before, maps.Clone(d.before), nil, ""
	}
	return d
}

// Set makes facts the running configuration of a device.
func (m *Memory) Set(device string, facts ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.device(device)
	d.running = map[string]bool{}
	for _, f := range facts {
		d.running[f] = true
	}
	d.candidate = maps.Clone(d.running)
}

// Running lists the running configuration, sorted.
func (m *Memory) Running(device string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.device(device).running))
}

// Quiet tells whether nothing is pending, locked or edited on a device.
func (m *Memory) Quiet(device string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.device(device)
	return d.before == nil && d.lock == nil && maps.Equal(d.running, d.candidate)
}

// Crash ends all sessions, as the end of the twin does.
func (m *Memory) Crash() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.devices {
		if d.lock != nil {
			d.lock.end(d)
		}
	}
}

// Payload lists the changed facts of the device's graph that are
// configuration.
func (m *Memory) Payload(ctx context.Context, d control.Device, base, branch graph.Source) (control.Payload, error) {
	if m.Refuse {
		return control.Payload{}, fmt.Errorf("%w: the schema has no place for it", control.ErrPayload)
	}
	was, err := m.configuration(ctx, d.Graph, base)
	if err != nil {
		return control.Payload{}, err
	}
	is, err := m.configuration(ctx, d.Graph, branch)
	if err != nil {
		return control.Payload{}, err
	}
	p := control.Payload{Type: "text/plain"}
	var lines []string
	for _, f := range slices.Sorted(maps.Keys(was)) {
		if !is[f] {
			p.Changes, lines = append(p.Changes, control.Change{Quad: f, Delete: true}), append(lines, "- "+f)
		}
	}
	for _, f := range slices.Sorted(maps.Keys(is)) {
		if !was[f] {
			p.Changes, lines = append(p.Changes, control.Change{Quad: f}), append(lines, "+ "+f)
		}
	}
	p.Body = strings.Join(lines, "\n")
	return p, nil
}

func (m *Memory) configuration(ctx context.Context, g rdf.Term, src graph.Source) (map[string]bool, error) {
	id, err := graph.ID(src, g)
	if err != nil || id == graph.None {
		return nil, err
	}
	facts := map[string]bool{}
	for q, err := range graph.ExportQuads(ctx, src, graph.Pattern{graph.G: id}) {
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(q.P.Value(), m.Config) {
			facts[q.String()] = true
		}
	}
	return facts, nil
}

// Open opens a session.
func (m *Memory) Open(_ context.Context, d control.Device) (control.Session, error) {
	s := &memorySession{m: m, device: d.Name}
	return s, s.do("open", func(*memoryDevice) error { return nil })
}

type memorySession struct {
	m      *Memory
	device string
	closed bool
}

// do runs an operation between the two questions for faults.
func (s *memorySession) do(name string, f func(*memoryDevice) error) error {
	if s.closed {
		return errors.New("session closed")
	}
	if err := s.fault(name); err != nil {
		return err
	}
	s.m.mu.Lock()
	err := f(s.m.device(s.device))
	s.m.mu.Unlock()
	if err != nil {
		return err
	}
	return s.fault(name + " done")
}

func (s *memorySession) fault(name string) error {
	if s.m.Fault == nil {
		return nil
	}
	return s.m.Fault(s.device, name)
}

func (s *memorySession) Lock(context.Context) error {
	return s.do("lock", func(d *memoryDevice) error {
		if d.lock != nil && d.lock != s {
			return control.ErrLocked
		}
		d.lock = s
		return nil
	})
}

func (s *memorySession) Edit(_ context.Context, p *control.Payload) error {
	return s.do("edit", func(d *memoryDevice) error {
		for _, ch := range p.Changes {
			if ch.Delete {
				delete(d.candidate, ch.Quad)
			} else {
				d.candidate[ch.Quad] = true
			}
		}
		return nil
	})
}

func (s *memorySession) Commit(_ context.Context, token string, timeout time.Duration) error {
	return s.do("commit", func(d *memoryDevice) error {
		d.commits++
		d.before, d.token, d.deadline = d.running, token, s.m.Now().Add(timeout)
		if s.m.Drop {
			d.candidate = maps.Clone(d.running)
		}
		d.running = maps.Clone(d.candidate)
		return nil
	})
}

func (s *memorySession) Compare(_ context.Context, p *control.Payload) (holding control.Holding, err error) {
	err = s.do("compare", func(d *memoryDevice) error {
		after := 0
		for _, ch := range p.Changes {
			if d.running[ch.Quad] != ch.Delete {
				after++
			}
		}
		switch after {
		case len(p.Changes):
			holding = control.HoldsAfter
		case 0:
			holding = control.HoldsBefore
		default:
			holding = control.HoldsMixed
		}
		return nil
	})
	return holding, err
}

// pending refuses a token that is not that of the pending commit.
func (d *memoryDevice) pending(s *memorySession, token string) error {
	if d.lock != nil && d.lock != s {
		return control.ErrLocked
	}
	if d.before == nil || d.token != token {
		return control.ErrNothingPending
	}
	return nil
}

func (s *memorySession) Confirm(_ context.Context, token string) error {
	return s.do("confirm", func(d *memoryDevice) error {
		if err := d.pending(s, token); err != nil {
			return err
		}
		d.before, d.token = nil, ""
		return nil
	})
}

func (s *memorySession) Cancel(_ context.Context, token string) error {
	return s.do("cancel", func(d *memoryDevice) error {
		if err := d.pending(s, token); err != nil {
			return err
		}
		d.running, d.candidate, d.before, d.token = d.before, maps.Clone(d.before), nil, ""
		return nil
	})
}

func (s *memorySession) Discard(context.Context) error {
	return s.do("discard", func(d *memoryDevice) error {
		d.candidate = maps.Clone(d.running)
		return nil
	})
}

func (s *memorySession) Unlock(context.Context) error {
	return s.do("unlock", func(d *memoryDevice) error {
		if d.lock == s {
			d.lock = nil
		}
		return nil
	})
}

// end releases the lock and forgets the edit. Called with Memory.mu held.
func (s *memorySession) end(d *memoryDevice) {
	s.closed = true
	if d.lock == s {
		d.lock, d.candidate = nil, maps.Clone(d.running)
	}
}

// Close ends the session.
func (s *memorySession) Close() error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if !s.closed {
		s.end(s.m.device(s.device))
	}
	return nil
}
