package smi

import (
	"fmt"
	"os"
	"path/filepath"
)

// maxDepth bounds chains of names (OIDs, types, modules): a longer one is a
// cycle.
const maxDepth = 64

// Set loads modules from a folder whose files carry the modules' names, and
// resolves references between them.
type Set struct {
	dir     string
	modules map[string]*Module
}

// NewSet returns an empty set over dir.
func NewSet(dir string) *Set { return &Set{dir: dir, modules: map[string]*Module{}} }

// Module returns a module by name, reading it at first use.
func (s *Set) Module(name string) (*Module, error) {
	if m := s.modules[name]; m != nil {
		return m, nil
	}
	path := filepath.Join(s.dir, name)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("module %s: %w (the folder of modules must hold a file of this name)", name, err)
	}
	m, err := Parse(path, string(text))
	if err != nil {
		return nil, err
	}
	s.modules[name] = m
	return m, nil
}

// Node finds the node that name means inside module m, and where it is
// defined.
func (s *Set) Node(m *Module, name string) (*Node, *Module, error) {
	for range maxDepth {
		if n := m.byName[name]; n != nil {
			return n, m, nil
		}
		from, ok := m.Imports[name]
		if !ok {
			return nil, nil, fmt.Errorf("%s: %s is neither defined nor imported", m.File, name)
		}
		next, err := s.Module(from)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: import of %s: %w", m.File, name, err)
		}
		m = next
	}
	return nil, nil, fmt.Errorf("%s: the imports of %s form a cycle", m.File, name)
}

// roots of the OID tree (X.660 §6).
var roots = map[string]uint32{"ccitt": 0, "itu-t": 0, "iso": 1, "joint-iso-ccitt": 2, "joint-iso-itu-t": 2}

// OID returns the numbers of node n of module m.
func (s *Set) OID(m *Module, n *Node) ([]uint32, error) { return s.oid(m, n, 0) }

func (s *Set) oid(m *Module, n *Node, depth int) ([]uint32, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%s:%d: the OID of %s refers to itself", m.File, n.Line, n.Name)
	}
	if len(n.OID) == 0 {
		return nil, fmt.Errorf("%s:%d: %s has an empty OID", m.File, n.Line, n.Name)
	}
	var out []uint32
	for i, arc := range n.OID {
		switch {
		case i == 0 && arc.Name != "" && !arc.HasNum:
			prefix, err := s.prefix(m, arc.Name, depth)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: the OID of %s: %w", m.File, n.Line, n.Name, err)
			}
			out = prefix
		case arc.HasNum:
			out = append(out, arc.Number)
		default:
			return nil, fmt.Errorf("%s:%d: the OID of %s: the arc %s has no number", m.File, n.Line, n.Name, arc.Name)
		}
	}
	return out, nil
}

func (s *Set) prefix(m *Module, name string, depth int) ([]uint32, error) {
	n, in, err := s.Node(m, name)
	if err == nil {
		return s.oid(in, n, depth+1)
	}
	if num, ok := roots[name]; ok {
		return []uint32{num}, nil
	}
	return nil, err
}

// Resolved is a syntax followed to its base type.
type Resolved struct {
	Base  string   // INTEGER, OCTET STRING, …
	Names []string // the conventions passed on the way, outermost first
	Enum  []Enum
	Sizes []Range
	Hint  string
}

// Resolve follows t of module m to its base type. The outermost enumeration,
// size and hint hold (RFC 2579 §3.5: a refinement narrows).
func (s *Set) Resolve(m *Module, t *Type) (Resolved, error) {
	r := Resolved{}
	for range maxDepth {
		if r.Enum == nil {
			r.Enum = t.Enum
		}
		if r.Sizes == nil {
			r.Sizes = t.Sizes
		}
		if r.Hint == "" {
			r.Hint = t.Hint
		}
		if isBase(t.Name) {
			r.Base = t.Name
			return r, nil
		}
		r.Names = append(r.Names, t.Name)
		next, in, err := s.findType(m, t.Name)
		if err != nil {
			return r, err
		}
		t, m = next, in
	}
	return r, fmt.Errorf("%s: the type %s refers to itself", m.File, t.Name)
}

func (s *Set) findType(m *Module, name string) (*Type, *Module, error) {
	for range maxDepth {
		if t := m.Types[name]; t != nil {
			return t, m, nil
		}
		from, ok := m.Imports[name]
		if !ok {
			return nil, nil, fmt.Errorf("%s: the type %s is neither defined nor imported", m.File, name)
		}
		next, err := s.Module(from)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: import of %s: %w", m.File, name, err)
		}
		m = next
	}
	return nil, nil, fmt.Errorf("%s: the imports of %s form a cycle", m.File, name)
}

// isBase tells whether name is a type of the SMI itself (RFC 2578 §7.1,
// RFC 1155 §3.2).
func isBase(name string) bool {
	switch name {
	case "INTEGER", "Integer32", "Unsigned32", "UInteger32", "OCTET STRING", "OBJECT IDENTIFIER", "BITS", "BIT",
		"IpAddress", "NetworkAddress", "Counter", "Counter32", "Counter64", "Gauge", "Gauge32",
		"TimeTicks", "Opaque":
		return true
	}
	return false
}
