package yang

import (
	"fmt"
	"slices"
	"strings"
)

// Limits of one compilation.
const (
	// DefaultMaxNodes bounds the schema nodes (OpenConfig's largest module
	// has 6,578).
	DefaultMaxNodes = 1_000_000
	// MaxSchemaDepth bounds how deep schema nodes may nest.
	MaxSchemaDepth = 200
	// maxTypeDepth bounds chains of typedefs, unions and leafrefs.
	maxTypeDepth = 64
)

// Options say how modules are compiled; the zero value is usable.
type Options struct {
	// Features tells whether a feature is supported; nil: all are.
	Features func(module, feature string) bool
	// Counters lists the typedefs (module:name) whose values are counters;
	// nil means DefaultCounters.
	Counters []string
	// MaxNodes bounds the schema; 0 means DefaultMaxNodes.
	MaxNodes int
}

// Compile parses sources (file name → text) and compiles them; see Parse and
// Library.Compile.
func Compile(sources map[string][]byte, want []string, opts Options) (*Schema, []Problem, error) {
	lib, parsed := Parse(sources)
	s, compiled, err := lib.Compile(want, opts)
	return s, append(parsed, compiled...), err
}

// compiler is the state of one compilation.
type compiler struct {
	lib      *Library
	opts     Options
	chosen   map[string]string  // wanted revisions
	modules  map[string]*module // name@revision
	loaded   []*module          // in the order of loading
	tops     []*top
	byName   map[string]*top
	augments []augment
	types    map[*statement]*Type
	counters map[string]bool
	stack    []*statement // groupings being expanded
	nodes    int
	uses     int
	problems problems
	err      error

	identities []*Identity
	values     *values
}

// top holds the top-level nodes of an implemented module. Both nodes only
// carry others.
type top struct {
	mod        *module
	root       *Node
	structures *Node
}

// Compile compiles the wanted modules (names or name@revision; nil: all) and
// those that they augment, deviate or point at. A module that fails costs
// itself, a statement that fails what depends on it; each is named by a
// Problem. The error is set if no wanted module could be compiled, or a limit
// was exceeded. The result depends on the arguments alone.
func (l *Library) Compile(want []string, opts Options) (*Schema, []Problem, error) {
	c := &compiler{lib: l, opts: opts, chosen: map[string]string{}, modules: map[string]*module{},
		byName: map[string]*top{}, types: map[*statement]*Type{}, counters: map[string]bool{}}
	if c.opts.MaxNodes == 0 {
		c.opts.MaxNodes = DefaultMaxNodes
	}
	if opts.Counters == nil {
		c.opts.Counters = DefaultCounters()
	}
	for _, name := range c.opts.Counters {
		c.counters[name] = true
	}
	if want == nil {
		want = l.Modules()
	}
	for _, w := range want {
		name, revision, _ := strings.Cut(w, "@")
		c.chosen[name] = revision
	}
	for _, w := range want {
		name, revision, _ := strings.Cut(w, "@")
		m := c.load(name, revision)
		if m == nil {
			c.problems.add(Problem{Module: name, Reason: "module " + quote(w) + " is not among the sources"})
			continue
		}
		c.implement(m)
	}
	if len(c.tops) == 0 {
		return nil, c.problems.sorted(), fmt.Errorf("compile: none of the %d wanted modules is among the sources", len(want))
	}
	c.connect()
	if c.err != nil {
		return nil, c.problems.sorted(), fmt.Errorf("compile: %w", c.err)
	}
	s := c.schema()
	return s, c.problems.sorted(), nil
}

// connect applies augments and deviations, then resolves types. A leafref
// into a module that is not implemented implements it, which may bring
// augments of its own.
func (c *compiler) connect() {
	for done := 0; c.err == nil; {
		before := len(c.tops)
		c.applyAugments()
		for ; done < len(c.tops); done++ {
			c.deviate(c.tops[done].mod)
		}
		for _, t := range c.tops {
			for _, n := range t.root.sub {
				c.finish(n, true, Current)
			}
			for _, n := range t.structures.sub {
				c.finish(n, false, Current)
			}
		}
		c.resolveLeafrefs()
		if len(c.tops) == before {
			break
		}
	}
	for _, a := range c.augments {
		c.problem(a.unit, a.st, a.st.arg, "augment: no such node")
	}
	if c.err != nil {
		return
	}
	c.resolveIdentities()
	for _, t := range c.tops {
		for _, n := range slices.Concat(t.root.sub, t.structures.sub) {
			c.canonicalDefaults(n)
		}
	}
}

// implement builds the top-level nodes of a module, once.
func (c *compiler) implement(m *module) {
	if t := c.byName[m.Name]; t != nil {
		if t.mod != m {
			c.problems.add(Problem{Module: m.Name, File: m.src.file,
				Reason: fmt.Sprintf("revision %s is implemented already: %s is left out", quote(t.mod.Revision), quote(m.Revision))})
		}
		return
	}
	m.Implemented = true
	t := &top{mod: m, root: &Node{Module: m.Module, d: &draft{}}, structures: &Node{Module: m.Module, d: &draft{}}}
	c.byName[m.Name] = t
	c.tops = append(c.tops, t)
	for _, u := range m.units {
		sc := &scope{unit: u, st: u.src.st}
		c.attach(t.root, c.build(sc, m, u.src.st, 0))
		c.extensions(t, sc)
		for _, st := range u.src.st.sub {
			if st.keyword == "augment" {
				c.augments = append(c.augments, augment{unit: u, st: st})
			}
		}
	}
}

// The modules whose extension statements define data (RFC 8040 §8, RFC 8791).
const (
	yangDataModule  = "ietf-restconf"
	structureModule = "ietf-yang-structure-ext"
)

// extensions builds what yang-data, structure and augment-structure define.
func (c *compiler) extensions(t *top, sc *scope) {
	for _, st := range sc.unit.src.st.sub {
		prefix, name, ok := strings.Cut(st.keyword, ":")
		if !ok || sc.unit.prefixes[prefix] == nil {
			continue
		}
		switch sc.unit.prefixes[prefix].Name + ":" + name {
		case yangDataModule + ":yang-data":
			c.attach(t.structures, c.build(sc, t.mod, st, 0))
		case structureModule + ":structure":
			n := c.node(sc, t.mod, st, Structure)
			c.attach(n, c.build(sc, t.mod, st, 0))
			c.attach(t.structures, []*Node{n})
		case structureModule + ":augment-structure":
			c.augments = append(c.augments, augment{unit: sc.unit, st: st, structure: true})
		}
	}
}

var kindByKeyword = map[string]Kind{"container": Container, "list": List, "leaf": Leaf, "leaf-list": LeafList,
	"anydata": AnyData, "anyxml": AnyXML, "choice": Choice, "case": Case, "rpc": RPC, "action": Action,
	"notification": Notification, "input": Input, "output": Output}

// build makes the schema nodes that the substatements of st define, in order.
func (c *compiler) build(sc *scope, mod *module, st *statement, depth int) []*Node {
	if depth > MaxSchemaDepth {
		c.fail(fmt.Errorf("%s line %d: schema nodes nest deeper than %d", sc.unit.src.file, st.line, MaxSchemaDepth))
	}
	if c.err != nil {
		return nil
	}
	sc = sc.in(st)
	var out []*Node
	for _, s := range st.sub {
		kind, isNode := kindByKeyword[s.keyword]
		switch {
		case s.keyword == "uses":
			out = append(out, c.expand(sc, mod, s, depth)...)
		case !isNode || !c.on(sc.unit, s):
		default:
			if n := c.node(sc, mod, s, kind); n != nil {
				c.attach(n, c.build(sc, mod, s, depth+1))
				c.operations(n)
				out = append(out, n)
			}
		}
	}
	return out
}

// fail records the error that ends the compilation.
func (c *compiler) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// node makes one schema node without what is below it.
func (c *compiler) node(sc *scope, mod *module, st *statement, kind Kind) *Node {
	if c.nodes++; c.nodes > c.opts.MaxNodes {
		c.fail(fmt.Errorf("%s line %d: more than %d schema nodes", sc.unit.src.file, st.line, c.opts.MaxNodes))
	}
	name := st.arg
	if kind == Input || kind == Output {
		name = kind.String()
	}
	if !isIdentifier(name) {
		c.problem(sc.unit, st, "", "%s name %s is not an identifier", kind, quote(name))
		return nil
	}
	n := &Node{Name: name, Module: mod.Module, Kind: kind, d: &draft{scope: sc.in(st), mod: mod, line: st.line}}
	for _, p := range st.sub {
		c.property(n, sc.unit, p)
	}
	n.Status = statusOf(st, Current)
	if (kind == Leaf || kind == LeafList) && n.d.typ == nil {
		c.problem(sc.unit, st, "", "%s %s has no type", kind, quote(name))
	}
	return n
}

// operations gives an rpc or action the input and output that it has even if
// it states none (RFC 7950 §7.14).
func (c *compiler) operations(n *Node) {
	if n.Kind != RPC && n.Kind != Action {
		return
	}
	for _, kind := range []Kind{Input, Output} {
		has := func(o *Node) bool { return o.Kind == kind }
		if !slices.ContainsFunc(n.sub, has) {
			c.attach(n, []*Node{{Name: kind.String(), Module: n.Module, Kind: kind, d: &draft{scope: n.d.scope, mod: n.d.mod, line: n.d.line}}})
		}
	}
}

// attach puts nodes below parent. Below a choice, what is no case gets one of
// its own name (RFC 7950 §7.9.2).
func (c *compiler) attach(parent *Node, nodes []*Node) {
	if parent == nil {
		return
	}
	if parent.d.names == nil {
		parent.d.names = map[childKey]bool{}
	}
	for _, n := range nodes {
		if parent.Kind == Choice && n.Kind != Case {
			kase := &Node{Name: n.Name, Module: n.Module, Kind: Case, Status: n.Status, Conditional: n.Conditional,
				d: &draft{scope: n.d.scope, mod: n.d.mod, line: n.d.line}}
			c.attach(kase, []*Node{n})
			n = kase
		}
		key := childKey{n.Module.Name, n.Name}
		if parent.d.names[key] {
			c.problem(n.d.scope.unit, nil, "", "line %d: %s %s stands twice below %s", n.d.line, n.Kind, quote(n.Name), quote(parent.Name))
			continue
		}
		parent.d.names[key] = true
		n.up = parent
		parent.sub = append(parent.sub, n)
	}
}

// detach removes a node from its parent.
func detach(n *Node) {
	p := n.up
	p.sub = slices.DeleteFunc(p.sub, func(o *Node) bool { return o == n })
	delete(p.d.names, childKey{n.Module.Name, n.Name})
	n.up = nil
}
