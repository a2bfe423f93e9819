package archive

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strconv"

	"nettwin/graph/vfs"
)

// totalRecord is the record of the first entry that says how much will come,
// about.
const totalRecord = "NETTWIN.total"

// Writer packs files. One goroutine.
type Writer struct {
	tar   *tar.Writer
	index Index
	total int64
	buf   []byte
}

// NewWriter packs to w; totalBytes is what is going to be packed, about, for
// those who show progress.
func NewWriter(w io.Writer, about About, totalBytes int64) *Writer {
	about.Format = formatVersion
	return &Writer{tar: tar.NewWriter(w), index: Index{About: about}, total: totalBytes, buf: make([]byte, 1<<20)}
}

// Add packs a file, of which exactly so many bytes must come.
func (w *Writer) Add(ctx context.Context, name string, sizeBytes int64, r io.Reader) error {
	if err := w.add(ctx, name, sizeBytes, r); err != nil {
		return fmt.Errorf("pack %s: %w", name, err)
	}
	return nil
}

func (w *Writer) add(ctx context.Context, name string, sizeBytes int64, r io.Reader) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := w.header(name, sizeBytes); err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(w.tar, sum), &contextReader{ctx, io.LimitReader(r, sizeBytes)}, w.buf)
	if err == nil && n < sizeBytes {
		err = fmt.Errorf("it ends %d bytes early: %w", sizeBytes-n, io.ErrUnexpectedEOF)
	}
	w.index.Files = append(w.index.Files, File{name, sizeBytes, hex.EncodeToString(sum.Sum(nil))})
	return err
}

func (w *Writer) header(name string, sizeBytes int64) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: sizeBytes, Mode: 0o600, ModTime: w.index.Time, Format: tar.FormatPAX}
	if len(w.index.Files) == 0 {
		h.PAXRecords = map[string]string{totalRecord: strconv.FormatInt(w.total, 10)}
	}
	return w.tar.WriteHeader(h)
}

// Close adds the index. A Writer that is not closed leaves a stream that
// nobody takes for whole.
func (w *Writer) Close() error {
	b, err := json.MarshalIndent(w.index, "", " ")
	if err == nil {
		err = w.header(IndexName, int64(len(b)+1))
	}
	if err == nil {
		_, err = w.tar.Write(append(b, '\n'))
	}
	if err == nil {
		err = w.tar.Close()
	}
	if err != nil {
		return fmt.Errorf("pack %s: %w", IndexName, err)
	}
	return nil
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// PackDir packs a backup that lies in a directory, each file of which must be
// what its index says. Errors: ErrDamaged, those of ReadIndex.
func PackDir(ctx context.Context, fsys vfs.FS, dir string, w io.Writer) error {
	x, err := ReadIndex(fsys, dir)
	if err != nil {
		return err
	}
	out := NewWriter(w, x.About, x.SizeBytes())
	for i, f := range x.Files {
		if err := addFile(ctx, fsys, dir, f, out); err != nil {
			return err
		}
		if got := out.index.Files[i]; got != f {
			return fmt.Errorf("%w: %s is not what was backed up: its SHA-256 is %s, %s says %s", ErrDamaged, filepath.Join(dir, f.Name), got.SHA256, IndexName, f.SHA256)
		}
	}
	return out.Close()
}

func addFile(ctx context.Context, fsys vfs.FS, dir string, f File, out *Writer) error {
	name := filepath.Join(dir, filepath.FromSlash(f.Name))
	in, err := fsys.OpenFile(name, false)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer in.Close()
	size, err := in.Size()
	if err != nil {
		return err
	}
	if size != f.SizeBytes {
		return fmt.Errorf("%w: %s has %d bytes, %s says %d", ErrDamaged, name, size, IndexName, f.SizeBytes)
	}
	return out.Add(ctx, f.Name, size, io.NewSectionReader(in, 0, size))
}
