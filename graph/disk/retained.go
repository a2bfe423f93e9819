package disk

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"nettwin/graph"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/vfs"
)

// RETAINED says what of the past the log has lost of some graphs. It is text,
// one class of graphs a line, ending with the CRC-32C of the store's salt and
// the lines above:
//
//	nettwin retained
//	format 1
//	graph <https://noc.example/graph/source/> floor 1234 segment 7
//	crc 89abcdef
//
// Versions before the floor lack the class. Archives of segments of the log
// before the one named have lost its quads; others may have, up to the floor. A
// floor is durable before anything is lost below it.
const (
	retainedName    = "RETAINED"
	retainedTmpName = "RETAINED.tmp"
	retainedTitle   = "nettwin retained\nformat 1\n"

	maxRetainedBytes = 1 << 20
)

// past is what is not retained of some graphs, immutable.
type past struct {
	classes []class // the longest names first
}

// class is the graphs of a GraphRetention, or of one that was given once.
type class struct {
	graph   string
	floor   graph.CommitSeq
	segment uint64
}

// of returns the class of a graph; false if there is none.
func (p *past) of(g graph.Term) (class, bool) {
	for _, c := range p.classes {
		if g.IsZero() && c.graph == "" || g.IsIRI() && c.graph != "" && covers(c.graph, g.Value()) {
			return c, true
		}
	}
	return class{}, false
}

// missing names the classes that the version after a commit lacks.
func (p *past) missing(seq graph.CommitSeq) (out []string) {
	for _, c := range p.classes {
		if seq < c.floor {
			out = append(out, c.graph)
		}
	}
	return out
}

// crossed tells whether the way to a version, from where it parts from another,
// leads through a floor that the version itself is not below of: commits there
// may have lost changes that it has.
func (p *past) crossed(meet, seq graph.CommitSeq) bool {
	return slices.ContainsFunc(p.classes, func(c class) bool { return meet < c.floor && c.floor <= seq })
}

func (p *past) encode(salt []byte) []byte {
	var b bytes.Buffer
	b.WriteString(retainedTitle)
	for _, c := range p.classes {
		fmt.Fprintf(&b, "graph <%s> floor %d segment %d\n", c.graph, c.floor, c.segment)
	}
	fmt.Fprintf(&b, "crc %08x\n", intact.Sum(salt, b.Bytes()))
	return b.Bytes()
}

// decodePast reads RETAINED; its errors say what is wrong.
func decodePast(b, salt []byte) (*past, error) {
	rest, ok := strings.CutPrefix(string(b), retainedTitle)
	at := strings.LastIndex(rest, "crc ")
	if !ok || at < 0 || at > 0 && rest[at-1] != '\n' {
		return nil, errors.New("it is not what a store retains")
	}
	sum, err := hex.DecodeString(strings.TrimSuffix(rest[at+len("crc "):], "\n"))
	if err != nil || fmt.Sprintf("%08x\n", intact.Sum(salt, b[:len(retainedTitle)+at])) != rest[at+len("crc "):] || len(sum) != 4 {
		return nil, errors.New("its checksum is wrong, or it is of another store")
	}
	p := &past{}
	for line := range strings.Lines(rest[:at]) {
		var c class
		name, numbers, found := strings.Cut(strings.TrimPrefix(line, "graph <"), "> ")
		if _, err := fmt.Sscanf(numbers, "floor %d segment %d\n", &c.floor, &c.segment); err != nil || !found || len(p.classes) == maxClasses {
			return nil, fmt.Errorf("%q is no class of graphs", strings.TrimSuffix(line, "\n"))
		}
		c.graph = name
		p.classes = append(p.classes, c)
	}
	return p, nil
}

// readPast returns an empty past if there is no file.
func readPast(fsys vfs.FS, dir string, salt []byte) (*past, error) {
	name := filepath.Join(dir, retainedName)
	f, err := fsys.OpenFile(name, false)
	if errors.Is(err, fs.ErrNotExist) {
		return &past{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, maxRetainedBytes))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	p, err := decodePast(b, salt)
	if err != nil {
		return nil, &graph.CorruptionError{File: name, Reason: err.Error() + "; " + adviceCorrupt}
	}
	return p, nil
}

// past returns what is not retained now.
func (s *Store) past() *past {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.lacking
}

// setPast makes what is not retained durable, and then true for readers. The
// caller holds saving.
func (s *Store) setPast(p *past) error {
	if slices.Equal(p.classes, s.past().classes) {
		return nil
	}
	b := p.encode(s.wal.salt)
	if len(b) > maxRetainedBytes {
		return fmt.Errorf("%s of %d bytes is beyond the limit of %d: %w", retainedName, len(b), maxRetainedBytes, graph.ErrTooLarge)
	}
	if err := writeFile(s.o.FS, s.dir, retainedTmpName, retainedName, b); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lacking = p
	return nil
}

// raise lets go of the past of graphs of which less is retained than of others,
// now that a checkpoint is durable. The caller holds saving.
func (s *Store) raise(c *checkpoint) error {
	if len(s.o.Retention.Graphs) == 0 {
		return nil
	}
	old := s.past()
	next := &past{classes: slices.Clone(old.classes)}
	for _, g := range s.o.Retention.Graphs {
		if !slices.ContainsFunc(next.classes, func(c class) bool { return c.graph == g.Graph }) {
			next.classes = append(next.classes, old.newClass(g.Graph, s.wal.first))
		}
	}
	for i := range next.classes {
		one := &next.classes[i]
		limits, ok := s.o.Retention.of(one.graph)
		if !ok {
			continue
		}
		floor, err := s.oldest(c, limits)
		if err != nil {
			return err
		}
		one.floor = max(one.floor, floor)
	}
	floor := s.floor.Load()
	next.classes = slices.DeleteFunc(next.classes, func(c class) bool { return c.floor <= floor })
	slices.SortFunc(next.classes, func(a, b class) int {
		if n := len(b.graph) - len(a.graph); n != 0 {
			return n
		}
		return strings.Compare(a.graph, b.graph)
	})
	return s.setPast(next)
}

// newClass is a class that was not there before: of its graphs the past may be
// lost already as part of a larger one.
func (p *past) newClass(name string, first uint64) class {
	out := class{graph: name, segment: first}
	for _, c := range p.classes {
		if covers(c.graph, name) {
			out.floor = max(out.floor, c.floor)
		}
	}
	return out
}
