package yang

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Library holds parsed YANG sources, from which schemas are compiled. It is
// immutable and safe for concurrent use.
type Library struct {
	modules, submodules map[string][]*source // by name, newest revision first
}

// source is one module or submodule as written.
type source struct {
	file, name, revision string
	belongsTo            string // submodules only
	st                   *statement
}

// Parse reads sources: file name → text. A source that breaks the syntax is
// left out and named by a Problem.
func Parse(sources map[string][]byte) (*Library, []Problem) {
	lib := &Library{modules: map[string][]*source{}, submodules: map[string][]*source{}}
	var ps problems
	for _, file := range slices.Sorted(maps.Keys(sources)) {
		src, p := parseSource(file, sources[file])
		if p != nil {
			ps.add(*p)
			continue
		}
		kind := lib.modules
		if src.belongsTo != "" {
			kind = lib.submodules
		}
		same := func(o *source) bool { return o.revision == src.revision }
		if slices.ContainsFunc(kind[src.name], same) {
			continue // the same revision twice: the first file by name counts
		}
		kind[src.name] = append(kind[src.name], src)
	}
	for _, kind := range []map[string][]*source{lib.modules, lib.submodules} {
		for _, list := range kind {
			slices.SortStableFunc(list, func(a, b *source) int { return strings.Compare(b.revision, a.revision) })
		}
	}
	return lib, ps.sorted()
}

func parseSource(file string, text []byte) (*source, *Problem) {
	name, _, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".yang"), "@")
	st, err := parseStatement(text)
	if err != nil {
		p := &Problem{Module: name, File: file, Reason: err.Error()}
		var se *syntaxError
		if errors.As(err, &se) {
			p.Line, p.Column, p.Reason = se.line, se.col, se.reason
		}
		return nil, p
	}
	src := &source{file: file, name: st.arg, st: st}
	bad := func(reason string) (*source, *Problem) {
		return nil, &Problem{Module: name, File: file, Line: st.line, Column: st.col, Reason: reason}
	}
	if !isIdentifier(st.arg) {
		return bad("module name " + quote(st.arg) + " is not an identifier")
	}
	switch st.keyword {
	case "module":
		if st.text("namespace") == "" || st.text("prefix") == "" {
			return bad("module has no namespace or no prefix")
		}
	case "submodule":
		if src.belongsTo = st.text("belongs-to"); src.belongsTo == "" {
			return bad("submodule has no belongs-to")
		}
	default:
		return bad("source holds a " + st.keyword + ", not a module or submodule")
	}
	for _, c := range st.sub {
		if c.keyword == "revision" && c.arg > src.revision {
			src.revision = c.arg
		}
	}
	return src, nil
}

// ParseFS reads every file of fsys whose name ends in ".yang".
func ParseFS(fsys fs.FS) (*Library, []Problem, error) {
	sources := map[string][]byte{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".yang") {
			return err
		}
		sources[name], err = fs.ReadFile(fsys, name)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	lib, ps := Parse(sources)
	return lib, ps, nil
}

// Modules lists the names of the modules, sorted, without submodules.
func (l *Library) Modules() []string { return slices.Sorted(maps.Keys(l.modules)) }

// pick returns a module or submodule: the given revision, or the newest if
// revision is "".
func pick(list []*source, revision string) *source {
	for _, s := range list {
		if revision == "" || s.revision == revision {
			return s
		}
	}
	return nil
}

// isIdentifier tells whether s is an identifier of RFC 7950 §6.2.
func isIdentifier(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '_', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && (c == '-' || c == '.' || '0' <= c && c <= '9'):
		default:
			return false
		}
	}
	return s != ""
}

func quote(s string) string {
	if len(s) > 80 {
		s = s[:80] + "…"
	}
	return `"` + s + `"`
}
