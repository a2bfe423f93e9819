package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
)

const base = "https://bench.example/"

// segmentBytes is the size of the log's files, smaller than by default so that a
// run closes some and shows what they are compressed to.
const segmentBytes = 1 << 20

// store is an engine of this project.
type store struct {
	graph.Loader
	open func() (graph.Loader, error)
	dir  string // "": in memory
}

func openDisk(dir string) (engine, error) {
	open := func() (graph.Loader, error) {
		return disk.Open(dir, disk.Options{Base: base, SegmentBytes: segmentBytes})
	}
	s, err := open()
	return &store{Loader: s, open: open, dir: dir}, err
}

func openMem() (engine, error) {
	return &store{Loader: mem.New(mem.Options{Base: base})}, nil
}

func (s *store) load(ctx context.Context, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	l, err := s.Load(ctx, graph.LoadOptions{Note: "load"})
	if err != nil {
		return err
	}
	if _, err = graph.AddDocument(ctx, l, bufio.NewReaderSize(f, 1<<20), rdf.NQuads, graph.DocumentOptions{}); err == nil {
		_, err = l.Commit(ctx)
	}
	return errors.Join(err, l.Abort())
}

func (s *store) reopen() error {
	if s.dir == "" {
		return nil
	}
	err := s.Close()
	if err == nil {
		s.Loader, err = s.open()
	}
	return err
}

func (s *store) commit(ctx context.Context, b *graph.Batch) (uint64, error) {
	c, err := s.Commit(ctx, b)
	return c.Adds + c.Deletes, err
}

func (s *store) tidy(ctx context.Context) error {
	if d, ok := s.Loader.(*disk.Store); ok {
		return d.Compact(ctx)
	}
	return nil
}

func (s *store) settle(ctx context.Context) error {
	if d, ok := s.Loader.(*disk.Store); ok {
		return d.Checkpoint(ctx)
	}
	return nil
}

// sizes adds up the files of each kind. The log as it is archived waits for the
// compression, which runs behind checkpoints.
func (s *store) sizes() (index, dictionary, log int64, err error) {
	if s.dir == "" {
		return 0, 0, 0, nil
	}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end) && s.unpacked(); {
		time.Sleep(50 * time.Millisecond)
	}
	list, err := os.ReadDir(s.dir)
	for _, e := range list {
		info, err := e.Info()
		if err != nil {
			continue // it was merged meanwhile
		}
		switch {
		case strings.HasPrefix(e.Name(), "seg-"):
			index += info.Size()
		case strings.HasPrefix(e.Name(), "dict-"):
			dictionary += info.Size()
		case strings.HasPrefix(e.Name(), "wal-"):
			log += info.Size()
		}
	}
	return index, dictionary, log, err
}

// unpacked tells whether closed files of the log wait for their compression.
func (s *store) unpacked() bool {
	all, err := filepath.Glob(filepath.Join(s.dir, "wal-*"))
	packed, err2 := filepath.Glob(filepath.Join(s.dir, "wal-*.z"))
	return err == nil && err2 == nil && len(all)-len(packed) > 1
}

func (s *store) close() error { return s.Close() }

func (s *store) read() (reader, error) { return s.readBranch("") }

func (s *store) readBranch(name string) (reader, error) {
	snap, err := s.Snapshot(graph.At{Branch: name})
	return &snapshot{snap}, err
}

func (s *store) readAt(seq graph.CommitSeq) (reader, error) {
	snap, err := s.Snapshot(graph.At{Seq: seq})
	return &snapshot{snap}, err
}

func (s *store) head() graph.CommitSeq { return s.Info().Head }

func (s *store) fork(ctx context.Context, name string) error {
	_, err := s.Fork(ctx, name, graph.At{})
	return err
}

func (s *store) diff(ctx context.Context, branch string) (n uint64, err error) {
	from, err := s.Snapshot(graph.At{})
	if err != nil {
		return 0, err
	}
	defer from.Close()
	to, err := s.Snapshot(graph.At{Branch: branch})
	if err != nil {
		return 0, err
	}
	defer to.Close()
	err = s.Diff(ctx, from, to, func(graph.Change) bool { n++; return true })
	return n, err
}

// snapshot is a reader of an engine of this project.
type snapshot struct{ graph.Snapshot }

func (s *snapshot) close() error { return s.Close() }

func (s *snapshot) ids(terms []rdf.Term, out []graph.TermID) error { return s.IDs(terms, out) }

func (s *snapshot) sum(ctx context.Context) (rows, sum uint64, err error) {
	err = s.chunks(ctx, graph.Pattern{}, graph.PSOG, func(c *graph.Chunk) error {
		for _, id := range c.Cols[graph.S] {
			sum += uint64(id)
		}
		rows += uint64(c.Len())
		return nil
	})
	return rows, sum, err
}

func (s *snapshot) chunks(ctx context.Context, p graph.Pattern, o graph.Order, f func(*graph.Chunk) error) error {
	c, err := s.Scan(p, o)
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		chunk, err := c.Next(ctx)
		if chunk == nil || err != nil {
			return err
		}
		if err := f(chunk); err != nil {
			return err
		}
	}
}

func (s *snapshot) count(_ context.Context, p graph.TermID) (uint64, error) {
	return s.Count(graph.Pattern{graph.P: p})
}

// seeker opens a scan each time.
func (s *snapshot) seeker(ctx context.Context, p graph.TermID) (func(graph.TermID) (uint64, error), error) {
	return func(id graph.TermID) (uint64, error) {
		c, err := s.Scan(graph.Pattern{graph.S: id, graph.P: p}, graph.PSOG)
		if err != nil {
			return 0, err
		}
		defer c.Close()
		n := uint64(0)
		for {
			chunk, err := c.Next(ctx)
			if chunk == nil || err != nil {
				return n, err
			}
			n += uint64(chunk.Len())
		}
	}, nil
}

func (s *snapshot) describe(ctx context.Context, id graph.TermID, f func(q rdf.Quad)) error {
	return s.chunks(ctx, graph.Pattern{graph.S: id}, graph.SPOG, func(c *graph.Chunk) error {
		var cols [4][]rdf.Term
		for pos := range cols {
			cols[pos] = make([]rdf.Term, c.Len())
			if err := s.Terms(c.Cols[pos], cols[pos]); err != nil {
				return fmt.Errorf("terms: %w", err)
			}
		}
		for i := range c.Len() {
			f(rdf.Quad{S: cols[graph.S][i], P: cols[graph.P][i], O: cols[graph.O][i], G: cols[graph.G][i]})
		}
		return nil
	})
}
