package disk

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/vfs"
)

// Names in a data directory.
const (
	storeName    = "STORE"
	storeTmpName = "STORE.tmp"
	lockName     = "LOCK"
)

// The format of the data directory as a whole. Format 1 had nothing but the
// log, format 2 no archives of it; both are still read. Opening such a store
// makes it one of format 3, so that older programs leave it alone.
const (
	oldestFormat  = 1
	formatVersion = 3
)

// ErrNewer: the store was written by a later release, whose format this program
// does not know. Its title and checksum are where they always are.
var ErrNewer = errors.New("disk: the store has a newer format")

const (
	saltLen       = 16
	maxStoreBytes = 64 << 10
)

// storeFile is what STORE says. It is text, one field a line, ending with the
// CRC-32C of the lines above:
//
//	nettwin store
//	format 3
//	base https://noc.example/
//	created 2026-11-22T02:40:51.123456789Z
//	salt 0123456789abcdef0123456789abcdef
//	crc 89abcdef
type storeFile struct {
	format  int
	base    string
	created time.Time
	salt    [saltLen]byte
}

const storeTitle = "nettwin store\n"

func (s *storeFile) encode() []byte {
	var b bytes.Buffer
	b.WriteString(storeTitle)
	fmt.Fprintf(&b, "format %d\nbase %s\ncreated %s\nsalt %x\n",
		s.format, s.base, s.created.Format(time.RFC3339Nano), s.salt)
	fmt.Fprintf(&b, "crc %08x\n", intact.Sum(nil, b.Bytes()))
	return b.Bytes()
}

// decodeStoreFile reads STORE; its errors say what is wrong.
func decodeStoreFile(b []byte) (*storeFile, error) {
	if !bytes.HasPrefix(b, []byte(storeTitle)) {
		return nil, errors.New("it is not a nettwin store")
	}
	body, sum, ok := bytes.Cut(b, []byte("\ncrc "))
	if !ok {
		return nil, errors.New("its checksum is missing")
	}
	body = append(body[:len(body):len(body)], '\n')
	if want := fmt.Sprintf("%08x\n", intact.Sum(nil, body)); string(sum) != want {
		return nil, errors.New("its checksum is wrong")
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(body[len(storeTitle):])) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		fields[key] = value
	}
	format, err := strconv.Atoi(fields["format"])
	switch {
	case err != nil || format < oldestFormat:
		return nil, fmt.Errorf("it has format %q, which never was", fields["format"])
	case format > formatVersion:
		return nil, fmt.Errorf("%w: it has format %d, this program reads formats %d to %d: use the release that wrote it, or a later one", ErrNewer, format, oldestFormat, formatVersion)
	}
	s := &storeFile{format: format, base: fields["base"]}
	if s.created, err = time.Parse(time.RFC3339Nano, fields["created"]); err != nil {
		return nil, fmt.Errorf("its time of creation: %w", err)
	}
	s.created = s.created.UTC()
	salt, err := hex.DecodeString(fields["salt"])
	if err != nil || len(salt) != saltLen {
		return nil, fmt.Errorf("its salt %q is not %d bytes in hexadecimal", fields["salt"], saltLen)
	}
	copy(s.salt[:], salt)
	return s, nil
}

// readStoreFile returns nil if there is none.
func readStoreFile(fsys vfs.FS, dir string) (*storeFile, error) {
	name := filepath.Join(dir, storeName)
	f, err := fsys.OpenFile(name, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, maxStoreBytes))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	s, err := decodeStoreFile(b)
	if errors.Is(err, ErrNewer) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err != nil {
		return nil, &graph.CorruptionError{File: name, Reason: err.Error()}
	}
	return s, nil
}

// write puts STORE in place atomically (I1).
func (s *storeFile) write(fsys vfs.FS, dir string) error {
	return writeFile(fsys, dir, storeTmpName, storeName, s.encode())
}

// checkBase refuses a base that STORE could not hold.
func checkBase(base string) error {
	if base == "" {
		return errors.New("a new store needs a base IRI: give --base")
	}
	if strings.ContainsAny(base, " \t\r\n<>\"{}|\\^`") || !strings.Contains(base, ":") || len(base) > maxStoreBytes/2 {
		return fmt.Errorf("base %q is no absolute IRI", base)
	}
	return nil
}
