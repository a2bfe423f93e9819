package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"nettwin/graph"
	"nettwin/graph/vfs"
)

// ErrNotEmpty: a backup or restored store would lie among other files.
var ErrNotEmpty = errors.New("disk: the directory is not empty")

// copyBytes is how much of a file is copied at once.
const copyBytes = 1 << 20

// Image is the files of a store as it was at a checkpoint, held open until
// Close: the store goes on meanwhile, and none of what they hold changes.
// Written in their order, each durable before the last, they are a store like
// any other, with all branches and all that is retained of the past. The last
// is STORE, so that half a copy is no store (I1).
type Image struct {
	// Head is the newest commit of all branches.
	Head  graph.CommitSeq
	files []ImageFile
	open  []io.Closer
}

// ImageFile is one file of an Image, as far as it belongs to it.
type ImageFile struct {
	Name      string // in the store's directory
	SizeBytes int64
	io.ReaderAt
}

// Files lists the files in the order in which they are to be written.
func (i *Image) Files() []ImageFile { return i.files }

// Close lets go of the files. It is idempotent.
func (i *Image) Close() error {
	var errs []error
	for _, f := range i.open {
		errs = append(errs, f.Close())
	}
	i.open = nil
	return errors.Join(errs...)
}

// Image makes a checkpoint and returns its files. Readers and writers go on
// meanwhile.
func (s *Store) Image(ctx context.Context) (*Image, error) {
	err := s.requestCheckpoint(ctx)
	var image *Image
	if err == nil {
		image, err = s.image()
	}
	if err != nil {
		return nil, fmt.Errorf("image of the store: %w", err)
	}
	return image, nil
}

// Backup copies an Image of the store to a directory that is absent or empty.
func (s *Store) Backup(ctx context.Context, dir string) error {
	err := s.backup(ctx, dir)
	if err != nil {
		return fmt.Errorf("backup to %s: %w", dir, err)
	}
	return nil
}

func (s *Store) backup(ctx context.Context, dir string) error {
	if err := emptyDir(s.o.FS, dir); err != nil {
		return err
	}
	image, err := s.Image(ctx)
	if err != nil {
		return err
	}
	defer image.Close()
	for _, f := range image.Files() {
		if f.Name == storeName {
			if err := s.o.FS.SyncDir(dir); err != nil {
				return err
			}
		}
		if err := copyFile(ctx, s.o.FS, f, filepath.Join(dir, f.Name)); err != nil {
			return err
		}
	}
	return s.o.FS.SyncDir(dir)
}

// image opens the files of the checkpoint that the manifest names. While the
// manifest cannot change none of them goes; open ones may.
func (s *Store) image() (_ *Image, err error) {
	s.saving.Lock()
	defer s.saving.Unlock()
	s.mu.RLock()
	c := s.durable
	s.mu.RUnlock()
	m := s.manifestOf(c)
	i := &Image{Head: m.commits}
	defer func() {
		if err != nil {
			err = errors.Join(err, i.Close())
		}
	}()
	for _, path := range slices.Sorted(maps.Keys(m.files(s))) {
		if err := i.add(s.o.FS, path, -1); err != nil {
			return nil, err
		}
	}
	if m.commits > 0 {
		if err := i.add(s.o.FS, filepath.Join(s.dir, historyName), s.history.SizeOf(m.commits)); err != nil {
			return nil, err
		}
	}
	last, offset := splitPosition(m.end)
	for n := m.firstWAL; n < last; n++ {
		name, _, err := logPath(s.o.FS, s.dir, n)
		if err != nil {
			return nil, err
		}
		if err := i.add(s.o.FS, name, -1); err != nil {
			return nil, err
		}
	}
	if err := i.add(s.o.FS, segmentName(s.dir, last), offset); err != nil {
		return nil, err
	}
	if lacking := s.past(); len(lacking.classes) > 0 {
		i.addBytes(retainedName, lacking.encode(s.wal.salt))
	}
	i.addBytes(manifestName, m.encode(s.wal.salt))
	file := storeFile{format: formatVersion, base: s.base, created: s.created, salt: [saltLen]byte(s.wal.salt)}
	i.addBytes(storeName, file.encode())
	return i, nil
}

// add opens a file up to a size, or to its end.
func (i *Image) add(fsys vfs.FS, path string, size int64) error {
	f, err := fsys.OpenFile(path, false)
	if err != nil {
		return err
	}
	i.open = append(i.open, f)
	if size < 0 {
		if size, err = f.Size(); err != nil {
			return err
		}
	}
	i.files = append(i.files, ImageFile{filepath.Base(path), size, f})
	return nil
}

func (i *Image) addBytes(name string, b []byte) {
	i.files = append(i.files, ImageFile{name, int64(len(b)), bytes.NewReader(b)})
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

func copyFile(ctx context.Context, fsys vfs.FS, from ImageFile, to string) error {
	f, err := fsys.Create(to)
	if err != nil {
		return err
	}
	in := io.NewSectionReader(from, 0, from.SizeBytes)
	buf := make([]byte, min(copyBytes, max(from.SizeBytes, 1)))
	left := from.SizeBytes
	for err == nil {
		if err = ctx.Err(); err != nil {
			break
		}
		var n int
		if n, err = io.ReadFull(in, buf); n > 0 {
			left -= int64(n)
			if _, werr := f.Write(buf[:n]); werr != nil {
				err = werr
			}
		}
	}
	if isEOF(err) {
		err = f.Sync()
	}
	if err == nil && left != 0 {
		err = fmt.Errorf("the file ends %d bytes early", left)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("copy %s to %s: %w", from.Name, to, err)
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
	return copyFile(ctx, fsys, ImageFile{filepath.Base(from), size, f}, to)
}
