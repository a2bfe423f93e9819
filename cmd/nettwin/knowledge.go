package main

import (
	"io/fs"
	"os"
	"path/filepath"

	"nettwin/ontology"
)

// knowledgeDir is where rules, alignments, mapping tables and shapes of a
// data directory lie.
func knowledgeDir(dir string) string { return filepath.Join(dir, "knowledge") }

// openKnowledge returns the knowledge folder of a data directory. A new one
// gets a copy of what the binary ships; from then on only the folder counts,
// so that deleting a file there removes a rule for good.
func openKnowledge(dir string) (fs.FS, error) {
	target := knowledgeDir(dir)
	if _, err := os.Stat(target); err == nil {
		return os.DirFS(target), nil
	}
	// Written beside and renamed, so that a crash leaves no half of it.
	temp, err := os.MkdirTemp(dir, "knowledge-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	whole := filepath.Join(temp, "knowledge")
	if err := os.CopyFS(whole, ontology.Knowledge()); err != nil {
		return nil, err
	}
	if err := os.Rename(whole, target); err != nil {
		return nil, err
	}
	return os.DirFS(target), nil
}
