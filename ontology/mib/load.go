package mib

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"nettwin/graph/rdf"
)

// Load reads the tables of facts from dir of fsys: dir/mib/*.tsv,
// dir/selectors.tsv, dir/measures.tsv and dir/walk.tsv; of these only the
// folder mib must exist. Errors name file and line.
func Load(fsys fs.FS, dir string) (*Tables, error) {
	t := &Tables{byName: map[string]*Object{}}
	l := &loader{fsys: fsys, tables: t}
	files, err := fs.Glob(fsys, path.Join(dir, "mib", "*.tsv"))
	if err != nil {
		return nil, fmt.Errorf("load tables of facts: %s: %w", dir, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("load tables of facts: %s: no file matches mib/*.tsv", dir)
	}
	for _, file := range files {
		if err := l.module(file); err != nil {
			return nil, fmt.Errorf("load tables of facts: %w", err)
		}
	}
	steps := []func() error{
		func() error { return l.optional(path.Join(dir, "selectors.tsv"), l.selector) },
		l.link,
		func() error { return l.optional(path.Join(dir, "measures.tsv"), l.measure) },
		func() error { return l.optional(path.Join(dir, "walk.tsv"), l.root) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, fmt.Errorf("load tables of facts: %w", err)
		}
	}
	return t, nil
}

// loader keeps what is known between reading rows and linking them.
type loader struct {
	fsys   fs.FS
	tables *Tables
	rows   []row
}

// row is an object with its references still names.
type row struct {
	at                      place
	object                  *Object
	parent, index, selector string
}

type place struct {
	file string
	line int
}

func (p place) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", p.file, p.line, fmt.Errorf(format, args...))
}

// lines calls f for each row of a file: its cells, split at tabs.
func (l *loader) lines(file string, f func(p place, cells []string) error) error {
	in, err := l.fsys.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	s := bufio.NewScanner(in)
	s.Buffer(nil, maxLine)
	for line := 1; s.Scan(); line++ {
		text := strings.TrimRight(s.Text(), "\r")
		if text == "" || strings.HasPrefix(text, "#") && !strings.HasPrefix(text, modulePrefix) {
			continue
		}
		if err := f(place{file, line}, strings.Split(text, "\t")); err != nil {
			return err
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// maxLine bounds a row: IANAifType's enumeration is the longest at 6 kB.
const maxLine = 1 << 20

const modulePrefix = "# module: "

func (l *loader) optional(file string, f func(p place, cells []string) error) error {
	err := l.lines(file, f)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (l *loader) module(file string) error {
	module := ""
	return l.lines(file, func(p place, cells []string) error {
		if name, ok := strings.CutPrefix(cells[0], modulePrefix); ok {
			module = strings.TrimSpace(name)
			return nil
		}
		if module == "" {
			return p.errorf("the line %q must come before the first object", modulePrefix+"NAME")
		}
		return l.object(p, module, cells)
	})
}

// cellNames in the order of a row.
var cellNames = []string{"oid", "name", "kind", "parent", "index", "syntax", "size", "enum", "selector", "unit", "access"}

var kindNames = map[string]Kind{"group": Group, "scalar": Scalar, "table": Table, "entry": Entry, "column": Column, "notification": Notification}

func (l *loader) object(p place, module string, cells []string) error {
	if len(cells) != len(cellNames) {
		return p.errorf("%d cells, expected %d: %s", len(cells), len(cellNames), strings.Join(cellNames, ", "))
	}
	for i, c := range cells {
		if c == "" {
			return p.errorf("the cell %s is empty: write - for nothing", cellNames[i])
		}
	}
	oid, err := ParseOID(cells[0])
	if err != nil {
		return p.errorf("oid: %w", err)
	}
	kind, ok := kindNames[cells[2]]
	if !ok {
		return p.errorf("the kind %q is none of group, scalar, table, entry, column, notification", cells[2])
	}
	o := &Object{Module: module, Name: cells[1], OID: oid, Kind: kind,
		Term: rdf.IRI(NS + module + "/" + cells[1])}
	if err := o.syntaxCells(p, cells); err != nil {
		return err
	}
	if old := l.tables.insert(o); old != nil {
		return p.errorf("%s has the OID of %s/%s: one of the two must go", o.Name, old.Module, old.Name)
	}
	if old := l.tables.byName[o.Name]; old != nil && (kind == Table || kind == Group) && (old.Kind == Table || old.Kind == Group) {
		return p.errorf("the name %s is taken by %s: things are named by their table, so one must be renamed", o.Name, old.Module)
	}
	l.tables.byName[module+"/"+o.Name] = o
	if l.tables.byName[o.Name] == nil {
		l.tables.byName[o.Name] = o
	}
	l.tables.objects = append(l.tables.objects, o)
	l.rows = append(l.rows, row{at: p, object: o, parent: cells[3], index: cells[4], selector: cells[8]})
	return nil
}

func (o *Object) syntaxCells(p place, cells []string) error {
	name, convention, selected := strings.Cut(cells[5], ":")
	if selected && name == "selected" {
		o.Syntax, o.Convention = Selected, convention
	} else {
		syntax, ok := syntaxNames[cells[5]]
		if !ok {
			return p.errorf("the syntax %q is not known", cells[5])
		}
		o.Syntax = syntax
	}
	if (o.Kind == Scalar || o.Kind == Column) != (o.Syntax != SyntaxNone) {
		return p.errorf("%s: scalars and columns have a syntax, others do not", o.Name)
	}
	if cells[6] != "-" {
		size, err := strconv.Atoi(cells[6])
		if err != nil || size < 0 {
			return p.errorf("the size %q is not a number", cells[6])
		}
		o.Size = size
	}
	if cells[7] != "-" {
		o.Enum = map[int64]string{}
		for item := range strings.SplitSeq(cells[7], ",") {
			label, number, _ := strings.Cut(item, "=")
			n, err := strconv.ParseInt(number, 10, 64)
			if err != nil || label == "" {
				return p.errorf("the enumeration's %q is not label=number", item)
			}
			o.Enum[n] = label
		}
	}
	if cells[9] != "-" {
		o.Unit = cells[9]
	}
	if cells[10] != "-" {
		o.Access = cells[10]
	}
	switch o.Syntax {
	case Counter32, Counter64, TimeTicks:
		o.Measure = true
	}
	return nil
}

// link turns names into objects and sorts.
func (l *loader) link() error {
	for _, r := range l.rows {
		if err := l.linkParent(r); err != nil {
			return err
		}
	}
	for _, r := range l.rows {
		if err := l.linkIndex(r); err != nil {
			return err
		}
		if err := l.linkNotification(r); err != nil {
			return err
		}
		if err := l.linkSelector(r); err != nil {
			return err
		}
	}
	for _, r := range l.rows {
		if err := l.linkAugments(r); err != nil {
			return err
		}
	}
	slices.SortFunc(l.tables.objects, func(a, b *Object) int { return slices.Compare(a.OID, b.OID) })
	for _, o := range l.tables.objects {
		if o.Kind == Column && (o.Parent.Entry == nil || len(o.Parent.Entry.Index) == 0) {
			return fmt.Errorf("module %s: the table %s of %s has no entry with an index", o.Module, o.Parent.Name, o.Name)
		}
	}
	return nil
}

// find resolves a name as module m means it: its own first.
func (l *loader) find(m, name string) *Object {
	if o := l.tables.byName[m+"/"+name]; o != nil {
		return o
	}
	if strings.Contains(name, "/") {
		return l.tables.byName[name]
	}
	return nil
}

func (l *loader) linkParent(r row) error {
	o := r.object
	if o.Kind == Group || o.Kind == Table || o.Kind == Notification {
		return nil
	}
	want := Table
	if o.Kind == Scalar {
		want = Group
	}
	o.Parent = l.find(o.Module, r.parent)
	if o.Parent == nil || o.Parent.Kind != want {
		return r.at.errorf("%s: the parent %q is not in the tables", o.Name, r.parent)
	}
	if o.Kind == Entry {
		o.Parent.Entry = o
	}
	return nil
}

func (l *loader) linkIndex(r row) error {
	o := r.object
	if o.Kind != Entry || strings.HasPrefix(r.index, augments) {
		return nil
	}
	implied := false
	for word := range strings.FieldsSeq(r.index) {
		if word == "IMPLIED" {
			implied = true
			continue
		}
		part := l.find(o.Module, word)
		if part == nil || part.Syntax == SyntaxNone {
			return r.at.errorf("%s: the index object %q is not in the tables: add its module", o.Name, word)
		}
		o.Index = append(o.Index, IndexPart{part, implied})
		implied = false
	}
	return nil
}

func (l *loader) linkNotification(r row) error {
	if r.object.Kind != Notification || r.index == "-" {
		return nil
	}
	for word := range strings.FieldsSeq(r.index) {
		o := l.find(r.object.Module, word)
		if o == nil || o.Syntax == SyntaxNone {
			return r.at.errorf("%s: the object %q is not in the tables: add its module", r.object.Name, word)
		}
		r.object.Objects = append(r.object.Objects, o)
	}
	return nil
}

const augments = "AUGMENTS "

func (l *loader) linkAugments(r row) error {
	name, ok := strings.CutPrefix(r.index, augments)
	if !ok {
		return nil
	}
	other := l.find(r.object.Module, name)
	if other == nil || len(other.Index) == 0 {
		return r.at.errorf("%s: the augmented entry %q has no index in the tables: add its module", r.object.Name, name)
	}
	r.object.Index = other.Index
	return nil
}

func (l *loader) linkSelector(r row) error {
	o := r.object
	if o.Syntax != Selected {
		return nil
	}
	if l.tables.selectors[o.Convention] == nil {
		return r.at.errorf("%s: selectors.tsv does not say how %s is read", o.Name, o.Convention)
	}
	if r.selector == "-" {
		return nil
	}
	if o.Selector = l.find(o.Module, r.selector); o.Selector == nil {
		return r.at.errorf("%s: the selector %q is not in the tables", o.Name, r.selector)
	}
	return nil
}

func (l *loader) selector(p place, cells []string) error {
	if len(cells) != 3 {
		return p.errorf("%d cells, expected 3: convention, label, rendering", len(cells))
	}
	r, ok := renderingNames[cells[2]]
	if !ok {
		return p.errorf("the rendering %q is not known", cells[2])
	}
	t := l.tables
	if t.selectors == nil {
		t.selectors = map[string]map[string]rendering{}
	}
	if t.selectors[cells[0]] == nil {
		t.selectors[cells[0]] = map[string]rendering{}
	}
	if _, dup := t.selectors[cells[0]][cells[1]]; dup {
		return p.errorf("%s has %s twice", cells[0], cells[1])
	}
	t.selectors[cells[0]][cells[1]] = r
	return nil
}

func (l *loader) measure(p place, cells []string) error {
	o := l.tables.byName[cells[0]]
	if o == nil || o.Syntax == SyntaxNone {
		return p.errorf("%q is no scalar or column in the tables", cells[0])
	}
	o.Measure = true
	return nil
}

func (l *loader) root(p place, cells []string) error {
	o := l.tables.byName[cells[0]]
	if o == nil {
		return p.errorf("%q is no object in the tables", cells[0])
	}
	things := l.tables.things(o)
	if len(things) == 0 {
		return p.errorf("%q has no scalar or column below it", cells[0])
	}
	r := Root{Object: o, Things: things}
	if len(cells) > 1 {
		if err := l.condition(p, cells[1:], &r); err != nil {
			return err
		}
	}
	l.tables.walk = append(l.tables.walk, r)
	return nil
}

// condition reads when a root is read: an object and what its value lies under.
func (l *loader) condition(p place, cells []string, r *Root) error {
	if len(cells) != 2 {
		return p.errorf("%d cells, expected 1 or 3: object, condition, under", len(cells)+1)
	}
	r.Condition = l.tables.byName[cells[0]]
	if r.Condition == nil || r.Condition.Kind != Scalar || r.Condition.Syntax != OID {
		return p.errorf("the condition %q is no scalar in the tables whose value is an object identifier", cells[0])
	}
	var err error
	if r.Under, err = ParseOID(cells[1]); err != nil {
		return p.errorf("under: %w", err)
	}
	return nil
}
