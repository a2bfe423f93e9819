package vfs

import (
	"errors"
	"io"
)

// ErrLocked: another process, or this one, holds the lock.
var ErrLocked = errors.New("vfs: locked")

// FS is a file system. Names are paths as the implementation understands them.
// Errors of absent files wrap fs.ErrNotExist. Safe for concurrent use.
type FS interface {
	// Create makes an empty file, or empties the one there, for reading and appending.
	Create(name string) (File, error)
	// OpenFile opens a file that exists: for appending too if write is set.
	OpenFile(name string, write bool) (File, error)
	Rename(from, to string) error
	Remove(name string) error
	// ReadDir returns the names in a folder, sorted.
	ReadDir(dir string) ([]string, error)
	MkdirAll(dir string) error
	// SyncDir makes the names in a folder durable.
	SyncDir(dir string) error
	// Lock takes a lock that ends with Close or with the process. An error that
	// wraps ErrLocked says who holds it, where that is known.
	Lock(name string) (io.Closer, error)
	Stat(name string) (Info, error)
}

// Room is what a file system may tell of its medium.
type Room interface {
	// FreeBytes is how much can still be written below a folder.
	FreeBytes(dir string) (int64, error)
}

// Info describes a file.
type Info struct {
	SizeBytes int64
	IsDir     bool
}

// File is an open file. ReadAt is safe for concurrent use.
type File interface {
	io.ReaderAt
	io.Writer // appends
	// Truncate cuts the file to size, which is at most its length.
	Truncate(size int64) error
	Sync() error
	Size() (int64, error)
	Close() error
}
