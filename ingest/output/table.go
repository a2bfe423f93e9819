package output

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"nettwin/graph/rdf"
)

// tableFiles is where the tables lie in the knowledge folder.
const tableFiles = "map/output-*.tsv"

// Tables say which of an answer is which fact. They are immutable.
type Tables struct {
	envelopes map[string]bool
	outputs   []*output
}

// output is one form of answer.
type output struct {
	name   string
	when   []pattern      // nodes that tell the form, all of them
	begins *regexp.Regexp // what text has somewhere
	lacks  []*regexp.Regexp
	lines  []lineRule
	picks  []*pick
}

// pattern is a path whose value, if there is a pattern, must match it.
type pattern struct {
	at    steps
	value *regexp.Regexp
}

// lineRule makes a node of a line of text.
type lineRule struct {
	path    []string
	pattern *regexp.Regexp
	begin   bool // a new node; else more of the last one
}

// pick takes nodes and states facts of each.
type pick struct {
	at     steps
	where  []pattern
	unless []pattern
	lets   []let
	things []*thing
}

// let names a text.
type let struct {
	name string
	from source
}

// source is where a text comes from: a path or a template.
type source struct {
	at        steps
	template  *template
	functions []function
}

// thing is one of which facts are stated.
type thing struct {
	name   template
	class  rdf.Term
	within *template
	leaves []leaf
}

// leaf is a property and where its values come from.
type leaf struct {
	property rdf.Term
	datatype string
	from     source
}

// Load reads the tables of a knowledge folder. Errors name file and line.
func Load(knowledge fs.FS) (*Tables, error) {
	files, err := fs.Glob(knowledge, tableFiles)
	if err != nil {
		return nil, err
	}
	t := &Tables{envelopes: map[string]bool{}}
	for _, file := range files {
		text, err := fs.ReadFile(knowledge, file)
		if err != nil {
			return nil, fmt.Errorf("output: table: %w", err)
		}
		if err := t.file(path.Base(file), text); err != nil {
			return nil, fmt.Errorf("output: table: map/%w", err)
		}
	}
	return t, nil
}

func (t *Tables) file(name string, text []byte) error {
	r := &tableReader{tables: t, prefixes: map[string]string{}}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimRight(lines.Text(), "\r")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		if err := r.line(strings.Split(line, "\t")); err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	return lines.Err()
}

// tableReader reads one file.
type tableReader struct {
	tables   *Tables
	prefixes map[string]string
	output   *output
	pick     *pick
	thing    *thing
}

// lineCells is how many cells a line has by its first, and what must stand
// before it.
var lineCells = map[string]struct {
	least, most int
	below       string
}{
	"prefix": {3, 3, ""}, "envelope": {2, 2, ""}, "output": {2, 2, ""},
	"when": {2, 3, "output"}, "text": {2, 2, "output"}, "lacks": {2, 2, "output"}, "row": {3, 3, "output"}, "more": {3, 3, "output"},
	"each": {2, 2, "output"}, "where": {3, 3, "each"}, "unless": {3, 3, "each"}, "let": {3, 4, "each"},
	"thing": {2, 4, "each"}, "leaf": {3, 5, "thing"},
}

var errWords = errors.New("it is none of prefix, envelope, output, when, text, lacks, row, more, each, where, unless, let, thing, leaf")

func (r *tableReader) line(cells []string) error {
	want, known := lineCells[cells[0]]
	if !known {
		return fmt.Errorf("%q: %w", cells[0], errWords)
	}
	if len(cells) < want.least || len(cells) > want.most {
		return fmt.Errorf("%s: %d cells, expected %d to %d separated by tabs", cells[0], len(cells), want.least, want.most)
	}
	if want.below == "output" && r.output == nil || want.below == "each" && r.pick == nil || want.below == "thing" && r.thing == nil {
		return fmt.Errorf("%s: it must stand below %s", cells[0], want.below)
	}
	cell := func(i int) string {
		if i < len(cells) && cells[i] != "-" {
			return cells[i]
		}
		return ""
	}
	switch cells[0] {
	case "prefix":
		r.prefixes[cells[1]] = cells[2]
		return rdf.CheckIRI(cells[2])
	case "envelope":
		r.tables.envelopes[cells[1]] = true
		return nil
	case "output":
		r.output, r.pick, r.thing = &output{name: cells[1]}, nil, nil
		r.tables.outputs = append(r.tables.outputs, r.output)
		return nil
	case "when":
		p, err := parsePattern(cells[1], cell(2))
		r.output.when = append(r.output.when, p)
		return err
	case "text":
		var err error
		r.output.begins, err = regexp.Compile("(?m)" + cells[1])
		return err
	case "lacks":
		re, err := regexp.Compile("(?m)" + cells[1])
		r.output.lacks = append(r.output.lacks, re)
		return err
	case "row", "more":
		re, err := regexp.Compile(cells[2])
		r.output.lines = append(r.output.lines, lineRule{strings.Split(cells[1], "/"), re, cells[0] == "row"})
		return err
	case "each":
		at, err := parseSteps(cells[1])
		r.pick, r.thing = &pick{at: at}, nil
		r.output.picks = append(r.output.picks, r.pick)
		return err
	case "where", "unless":
		p, err := parsePattern(cells[1], cells[2])
		if cells[0] == "where" {
			r.pick.where = append(r.pick.where, p)
		} else {
			r.pick.unless = append(r.pick.unless, p)
		}
		return err
	case "let":
		from, err := r.source(cells[2], cell(3))
		r.pick.lets = append(r.pick.lets, let{cells[1], from})
		return err
	case "thing":
		return r.addThing(cells[1], cell(2), cell(3))
	}
	return r.addLeaf(cells[1], cells[2], cell(3), cell(4))
}

func parsePattern(at, value string) (pattern, error) {
	var p pattern
	var err error
	if p.at, err = parseSteps(at); err != nil || value == "" {
		return p, err
	}
	p.value, err = regexp.Compile(value)
	return p, err
}

// source reads where a text comes from: "=TEMPLATE" or a path.
func (r *tableReader) source(at, functions string) (source, error) {
	var s source
	var err error
	if s.functions, err = parseFunctions(functions); err != nil {
		return s, err
	}
	if text, is := strings.CutPrefix(at, "="); is {
		parsed := parseTemplate(text)
		s.template = &parsed
		return s, nil
	}
	s.at, err = parseSteps(at)
	return s, err
}

func (r *tableReader) addThing(name, class, within string) error {
	r.thing = &thing{name: parseTemplate(name)}
	if class != "" {
		iri, err := r.iri(class)
		if err != nil {
			return err
		}
		r.thing.class = iri
	}
	if within != "" {
		w := parseTemplate(within)
		r.thing.within = &w
	}
	r.pick.things = append(r.pick.things, r.thing)
	return nil
}

// datatypes of leaves, and two kinds of links.
var datatypes = []string{"string", "integer", "decimal", "boolean", "dateTime", "iri", "counter", "ref"}

func (r *tableReader) addLeaf(property, at, datatype, functions string) error {
	iri, err := r.iri(property)
	if err != nil {
		return err
	}
	l := leaf{property: iri, datatype: datatype}
	if l.datatype == "" {
		l.datatype = "string"
	}
	if !slices.Contains(datatypes, l.datatype) {
		return fmt.Errorf("leaf: datatype %q is none of %s", datatype, strings.Join(datatypes, ", "))
	}
	l.from, err = r.source(at, functions)
	r.thing.leaves = append(r.thing.leaves, l)
	return err
}

// iri reads PREFIX:REST.
func (r *tableReader) iri(text string) (rdf.Term, error) {
	prefix, rest, ok := strings.Cut(text, ":")
	space, known := r.prefixes[prefix]
	if !ok || !known {
		return rdf.Term{}, fmt.Errorf("%q: no line prefix above has %q", text, prefix)
	}
	return rdf.IRI(space + rest), rdf.CheckIRI(space + rest)
}
