package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Formats returns the formats of the knowledge folder in the order of their
// names; only those of a kind unless it is "".
func Formats(knowledge fs.FS, kind string) ([]*Format, error) {
	files, err := fs.Glob(knowledge, formatDir+"/*.tsv")
	if err != nil {
		return nil, err
	}
	var list []*Format
	for _, file := range files {
		f, err := LoadFormat(knowledge, strings.TrimSuffix(path.Base(file), ".tsv"))
		if err != nil {
			return nil, err
		}
		if kind == "" || f.Kind == kind {
			list = append(list, f)
		}
	}
	return list, nil
}

// Detect returns the format of a kind that a document is in, by the members
// at its top, or those of the first element of an array. Errors:
// ErrUnknownFormat.
func Detect(knowledge fs.FS, kind string, text []byte) (*Format, error) {
	list, err := Formats(knowledge, kind)
	if err != nil {
		return nil, err
	}
	members := topMembers(text)
	var names []string
	for _, f := range list {
		if slices.ContainsFunc(f.when, func(m string) bool { return members[m] }) {
			return f, nil
		}
		names = append(names, f.Name+" has "+strings.Join(f.when, " or "))
	}
	return nil, fmt.Errorf("%w for this document of kind %s: at its top %s", ErrUnknownFormat, kind, strings.Join(names, "; "))
}

// topMembers returns the names of the members at the top of a document.
func topMembers(text []byte) map[string]bool {
	members := map[string]bool{}
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) != nil {
		dec := json.NewDecoder(bytes.NewReader(text))
		if t, err := dec.Token(); err != nil || t != json.Delim('[') || dec.Decode(&object) != nil {
			return members
		}
	}
	for name := range object {
		members[name] = true
	}
	return members
}
