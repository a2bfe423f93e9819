package runs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"

	"nettwin/graph"
	"nettwin/graph/vfs"
)

// The layout of a manifest. It is written whole beside the old one and renamed
// into its place, so there is always one that is complete. Integers are uv:
// unsigned varints.
//
//	8  "NTMAN01\n"
//	…  uv greatest number of a segment
//	   uv lines × (uv length, name, uv commit up to which segments hold its changes,
//	              uv segments × uv number, oldest first)
//	4  CRC-32C of the store's salt and all before, little-endian
const (
	manifestMagic = "NTMAN01\n"

	// MaxManifestBytes bounds a manifest.
	MaxManifestBytes = 16 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Manifest says which segments make up the lines of a store.
type Manifest struct {
	LastNum uint64 // the greatest number of a segment
	Lines   []Line
}

// Line is one branch, or another version that is kept, as far as it is in
// segments. Later commits are in the log.
type Line struct {
	Name     string
	Flushed  graph.CommitSeq
	Segments []uint64 // oldest first
}

func (m *Manifest) encode(salt []byte) []byte {
	b := binary.AppendUvarint([]byte(manifestMagic), m.LastNum)
	b = binary.AppendUvarint(b, uint64(len(m.Lines)))
	for _, l := range m.Lines {
		b = binary.AppendUvarint(b, uint64(len(l.Name)))
		b = append(b, l.Name...)
		b = binary.AppendUvarint(b, uint64(l.Flushed))
		b = binary.AppendUvarint(b, uint64(len(l.Segments)))
		for _, n := range l.Segments {
			b = binary.AppendUvarint(b, n)
		}
	}
	return binary.LittleEndian.AppendUint32(b, manifestSum(salt, b))
}

func manifestSum(salt, b []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, salt), castagnoli, b)
}

var errManifest = errors.New("its fields end early")

// decodeManifest reads a manifest; its errors say what is wrong.
func decodeManifest(b, salt []byte) (*Manifest, error) {
	if !bytes.HasPrefix(b, []byte(manifestMagic)) || len(b) < len(manifestMagic)+4 {
		return nil, errors.New("it is no manifest")
	}
	body := b[:len(b)-4]
	if binary.LittleEndian.Uint32(b[len(body):]) != manifestSum(salt, body) {
		return nil, errors.New("its checksum is wrong, or it is of another store")
	}
	d := &fields{b: body[len(manifestMagic):]}
	m := &Manifest{LastNum: d.uvarint()}
	for range d.count() {
		l := Line{Name: string(d.take(d.count())), Flushed: graph.CommitSeq(d.uvarint())}
		for range d.count() {
			n := d.uvarint()
			if n > m.LastNum || n == 0 {
				return nil, fmt.Errorf("line %q names segment %d, the last one is %d", l.Name, n, m.LastNum)
			}
			l.Segments = append(l.Segments, n)
		}
		m.Lines = append(m.Lines, l)
	}
	if d.bad || len(d.b) > 0 {
		return nil, errManifest
	}
	return m, nil
}

// fields takes fields from the front of b until one is missing.
type fields struct {
	b   []byte
	bad bool
}

func (d *fields) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

// count reads a number of things of at least a byte each.
func (d *fields) count() int {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return 0
	}
	return int(n)
}

func (d *fields) take(n int) []byte {
	if n > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

// Write puts the manifest in place atomically and durably. dir is the folder
// of name.
func (m *Manifest) Write(fsys vfs.FS, dir, name string, salt []byte) error {
	b := m.encode(salt)
	if len(b) > MaxManifestBytes {
		return fmt.Errorf("manifest of %d bytes is beyond the limit of %d: %w", len(b), MaxManifestBytes, graph.ErrTooLarge)
	}
	tmp := name + ".tmp"
	f, err := fsys.Create(tmp)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", tmp, err)
	}
	if err := fsys.Rename(tmp, name); err != nil {
		return err
	}
	return fsys.SyncDir(dir)
}

// ReadManifest returns an empty manifest if there is none. Errors:
// *graph.CorruptionError and those of the file system.
func ReadManifest(fsys vfs.FS, name string, salt []byte) (*Manifest, error) {
	f, err := fsys.OpenFile(name, false)
	if errors.Is(err, fs.ErrNotExist) {
		return &Manifest{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, MaxManifestBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	m, err := decodeManifest(b, salt)
	if err != nil {
		return nil, &graph.CorruptionError{File: name, Reason: err.Error()}
	}
	return m, nil
}
