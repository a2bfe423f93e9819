package yang

import "fmt"

// module is a module in one compilation, with its submodules.
type module struct {
	*Module
	src        *source
	units      []*unit // the module itself, then its submodules
	typedefs   map[string]def
	groupings  map[string]def
	features   map[string]def
	identities map[string]*Identity
	identDefs  map[*Identity]def
	enabled    map[string]int8 // features: 1 on, −1 off, 2 being evaluated
}

// unit is one source of a module: prefixes are its own.
type unit struct {
	mod      *module
	src      *source
	prefixes map[string]*module
}

// def is a definition with the source that its prefixes belong to.
type def struct {
	st   *statement
	unit *unit
}

// scope is where a statement stands, for the lookup of typedefs, groupings
// and prefixes: innermost statement first (RFC 7950 §5.5).
type scope struct {
	unit  *unit
	st    *statement
	outer *scope
}

func (s *scope) in(st *statement) *scope {
	if st.typedefs == nil && st.groupings == nil {
		return s
	}
	return &scope{s.unit, st, s}
}

// typedef finds a typedef by name; the scope returned is that of its
// definition.
func (s *scope) typedef(name string) (*statement, *scope) {
	for sc := s; sc != nil; sc = sc.outer {
		if d := sc.st.typedefs[name]; d != nil {
			return d, sc
		}
	}
	if d, ok := s.unit.mod.typedefs[name]; ok {
		return d.st, &scope{unit: d.unit, st: d.unit.src.st}
	}
	return nil, nil
}

func (s *scope) grouping(name string) (*statement, *scope) {
	for sc := s; sc != nil; sc = sc.outer {
		if d := sc.st.groupings[name]; d != nil {
			return d, sc
		}
	}
	if d, ok := s.unit.mod.groupings[name]; ok {
		return d.st, &scope{unit: d.unit, st: d.unit.src.st}
	}
	return nil, nil
}

// load returns the module with the name in the revision ("" for the chosen
// or newest one), reading it and what it imports at first use. Nil and a
// Problem if there is none.
func (c *compiler) load(name, revision string) *module {
	if revision == "" {
		revision = c.chosen[name]
	}
	src := pick(c.lib.modules[name], revision)
	if src == nil {
		return nil
	}
	key := name + "@" + src.revision
	if m := c.modules[key]; m != nil {
		return m
	}
	m := &module{Module: &Module{Name: name, Namespace: src.st.text("namespace"), Prefix: src.st.text("prefix"),
		Revision: src.revision}, src: src, typedefs: map[string]def{}, groupings: map[string]def{},
		features: map[string]def{}, identities: map[string]*Identity{}, identDefs: map[*Identity]def{},
		enabled: map[string]int8{}}
	c.modules[key] = m
	c.loaded = append(c.loaded, m)
	c.include(m, src, map[string]bool{})
	for _, u := range m.units {
		c.imports(u)
	}
	for _, u := range m.units {
		c.define(u)
	}
	return m
}

// include adds a source and the submodules that it includes to its module.
func (c *compiler) include(m *module, src *source, seen map[string]bool) {
	if seen[src.name] {
		return
	}
	seen[src.name] = true
	u := &unit{mod: m, src: src, prefixes: map[string]*module{}}
	m.units = append(m.units, u)
	for _, st := range src.st.sub {
		if st.keyword != "include" {
			continue
		}
		sub := pick(c.lib.submodules[st.arg], st.text("revision-date"))
		switch {
		case sub == nil:
			c.problem(u, st, "", "submodule %s is not among the sources", quote(revised(st.arg, st.text("revision-date"))))
		case sub.belongsTo != m.Name:
			c.problem(u, st, "", "submodule %s belongs to %s", quote(st.arg), quote(sub.belongsTo))
		default:
			c.include(m, sub, seen)
		}
	}
}

// imports resolves the prefixes of a unit.
func (c *compiler) imports(u *unit) {
	if u.src.belongsTo == "" {
		u.prefixes[u.mod.Prefix] = u.mod
	} else if b := u.src.st.find("belongs-to"); b.text("prefix") != "" {
		u.prefixes[b.text("prefix")] = u.mod
	}
	for _, st := range u.src.st.sub {
		if st.keyword != "import" {
			continue
		}
		prefix, revision := st.text("prefix"), st.text("revision-date")
		if prefix == "" || u.prefixes[prefix] != nil {
			c.problem(u, st, "", "import of %s: prefix %s is missing or taken", quote(st.arg), quote(prefix))
			continue
		}
		m := c.load(st.arg, revision)
		if m == nil && revision != "" {
			if m = c.load(st.arg, ""); m != nil {
				c.problem(u, st, "", "imported revision %s of %s is not among the sources: %s is used",
					revision, quote(st.arg), quote(m.Revision))
			}
		}
		if m == nil {
			c.problem(u, st, "", "imported module %s is not among the sources", quote(revised(st.arg, revision)))
			continue
		}
		u.prefixes[prefix] = m
	}
}

func revised(name, revision string) string {
	if revision == "" {
		return name
	}
	return name + "@" + revision
}

// define files the definitions of a unit.
func (c *compiler) define(u *unit) {
	file := func(m map[string]def, st *statement) {
		if _, taken := m[st.arg]; taken {
			c.problem(u, st, "", "%s %s is defined twice", st.keyword, quote(st.arg))
			return
		}
		m[st.arg] = def{st, u}
	}
	for _, st := range u.src.st.sub {
		switch st.keyword {
		case "typedef":
			file(u.mod.typedefs, st)
		case "grouping":
			file(u.mod.groupings, st)
		case "feature":
			file(u.mod.features, st)
		case "identity":
			if u.mod.identities[st.arg] != nil {
				c.problem(u, st, "", "identity %s is defined twice", quote(st.arg))
				continue
			}
			id := &Identity{Name: st.arg, Module: u.mod.Module, Status: statusOf(st, Current)}
			u.mod.identities[st.arg] = id
			u.mod.identDefs[id] = def{st, u}
		}
	}
}

// resolve splits prefix:name; a name without prefix is of the unit's module.
// The module is nil if the prefix is unknown.
func (u *unit) resolve(qname string) (*module, string) {
	for i := 0; i < len(qname); i++ {
		if qname[i] == ':' {
			return u.prefixes[qname[:i]], qname[i+1:]
		}
	}
	return u.mod, qname
}

func (c *compiler) problem(u *unit, st *statement, path, format string, args ...any) {
	p := Problem{Module: u.mod.Name, File: u.src.file, Path: path, Reason: fmt.Sprintf(format, args...)}
	if st != nil {
		p.Line, p.Column = st.line, st.col
	}
	c.problems.add(p)
}

func statusOf(st *statement, inherited Status) Status {
	s := inherited
	switch st.text("status") {
	case "deprecated":
		s = Deprecated
	case "obsolete":
		s = Obsolete
	}
	return max(s, inherited)
}
