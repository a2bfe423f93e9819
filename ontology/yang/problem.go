package yang

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that could not be understood. It costs what it names
// and no more: a source, a statement or a value.
type Problem struct {
	Module string // the module, "" if it is not known
	File   string // the name of the source
	Line   int    // 0 if it has no line
	Column int    // of the statement, in octets from 1; 0 if it has none
	Path   string // the schema path or data path, "" for a whole module
	Reason string
}

func (p Problem) String() string {
	var b strings.Builder
	switch {
	case p.Module != "" && p.File != "" && p.Line > 0:
		b.WriteString(p.Module + ": " + p.File + ":")
	case p.Module != "" && p.File != "":
		b.WriteString(p.Module + ": " + p.File + ": ")
	case p.Module+p.File != "":
		b.WriteString(p.Module + p.File + ": ")
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:", p.Line)
		if p.Column > 0 {
			fmt.Fprintf(&b, "%d:", p.Column)
		}
		b.WriteString(" ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	return b.String() + p.Reason
}

// problems collects what went wrong, each once.
type problems struct {
	list []Problem
	seen map[Problem]bool
}

func (ps *problems) add(p Problem) {
	if ps.seen == nil {
		ps.seen = map[Problem]bool{}
	}
	if ps.seen[p] {
		return
	}
	ps.seen[p] = true
	ps.list = append(ps.list, p)
}

func (ps *problems) sorted() []Problem {
	slices.SortStableFunc(ps.list, func(a, b Problem) int {
		if c := strings.Compare(a.Module, b.Module); c != 0 {
			return c
		}
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return cmp.Or(a.Line-b.Line, a.Column-b.Column)
	})
	return ps.list
}
