// Package archive moves the files of a data directory as one stream: a tar
// whose last entry, BACKUP, lists every file with its size and SHA-256, so that
// a stream that was cut short or changed is never taken for a whole one.
//
// Unpack writes such a stream to a directory that is absent or empty. The file
// INCOMPLETE lies there from before the first file until all are durable and
// checked: a directory that has it is no copy, and Refuse says so.
package archive
