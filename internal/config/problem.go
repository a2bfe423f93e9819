package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// MaxProblems bounds how many problems of one file are reported.
const MaxProblems = 50

// Problem is one thing that is wrong with a file.
type Problem struct {
	// Line and Column count from 1; Column 0 is the whole line, Line 0 the
	// whole file.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Path is such as devices[0].address; "" is the whole file.
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

// Error is all that is wrong with one file, by position.
type Error struct {
	File     string
	Problems []Problem // at least one, at most MaxProblems
	More     int       // further problems that were left out
}

// Error lists the problems, one a line: file:line:column: path: message.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		if p.Column > 0 {
			fmt.Fprintf(&b, ":%d", p.Column)
		}
		if p.Path != "" {
			b.WriteString(": " + p.Path)
		}
		b.WriteString(": " + p.Message)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\n%s: and %d more problems", e.File, e.More)
	}
	return b.String()
}

// problems collects what is wrong with a file.
type problems struct {
	list []Problem
	more int
}

func (p *problems) add(problem Problem) {
	if len(p.list) == MaxProblems {
		p.more++
		return
	}
	p.list = append(p.list, problem)
}

// err returns nil if there are no problems.
func (p *problems) err(file string) error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &Error{File: file, Problems: p.list, More: p.more}
}
