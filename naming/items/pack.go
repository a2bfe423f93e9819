package items

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"

	"nettwin/graph/vfs"
)

const scanWindowBytes = 1 << 20

// pack is one open file of records.
type pack struct {
	path string
	file vfs.File
	end  int64 // where the next record goes
}

func packName(number int) string { return fmt.Sprintf("%08d.pack", number) }

func packNumber(name string) (int, bool) {
	var n int
	if _, err := fmt.Sscanf(name, "%08d.pack", &n); err != nil || n < 1 || packName(n) != name {
		return 0, false
	}
	return n, true
}

// found is what a scan reports: a record, or a stretch of bytes that is none.
type found struct {
	header
	offset int64
	hole   int64 // length of the stretch; 0 for a record
}

// scan reads the headers of a pack and reports what it finds in order. From
// offset checked on it also hashes contents, and a record whose content is
// not its name's is part of a hole.
func (p *pack) scan(checked int64, report func(found)) error {
	size, err := p.file.Size()
	if err != nil {
		return fmt.Errorf("items: %s: %w", p.path, err)
	}
	w := window{file: p.file, size: size}
	at, holeFrom := int64(0), int64(-1)
	if head, err := w.at(0, len(packHead)); err != nil {
		return fmt.Errorf("items: %s: %w", p.path, err)
	} else if string(head) == packHead {
		at = int64(len(packHead))
	} else {
		holeFrom = 0
	}
	for at < size {
		h, ok, err := p.recordAt(&w, at, checked)
		if err != nil {
			return err
		}
		if !ok {
			if holeFrom < 0 {
				holeFrom = at
			}
			if at, err = p.nextMagic(&w, at+1); err != nil {
				return err
			}
			continue
		}
		if holeFrom >= 0 {
			report(found{offset: holeFrom, hole: at - holeFrom})
			holeFrom = -1
		}
		report(found{header: h, offset: at})
		at += headerBytes + h.size
	}
	if holeFrom >= 0 && holeFrom < size {
		report(found{offset: holeFrom, hole: size - holeFrom})
	}
	return nil
}

// recordAt tells whether a record lies at offset at.
func (p *pack) recordAt(w *window, at, checked int64) (header, bool, error) {
	b, err := w.at(at, headerBytes)
	if err != nil {
		return header{}, false, fmt.Errorf("items: %s: read offset %d: %w", p.path, at, err)
	}
	h, ok := parseHeader(b)
	if !ok || at+headerBytes+h.size > w.size {
		return header{}, false, nil
	}
	if at < checked {
		return h, true, nil
	}
	content, err := p.read(at+headerBytes, h.size)
	if err != nil {
		return header{}, false, err
	}
	return h, h.name.Verify(content) == nil, nil
}

// nextMagic returns the next offset at or after from where a record might
// begin, or the size of the file.
func (p *pack) nextMagic(w *window, from int64) (int64, error) {
	for from < w.size {
		b, err := w.at(from, scanWindowBytes)
		if err != nil {
			return 0, fmt.Errorf("items: %s: read offset %d: %w", p.path, from, err)
		}
		if i := bytes.Index(b, []byte(recordMagic)); i >= 0 {
			return from + int64(i), nil
		}
		if len(b) < scanWindowBytes {
			return w.size, nil
		}
		from += int64(len(b) - len(recordMagic) + 1)
	}
	return w.size, nil
}

func (p *pack) read(offset, size int64) ([]byte, error) {
	b := make([]byte, size)
	if n, err := p.file.ReadAt(b, offset); n < len(b) {
		return nil, fmt.Errorf("items: %s: read %d bytes at offset %d: %w", p.path, size, offset, err)
	}
	return b, nil
}

// window is a sliding view of a file, so that headers that lie close together
// cost one read.
type window struct {
	file vfs.File
	size int64
	from int64
	buf  []byte
}

// at returns up to n bytes at offset; fewer only at the end of the file.
func (w *window) at(offset int64, n int) ([]byte, error) {
	n = int(min(int64(n), w.size-offset))
	if n <= 0 {
		return nil, nil
	}
	if i := offset - w.from; i >= 0 && i+int64(n) <= int64(len(w.buf)) {
		return w.buf[i : i+int64(n)], nil
	}
	length := min(max(int64(n), scanWindowBytes), w.size-offset)
	if int64(cap(w.buf)) < length {
		w.buf = make([]byte, length)
	}
	w.buf, w.from = w.buf[:length], offset
	if got, err := w.file.ReadAt(w.buf, offset); int64(got) < length {
		w.buf = w.buf[:0]
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return w.buf[:n], nil
}

// openPack opens a pack that exists.
func openPack(fsys vfs.FS, dir, name string, write bool) (*pack, error) {
	path := filepath.Join(dir, name)
	f, err := fsys.OpenFile(path, write)
	if err != nil {
		return nil, fmt.Errorf("items: open pack: %w", err)
	}
	return &pack{path: path, file: f}, nil
}

// createPack makes a new pack.
func createPack(fsys vfs.FS, dir, name string) (*pack, error) {
	path := filepath.Join(dir, name)
	f, err := fsys.Create(path)
	if err != nil {
		return nil, fmt.Errorf("items: create pack: %w", err)
	}
	p := &pack{path: path, file: f}
	if err = p.append([]byte(packHead)); err == nil {
		err = fsys.SyncDir(dir)
	}
	if err != nil {
		_ = f.Close() // the error before matters
		return nil, fmt.Errorf("items: create pack %s: %w", path, err)
	}
	return p, nil
}

// append writes b at the end and makes it durable. After an error that is no
// *syncError the file is as it was.
func (p *pack) append(b []byte) error {
	if _, err := p.file.Write(b); err != nil {
		err = fmt.Errorf("%s: write at offset %d: %w", p.path, p.end, err)
		if undo := p.file.Truncate(p.end); undo != nil {
			return &syncError{err}
		}
		return err
	}
	if err := p.file.Sync(); err != nil {
		return &syncError{fmt.Errorf("%s: sync: %w", p.path, err)}
	}
	p.end += int64(len(b))
	return nil
}

// cut drops what follows offset.
func (p *pack) cut(offset int64) error {
	err := p.file.Truncate(offset)
	if err == nil {
		err = p.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("items: cut %s at offset %d: %w", p.path, offset, err)
	}
	p.end = offset
	return nil
}

// syncError leaves open what is on storage: a second sync may report success
// without writing, so that only opening the store again tells.
type syncError struct{ err error }

func (e *syncError) Error() string { return e.err.Error() }
func (e *syncError) Unwrap() error { return e.err }
