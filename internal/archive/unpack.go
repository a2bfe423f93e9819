package archive

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"

	"nettwin/graph/vfs"
)

// UnpackOptions say how a stream is unpacked.
type UnpackOptions struct {
	// Keep writes the index too, which makes the copy a backup; without it the
	// copy is a data directory.
	Keep bool
	// Check, if not nil, is asked whether the copy is good before it counts.
	Check func(ctx context.Context, dir string) error
	// Progress, if not nil, is told after each piece how much was written and
	// how much there will be, about.
	Progress func(doneBytes, totalBytes int64)
}

// Unpack writes a stream to a directory that is absent or empty. After an error
// or a crash the directory, if there is anything in it, has the mark
// INCOMPLETE. Errors: ErrNotEmpty, ErrDamaged, ErrNewer, those of Check and of
// the file system, ctx.Err().
func Unpack(ctx context.Context, fsys vfs.FS, dir string, r io.Reader, o UnpackOptions) (*Index, error) {
	u := &unpacker{fs: fsys, dir: filepath.Clean(dir), o: o, dirs: map[string]bool{}, names: map[string]bool{}, buf: make([]byte, 1<<20)}
	x, err := u.run(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("copy to %s: %w", dir, err)
	}
	return x, nil
}

type unpacker struct {
	fs          vfs.FS
	dir         string
	o           UnpackOptions
	dirs        map[string]bool // made, dir included
	names       map[string]bool // of the files that came
	files       []File
	done, total int64
	buf         []byte
}

const incompleteText = "The files here are not all that a nettwin needs: a backup or restore did not come to its end.\nRemove this directory and do it again.\n"

func (u *unpacker) run(ctx context.Context, r io.Reader) (*Index, error) {
	if err := u.empty(); err != nil {
		return nil, err
	}
	in := tar.NewReader(r)
	first, err := u.next(in) // nothing is made before anything came
	if err != nil {
		return nil, err
	}
	u.total, _ = strconv.ParseInt(first.PAXRecords[totalRecord], 10, 64) // a wrong one spoils no more than the progress
	if err := u.begin(); err != nil {
		return nil, err
	}
	x, err := u.unpack(ctx, in, first)
	if err != nil {
		return nil, err
	}
	if u.o.Check != nil {
		if err := u.o.Check(ctx, u.dir); err != nil {
			return nil, err
		}
	}
	for dir := range u.dirs {
		if err := u.fs.SyncDir(dir); err != nil {
			return nil, err
		}
	}
	if err := u.fs.Remove(filepath.Join(u.dir, IncompleteName)); err != nil {
		return nil, err
	}
	return x, u.fs.SyncDir(u.dir)
}

// empty refuses a directory with anything in it.
func (u *unpacker) empty() error {
	names, err := u.fs.ReadDir(u.dir)
	if err == nil && len(names) > 0 {
		return fmt.Errorf("%w: it holds %s", ErrNotEmpty, names[0])
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// begin makes the directory with its mark, durable up to the root.
func (u *unpacker) begin() error {
	if err := u.fs.MkdirAll(u.dir); err != nil {
		return err
	}
	u.dirs[u.dir] = true
	if err := u.write(IncompleteName, []byte(incompleteText)); err != nil {
		return err
	}
	for dir := filepath.Clean(u.dir); ; dir = filepath.Dir(dir) {
		if err := u.fs.SyncDir(dir); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
		if filepath.Dir(dir) == dir {
			return nil
		}
	}
}

// next returns the next entry, of which there must be one until the index.
func (u *unpacker) next(in *tar.Reader) (*tar.Header, error) {
	h, err := in.Next()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%w: the stream ends before its index: what sent it may say why: %w", ErrDamaged, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return h, nil
}

// unpack writes the files, beginning with that of an entry, up to the index and
// holds them against it.
func (u *unpacker) unpack(ctx context.Context, in *tar.Reader, h *tar.Header) (x *Index, err error) {
	for h.Name != IndexName {
		if err := u.file(ctx, in, h); err != nil {
			return nil, err
		}
		if h, err = u.next(in); err != nil {
			return nil, err
		}
	}
	return u.finish(in, h)
}

func (u *unpacker) file(ctx context.Context, in io.Reader, h *tar.Header) (err error) {
	if err := checkName(h.Name); err != nil {
		return err
	}
	if h.Typeflag != tar.TypeReg || len(u.files) >= maxFiles {
		return fmt.Errorf("%w: %q is no plain file, or one of more than %d", ErrDamaged, h.Name, maxFiles)
	}
	if u.names[h.Name] {
		return fmt.Errorf("%w: %s comes twice", ErrDamaged, h.Name)
	}
	u.names[h.Name] = true
	name := filepath.Join(u.dir, filepath.FromSlash(h.Name))
	if err := u.mkdir(filepath.Dir(name)); err != nil {
		return err
	}
	out, err := u.fs.Create(name)
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = io.CopyBuffer(io.MultiWriter(out, sum, (*progress)(u)), &contextReader{ctx, in}, u.buf)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: the stream ends inside %s: %w", ErrDamaged, h.Name, err)
	}
	if err == nil {
		err = out.Sync()
	}
	u.files = append(u.files, File{h.Name, h.Size, hex.EncodeToString(sum.Sum(nil))})
	return errors.Join(err, out.Close())
}

// mkdir makes a folder and those between it and the copy's own.
func (u *unpacker) mkdir(dir string) error {
	if u.dirs[dir] {
		return nil
	}
	if err := u.mkdir(filepath.Dir(dir)); err != nil {
		return err
	}
	u.dirs[dir] = true
	return u.fs.MkdirAll(dir)
}

// progress counts what is written.
type progress unpacker

func (p *progress) Write(b []byte) (int, error) {
	p.done += int64(len(b))
	if p.o.Progress != nil {
		p.o.Progress(p.done, max(p.done, p.total))
	}
	return len(b), nil
}

// finish reads the index and holds what was unpacked against it.
func (u *unpacker) finish(in io.Reader, h *tar.Header) (*Index, error) {
	if h.Size > maxIndexBytes {
		return nil, fmt.Errorf("%w: %s of %d bytes, at most %d", ErrDamaged, IndexName, h.Size, maxIndexBytes)
	}
	b, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, IndexName, err)
	}
	x, err := decodeIndex(b)
	if err != nil {
		return nil, err
	}
	if len(x.Files) != len(u.files) {
		return nil, fmt.Errorf("%w: %d files came, %s lists %d", ErrDamaged, len(u.files), IndexName, len(x.Files))
	}
	for i, f := range x.Files {
		if u.files[i] != f {
			return nil, fmt.Errorf("%w: %s came with SHA-256 %s, %s says %s with %s", ErrDamaged, u.files[i].Name, u.files[i].SHA256, IndexName, f.Name, f.SHA256)
		}
	}
	if !u.o.Keep {
		return x, nil
	}
	return x, u.write(IndexName, b)
}

// write makes a small file durable in the copy's folder.
func (u *unpacker) write(name string, b []byte) error {
	f, err := u.fs.Create(filepath.Join(u.dir, name))
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
