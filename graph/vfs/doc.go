// Package vfs is the seam between a durable engine and its file system: OS is
// the real one, Mem one in memory that knows what would survive a crash, and
// Inject makes operations fail. Only the operations that an engine needs are
// here, with the durability that POSIX promises: a file's bytes are durable
// after File.Sync, its name after FS.SyncDir of the folder.
package vfs
