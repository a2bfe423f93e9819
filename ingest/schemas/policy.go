package schemas

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"strings"

	"nettwin/ontology/yang"
)

// Policy says what of a device's data is not state of the network. It is
// data (LoadPolicy); the zero value reads everything.
type Policy struct {
	skip     map[string]bool // top-level nodes, module:name
	measures map[string]bool // properties by IRI
}

// LoadPolicy reads a table of lines with two cells separated by a tab:
//
//	skip	MODULE:NODE           a top-level node that is not asked for
//	measure	MODULE/PATH…          a leaf, by its IRI below yang.Namespace, whose value
//	                              moves while nothing changes: kept apart like a counter
//
// Empty lines and lines that begin with # say nothing. Errors name file and
// line.
func LoadPolicy(fsys fs.FS, name string) (Policy, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return Policy{}, fmt.Errorf("policy: %w", err)
	}
	p := Policy{skip: map[string]bool{}, measures: map[string]bool{}}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if err := p.line(line); err != nil {
			return Policy{}, fmt.Errorf("policy: %s:%d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return Policy{}, fmt.Errorf("policy: %s: %w", name, err)
	}
	return p, nil
}

func (p Policy) line(line string) error {
	kind, value, _ := strings.Cut(line, "\t")
	value = strings.TrimSpace(value)
	switch module, node, _ := strings.Cut(value, ":"); {
	case kind == "skip" && module != "" && node != "" && !strings.ContainsAny(value, "/ \t"):
		p.skip[value] = true
	case kind == "skip":
		return fmt.Errorf("skip %q: expected MODULE:NODE", value)
	case kind == "measure" && strings.Contains(value, "/") && !strings.ContainsAny(value, " \t"):
		p.measures[yang.Namespace+strings.TrimPrefix(value, yang.Namespace)] = true
	case kind == "measure":
		return fmt.Errorf("measure %q: expected MODULE/PATH", value)
	default:
		return fmt.Errorf("%q is neither skip nor measure", kind)
	}
	return nil
}

// Skips tells whether a top-level node, module:name, is not asked for.
func (p Policy) Skips(root string) bool { return p.skip[root] }

// Measures tells whether a property, by its IRI, moves while nothing changes.
func (p Policy) Measures(property string) bool { return p.measures[property] }
