package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/disk/internal/dict"
	"nettwin/graph/disk/internal/history"
	"nettwin/graph/disk/internal/runs"
	"nettwin/graph/vfs"
)

// checkCacheBytes is what Check holds of blocks and pages.
const checkCacheBytes = 64 << 20

// Report is what Check found.
type Report struct {
	Files    int    // that were read
	Bytes    int64  // in them
	Records  uint64 // of the log
	Commits  uint64
	Branches int
	Quads    uint64 // in the newest checkpoint of Main
	Terms    uint64 // in the dictionary's files
	// Problems are the damages, at most one for each segment and each file of
	// the dictionary, and all of the log.
	Problems []*graph.CorruptionError
	// Torn is the end of the log if no record stands there that was ever durable
	// as far as the log tells: what a crash leaves, which the next opening cuts
	// off. Damage of the very last record looks the same.
	Torn *graph.CorruptionError
	// Debris are files that nothing names; the next opening removes them.
	Debris []string
}

// OK tells whether all is as it was written.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

// Check reads every byte of the store in dir, which must not be open, and holds
// it against checksums and invariants. It changes nothing. Damages are in the
// report; errors are those of the file system, ErrInUse, ErrNoStore and
// ctx.Err().
func Check(ctx context.Context, fsys vfs.FS, dir string) (Report, error) {
	c := &checker{fs: fsys, dir: dir}
	err := c.run(ctx)
	if err != nil {
		err = fmt.Errorf("check store %s: %w", dir, err)
	}
	return c.report, err
}

// checker is one run of Check.
type checker struct {
	fs      vfs.FS
	dir     string
	salt    []byte
	report  Report
	history *history.History
	commits graph.CommitSeq // in the history
	saved   graph.CommitSeq // in the manifest
	lost    bool            // the number of the next record of the log is not known
}

// note puts a damage into the report; other errors come back.
func (c *checker) note(err error) error {
	var corrupt *graph.CorruptionError
	if errors.As(err, &corrupt) {
		c.report.Problems = append(c.report.Problems, corrupt)
		return nil
	}
	return err
}

func (c *checker) problem(file string, offset int64, format string, args ...any) {
	c.report.Problems = append(c.report.Problems, &graph.CorruptionError{File: file, Offset: offset, Reason: fmt.Sprintf(format, args...)})
}

func (c *checker) run(ctx context.Context) error {
	if _, err := c.fs.Stat(filepath.Join(c.dir, storeName)); err != nil {
		return fmt.Errorf("%w: %w", ErrNoStore, err)
	}
	lock, err := c.fs.Lock(filepath.Join(c.dir, lockName))
	if err != nil {
		return fmt.Errorf("%w: stop the other process: %w", ErrInUse, err)
	}
	defer lock.Close()
	file, err := readStoreFile(c.fs, c.dir)
	if err != nil || file == nil {
		return c.note(err) // nothing can be read without the salt
	}
	c.salt = file.salt[:]
	m, err := readManifest(c.fs, c.dir, c.salt)
	if err != nil {
		return c.note(err)
	}
	if m == nil {
		m = &manifest{firstWAL: 1}
	}
	c.saved = m.commits
	if _, err := readPast(c.fs, c.dir, c.salt); err != nil {
		if err := c.note(err); err != nil {
			return err
		}
	}
	if err := c.listFiles(m); err != nil {
		return err
	}
	for _, part := range []func(context.Context, *manifest) error{c.checkHistory, c.checkTerms, c.checkSegments, c.checkLog} {
		if err := part(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// listFiles counts the files that belong to the store and lists the others
// that have names of ours.
func (c *checker) listFiles(m *manifest) error {
	names, err := c.fs.ReadDir(c.dir)
	if err != nil {
		return err
	}
	named := m.files(&Store{dir: c.dir})
	for _, name := range names {
		path := filepath.Join(c.dir, name)
		ours := strings.HasPrefix(name, segmentPrefix) || strings.HasPrefix(name, dictPrefix)
		if ours && !named[path] || extraArchive(c.dir, names, name) || isHalfArchive(c.dir, name) {
			c.report.Debris = append(c.report.Debris, path)
			continue
		}
		if !ours && !strings.HasPrefix(name, "wal-") && name != storeName && name != manifestName && name != historyName && name != retainedName {
			continue
		}
		info, err := c.fs.Stat(path)
		if err != nil {
			return err
		}
		c.report.Files++
		c.report.Bytes += info.SizeBytes
	}
	return nil
}

func (c *checker) checkHistory(ctx context.Context, m *manifest) error {
	h, err := history.Inspect(c.fs, filepath.Join(c.dir, historyName), c.salt, m.commits)
	if err != nil {
		return c.note(err)
	}
	if err := h.Verify(ctx); err != nil {
		return errors.Join(c.note(err), h.Close())
	}
	c.history, c.commits = h, m.commits // checkLog closes it
	return nil
}

func (c *checker) checkTerms(ctx context.Context, m *manifest) error {
	s := &Store{dir: c.dir}
	d, err := dict.Open(dict.Options{FS: c.fs, Salt: c.salt, Cache: cache.New(checkCacheBytes), Name: s.dictFile, Files: m.dicts})
	if err != nil {
		return c.note(err)
	}
	c.report.Terms = d.Len()
	if d.Len() != m.terms {
		c.problem(filepath.Join(c.dir, manifestName), 0, "it counts %d terms, the dictionary has %d", m.terms, d.Len())
	}
	return errors.Join(c.note(d.Verify(ctx)), d.Close())
}

// checkSegments reads each segment, and, if all are good, each list of them as
// the version that it makes.
func (c *checker) checkSegments(ctx context.Context, m *manifest) error {
	s := &Store{dir: c.dir}
	files := &runs.Files{FS: c.fs, Salt: c.salt, Cache: cache.New(checkCacheBytes), Name: s.segmentFile}
	files.Keep()
	seen, before := map[uint64]bool{}, len(c.report.Problems)
	var err error
	m.lists(func(list []uint64) {
		for _, num := range list {
			if seen[num] || err != nil {
				continue
			}
			seen[num] = true
			err = c.note(files.Verify(ctx, num))
		}
	})
	if err != nil || len(c.report.Problems) > before {
		return err
	}
	opener := files.Opener()
	for _, b := range m.branches {
		v, err := opener.Version(b.segments)
		if err != nil {
			return errors.Join(err, opener.Close())
		}
		if err := v.Check(); err != nil {
			c.problem(filepath.Join(c.dir, manifestName), 0, "branch %q: %v", b.name, err)
		}
		if c.report.Branches++; b.name == graph.Main {
			c.report.Quads = v.Len()
		}
		if err := v.Release(); err != nil {
			return errors.Join(err, opener.Close())
		}
	}
	return opener.Close()
}

// checkLog reads all records, also those that opening does not.
func (c *checker) checkLog(ctx context.Context, m *manifest) error {
	if c.history != nil {
		defer c.history.Close()
	}
	list, err := segments(c.fs, c.dir, m.firstWAL)
	if err != nil {
		return c.note(err)
	}
	if end, _ := splitPosition(m.end); len(list) == 0 || list[len(list)-1] < end {
		c.problem(segmentName(c.dir, max(end, 1)), 0, "the log is missing")
	}
	w := &wal{fs: c.fs, dir: c.dir, salt: c.salt}
	r := &recovery{wal: w, store: &Store{}, report: &OpenReport{}}
	for i, n := range list {
		if err := c.checkLogSegment(ctx, r, n, i == 0, i == len(list)-1); err != nil {
			return err
		}
	}
	if r.number < m.record {
		segment, offset := splitPosition(m.end)
		c.problem(segmentName(c.dir, segment), offset, "the log ends at record %d, the checkpoint is at record %d", r.number, m.record)
	}
	return nil
}

func (c *checker) checkLogSegment(ctx context.Context, r *recovery, n uint64, first, last bool) error {
	name, archived, err := logPath(c.fs, c.dir, n)
	if err != nil {
		return err
	}
	if archived {
		c.lost = c.lost || first
		return c.checkArchive(ctx, r, n)
	}
	f, err := c.fs.OpenFile(name, false)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return err
	}
	head := make([]byte, min(size, segmentHeaderLen))
	if err := readFull(f, head, 0); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if first || c.lost {
		r.number, c.lost = max(segmentFirst(head), 1)-1, false
	}
	if err := checkSegmentHeader(head, c.salt, n, r.number+1); err != nil {
		torn := &tornError{0, err.Error()}
		if err := r.judge(f, name, n, size, torn, last); err != nil {
			return c.note(err)
		}
		c.report.Torn = &graph.CorruptionError{File: name, Reason: torn.reason}
		return nil
	}
	for offset := int64(segmentHeaderLen); offset < size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if offset, err = c.checkRecord(ctx, r, f, name, n, offset, size, last); err != nil {
			return err
		}
	}
	return nil
}

// checkRecord checks the record at offset and returns where the next one
// begins: behind it, or behind what is damaged.
func (c *checker) checkRecord(ctx context.Context, r *recovery, f io.ReaderAt, name string, n uint64, offset, size int64, last bool) (int64, error) {
	payload, err := r.next(io.NewSectionReader(f, offset, size-offset), size-offset)
	var torn *tornError
	switch {
	case errors.As(err, &torn):
		torn.offset = offset
		if err := r.judge(f, name, n, size, torn, last); err != nil {
			if err := c.note(err); err != nil {
				return 0, err
			}
			return c.resync(r, f, offset+1, size)
		}
		c.report.Torn = &graph.CorruptionError{File: name, Offset: offset, Reason: torn.reason}
		return size, nil
	case errors.Is(err, errMisplaced):
		c.problem(name, offset, "%v", err)
		return size, nil
	case err != nil:
		return 0, fmt.Errorf("read %s at offset %d: %w", name, offset, err)
	}
	r.number++
	c.report.Records++
	rec, err := decodeRecord(payload)
	if err != nil {
		c.problem(name, offset, "a record with a good checksum is none: %v", err)
	} else if rec.kind == recordCommit || rec.kind == recordLoad || rec.kind == recordTrimmed {
		if err := c.checkLoad(ctx, rec); err != nil {
			return 0, err
		}
		if err := c.checkCommit(rec, name, n, offset); err != nil {
			return 0, err
		}
	}
	return offset + frameLen + int64(len(payload)), nil
}

// checkLoad reads the segment of a load that the manifest does not name yet,
// which opening keeps.
func (c *checker) checkLoad(ctx context.Context, r *record) error {
	if r.kind != recordLoad || r.commit.Seq <= c.saved {
		return nil
	}
	s := &Store{dir: c.dir}
	name := s.segmentFile(r.segments[0])
	c.report.Debris = slices.DeleteFunc(c.report.Debris, func(other string) bool { return other == name })
	files := &runs.Files{FS: c.fs, Salt: c.salt, Cache: cache.New(checkCacheBytes), Name: s.segmentFile}
	files.Keep()
	return c.note(files.Verify(ctx, r.segments[0]))
}

// checkCommit holds a commit of the log against the history.
func (c *checker) checkCommit(r *record, name string, n uint64, offset int64) error {
	c.report.Commits++
	seq := r.commit.Seq
	if c.history == nil || seq > c.commits {
		return nil
	}
	node, err := c.history.Node(seq)
	if err != nil {
		return c.note(err)
	}
	if node.Pos != position(n, offset) || node.Parent != r.commit.Parent || !node.Time.Equal(r.commit.Time) ||
		node.Adds != r.commit.Adds || node.Dels != r.commit.Deletes {
		c.problem(name, offset, "commit %d is not the one that the history says", seq)
	}
	return nil
}

// resync returns the offset of the next good record, the end if there is none.
func (c *checker) resync(r *recovery, f io.ReaderAt, from, size int64) (int64, error) {
	number := r.number
	r.number = ^uint64(0) // any record has a smaller one
	at, err := r.search(f, from, size)
	r.number = number
	if err != nil || at < 0 {
		return size, err
	}
	head := make([]byte, frameLen)
	if err := readFull(f, head, at); err != nil {
		return 0, err
	}
	fr, _ := parseFrame(head)
	r.number = fr.number - 1
	return at, nil
}
