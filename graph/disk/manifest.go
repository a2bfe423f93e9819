package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"nettwin/graph"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/vfs"
)

// The layout of the manifest. It is written whole beside the old one and
// renamed into its place, so there is always one that is complete. uv is an
// unsigned varint, str a uv of the length and the bytes.
//
//	8  "NTMAN03\n"
//	…  uv number of the last record that is in segments
//	   uv position in the log behind it
//	   uv first segment of the log that is kept
//	   uv oldest commit that can be read
//	   uv commits in the history
//	   uv entries in the files of the dictionary, uv files × uv number
//	   uv branches × (uv number of the record that forked it, 0 for Main; str name,
//	                  str parent, uv base, uv head, list)
//	   uv kept versions × (uv number of the branch's record, uv commit, list)
//	   uv loads whose changes are retained × (uv commit, list)
//	4  CRC-32C of the store's salt and all before, little-endian
//	list  uv segments × uv number, oldest first
const (
	manifestMagic   = "NTMAN03\n"
	manifestMagic2  = "NTMAN02\n" // of stores before loads, without their list
	manifestName    = "MANIFEST"
	manifestTmpName = "MANIFEST.tmp"

	// maxManifestBytes bounds a manifest: some 100,000 branches.
	maxManifestBytes = 64 << 20
)

// manifest says which files make up the store after one record of the log. The
// records behind it are replayed.
type manifest struct {
	record   uint64
	end      uint64
	firstWAL uint64
	floor    graph.CommitSeq
	commits  graph.CommitSeq
	terms    uint64
	dicts    []uint64
	branches []savedBranch
	kept     []savedVersion
	loads    []savedLoad
}

// savedLoad is a commit whose changes are in segments.
type savedLoad struct {
	seq      graph.CommitSeq
	segments []uint64
}

// savedBranch is a branch as a manifest has it.
type savedBranch struct {
	id       uint64
	name     string
	parent   string
	base     graph.CommitSeq
	head     graph.CommitSeq
	segments []uint64
}

// savedVersion is an older version of a branch that is kept to make others
// from.
type savedVersion struct {
	branch   uint64
	seq      graph.CommitSeq
	segments []uint64
}

func (m *manifest) encode(salt []byte) []byte {
	b := []byte(manifestMagic)
	for _, v := range []uint64{m.record, m.end, m.firstWAL, uint64(m.floor), uint64(m.commits), m.terms} {
		b = binary.AppendUvarint(b, v)
	}
	b = appendList(b, m.dicts)
	b = binary.AppendUvarint(b, uint64(len(m.branches)))
	for _, l := range m.branches {
		b = binary.AppendUvarint(b, l.id)
		b = appendString(b, l.name)
		b = appendString(b, l.parent)
		b = binary.AppendUvarint(b, uint64(l.base))
		b = binary.AppendUvarint(b, uint64(l.head))
		b = appendList(b, l.segments)
	}
	b = binary.AppendUvarint(b, uint64(len(m.kept)))
	for _, k := range m.kept {
		b = binary.AppendUvarint(b, k.branch)
		b = binary.AppendUvarint(b, uint64(k.seq))
		b = appendList(b, k.segments)
	}
	b = binary.AppendUvarint(b, uint64(len(m.loads)))
	for _, l := range m.loads {
		b = binary.AppendUvarint(b, uint64(l.seq))
		b = appendList(b, l.segments)
	}
	return binary.LittleEndian.AppendUint32(b, intact.Sum(salt, b))
}

func appendList(b []byte, nums []uint64) []byte {
	b = binary.AppendUvarint(b, uint64(len(nums)))
	for _, n := range nums {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// decodeManifest reads a manifest; its errors say what is wrong.
func decodeManifest(b, salt []byte) (*manifest, error) {
	older := bytes.HasPrefix(b, []byte(manifestMagic2))
	if !older && !bytes.HasPrefix(b, []byte(manifestMagic)) || len(b) < len(manifestMagic)+4 {
		return nil, errors.New("it is no manifest")
	}
	body := b[:len(b)-4]
	if binary.LittleEndian.Uint32(b[len(body):]) != intact.Sum(salt, body) {
		return nil, errors.New("its checksum is wrong, or it is of another store")
	}
	d := &decoder{b: body[len(manifestMagic):]}
	m := &manifest{record: d.uvarint(), end: d.uvarint(), firstWAL: d.uvarint(), floor: graph.CommitSeq(d.uvarint()),
		commits: graph.CommitSeq(d.uvarint()), terms: d.uvarint(), dicts: d.list()}
	m.branches = make([]savedBranch, d.count(6))
	for i := range m.branches {
		m.branches[i] = savedBranch{id: d.uvarint(), name: d.string(), parent: d.string(),
			base: graph.CommitSeq(d.uvarint()), head: graph.CommitSeq(d.uvarint()), segments: d.list()}
	}
	m.kept = make([]savedVersion, d.count(3))
	for i := range m.kept {
		m.kept[i] = savedVersion{branch: d.uvarint(), seq: graph.CommitSeq(d.uvarint()), segments: d.list()}
	}
	loads := 0
	if !older {
		loads = d.count(2)
	}
	m.loads = make([]savedLoad, loads)
	for i := range m.loads {
		m.loads[i] = savedLoad{seq: graph.CommitSeq(d.uvarint()), segments: d.list()}
		if d.err == nil && len(m.loads[i].segments) != 1 {
			d.fail(fmt.Errorf("load %d is in %d segments", m.loads[i].seq, len(m.loads[i].segments)))
		}
	}
	if d.err == nil && len(d.b) > 0 {
		d.err = fmt.Errorf("it has %d bytes too many", len(d.b))
	}
	return m, d.err
}

func (d *decoder) list() []uint64 {
	nums := make([]uint64, d.count(1))
	for i := range nums {
		nums[i] = d.uvarint()
	}
	return nums
}

// lists calls f with each list of segments.
func (m *manifest) lists(f func(segments []uint64)) {
	for _, l := range m.branches {
		f(l.segments)
	}
	for _, k := range m.kept {
		f(k.segments)
	}
	for _, l := range m.loads {
		f(l.segments)
	}
}

// write puts the manifest in place atomically and durably, after the names of
// the files that it names are.
func (m *manifest) write(fsys vfs.FS, dir string, salt []byte) error {
	b := m.encode(salt)
	if len(b) > maxManifestBytes {
		return fmt.Errorf("manifest of %d bytes is beyond the limit of %d: %w: drop branches", len(b), maxManifestBytes, graph.ErrTooLarge)
	}
	if err := fsys.SyncDir(dir); err != nil {
		return err
	}
	return writeFile(fsys, dir, manifestTmpName, manifestName, b)
}

// writeFile makes a small file durable under its name at once.
func writeFile(fsys vfs.FS, dir, tmp, name string, b []byte) error {
	tmp = filepath.Join(dir, tmp)
	f, err := fsys.Create(tmp)
	if err != nil {
		return err
	}
	n, err := f.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", tmp, err)
	}
	if err := fsys.Rename(tmp, filepath.Join(dir, name)); err != nil {
		return err
	}
	return fsys.SyncDir(dir)
}

// readManifest returns nil if there is none: no record is in segments then.
func readManifest(fsys vfs.FS, dir string, salt []byte) (*manifest, error) {
	name := filepath.Join(dir, manifestName)
	f, err := fsys.OpenFile(name, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, maxManifestBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	m, err := decodeManifest(b, salt)
	if err != nil {
		return nil, &graph.CorruptionError{File: name, Reason: err.Error() + "; " + adviceCorrupt}
	}
	return m, nil
}
