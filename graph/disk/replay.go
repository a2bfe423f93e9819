package disk

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/disk/internal/dict"
	"nettwin/graph/disk/internal/history"
	"nettwin/graph/disk/internal/runs"
	"nettwin/graph/internal/batch"
	"nettwin/internal/invariant"
)

// Names of files that a manifest names.
const (
	historyName   = "HISTORY"
	segmentPrefix = "seg-"
	dictPrefix    = "dict-"
)

func (s *Store) segmentFile(num uint64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%s%06d", segmentPrefix, num))
}

func (s *Store) dictFile(num uint64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%s%06d", dictPrefix, num))
}

// load opens what the manifest names and replays the log from there.
func (s *Store) load(salt []byte) error {
	if err := s.o.FS.SyncDir(s.dir); err != nil { // a process that was killed may not have
		return err
	}
	m, err := readManifest(s.o.FS, s.dir, salt)
	if err != nil {
		return err
	}
	known := m != nil
	if !known {
		m = &manifest{firstWAL: 1, branches: []savedBranch{{name: graph.Main}}}
	}
	s.floor.Store(m.floor)
	if s.lacking, err = readPast(s.o.FS, s.dir, salt); err != nil {
		return err
	}
	old, err := s.o.FS.ReadDir(s.dir)
	if err != nil {
		return err
	}
	list, err := segments(s.o.FS, s.dir, m.firstWAL)
	if err != nil {
		return err
	}
	s.wal = &wal{fs: s.o.FS, dir: s.dir, salt: salt, segmentBytes: s.o.SegmentBytes, first: m.firstWAL}
	s.wal.captured(max(m.end, position(1, segmentHeaderLen)))
	s.wal.replayed(m.end, m.record)
	if err := s.openFiles(m, old, salt); err != nil {
		return err
	}
	if err := s.openLines(m, known); err != nil {
		return err
	}
	s.report.Checkpoint = m.commits
	r := &recovery{wal: s.wal, store: s, report: &s.report, from: m.end, number: m.record}
	if err := r.run(list); err != nil {
		return err
	}
	s.logged = s.dict.Len()
	return s.clean(m, old)
}

// clean removes what a crash left: those of the files that were there before
// opening that neither the manifest nor a load in the log names.
func (s *Store) clean(m *manifest, old []string) error {
	named := m.files(s)
	s.mu.RLock()
	for _, v := range s.loads {
		for _, r := range v.Runs() {
			named[r.Segment().Name()] = true
		}
	}
	s.mu.RUnlock()
	for _, name := range old {
		path := filepath.Join(s.dir, name)
		debris := strings.HasPrefix(name, segmentPrefix) || strings.HasPrefix(name, dictPrefix) || isHalfArchive(s.dir, name)
		if n, ok := segmentNumber(s.dir, name); ok && (n < m.firstWAL || extraArchive(s.dir, old, name)) {
			debris = true
		}
		if !debris || named[path] {
			continue
		}
		if err := s.o.FS.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// extraArchive tells whether a file is the archive of a segment that is there,
// so that the archive may be half written.
func extraArchive(dir string, names []string, name string) bool {
	raw, ok := strings.CutSuffix(name, archiveSuffix)
	_, ours := segmentNumber(dir, name)
	return ok && ours && slices.Contains(names, raw)
}

// files are the paths of the segments and dictionary files that m names.
func (m *manifest) files(s *Store) map[string]bool {
	named := map[string]bool{}
	for _, num := range m.dicts {
		named[s.dictFile(num)] = true
	}
	m.lists(func(segments []uint64) {
		for _, num := range segments {
			named[s.segmentFile(num)] = true
		}
	})
	return named
}

// openFiles opens dictionary, history and the place of segments.
func (s *Store) openFiles(m *manifest, names []string, salt []byte) (err error) {
	blocks := cache.New(s.o.MemoryBytes / 2)
	s.history, err = history.Open(s.o.FS, filepath.Join(s.dir, historyName), salt, m.commits)
	if err != nil {
		return err
	}
	last := lastNumber(names, dictPrefix)
	for _, num := range m.dicts {
		last = max(last, num)
	}
	s.dict, err = dict.Open(dict.Options{FS: s.o.FS, Salt: salt, Cache: blocks, Name: s.dictFile, Files: m.dicts, LastNum: last})
	if err != nil {
		return err
	}
	if n := s.dict.Len(); n != m.terms {
		return s.manifestError("it counts %d terms, the dictionary has %d", m.terms, n)
	}
	s.logged = m.terms
	s.files = &runs.Files{FS: s.o.FS, Salt: salt, Cache: blocks, Name: s.segmentFile}
	s.files.Start(lastNumber(names, segmentPrefix)) // the log may name some that the manifest does not
	newest, err := s.history.Node(m.commits)
	if err != nil {
		return err
	}
	s.seq, s.last = m.commits, newest.Time
	return nil
}

// lastNumber returns the greatest number of a file among names with a prefix.
func lastNumber(names []string, prefix string) (last uint64) {
	for _, name := range names {
		if digits, ok := strings.CutPrefix(name, prefix); ok {
			if n, err := strconv.ParseUint(digits, 10, 64); err == nil && n < maxFileNum {
				last = max(last, n)
			}
		}
	}
	return last
}

// maxFileNum bounds the numbers of files, so that a foreign one cannot use them
// up.
const maxFileNum = 1 << 48

func (s *Store) manifestError(format string, args ...any) error {
	return &graph.CorruptionError{File: filepath.Join(s.dir, manifestName), Reason: fmt.Sprintf(format, args...) + "; " + adviceCorrupt}
}

// openLines makes the branches, and the checkpoint that holds what the
// manifest names, if there is one.
func (s *Store) openLines(m *manifest, known bool) (err error) {
	s.saving.Lock() // merges begin before all is there that the manifest names
	defer s.saving.Unlock()
	s.set = runs.NewSet(runs.Options{Files: s.files, Policy: s.policy, Persist: s.rewrite, Failed: func(err error) { s.fail(err) }})
	c := &checkpoint{record: m.record, end: m.end, seq: m.commits, terms: m.terms, dicts: m.dicts}
	if known {
		s.durable = c
	}
	opener := s.files.Opener()
	defer func() {
		if err != nil {
			s.files.Keep()
		}
		err = errors.Join(err, opener.Close())
	}()
	ids := map[uint64]*line{}
	for _, b := range m.branches {
		v, err := opener.Version(b.segments)
		if err != nil {
			return fmt.Errorf("branch %q: %w", b.name, err)
		}
		frozen := v.Retain()
		l := newLine(b.id, b.name, b.parent, b.base, b.head, s.set.Add(v))
		c.lines = append(c.lines, savedLine{line: l, seq: b.head, cell: s.set.AddFrozen(frozen)})
		if s.branches[b.name] != nil || ids[b.id] != nil || b.head > m.commits {
			return s.manifestError("branch %q is there twice, or its head %d is none", b.name, b.head)
		}
		ids[b.id], s.branches[b.name] = l, l
	}
	if s.main = s.branches[graph.Main]; s.main == nil {
		return s.manifestError("it has no branch %q", graph.Main)
	}
	s.setFlush(s.main.headCell.Len())
	for _, k := range m.kept {
		v, err := opener.Version(k.segments)
		if err != nil {
			return fmt.Errorf("commit %d: %w", k.seq, err)
		}
		cell := s.set.AddFrozen(v)
		if ids[k.branch] == nil {
			return s.manifestError("it keeps commit %d of a branch that is not there", k.seq)
		}
		c.kept = append(c.kept, savedLine{line: ids[k.branch], seq: k.seq, cell: cell})
	}
	for _, k := range m.loads {
		v, err := opener.Version(k.segments)
		if err != nil {
			return fmt.Errorf("load %d: %w", k.seq, err)
		}
		s.keepLoad(k.seq, v)
	}
	return nil
}

// replay repeats a record that the log holds at pos. Records come in the order
// in which they were appended. An error means that the record does not follow
// from those before, so the log is not what was written.
func (s *Store) replay(r *record, pos, number uint64) error {
	switch r.kind {
	case recordCommit, recordLoad:
		return s.replayCommit(r, pos)
	case recordFork:
		return s.replayFork(r, number)
	case recordDrop:
		return s.replayDrop(r)
	}
	return fmt.Errorf("record of kind %d", r.kind)
}

func (s *Store) replayCommit(r *record, pos uint64) error {
	l := s.branches[r.commit.Branch]
	switch c := &r.commit; {
	case l == nil:
		return fmt.Errorf("commit %d on branch %q, which does not exist", c.Seq, c.Branch)
	case c.Seq != s.seq+1 || c.Parent != l.tip:
		return fmt.Errorf("commit %d after %d follows commit %d: branch %q is at %d and the store at %d",
			c.Seq, c.Parent, s.seq, c.Branch, l.tip, s.seq)
	case !c.Time.After(s.last):
		return fmt.Errorf("commit %d is dated %s, not after the one before", c.Seq, c.Time)
	case r.firstTerm != s.dict.Len():
		return fmt.Errorf("commit %d numbers terms from %d, the dictionary has %d", c.Seq, r.firstTerm, s.dict.Len())
	}
	for _, t := range r.terms {
		if err := s.dict.AddRaw(t); err != nil {
			return err
		}
	}
	s.logged = s.dict.Len()
	var run *runs.Run
	var err error
	if r.kind == recordLoad {
		run, err = s.openLoad(r)
	} else {
		err = s.checkChanges(l, r.changes)
	}
	if err != nil {
		return fmt.Errorf("commit %d: %w", r.commit.Seq, err)
	}
	if err := s.set.WaitRoom(s.ctx, l.tipCell); err != nil {
		return err
	}
	commit := r.commit
	old := l.tipCell
	cell, err := s.advance(l, &commit, r.changes, run, pos)
	if err != nil {
		return err
	}
	l.head, l.headCell, l.headCommit = l.tip, cell, l.tipCommit
	s.relieve(l)
	return s.removed(s.set.Remove(old))
}

// checkChanges holds what a record says against the order of its quads and the
// dictionary; under invariants also against the version that it changes.
func (s *Store) checkChanges(l *line, c *batch.Changes) error {
	if c.Len() == 0 {
		return errors.New("it changes nothing")
	}
	v := l.tipCell.Get()
	defer v.Release()
	for half, quads := range [][]graph.Quad{c.Deletes, c.Adds} {
		for i, q := range quads {
			if i > 0 && batch.Compare(quads[i-1], q) >= 0 {
				return fmt.Errorf("quad %v is out of order", q)
			}
			for pos, id := range q {
				if !s.known(pos, id) {
					return fmt.Errorf("quad %v has an unknown id", q)
				}
			}
			if !invariant.Enabled {
				continue
			}
			if has, err := v.Has(q); err != nil || has != (half == 0) {
				return errors.Join(err, fmt.Errorf("quad %v changes nothing", q))
			}
		}
	}
	return nil
}

func (s *Store) known(pos int, id graph.TermID) bool {
	switch id.Tag() {
	case graph.TagSpecial:
		return pos == graph.G && id == graph.DefaultGraph
	case graph.TagIRI, graph.TagBNode, graph.TagLiteral, graph.TagTriple:
		return id.Payload() < s.dict.Len()
	}
	_, ok := id.Term()
	return ok
}

func (s *Store) replayFork(r *record, number uint64) error {
	from := s.branches[r.parent]
	if err := batch.CheckBranchName(r.name); err != nil {
		return err
	}
	if from == nil || s.branches[r.name] != nil {
		return fmt.Errorf("fork of %q from %q: no such parent, or the name is taken", r.name, r.parent)
	}
	n, err := s.history.Ancestor(from.tip, r.base)
	if err != nil {
		return err
	}
	if n.Seq != r.base {
		return fmt.Errorf("fork of %q from commit %d, which is not on %q", r.name, r.base, r.parent)
	}
	v, err := s.version(r.base)
	if err != nil {
		return err
	}
	l := newLine(number, r.name, from.name, r.base, r.base, s.set.Add(v))
	s.branches[r.name] = l
	s.relieve(l)
	return nil
}

// relieve asks for a checkpoint, which comes after the record that is being
// replayed, if merges alone may not make room in the line's list.
func (s *Store) relieve(l *line) {
	if l.tipCell.Full() {
		s.due.Store(true)
	}
}

func (s *Store) replayDrop(r *record) error {
	if r.name == graph.Main || s.branches[r.name] == nil {
		return fmt.Errorf("drop of branch %q, which cannot be", r.name)
	}
	return s.removeLine(r.name)
}
