package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"nettwin/graph"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/internal/batch"
)

// Of a commit whose changes to some graphs are not retained the log keeps the
// others. Its record in the archive is replaced by one of the same length, the
// rest of which is zeros that take no room when they are compressed: so all
// records stay where they are, and nobody who reads them need know more than
// that some changes are missing.

// trimNext takes quads of which the past is not retained out of the oldest
// archive that has them; false if there is none. A failure costs only space.
func (s *Store) trimNext(ctx context.Context) bool {
	n, classes, err := s.trimDue()
	if err == nil && len(classes) > 0 && s.failure() == nil {
		err = s.trim(ctx, n, classes)
	}
	if err != nil && ctx.Err() == nil {
		s.o.Log.Warn("past of graphs not let go", "file", archiveName(s.dir, n), "error", err)
	}
	return err == nil && len(classes) > 0
}

// trimDue returns the oldest archive that all lies below the floor of classes
// whose quads it may have, and these.
func (s *Store) trimDue() (n uint64, classes []string, err error) {
	s.saving.Lock()
	defer s.saving.Unlock()
	n = math.MaxUint64
	for _, c := range s.past().classes {
		next, err := s.history.Node(c.floor + 1)
		if errors.Is(err, graph.ErrNoVersion) {
			continue
		}
		if err != nil {
			return 0, nil, err
		}
		end, _ := splitPosition(next.Pos)
		at := max(c.segment, s.wal.first)
		switch {
		case at >= min(end, s.wal.packed) || at > n:
			continue
		case at < n:
			n, classes = at, nil
		}
		classes = append(classes, c.graph)
	}
	return n, classes, nil
}

// trim replaces an archive and notes that it has lost some classes.
func (s *Store) trim(ctx context.Context, n uint64, classes []string) error {
	a, err := openArchive(s.o.FS, s.dir, s.wal.salt, n)
	if err != nil {
		return err
	}
	lose := map[string]bool{}
	for _, c := range classes {
		lose[c] = true
	}
	t := &trimmer{from: a, salt: s.wal.salt, past: s.past(), lose: lose, terms: terms{s.dict}, known: map[graph.TermID]bool{}}
	tmp := archiveName(s.dir, n) + ".tmp"
	is, err := s.writeTrimmed(ctx, t, tmp, n, a.length)
	if err = errors.Join(err, a.Close()); err != nil {
		return err
	}
	s.saving.Lock()
	defer s.saving.Unlock()
	if n >= s.wal.first {
		if err := s.wal.swap(n, tmp, is); err != nil {
			return err
		}
	} else if err := s.o.FS.Remove(tmp); err != nil { // retention let all of it go meanwhile
		return err
	}
	next := &past{classes: append([]class(nil), s.past().classes...)}
	for i := range next.classes {
		if c := &next.classes[i]; lose[c.graph] && c.segment <= n {
			c.segment = n + 1
		}
	}
	return s.setPast(next)
}

// writeTrimmed writes an archive beside the one that it replaces, and returns
// its size.
func (s *Store) writeTrimmed(ctx context.Context, t *trimmer, tmp string, n uint64, length int64) (int64, error) {
	f, err := s.o.FS.Create(tmp)
	if err != nil {
		return 0, err
	}
	size, err := s.packer.pack(ctx, t, f, s.wal.salt, n, length)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		err = errors.Join(err, s.o.FS.Remove(tmp))
	}
	return size, err
}

// swap puts an archive in the place of an older one of the same segment.
func (w *wal) swap(n uint64, tmp string, sizeBytes int64) error {
	w.reading.Lock()
	defer w.reading.Unlock()
	if w.reader != nil && w.readSeg == n {
		w.reader.Close()
		w.reader = nil
	}
	info, err := w.fs.Stat(archiveName(w.dir, n))
	if err == nil {
		err = w.fs.Rename(tmp, archiveName(w.dir, n))
	}
	if err == nil {
		err = w.fs.SyncDir(w.dir)
	}
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.older += sizeBytes - info.SizeBytes
	return nil
}

// trimmer reads a segment of the log as it is after it lost classes of graphs.
// It is read from the front to the end, as often as one likes.
type trimmer struct {
	from  io.ReaderAt
	salt  []byte
	past  *past
	lose  map[string]bool
	terms terms
	known map[graph.TermID]bool // graphs that go

	buf []byte // the header, or the record that is read
	at  int64  // where it begins
}

// ReadAt implements io.ReaderAt.
func (t *trimmer) ReadAt(p []byte, off int64) (n int, err error) {
	if t.buf == nil || off < t.at {
		t.at, t.buf = 0, make([]byte, segmentHeaderLen)
		if err := readFull(t.from, t.buf, 0); err != nil {
			return 0, err
		}
	}
	for n < len(p) {
		if off < t.at+int64(len(t.buf)) {
			k := copy(p[n:], t.buf[off-t.at:])
			n, off = n+k, off+int64(k)
			continue
		}
		if err := t.next(); err != nil {
			return n, err
		}
	}
	return n, nil
}

// next reads the record behind the one that was read; io.EOF if there is none.
func (t *trimmer) next() error {
	at := t.at + int64(len(t.buf))
	head := make([]byte, frameLen)
	if n, err := t.from.ReadAt(head, at); n < len(head) {
		return err
	}
	f, ok := parseFrame(head)
	if !ok {
		return fmt.Errorf("offset %d: no record where one was written", at)
	}
	payload := make([]byte, f.length)
	if err := readFull(t.from, payload, at+frameLen); err != nil {
		return err
	}
	if intact.Sum(t.salt, head[:summedLen], payload) != f.sum {
		return fmt.Errorf("offset %d: a record's checksum is wrong", at)
	}
	r, err := decodeRecord(payload)
	if err != nil {
		return fmt.Errorf("offset %d: %w", at, err)
	}
	trimmed, err := t.record(r)
	if err != nil {
		return err
	}
	if trimmed != nil && len(trimmed) <= len(payload) {
		clear(payload[copy(payload, trimmed):])
	}
	t.at, t.buf = at, appendFrame(t.buf[:0], t.salt, f.number, f.durable, payload)
	return nil
}

// record returns the payload of a commit without what it loses; nil if that is
// nothing.
func (t *trimmer) record(r *record) ([]byte, error) {
	if r.kind != recordCommit && r.kind != recordTrimmed {
		return nil, nil
	}
	var kept batch.Changes
	for half, quads := range [][]graph.Quad{r.changes.Deletes, r.changes.Adds} {
		for _, q := range quads {
			gone, err := t.loses(q[graph.G])
			switch {
			case err != nil:
				return nil, err
			case gone:
			case half == 0:
				kept.Deletes = append(kept.Deletes, q)
			default:
				kept.Adds = append(kept.Adds, q)
			}
		}
	}
	if kept.Len() == r.changes.Len() {
		return nil, nil
	}
	return encodeRecord(nil, &record{kind: recordTrimmed, commit: r.commit, changes: &kept}), nil
}

// loses tells whether the quads of a graph go.
func (t *trimmer) loses(id graph.TermID) (bool, error) {
	if gone, ok := t.known[id]; ok {
		return gone, nil
	}
	g, err := t.terms.graphName(id)
	if err != nil {
		return false, err
	}
	c, ok := t.past.of(g)
	t.known[id] = ok && t.lose[c.graph]
	return t.known[id], nil
}

// graphName returns the name of a graph, the zero Term for the default graph.
func (t terms) graphName(id graph.TermID) (graph.Term, error) {
	if id == graph.DefaultGraph {
		return graph.Term{}, nil
	}
	if g, ok := id.Term(); ok {
		return g, nil
	}
	var out [1]graph.Term
	err := t.Terms([]graph.TermID{id}, out[:])
	return out[0], err
}

// isHalfArchive tells whether a file is what a crash leaves of a trimmed archive.
func isHalfArchive(dir, name string) bool {
	archive, ok := strings.CutSuffix(name, ".tmp")
	_, ours := segmentNumber(dir, archive)
	return ok && ours && strings.HasSuffix(archive, archiveSuffix)
}
