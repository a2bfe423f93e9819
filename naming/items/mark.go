package items

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"

	"nettwin/graph/vfs"
)

// The mark tells how much of the last pack was on stable storage. One is
// appended to its file after each sync of the pack, and synced itself only
// when a pack is begun or the store closed: an old mark is right too, it only
// knows less. Its 20 bytes, numbers little-endian:
//
//	 0  4  "mark"
//	 4  4  number of the pack
//	 8  8  size of the pack in bytes
//	16  4  CRC-32C of bytes 0 to 15
const (
	markName  = "MARK"
	markMagic = "mark"
	markBytes = 20
	// maxMarks is how many the file holds before it is begun again.
	maxMarks = 10_000
)

type mark struct {
	pack int
	size int64
}

// covers returns up to which offset of a pack bytes are known to have been
// durable.
func (m mark) covers(number int, size int64) int64 {
	switch {
	case number < m.pack:
		return size
	case number == m.pack:
		return m.size
	}
	return 0
}

func encodeMark(m mark) []byte {
	b := make([]byte, markBytes)
	copy(b, markMagic)
	binary.LittleEndian.PutUint32(b[4:], uint32(m.pack))
	binary.LittleEndian.PutUint64(b[8:], uint64(m.size))
	binary.LittleEndian.PutUint32(b[16:], crc32.Checksum(b[:16], castagnoli))
	return b
}

// decodeMark returns the zero mark for anything that encodeMark did not make.
func decodeMark(b []byte) mark {
	if len(b) != markBytes || string(b[:4]) != markMagic ||
		crc32.Checksum(b[:16], castagnoli) != binary.LittleEndian.Uint32(b[16:]) {
		return mark{}
	}
	return mark{pack: int(binary.LittleEndian.Uint32(b[4:])), size: int64(binary.LittleEndian.Uint64(b[8:]))}
}

// readMark returns the last whole mark of a directory; the zero mark if there
// is none.
func readMark(fsys vfs.FS, dir string) (mark, error) {
	f, err := fsys.OpenFile(filepath.Join(dir, markName), false)
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}, nil
	}
	if err != nil {
		return mark{}, fmt.Errorf("items: read mark: %w", err)
	}
	m, err := lastMark(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return mark{}, fmt.Errorf("items: read mark: %w", err)
	}
	return m, nil
}

func lastMark(f vfs.File) (mark, error) {
	size, err := f.Size()
	if err != nil {
		return mark{}, err
	}
	b := make([]byte, markBytes)
	for i := size/markBytes - 1; i >= 0; i-- {
		if n, err := f.ReadAt(b, i*markBytes); n < len(b) {
			return mark{}, err
		}
		if m := decodeMark(b); m != (mark{}) {
			return m, nil
		}
	}
	return mark{}, nil
}

// marker appends marks.
type marker struct {
	file  vfs.File
	count int
}

// newMarker begins the file again with m.
func newMarker(fsys vfs.FS, dir string, m mark) (*marker, error) {
	path := filepath.Join(dir, markName)
	f, err := fsys.Create(path + ".new")
	if err != nil {
		return nil, fmt.Errorf("items: create mark: %w", err)
	}
	mk := &marker{file: f}
	err = mk.write(m)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = fsys.Rename(path+".new", path)
	}
	if err == nil {
		err = fsys.SyncDir(dir)
	}
	if err != nil {
		_ = f.Close() // the error before matters
		return nil, fmt.Errorf("items: create mark: %w", err)
	}
	return mk, nil
}

func (mk *marker) write(m mark) error {
	if mk.count == maxMarks {
		if err := mk.file.Truncate(0); err != nil {
			return fmt.Errorf("items: write mark: %w", err)
		}
		mk.count = 0
	}
	if _, err := mk.file.Write(encodeMark(m)); err != nil {
		return fmt.Errorf("items: write mark: %w", err)
	}
	mk.count++
	return nil
}

func (mk *marker) close() error { return errors.Join(mk.file.Sync(), mk.file.Close()) }
