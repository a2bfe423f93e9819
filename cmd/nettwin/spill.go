package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"nettwin/sparql"
)

// Queries put what their memory has no room for into files of this folder of
// the data directory, by default so many bytes of them together.
const (
	spillFolder          = "spill"
	defaultMaxSpillBytes = 16 << 30
)

// openSpill makes the folder and removes what a crash left in it. Call end when
// no query runs any more.
func openSpill(dir string, maxBytes int64) (_ *sparql.Spill, end func() error, err error) {
	path := filepath.Join(dir, spillFolder)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, nil, err
	}
	if maxBytes == 0 {
		maxBytes = defaultMaxSpillBytes
	}
	spill, err := sparql.NewSpill(root, maxBytes)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", path, err), root.Close())
	}
	return spill, root.Close, nil
}
