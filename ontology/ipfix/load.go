package ipfix

import (
	"bufio"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"nettwin/graph/rdf"
)

// Files of the tables.
const (
	elementFiles = "ipfix*.tsv"
	rolesFile    = "flow.tsv"
	netflow5File = "netflow5.tsv"
)

// Limits of the tables.
const (
	maxSlots = 64 // of keys and of counters together
	maxLine  = 1 << 16
	// netflow5Bytes is the length of a NetFlow v5 record.
	netflow5Bytes = 48
)

// Load reads the tables in folder dir of fsys. Errors name file and line.
func Load(fsys fs.FS, dir string) (*Tables, error) {
	t := &Tables{elements: map[ID]*Element{}, byName: map[string]*Element{}, fields: map[ID]*Field{}}
	files, err := fs.Glob(fsys, path.Join(dir, elementFiles))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no file matches %s", dir, elementFiles)
	}
	if err != nil {
		return nil, fmt.Errorf("load information elements: %w", err)
	}
	for _, file := range files {
		if err := lines(fsys, file, 6, t.element); err != nil {
			return nil, fmt.Errorf("load information elements: %w", err)
		}
	}
	if err := t.loadRoles(fsys, path.Join(dir, rolesFile)); err != nil {
		return nil, fmt.Errorf("load roles of information elements: %w", err)
	}
	size := 0
	file := path.Join(dir, netflow5File)
	if err := lines(fsys, file, 2, func(cells []string) error { return t.specLine(cells, &size) }); err != nil {
		return nil, fmt.Errorf("load record of NetFlow v5: %w", err)
	}
	if size != netflow5Bytes {
		return nil, fmt.Errorf("load record of NetFlow v5: %s: the fields have %d octets, expected %d", file, size, netflow5Bytes)
	}
	if err := t.loadSFlow(fsys, dir); err != nil {
		return nil, fmt.Errorf("load samples of sFlow: %w", err)
	}
	return t, nil
}

// lines calls f for each row of a file with its cells, split at tabs.
func lines(fsys fs.FS, file string, cells int, f func([]string) error) error {
	return rows(fsys, file, func(row []string) error {
		if len(row) != cells {
			return fmt.Errorf("%d cells, expected %d (- stands for nothing)", len(row), cells)
		}
		return f(row)
	})
}

// rows calls f for each row of a file with its cells, of which none is empty.
func rows(fsys fs.FS, file string, f func([]string) error) error {
	in, err := fsys.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	s := bufio.NewScanner(in)
	s.Buffer(nil, maxLine)
	for line := 1; s.Scan(); line++ {
		text := strings.TrimRight(s.Text(), "\r")
		if text == "" || text[0] == '#' {
			continue
		}
		row := strings.Split(text, "\t")
		if slices.Contains(row, "") {
			return fmt.Errorf("%s:%d: a cell is empty (- stands for nothing)", file, line)
		}
		if err := f(row); err != nil {
			return fmt.Errorf("%s:%d: %w", file, line, err)
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// element reads enterprise, number, name, type, semantics and unit.
func (t *Tables) element(cells []string) error {
	enterprise, err := strconv.ParseUint(cells[0], 10, 32)
	if err != nil {
		return fmt.Errorf("enterprise %q: expected a number of 32 bits", cells[0])
	}
	number, err := strconv.ParseUint(cells[1], 10, 15)
	if err != nil {
		return fmt.Errorf("number %q: expected a number of 15 bits (RFC 7011 §3.2)", cells[1])
	}
	typ, ok := typeNames[cells[3]]
	if !ok {
		return fmt.Errorf("%s: type %q is none of RFC 7012 §3.1", cells[2], cells[3])
	}
	e := &Element{ID: ID{uint32(enterprise), uint16(number)}, Name: cells[2], Type: typ,
		Semantics: absent(cells[4]), Unit: absent(cells[5]), Term: rdf.IRI(NS + cells[2])}
	if err := rdf.CheckIRI(e.Term.Value()); err != nil || strings.ContainsAny(e.Name, "/#?") {
		return fmt.Errorf("name %q cannot be the end of an IRI", e.Name)
	}
	if old := t.elements[e.ID]; old != nil {
		return fmt.Errorf("%s has the number of %s", e.Name, old.Name)
	}
	if old := t.byName[e.Name]; old != nil {
		return fmt.Errorf("the name %s is taken by %d/%d", e.Name, old.Enterprise, old.Number)
	}
	t.elements[e.ID], t.byName[e.Name] = e, e
	return nil
}

func absent(cell string) string {
	if cell == "-" {
		return ""
	}
	return cell
}

func (t *Tables) specLine(cells []string, size *int) error {
	e := t.byName[cells[0]]
	if e == nil {
		return fmt.Errorf("%q is no element of %s", cells[0], elementFiles)
	}
	n, err := strconv.Atoi(cells[1])
	if err != nil || n < 1 || n > netflow5Bytes {
		return fmt.Errorf("%s: %q octets, expected 1 to %d", e.Name, cells[1], netflow5Bytes)
	}
	*size += n
	t.netflow5 = append(t.netflow5, FieldSpec{e, n})
	return nil
}
