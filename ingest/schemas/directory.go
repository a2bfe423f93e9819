package schemas

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Directory is a folder of YANG modules, searched with its subfolders: the
// texts of modules that devices do not hand out. Files are named name.yang or
// name@revision.yang (RFC 7950 §5.2). The zero value is empty.
type Directory struct {
	fsys  fs.FS
	files map[string][]string // by module: paths, newest revision first, those without revision last
}

// OpenDirectory lists a folder.
func OpenDirectory(fsys fs.FS) (*Directory, error) {
	d := &Directory{fsys: fsys, files: map[string][]string{}}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".yang" {
			return err
		}
		module, _, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".yang"), "@")
		d.files[module] = append(d.files[module], name)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("folder of YANG modules: %w", err)
	}
	for _, list := range d.files {
		slices.SortFunc(list, func(a, b string) int { return strings.Compare(revisionOf(b), revisionOf(a)) })
	}
	return d, nil
}

func revisionOf(file string) string {
	_, revision, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".yang"), "@")
	return revision
}

// Text returns a module's text: that of the revision, or the newest if it is
// "". Another revision than the one asked for comes with exact false. The error
// wraps fs.ErrNotExist if the folder has none.
func (d *Directory) Text(t Text) (text []byte, exact bool, err error) {
	if d == nil || len(d.files[t.Name]) == 0 {
		return nil, false, fmt.Errorf("module %s: %w", t.Name, fs.ErrNotExist)
	}
	var first []byte
	for i, file := range d.files[t.Name] {
		text, err := d.read(file)
		if err != nil {
			return nil, false, err
		}
		if t.Revision == "" || revisionOf(file) == t.Revision || bytes.Contains(text, []byte(t.Revision)) {
			return text, true, nil
		}
		if i == 0 {
			first = text
		}
	}
	return first, false, nil
}

func (d *Directory) read(file string) ([]byte, error) {
	info, err := fs.Stat(d.fsys, file)
	if err != nil {
		return nil, fmt.Errorf("folder of YANG modules: %w", err)
	}
	if info.Size() > MaxTextBytes {
		return nil, fmt.Errorf("folder of YANG modules: %s has %d bytes, at most %d", file, info.Size(), MaxTextBytes)
	}
	text, err := fs.ReadFile(d.fsys, file)
	if err != nil {
		return nil, fmt.Errorf("folder of YANG modules: %w", err)
	}
	return text, nil
}

// Modules lists all modules of the folder in their newest revisions, for
// devices that do not tell theirs.
func (d *Directory) Modules() []Text {
	if d == nil {
		return nil
	}
	var list []Text
	for name, files := range d.files {
		list = append(list, Text{Name: name, Revision: revisionOf(files[0])})
	}
	slices.SortFunc(list, func(a, b Text) int { return strings.Compare(a.Name, b.Name) })
	return list
}
