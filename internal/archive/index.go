package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
	"time"

	"nettwin/graph/vfs"
)

// Names of files of a backup that are not of the data directory.
const (
	// IndexName is the list of all files; it is the last entry.
	IndexName = "BACKUP"
	// IncompleteName marks a directory whose files are not all there.
	IncompleteName = "INCOMPLETE"
)

// Limits of what is unpacked.
const (
	maxIndexBytes = 64 << 20
	maxFiles      = 200_000
	maxNameBytes  = 4096
)

// formatVersion is that of the index.
const formatVersion = 1

// Errors of archives. Test with errors.Is.
var (
	// ErrNotEmpty: the copy would lie among other files.
	ErrNotEmpty = errors.New("archive: the directory is not empty")
	// ErrDamaged: the copy is not what was packed.
	ErrDamaged = errors.New("archive: damaged")
	// ErrIncomplete: an earlier copy to this directory did not come to its end.
	ErrIncomplete = errors.New("archive: incomplete")
	// ErrNewer: the archive was made by a later release, whose format this
	// program does not know.
	ErrNewer = errors.New("archive: newer format")
	// ErrNoBackup: the directory is no backup.
	ErrNoBackup = errors.New("archive: no backup")
)

// About says what a backup holds.
type About struct {
	Format  int       `json:"format"`
	Version string    `json:"version"` // of the program that made it
	Base    string    `json:"base"`    // base IRI of the store
	Head    uint64    `json:"head"`    // newest commit of all branches
	Time    time.Time `json:"time"`
}

// Index lists the files of a backup in the order in which they were packed.
type Index struct {
	About
	Files []File `json:"files"`
}

// File is one file of a backup.
type File struct {
	Name      string `json:"name"` // with slashes, below the data directory
	SizeBytes int64  `json:"sizeBytes"`
	SHA256    string `json:"sha256"` // in hexadecimal
}

// SizeBytes adds up the files.
func (x *Index) SizeBytes() (sum int64) {
	for _, f := range x.Files {
		sum += f.SizeBytes
	}
	return sum
}

func decodeIndex(b []byte) (*Index, error) {
	var x Index
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&x); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, IndexName, err)
	}
	if x.Format > formatVersion {
		return nil, fmt.Errorf("%w: %s has format %d, this program reads format %d: use the release that made it, or a later one", ErrNewer, IndexName, x.Format, formatVersion)
	}
	for _, f := range x.Files {
		if err := checkName(f.Name); err != nil {
			return nil, err
		}
	}
	return &x, nil
}

// checkName refuses what would lie outside of the directory, or in the place of
// a mark of ours.
func checkName(name string) error {
	if len(name) > maxNameBytes || !filepath.IsLocal(filepath.FromSlash(name)) || path.Clean(name) != name || name == "." ||
		strings.ContainsAny(name, "\\\x00") || name == IncompleteName || name == IndexName {
		return fmt.Errorf("%w: %q is no name of a file of a data directory", ErrDamaged, name)
	}
	return nil
}

// ReadIndex reads the list of a backup's files. Errors: ErrNoBackup,
// ErrIncomplete, ErrDamaged, ErrNewer.
func ReadIndex(fsys vfs.FS, dir string) (*Index, error) {
	if err := refuseIncomplete(fsys, dir); err != nil {
		return nil, err
	}
	f, err := fsys.OpenFile(filepath.Join(dir, IndexName), false)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrNoBackup, dir, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, maxIndexBytes))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, IndexName), err)
	}
	x, err := decodeIndex(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return x, nil
}

// Refuse is an error if a directory is to be left alone by a program that would
// use it as a data directory: it is a backup, or a copy that is not whole.
func Refuse(fsys vfs.FS, dir string) error {
	if err := refuseIncomplete(fsys, dir); err != nil {
		return err
	}
	if _, err := fsys.Stat(filepath.Join(dir, IndexName)); err == nil {
		return fmt.Errorf("%s is a backup, which stays as it is: restore it to another directory and use that", dir)
	}
	return nil
}

func refuseIncomplete(fsys vfs.FS, dir string) error {
	if _, err := fsys.Stat(filepath.Join(dir, IncompleteName)); err == nil {
		return fmt.Errorf("%w: %s: a backup or restore to it did not come to its end: remove the directory and do it again", ErrIncomplete, dir)
	}
	return nil
}
