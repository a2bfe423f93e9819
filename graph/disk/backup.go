package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"nettwin/graph/vfs"
)

// ErrNotEmpty: a backup or restored store would lie among other files.
var ErrNotEmpty = errors.New("disk: the directory is not empty")

// copyBytes is how much of a file is copied at once.
const copyBytes = 1 << 20

// source is a file to copy, as far as it belongs to the copy.
type source struct {
	name string // in the directory
	file vfs.File
	size int64
}

// Backup copies the store as it is at a checkpoint, which it makes first, to a
// directory that is absent or empty. The copy is a store like any other, with
// all branches and the whole history. Readers and writers go on meanwhile.
func (s *Store) Backup(ctx context.Context, dir string) error {
	err := s.requestCheckpoint(ctx)
	if err == nil {
		err = s.backup(ctx, dir)
	}
	if err != nil {
		return fmt.Errorf("backup to %s: %w", dir, err)
	}
	return nil
}

func (s *Store) backup(ctx context.Context, dir string) error {
	if err := emptyDir(s.o.FS, dir); err != nil {
		return err
	}
	list, m, err := s.sources()
	defer func() {
		for _, f := range list {
			f.file.Close()
		}
	}()
	if err != nil {
		return err
	}
	for _, f := range list {
		if err := copyFile(ctx, s.o.FS, f, filepath.Join(dir, f.name)); err != nil {
			return err
		}
	}
	if err := m.write(s.o.FS, dir, s.wal.salt); err != nil {
		return err
	}
	file := storeFile{format: formatVersion, base: s.base, created: s.created, salt: [saltLen]byte(s.wal.salt)}
	return file.write(s.o.FS, dir)
}

// sources opens the files of the checkpoint that the manifest names. While the
// manifest cannot change none of them goes; open ones may.
func (s *Store) sources() (list []source, m *manifest, err error) {
	s.saving.Lock()
	defer s.saving.Unlock()
	s.mu.RLock()
	c := s.durable
	s.mu.RUnlock()
	m = s.manifestOf(c)
	add := func(path string, size int64) {
		if err != nil {
			return
		}
		var f vfs.File
		if f, err = s.o.FS.OpenFile(path, false); err != nil {
			return
		}
		if size < 0 {
			size, err = f.Size()
		}
		list = append(list, source{filepath.Base(path), f, size})
	}
	for path := range m.files(s) {
		add(path, -1)
	}
	if m.commits > 0 {
		add(filepath.Join(s.dir, historyName), s.history.SizeOf(m.commits))
	}
	last, offset := splitPosition(m.end)
	for n := m.firstWAL; n < last; n++ {
		add(segmentName(s.dir, n), -1)
	}
	add(segmentName(s.dir, last), offset)
	return list, m, err
}

// emptyDir makes a directory, or finds it empty.
func emptyDir(fsys vfs.FS, dir string) error {
	names, err := fsys.ReadDir(dir)
	if err == nil && len(names) > 0 {
		return fmt.Errorf("%w: %s holds %s", ErrNotEmpty, dir, names[0])
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := fsys.MkdirAll(dir); err != nil {
		return err
	}
	return syncAbove(fsys, dir)
}

func copyFile(ctx context.Context, fsys vfs.FS, from source, to string) error {
	f, err := fsys.Create(to)
	if err != nil {
		return err
	}
	in := io.NewSectionReader(from.file, 0, from.size)
	buf := make([]byte, min(copyBytes, max(from.size, 1)))
	for err == nil {
		if err = ctx.Err(); err != nil {
			break
		}
		var n int
		if n, err = io.ReadFull(in, buf); n > 0 {
			if _, werr := f.Write(buf[:n]); werr != nil {
				err = werr
			}
		}
	}
	if isEOF(err) {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("copy %s to %s: %w", from.name, to, err)
	}
	return nil
}

// Restore makes the store in a directory that is absent or empty from a backup,
// which it checks first. Errors: *graph.CorruptionError, ErrNotEmpty, those of
// Check.
func Restore(ctx context.Context, fsys vfs.FS, from, to string) error {
	if err := restore(ctx, fsys, from, to); err != nil {
		return fmt.Errorf("restore %s to %s: %w", from, to, err)
	}
	return nil
}

func restore(ctx context.Context, fsys vfs.FS, from, to string) error {
	report, err := Check(ctx, fsys, from)
	if err != nil {
		return err
	}
	if !report.OK() {
		return report.Problems[0]
	}
	if err := emptyDir(fsys, to); err != nil {
		return err
	}
	names, err := fsys.ReadDir(from)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == lockName || name == storeName {
			continue
		}
		if err := copyWhole(ctx, fsys, filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return err
		}
	}
	if err := fsys.SyncDir(to); err != nil {
		return err
	}
	file, err := readStoreFile(fsys, from) // last, so that half a copy is no store (I1)
	if err != nil {
		return err
	}
	return file.write(fsys, to)
}

func copyWhole(ctx context.Context, fsys vfs.FS, from, to string) error {
	f, err := fsys.OpenFile(from, false)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return err
	}
	return copyFile(ctx, fsys, source{filepath.Base(from), f, size}, to)
}
