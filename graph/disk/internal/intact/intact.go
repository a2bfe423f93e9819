// Package intact is how the files of a store prove that they are what was
// written: salted checksums, and reads that get all that they ask for.
package intact

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"nettwin/graph"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Sum is the CRC-32C of the store's salt and the parts: bytes of another store
// are none of this one.
func Sum(salt []byte, parts ...[]byte) uint32 {
	sum := crc32.Update(0, castagnoli, salt)
	for _, b := range parts {
		sum = crc32.Update(sum, castagnoli, b)
	}
	return sum
}

// ReadAt fills b from an offset of the file of a name. Errors:
// *graph.CorruptionError if the file ends before, those of the file.
func ReadAt(f io.ReaderAt, name string, offset int64, b []byte) error {
	n, err := f.ReadAt(b, offset)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return &graph.CorruptionError{File: name, Offset: offset, Reason: fmt.Sprintf("the file ends inside %d bytes that belong here", len(b))}
	}
	return fmt.Errorf("read %s at offset %d: %w", name, offset, err)
}
