// Package ui holds the built user interface. Its sources (TypeScript) are in
// src and are bundled into dist by "make ui"; a binary that was built without
// it serves a page that says so.
package ui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var files embed.FS

// Files returns the built page's files, or nil if it was not built.
func Files() fs.FS {
	sub, err := fs.Sub(files, "dist")
	if err != nil {
		return nil
	}
	if _, err := fs.Stat(sub, "index.html"); err != nil {
		return nil
	}
	return sub
}
