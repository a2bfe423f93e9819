package yang

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
)

// Schema is a compiled set of modules. It is immutable and safe for
// concurrent use.
type Schema struct {
	modules    []*Module
	data       []*Node // top-level data nodes, module by module
	rpcs       []*Node
	notes      []*Node
	structures []*Node
	topIndex   childIndex // data nodes, rpcs, notifications; then structures
	byIRI      map[string]*Node
	byName     map[string]*Module // implemented ones win over imported ones
	bySpace    map[string]*Module
	identities []*Identity
	values     values
}

//go:embed counters.tsv
var countersText string

// DefaultCounters lists the typedefs of standard modules whose values are
// counters or uptimes.
func DefaultCounters() []string {
	var out []string
	for line := range strings.Lines(countersText) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// schema makes the immutable result and lets go of what only compiling needs.
func (c *compiler) schema() *Schema {
	s := &Schema{topIndex: childIndex{}, byIRI: map[string]*Node{}, byName: map[string]*Module{},
		bySpace: map[string]*Module{}, values: *c.values, identities: c.identities}
	for _, m := range c.loaded {
		for _, name := range slices.Sorted(maps.Keys(m.features)) {
			if m.Implemented && c.feature(m.units[0], name) {
				m.Features = append(m.Features, name)
			}
		}
		s.modules = append(s.modules, m.Module)
		if o := s.byName[m.Name]; o == nil || m.Implemented {
			s.byName[m.Name] = m.Module
			s.bySpace[m.Namespace] = m.Module
		}
	}
	slices.SortFunc(s.modules, func(a, b *Module) int {
		return strings.Compare(a.Name+"@"+a.Revision, b.Name+"@"+b.Revision)
	})
	for _, t := range c.tops {
		s.addTop(t.root.sub)
	}
	for _, t := range c.tops {
		for _, n := range t.structures.sub {
			s.structures = appendData(s.structures, n)
		}
	}
	for _, list := range [][]*Node{s.data, s.rpcs, s.notes, s.structures} {
		for _, n := range list {
			if key := (childKey{n.Module.Name, n.Name}); s.topIndex[key] == nil {
				s.topIndex[key] = n
			}
			s.file(n)
		}
	}
	for i, n := range s.data {
		n.order = i
	}
	for _, t := range c.tops {
		release(t.root)
		release(t.structures)
	}
	return s
}

// addTop sorts top-level nodes by what they are, choices flattened.
func (s *Schema) addTop(nodes []*Node) {
	for _, n := range nodes {
		switch n.Kind {
		case RPC:
			s.rpcs = append(s.rpcs, n)
		case Notification:
			s.notes = append(s.notes, n)
		case Input, Output, Action:
		default:
			s.data = appendData(s.data, n)
		}
	}
}

func appendData(list []*Node, n *Node) []*Node {
	if n.Kind != Choice && n.Kind != Case {
		return append(list, n)
	}
	for _, c := range n.sub {
		list = appendData(list, c)
	}
	return list
}

func (s *Schema) file(n *Node) {
	if s.byIRI[n.iri] == nil {
		s.byIRI[n.iri] = n
	}
	for _, list := range [][]*Node{n.Children, n.Actions} {
		for _, c := range list {
			s.file(c)
		}
	}
}

func release(n *Node) {
	n.d = nil
	for _, c := range n.sub {
		release(c)
	}
	if n.up != nil && n.up.Kind == 0 {
		n.up = nil
	}
}

// Modules lists the modules, sorted by name and revision.
func (s *Schema) Modules() []*Module { return s.modules }

// Data lists the top-level data nodes, module by module in the order wanted.
func (s *Schema) Data() []*Node { return s.data }

// RPCs lists the rpcs.
func (s *Schema) RPCs() []*Node { return s.rpcs }

// Notifications lists the top-level notifications.
func (s *Schema) Notifications() []*Node { return s.notes }

// Structures lists the tops of what structure and yang-data extensions
// define.
func (s *Schema) Structures() []*Node { return s.structures }

// Identities lists the identities of all modules, also of those imported.
func (s *Schema) Identities() []*Identity { return s.identities }

// Module returns the module with the name; of several revisions the
// implemented one. Nil if there is none.
func (s *Schema) Module(name string) *Module { return s.byName[name] }

// ByIRI returns the node with the IRI, or nil.
func (s *Schema) ByIRI(iri string) *Node { return s.byIRI[iri] }

// Find returns the data node, rpc, notification or structure at a schema
// path, or nil: /module:name/name/module:name…, as Node.Path writes it. Names
// without module are of the module before; a name that is unique below its
// parent needs none.
func (s *Schema) Find(path string) *Node {
	var n *Node
	module := ""
	for i, step := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		name := step
		if m, local, ok := strings.Cut(step, ":"); ok {
			module, name = m, local
		}
		if i == 0 {
			n = s.top(module, name)
		} else {
			n = n.lookup(module, name)
		}
		if n == nil {
			return nil
		}
		module = n.Module.Name
	}
	return n
}

// top finds a top-level node; module "" asks for the only one of that name.
func (s *Schema) top(module, name string) *Node {
	if module == "" {
		return onlyNamed(s.data, name)
	}
	return s.topIndex[childKey{module, name}]
}

// lookup finds a child; if the module has none, the only one of that name.
func (n *Node) lookup(module, name string) *Node {
	if c := n.index[childKey{module, name}]; c != nil {
		return c
	}
	return n.childByName(name)
}
