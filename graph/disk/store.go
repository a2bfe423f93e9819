package disk

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"nettwin/graph"
	"nettwin/graph/internal/core"
	"nettwin/graph/vfs"
)

// Errors of Open.
var (
	// ErrInUse: another process, or this one, has the store open.
	ErrInUse = errors.New("disk: the store is in use")
	// ErrBase: the store was created with another base IRI.
	ErrBase = errors.New("disk: the store has another base IRI")
	// ErrNoStore: Options.MustExist is set and there is no store.
	ErrNoStore = errors.New("disk: no store there")
)

// Options open a Store. The zero Options open a store that exists.
type Options struct {
	FS           vfs.FS           // nil: that of the operating system
	Base         string           // of a new store; if set, an existing one must have it
	MustExist    bool             // do not create
	Log          *slog.Logger     // nil: silent
	Clock        func() time.Time // nil: time.Now
	Rand         io.Reader        // for the salt of a new store; nil: crypto/rand
	SegmentBytes int64            // 0: DefaultSegmentBytes
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.OS()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = DefaultSegmentBytes
	}
	return o
}

// Store is a graph.Store in a directory.
type Store struct {
	*core.Store
	wal    *wal
	lock   io.Closer
	report OpenReport

	closing  sync.Once
	closeErr error
}

var _ graph.Store = (*Store)(nil)

// Open opens the store in dir, making it if there is none. Errors: ErrInUse,
// ErrBase, ErrNoStore, *graph.CorruptionError, those of the file system.
func Open(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	s, err := open(dir, o)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	s.logReport(o.Log, dir)
	return s, nil
}

func open(dir string, o Options) (_ *Store, err error) {
	if err := makeDir(dir, o); err != nil {
		return nil, err
	}
	lock, err := o.FS.Lock(filepath.Join(dir, lockName))
	if errors.Is(err, vfs.ErrLocked) {
		return nil, fmt.Errorf("%w: stop the other process or use another directory: %w", ErrInUse, err)
	}
	if err != nil {
		return nil, err
	}
	s := &Store{lock: lock}
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	start := time.Now()
	file, err := s.storeFile(dir, o)
	if err != nil {
		return nil, err
	}
	s.Store = core.New(core.Options{Engine: "disk", Base: file.base, Created: file.created, Clock: o.Clock, Thin: true})
	s.wal = &wal{fs: o.FS, dir: dir, salt: file.salt[:], segmentBytes: o.SegmentBytes}
	if err := o.FS.SyncDir(dir); err != nil { // a process that was killed may not have
		return nil, err
	}
	list, err := segments(o.FS, dir)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, &graph.CorruptionError{File: segmentName(dir, 1), Reason: "the log is missing; " + adviceCorrupt}
	}
	core.SetLog(s.Store, s.wal)
	r := &recovery{wal: s.wal, store: s.Store, report: &s.report}
	if err := r.run(list); err != nil {
		return nil, err
	}
	core.Start(s.Store)
	s.report.Elapsed = time.Since(start)
	return s, nil
}

// makeDir makes the directory if it is absent and may be made.
func makeDir(dir string, o Options) error {
	info, err := o.FS.Stat(dir)
	if err == nil && !info.IsDir {
		return errors.New("it is a file, not a directory")
	}
	if err == nil {
		return nil
	}
	if o.MustExist {
		return fmt.Errorf("%w: %w", ErrNoStore, err)
	}
	if err := checkBase(o.Base); err != nil {
		return err
	}
	return o.FS.MkdirAll(dir)
}

// syncAbove makes the names of dir and of the folders above it durable, as far
// as we may read them: a process that was killed may have made any of them.
func syncAbove(fsys vfs.FS, dir string) error {
	for dir = filepath.Clean(dir); filepath.Dir(dir) != dir; {
		dir = filepath.Dir(dir)
		if err := fsys.SyncDir(dir); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}

// storeFile reads STORE, or creates the store.
func (s *Store) storeFile(dir string, o Options) (*storeFile, error) {
	file, err := readStoreFile(o.FS, dir)
	if err != nil {
		return nil, err
	}
	if file == nil {
		return s.create(dir, o)
	}
	if o.Base != "" && o.Base != file.base {
		return nil, fmt.Errorf("%w: it was created with %q, --base says %q: leave --base out, or give the first", ErrBase, file.base, o.Base)
	}
	return file, nil
}

// create makes segment 1 and then STORE (I1). What an earlier attempt left
// behind is an empty segment 1; anything more is no debris of ours.
func (s *Store) create(dir string, o Options) (*storeFile, error) {
	if o.MustExist {
		return nil, fmt.Errorf("%w: %s is missing", ErrNoStore, filepath.Join(dir, storeName))
	}
	if err := checkBase(o.Base); err != nil {
		return nil, err
	}
	list, err := segments(o.FS, dir)
	if err != nil {
		return nil, err
	}
	for _, n := range list {
		info, err := o.FS.Stat(segmentName(dir, n))
		if err != nil {
			return nil, err
		}
		if n > 1 || info.SizeBytes > segmentHeaderLen {
			return nil, &graph.CorruptionError{
				File:   filepath.Join(dir, storeName),
				Reason: fmt.Sprintf("it is missing, but %s holds records; %s", segmentName(dir, n), adviceCorrupt),
			}
		}
	}
	if err := syncAbove(o.FS, dir); err != nil {
		return nil, err
	}
	file := &storeFile{base: o.Base, created: o.Clock().Round(0).UTC()}
	if _, err := io.ReadFull(o.Rand, file.salt[:]); err != nil {
		return nil, fmt.Errorf("salt: %w", err)
	}
	segment, err := createSegment(o.FS, dir, file.salt[:], 1, 1)
	if err != nil {
		return nil, err
	}
	if err := segment.Close(); err != nil {
		return nil, err
	}
	s.report.Created = true
	return file, file.write(o.FS, dir)
}

func (s *Store) logReport(log *slog.Logger, dir string) {
	r := &s.report
	if r.DroppedFile != "" {
		log.Warn("torn tail of the log cut off", "file", r.DroppedFile, "offset", r.DroppedAt,
			"bytes", r.DroppedBytes, "last_seq", uint64(r.LastSeq))
	}
	log.Info("store opened", "dir", dir, "created", r.Created, "segments", r.Segments,
		"records", r.Records, "last_seq", uint64(r.LastSeq), "elapsed", r.Elapsed)
}

// OpenReport says what Open found.
func (s *Store) OpenReport() OpenReport { return s.report }

// Info implements graph.Store.
func (s *Store) Info() graph.Info {
	info := s.Store.Info()
	info.SizeBytes = s.wal.sizeBytes()
	return info
}

// Close implements graph.Store.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.closeErr = errors.Join(s.Store.Close(), s.release())
	})
	return s.closeErr
}

// release closes the log and gives up the lock.
func (s *Store) release() error {
	var err error
	if s.wal != nil {
		err = s.wal.close()
	}
	return errors.Join(err, s.lock.Close())
}
