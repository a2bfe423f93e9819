package yang

import (
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Errors of Parse; each arrives wrapped with module and line.
var (
	ErrUnknown = errors.New("unknown name")
	ErrNesting = errors.New("nested too deeply")
)

// Options say how modules are read.
type Options struct {
	// Features tells which features are supported; nil means all.
	Features func(module, feature string) bool
}

// A Module is a module or submodule, as its text says.
type Module struct {
	Name, Namespace, Prefix, Revision string
	Text                              []byte
	Features                          []string // supported ones, sorted
	Submodule                         bool
}

// A Set is the schema of a device: the data nodes of all its modules. It is
// not changed after Parse and safe for concurrent use.
type Set struct {
	Modules []*Module // in the order of the texts
	Top     []*Node   // data nodes at the top, in the order of the modules
	// Skipped are augments whose target is no data node of the set, such
	// as the input of an rpc.
	Skipped []string

	identities map[identity][]identity // direct bases
	prefixes   map[string]string       // by namespace, the module's own prefix
	spaces     map[string]bool
}

// An identity is named by namespace and name.
type identity struct{ space, name string }

// A scope is a module or submodule while it is compiled.
type scope struct {
	*Module
	root    *stmt
	owner   *scope            // the module that a submodule belongs to, or itself
	imports map[string]string // module by prefix
	parts   []*scope          // itself and its submodules
}

func (s *scope) file() string {
	if s == nil {
		return "module"
	}
	return s.Name
}

// Parse reads modules and submodules; of several revisions of one, the newest
// gives the schema. Modules that are imported must be among them as far as
// something of theirs is used. Errors name module and line.
func Parse(texts [][]byte, options Options) (*Set, error) {
	set := &Set{identities: map[identity][]identity{}, prefixes: map[string]string{}, spaces: map[string]bool{}}
	c := &compiler{set: set, options: options, scopes: map[string]*scope{}, typedefs: map[*stmt]*Type{}}
	for i, text := range texts {
		if err := c.read(text); err != nil {
			return nil, fmt.Errorf("parse YANG: text %d: %w", i+1, err)
		}
	}
	if err := c.link(); err != nil {
		return nil, fmt.Errorf("parse YANG: %w", err)
	}
	if err := c.compile(); err != nil {
		return nil, fmt.Errorf("parse YANG: %w", err)
	}
	return set, nil
}

// Child returns the top-level data node with this name, or nil.
func (s *Set) Child(name xml.Name) *Node { return find(s.Top, name) }

// HasNamespace reports whether a module of the set has this namespace.
func (s *Set) HasNamespace(space string) bool { return s.spaces[space] }

// Module returns the newest module of that name, or the one of the revision
// if revision is not empty; nil when there is none.
func (s *Set) Module(name, revision string) *Module {
	var best *Module
	for _, m := range s.Modules {
		if m.Name == name && (revision == "" || m.Revision == revision) && (best == nil || m.Revision > best.Revision) {
			best = m
		}
	}
	return best
}

// derives reports whether id is derived from base (RFC 7950 §9.10).
func (s *Set) derives(id, base identity) bool {
	for _, b := range s.identities[id] {
		if b == base || s.derives(b, base) {
			return true
		}
	}
	return false
}

// read parses one text and enters it.
func (c *compiler) read(text []byte) error {
	root, err := parseText(text)
	if err != nil {
		return err
	}
	s := &scope{root: root, imports: map[string]string{}, Module: &Module{
		Name: root.arg, Namespace: root.value("namespace"), Prefix: root.value("prefix"),
		Text: text, Submodule: root.keyword == "submodule",
	}}
	root.scope = s
	for _, sub := range root.subs {
		switch sub.keyword {
		case "revision":
			s.Revision = max(s.Revision, sub.arg)
		case "import":
			s.imports[sub.value("prefix")] = sub.arg
		case "belongs-to":
			s.Prefix = sub.value("prefix")
		}
	}
	if s.Name == "" || !s.Submodule && s.Namespace == "" {
		return fmt.Errorf("%w: a module needs a name and a namespace", ErrSyntax)
	}
	c.set.Modules = append(c.set.Modules, s.Module)
	if old := c.scopes[s.Name]; old == nil {
		c.order = append(c.order, s.Name)
		c.scopes[s.Name] = s
	} else if old.Revision < s.Revision {
		c.scopes[s.Name] = s
	}
	return nil
}

// link joins submodules to their modules and enters features and identities.
func (c *compiler) link() error {
	for _, name := range c.order {
		s := c.scopes[name]
		s.owner = s
		if s.Submodule {
			of := s.root.value("belongs-to")
			if s.owner = c.scopes[of]; s.owner == nil || s.owner.Submodule {
				return s.root.errorf("submodule of %q: %w", of, ErrUnknown)
			}
		} else {
			c.set.prefixes[s.Namespace] = s.Prefix
			c.set.spaces[s.Namespace] = true
		}
		s.owner.parts = append(s.owner.parts, s)
	}
	for _, name := range c.order {
		s := c.scopes[name]
		if s.Submodule {
			s.Namespace = s.owner.Namespace
		}
		if err := c.names(s); err != nil {
			return err
		}
	}
	return c.bases()
}

func (c *compiler) names(s *scope) error {
	for _, sub := range s.root.subs {
		switch sub.keyword {
		case "feature":
			if c.feature(s.owner.Name, sub.arg) {
				s.Features = append(s.Features, sub.arg)
			}
		case "identity":
			c.set.identities[identity{s.Namespace, sub.arg}] = nil
		}
	}
	slices.Sort(s.Features)
	return nil
}

// bases enters the bases of identities once all are known.
func (c *compiler) bases() error {
	for _, name := range c.order {
		s := c.scopes[name]
		for _, sub := range s.root.subs {
			if sub.keyword != "identity" {
				continue
			}
			id := identity{s.Namespace, sub.arg}
			for _, b := range sub.subs {
				if b.keyword != "base" {
					continue
				}
				base, err := c.identity(b)
				if err != nil {
					return err
				}
				if base == id || c.set.derives(base, id) {
					return b.errorf("identity %q is derived from itself", sub.arg)
				}
				c.set.identities[id] = append(c.set.identities[id], base)
			}
		}
	}
	return nil
}

// identity resolves the argument of a base statement.
func (c *compiler) identity(b *stmt) (identity, error) {
	s, local, err := c.resolve(b, b.arg)
	if err != nil {
		return identity{}, err
	}
	id := identity{s.owner.Namespace, local}
	if _, ok := c.set.identities[id]; !ok {
		return id, b.errorf("identity %q: %w", b.arg, ErrUnknown)
	}
	return id, nil
}

// resolve splits a name that may have a prefix and finds its module.
func (c *compiler) resolve(at *stmt, name string) (*scope, string, error) {
	s := at.within()
	prefix, local, found := strings.Cut(name, ":")
	if !found {
		return s, name, nil
	}
	if prefix == s.Prefix {
		return s.owner, local, nil
	}
	module, ok := s.imports[prefix]
	if !ok {
		return nil, "", at.errorf("prefix of %q: %w", name, ErrUnknown)
	}
	if target := c.scopes[module]; target != nil {
		return target, local, nil
	}
	return nil, "", at.errorf("module %q, which %q needs, is not among the texts: %w", module, name, ErrUnknown)
}

// Prefix is the prefix that a module with this namespace gives itself, empty
// when no module has it.
func (s *Set) Prefix(space string) string { return s.prefixes[space] }
