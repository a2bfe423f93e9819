package disk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk/internal/dict"
	"nettwin/graph/disk/internal/history"
	"nettwin/graph/disk/internal/runs"
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

// Limits that Options set by default.
const (
	// DefaultMemoryBytes is what a store takes of memory, about.
	DefaultMemoryBytes = 512 << 20

	// DefaultTailBytes is how much of the log is not in segments, about.
	DefaultTailBytes = 64 << 20

	// maxFlushRows bounds Options.FlushRows where it is not given.
	maxFlushRows = 256 << 10

	// rowBytes is what a young row takes in the five orders.
	rowBytes = 5 * 32
)

// Options open a Store. The zero Options open a store that exists.
type Options struct {
	FS           vfs.FS           // nil: that of the operating system
	Base         string           // of a new store; if set, an existing one must have it
	MustExist    bool             // do not create
	Log          *slog.Logger     // nil: silent
	Clock        func() time.Time // nil: time.Now
	Rand         io.Reader        // for the salt of a new store; nil: crypto/rand
	SegmentBytes int64            // of the log; 0: DefaultSegmentBytes

	// MemoryBytes bounds, about, what caches and young rows take together; 0:
	// DefaultMemoryBytes.
	MemoryBytes int64
	// FlushRows is how many rows are changed between checkpoints; 0: as
	// MemoryBytes allows.
	FlushRows uint64
	// TailBytes is how much of the log opening may have to read; 0:
	// DefaultTailBytes.
	TailBytes int64
	// LoadBytes bounds, about, what loads take of memory besides; 0:
	// DefaultLoadBytes.
	LoadBytes int64
	// ReserveBytes is how much of the medium stays free: commits are refused with
	// graph.ErrFull while it has less. 0: DefaultReserveBytes; negative: nothing.
	ReserveBytes int64
	// Retention says how much of the past is kept; the zero value: all.
	Retention Retention
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
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = DefaultMemoryBytes
	}
	if o.LoadBytes <= 0 {
		o.LoadBytes = DefaultLoadBytes
	}
	if o.ReserveBytes == 0 {
		o.ReserveBytes = DefaultReserveBytes
	}
	if o.TailBytes <= 0 {
		o.TailBytes = DefaultTailBytes
	}
	if o.FlushRows == 0 { // a quarter for young rows, of which there may be maxBacklog times as many
		o.FlushRows = uint64(min(maxFlushRows, max(1024, o.MemoryBytes/4/maxBacklog/rowBytes)))
	}
	return o
}

// Store is a graph.Store in a directory.
type Store struct {
	o       Options
	dir     string
	base    string
	created time.Time
	lock    io.Closer
	wal     *wal
	dict    *dict.Dict
	history *history.History
	told    told
	files   *runs.Files
	policy  runs.Policy
	set     *runs.Set
	report  OpenReport

	ctx     context.Context // ends with the store
	stop    context.CancelFunc
	workers sync.WaitGroup
	work    chan struct{} // wakes the checkpointer
	leave   chan struct{} // ends it

	feedChanges uint64 // graph.MaxFeedChanges, but in tests

	full     atomic.Bool // the last commit found no room
	closed   atomic.Bool
	done     chan struct{} // closed by Close
	turn     chan struct{} // one token: who holds it writes
	closing  sync.Once
	closeErr error

	// What the writer who has the turn owns.
	seq    graph.CommitSeq // newest number given
	last   time.Time       // of that commit
	logged uint64          // dictionary entries in the log

	// floor: only changes of later commits are in the log.
	floor atomicSeq

	// What came since the last checkpoint began, and since the last one that
	// ended began.
	rows    atomic.Uint64
	flushAt atomic.Uint64 // rows at which a checkpoint is due
	backlog atomic.Uint64
	due     atomic.Bool // a checkpoint is wanted for another reason

	checkpointing sync.Mutex // who makes a checkpoint

	saving     sync.Mutex   // who writes the manifest
	compacting atomic.Int64 // calls of Compact under way
	packer     packer       // of the goroutine that makes checkpoints

	mu       sync.RWMutex
	main     *line
	branches map[string]*line
	pending  []pending       // appended, not yet published, in order
	changed  chan struct{}   // closed and replaced at each publication and drop
	asked    time.Time       // latest instant that a reader was given
	failed   error           // I4
	waiters  []chan struct{} // for the next checkpoint
	remade   []remade
	lacking  *past                             // what is not retained of some graphs
	loads    map[graph.CommitSeq]*runs.Version // changes of commits that were loads
	loading  int64                             // of Options.LoadBytes, taken
	durable  *checkpoint                       // what the manifest says; nil: there is none
	progress chan struct{}                     // closed and replaced when a checkpoint ends
}

var _ graph.Store = (*Store)(nil)

// Open opens the store in dir, making it if there is none. Errors: ErrInUse,
// ErrBase, ErrNoStore, *graph.CorruptionError, those of the file system.
func Open(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	if err := o.Retention.check(); err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
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
	s := newStore(dir, o)
	s.lock = lock
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
	s.base, s.created = file.base, file.created
	if err := s.load(file.salt[:]); err != nil {
		return nil, err
	}
	s.report.Elapsed = time.Since(start)
	s.workers.Go(s.checkpoints)
	return s, nil
}

func newStore(dir string, o Options) *Store {
	s := &Store{
		o: o, dir: dir, work: make(chan struct{}, 1), leave: make(chan struct{}), done: make(chan struct{}), turn: make(chan struct{}, 1),
		branches: map[string]*line{}, loads: map[graph.CommitSeq]*runs.Version{}, changed: make(chan struct{}), progress: make(chan struct{}), policy: runs.DefaultPolicy, feedChanges: graph.MaxFeedChanges,
	}
	s.policy.FlushRows = o.FlushRows
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.turn <- struct{}{}
	return s
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
	if file.format < formatVersion {
		file.format = formatVersion
		return file, file.write(o.FS, dir)
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
	list, err := segments(o.FS, dir, 1)
	if err != nil {
		return nil, err
	}
	for _, n := range list {
		name, _, err := logPath(o.FS, dir, n)
		if err != nil {
			return nil, err
		}
		info, err := o.FS.Stat(name)
		if err != nil {
			return nil, err
		}
		if n > 1 || info.SizeBytes > segmentHeaderLen {
			return nil, &graph.CorruptionError{
				File:   filepath.Join(dir, storeName),
				Reason: fmt.Sprintf("it is missing, but %s holds records; %s", name, adviceCorrupt),
			}
		}
	}
	if err := syncAbove(o.FS, dir); err != nil {
		return nil, err
	}
	file := &storeFile{format: formatVersion, base: o.Base, created: o.Clock().Round(0).UTC()}
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

// Info implements graph.Store. Head is the newest commit of Main.
func (s *Store) Info() graph.Info {
	info := graph.Info{Engine: "disk", Base: s.base, Created: s.created, Terms: s.dict.Len(),
		SizeBytes: s.wal.sizeBytes() + s.set.SizeBytes() + s.dict.SizeBytes() + s.history.SizeBytes()}
	s.mu.RLock()
	defer s.mu.RUnlock()
	info.Head, info.Quads = s.main.head, s.main.headCell.Len()
	return info
}

// take waits for the turn.
func (s *Store) take(ctx context.Context) error {
	if s.closed.Load() {
		return graph.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return graph.ErrClosed
	}
	if s.closed.Load() {
		s.give()
		return graph.ErrClosed
	}
	return nil
}

func (s *Store) give() { s.turn <- struct{}{} }

// fail ends writing. What is pending and not durable is never shown; a commit
// that became durable just before still publishes itself. Files that were
// replaced stay, because the manifest that is durable may name them.
func (s *Store) fail(cause error) error {
	s.set.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = fmt.Errorf("%w: %w", graph.ErrReadOnly, cause)
		s.o.Log.Error("the store is read-only from now on", "error", cause)
	}
	s.stop()
	return s.failed
}

func (s *Store) failure() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.failed
}

// Close implements graph.Store: it waits for the running commit.
func (s *Store) Close() error {
	s.closing.Do(func() { s.closeErr = s.close() })
	return s.closeErr
}

func (s *Store) close() error {
	close(s.leave)
	s.workers.Wait()
	var err error
	if s.rows.Load() >= s.policy.FlushRows/lastShare && s.failure() == nil {
		if err = s.checkpoint(s.ctx); err != nil {
			err = s.fail(err)
		}
	}
	s.stop()
	<-s.turn
	defer s.give()
	if s.failure() == nil {
		err = s.settle()
	}
	s.closed.Store(true)
	close(s.done)
	return errors.Join(err, s.release())
}

// release closes the files and gives up the lock. Files of segments stay open
// while snapshots are.
func (s *Store) release() error {
	s.stop()
	var errs []error
	if s.set != nil {
		errs = append(errs, s.set.Close())
	}
	s.mu.Lock()
	for _, r := range s.remade {
		errs = append(errs, r.version.Release())
	}
	s.remade = nil
	for seq, v := range s.loads {
		errs = append(errs, v.Release())
		delete(s.loads, seq)
	}
	s.mu.Unlock()
	if s.wal != nil {
		errs = append(errs, s.wal.close())
	}
	if s.history != nil {
		errs = append(errs, s.history.Close())
	}
	if s.dict != nil {
		errs = append(errs, s.dict.Close())
	}
	return errors.Join(append(errs, s.lock.Close())...)
}
