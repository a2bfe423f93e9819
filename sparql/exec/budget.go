package exec

import (
	"fmt"

	"nettwin/sparql/results"
)

// DefaultMaxMemoryBytes bounds what one query keeps, unless Options say
// otherwise.
const DefaultMaxMemoryBytes = 2 << 30

// budget counts the memory that the operators of a query keep, and takes it
// from a share, if there is one, in blocks.
type budget struct {
	used, max int64
	share     *Share
	taken     int64 // of the share
}

// grow counts memory that is about to be used. Errors: *results.LimitError.
func (b *budget) grow(bytes int64) error {
	if b.used += bytes; b.used > b.max {
		return &results.LimitError{Limit: "memory", Value: fmt.Sprintf("%d bytes", b.max)}
	}
	if b.share == nil || b.used <= b.taken {
		return nil
	}
	need := (b.used - b.taken + blockBytes - 1) / blockBytes * blockBytes
	if err := b.share.take(need); err != nil {
		return err
	}
	b.taken += need
	return nil
}

// release gives back what was taken from the share.
func (b *budget) release() {
	if b.share != nil {
		b.share.give(b.taken)
		b.taken = 0
	}
}

func (b *budget) shrink(bytes int64) { b.used -= bytes }
