package exec

import (
	"fmt"

	"nettwin/sparql/results"
)

// DefaultMaxMemoryBytes bounds what one query keeps, unless Options say
// otherwise.
const DefaultMaxMemoryBytes = 2 << 30

// budget counts the memory that the operators of a query keep.
type budget struct{ used, max int64 }

// grow counts memory that is about to be used. Errors: *results.LimitError.
func (b *budget) grow(bytes int64) error {
	if b.used += bytes; b.used > b.max {
		return &results.LimitError{Limit: "memory", Value: fmt.Sprintf("%d bytes", b.max)}
	}
	return nil
}

func (b *budget) shrink(bytes int64) { b.used -= bytes }
