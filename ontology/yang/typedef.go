package yang

import (
	"fmt"
	"slices"
	"strconv"
)

// unknownType stands for a type that cannot be resolved.
func unknownType(name string) *Type { return &Type{Name: name, Base: Unknown} }

// resolveType resolves a type statement through its typedefs.
func (c *compiler) resolveType(sc *scope, st *statement, depth int) *Type {
	if depth > maxTypeDepth {
		c.problem(sc.unit, st, "", "type %s: typedefs nest deeper than %d or go in a circle", quote(st.arg), maxTypeDepth)
		return unknownType(st.arg)
	}
	if b, ok := baseByName[st.arg]; ok {
		t := &Type{Name: st.arg, Base: b, Range: limits(b), RequireInstance: true}
		c.restrict(t, nil, sc, st, depth)
		return t
	}
	base := c.typedef(sc, st, depth)
	t := *base
	t.Name = st.arg
	t.Typedefs = slices.Clone(t.Typedefs)
	c.restrict(&t, base, sc, st, depth)
	return &t
}

// typedef resolves the typedef that a type statement names.
func (c *compiler) typedef(sc *scope, st *statement, depth int) *Type {
	m, name := sc.unit.resolve(st.arg)
	if m == nil {
		c.problem(sc.unit, st, "", "type %s: unknown prefix", quote(st.arg))
		return unknownType(st.arg)
	}
	var td *statement
	var tsc *scope
	if m == sc.unit.mod {
		td, tsc = sc.typedef(name)
	} else if d, ok := m.typedefs[name]; ok {
		td, tsc = d.st, &scope{unit: d.unit, st: d.unit.src.st}
	}
	if td == nil {
		c.problem(sc.unit, st, "", "typedef %s is not defined", quote(st.arg))
		return unknownType(st.arg)
	}
	if t := c.types[td]; t != nil {
		return t
	}
	inner := td.find("type")
	if inner == nil {
		c.problem(tsc.unit, td, "", "typedef %s has no type", quote(name))
		return unknownType(st.arg)
	}
	t := *c.resolveType(tsc, inner, depth+1)
	t.Typedefs = append([]string{m.Name + ":" + name}, t.Typedefs...)
	if u := td.find("units"); u != nil {
		t.Units = u.arg
	}
	if d := td.find("default"); d != nil {
		t.Default, t.hasDef, t.defaultUnit = d.arg, true, tsc.unit
	}
	if !t.needsNode() {
		c.types[td] = &t
	}
	return &t
}

// restrict applies the substatements of a type statement to a copy of its
// base; base is nil for a built-in type.
func (c *compiler) restrict(t, base *Type, sc *scope, st *statement, depth int) {
	bad := func(s *statement, err error) { c.problem(sc.unit, s, "", "%v", err) }
	if t.Base == Decimal64 {
		if f := st.find("fraction-digits"); f != nil {
			digits, err := strconv.Atoi(f.arg)
			if err != nil || digits < 1 || digits > 18 {
				bad(f, fmt.Errorf("fraction-digits %s is not 1 to 18", quote(f.arg)))
				digits = 18
			}
			t.Digits = digits
		}
	}
	var enums []Enum
	var bits []Bit
	for _, s := range st.sub {
		switch s.keyword {
		case "range":
			if t.Range == nil {
				bad(s, fmt.Errorf("%s has no range", t.Base))
				continue
			}
			ivs, err := parseIntervals(s.arg, t.Range, t.parseNumber)
			if err != nil {
				bad(s, err)
				continue
			}
			t.Range = ivs
		case "length":
			outer := t.Length
			if outer == nil {
				outer = []Interval{{number{}, number{false, 1<<64 - 1}}}
			}
			ivs, err := parseIntervals(s.arg, outer, parseInteger)
			if err != nil {
				bad(s, err)
				continue
			}
			t.Length = ivs
		case "pattern":
			p := &Pattern{Text: s.arg, Invert: s.text("modifier") == "invert-match", re: compilePattern(s.arg)}
			t.Patterns = append(slices.Clip(t.Patterns), p)
		case "enum":
			if c.on(sc.unit, s) {
				enums = append(enums, c.enum(sc.unit, s, base, enums))
			}
		case "bit":
			if c.on(sc.unit, s) {
				bits = append(bits, c.bit(sc.unit, s, base, bits))
			}
		case "base":
			if id := c.identity(sc.unit, s); id != nil {
				t.Bases = append(slices.Clip(t.Bases), id)
			}
		case "type":
			if t.Base == Union {
				t.Members = append(slices.Clip(t.Members), c.resolveType(sc, s, depth+1))
			}
		case "path":
			t.Path, t.home = s.arg, sc.unit
			p, err := parseLeafPath(s.arg)
			if err != nil {
				bad(s, err)
			}
			t.path = p
		case "require-instance":
			t.RequireInstance = s.arg == "true"
		}
	}
	if enums != nil {
		t.Enums = enums
	}
	if bits != nil {
		slices.SortStableFunc(bits, func(a, b Bit) int { return int(a.Position) - int(b.Position) })
		t.Bits = bits
	}
	c.complete(t, sc, st)
}

// complete names what a built-in type needs and does not have.
func (c *compiler) complete(t *Type, sc *scope, st *statement) {
	missing := ""
	switch {
	case t.Base == Enumeration && t.Enums == nil:
		missing = "enum"
	case t.Base == Bits && t.Bits == nil:
		missing = "bit"
	case t.Base == Union && t.Members == nil:
		missing = "type"
	case t.Base == Identityref && t.Bases == nil:
		missing = "base"
	case t.Base == Leafref && t.Path == "":
		missing = "path"
	case t.Base == Decimal64 && t.Digits == 0:
		missing = "fraction-digits"
		t.Digits = 1
	}
	if missing != "" {
		c.problem(sc.unit, st, "", "type %s needs %s", t.Base, missing)
	}
}

func (t *Type) parseNumber(s string) (number, error) {
	if t.Base == Decimal64 {
		return parseDecimal(s, max(t.Digits, 1))
	}
	return parseInteger(s)
}

// enum reads one enum; without a value it is one above the highest so far,
// or that of the base's enum (RFC 7950 §9.6.4.2).
func (c *compiler) enum(u *unit, st *statement, base *Type, before []Enum) Enum {
	if base != nil {
		for _, e := range base.Enums {
			if e.Name == st.arg {
				return e
			}
		}
		c.problem(u, st, "", "enum %s is not in the base type", quote(st.arg))
	}
	if v := st.find("value"); v != nil {
		n, err := strconv.ParseInt(v.arg, 10, 32)
		if err != nil {
			c.problem(u, v, "", "enum value %s is not an int32", quote(v.arg))
		}
		return Enum{st.arg, n}
	}
	next := int64(0)
	for _, e := range before {
		next = max(next, e.Value+1)
	}
	return Enum{st.arg, next}
}

func (c *compiler) bit(u *unit, st *statement, base *Type, before []Bit) Bit {
	if base != nil {
		if b, ok := base.bit(st.arg); ok {
			return b
		}
		c.problem(u, st, "", "bit %s is not in the base type", quote(st.arg))
	}
	if p := st.find("position"); p != nil {
		n, err := strconv.ParseUint(p.arg, 10, 32)
		if err != nil {
			c.problem(u, p, "", "bit position %s is not a uint32", quote(p.arg))
		}
		return Bit{st.arg, uint32(n)}
	}
	next := uint32(0)
	for _, b := range before {
		next = max(next, b.Position+1)
	}
	return Bit{st.arg, next}
}

// identity finds the identity that a base statement names.
func (c *compiler) identity(u *unit, st *statement) *Identity {
	m, name := u.resolve(st.arg)
	if m == nil {
		c.problem(u, st, "", "base %s: unknown prefix", quote(st.arg))
		return nil
	}
	id := m.identities[name]
	if id == nil {
		c.problem(u, st, "", "identity %s is not defined", quote(st.arg))
	}
	return id
}

// resolveIdentities links the identities of all loaded modules with their
// bases and closes the relation.
func (c *compiler) resolveIdentities() {
	var all []*Identity
	for _, m := range c.loaded {
		for _, u := range m.units {
			for _, st := range u.src.st.sub {
				id := m.identities[st.arg]
				if st.keyword != "identity" || id == nil || m.identDefs[id].st != st {
					continue
				}
				all = append(all, id)
				for _, b := range st.sub {
					if b.keyword == "base" {
						if base := c.identity(u, b); base != nil {
							id.Bases = append(id.Bases, base)
						}
					}
				}
			}
		}
	}
	for _, id := range all {
		id.ancestors = map[childKey]bool{}
		queue := slices.Clone(id.Bases)
		for len(queue) > 0 {
			b := queue[0]
			queue = queue[1:]
			if b.key() == id.key() {
				c.problems.add(Problem{Module: id.Module.Name, Reason: "identity " + quote(id.Name) + " is derived from itself"})
				continue
			}
			if !id.ancestors[b.key()] {
				id.ancestors[b.key()] = true
				queue = append(queue, b.Bases...)
			}
		}
	}
	c.identities = all
	c.values = &values{identities: map[childKey]*Identity{}}
	for _, id := range all {
		key := id.key()
		if c.values.identities[key] == nil || id.Module.Implemented {
			c.values.identities[key] = id
		}
	}
}
