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
	prepaid   int64 // of used, for growth to come
}

// grow counts memory that is about to be used. Nothing is counted if it is
// refused. Errors: *results.LimitError.
func (b *budget) grow(bytes int64) error {
	paid := min(b.prepaid, bytes)
	rest := bytes - paid
	if rest > 0 && b.used+rest > b.max {
		return b.exceeded()
	}
	if err := b.borrow(rest, false); err != nil {
		return err
	}
	b.prepaid -= paid
	b.used += rest
	return nil
}

func (b *budget) exceeded() error {
	return &results.LimitError{Limit: "memory", Value: fmt.Sprintf("%d bytes", b.max)}
}

// admit reserves memory for what is about to grow by at most so much, for those
// who know what to do if there is no room. Forced, there is: who keeps nothing
// could not go on otherwise. settle ends the reservation.
func (b *budget) admit(bytes int64, forced bool) bool {
	if !forced && b.used+bytes > b.max {
		return false
	}
	if b.borrow(bytes, forced) != nil {
		return false
	}
	b.used += bytes
	b.prepaid += bytes
	return true
}

// force counts memory that is used already, whether there is room or not.
func (b *budget) force(bytes int64) {
	b.borrow(bytes, true) //nolint:errcheck // forced, it is given
	b.used += bytes
}

// excess is memory beyond the limit that an operator keeps until what it has at
// hand is dealt with.
type excess struct{ bytes int64 }

// maxExcess bounds it: some text, and a share of the limit.
func (b *budget) maxExcess() int64 { return leastExcess + b.max/excessShare }

const (
	leastExcess = 1 << 20
	excessShare = 8
)

// growSoon counts memory, beyond the limit if e has room. Errors:
// *results.LimitError.
func (b *budget) growSoon(bytes int64, e *excess) error {
	err := b.grow(bytes)
	if err == nil || e.bytes+bytes > b.maxExcess() {
		return err
	}
	e.bytes += bytes
	b.force(bytes)
	return nil
}

// settle gives back what was reserved and not used.
func (b *budget) settle() { b.used, b.prepaid = b.used-b.prepaid, 0 }

// borrow takes memory from the share for so many bytes more than are used.
func (b *budget) borrow(bytes int64, forced bool) error {
	if b.share == nil || b.used+bytes <= b.taken {
		return nil
	}
	need := (b.used + bytes - b.taken + blockBytes - 1) / blockBytes * blockBytes
	if err := b.share.take(need, forced); err != nil {
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

// idleBlocks is how many blocks of the share may stay unused.
const idleBlocks = 8

func (b *budget) shrink(bytes int64) {
	b.used -= bytes
	if idle := b.taken - max(b.used, 0); b.share != nil && idle > idleBlocks*blockBytes {
		idle = idle / blockBytes * blockBytes
		b.share.give(idle)
		b.taken -= idle
	}
}
