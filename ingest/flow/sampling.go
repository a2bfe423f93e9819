package flow

import (
	"fmt"
	"math"
	"math/bits"

	"nettwin/ontology/ipfix"
)

// ratio says that size of population packets were looked at. The zero ratio
// says nothing.
type ratio struct{ size, population uint64 }

// sampled tells whether the ratio changes a count.
func (r ratio) sampled() bool { return r.size > 0 && r.population > r.size }

// scale estimates how many there were of n that were seen.
func (r ratio) scale(n uint64) uint64 {
	if !r.sampled() {
		return n
	}
	high, low := bits.Mul64(n, r.population)
	if high >= r.size {
		return math.MaxUint64
	}
	quotient, _ := bits.Div64(high, low, r.size)
	return quotient
}

// probabilityScale is the population that a probability is turned into.
const probabilityScale = 1_000_000

// parameters collects the sampling parameters of one record.
type parameters struct {
	values [ipfix.Probability + 1]uint64
	known  [ipfix.Probability + 1]bool
}

func (p *parameters) add(f *ipfix.Field, value []byte) bool {
	n, ok := ipfix.Number(value)
	if f.Detail == ipfix.Probability {
		var share float64
		share, ok = ipfix.FloatValue(value)
		ok = ok && share > 0 && share <= 1
		n = uint64(math.Max(1, math.Round(share*probabilityScale)))
	}
	if ok {
		p.values[f.Detail], p.known[f.Detail] = n, true
	}
	return ok
}

// ratio returns what the parameters say; zero if they are not enough.
func (p *parameters) ratio() ratio {
	switch {
	case p.known[ipfix.Size] && p.known[ipfix.Population]:
		return p.checked(p.values[ipfix.Size], p.values[ipfix.Population])
	case p.known[ipfix.Selected] && p.known[ipfix.Skipped]: // RFC 5477 §8.2.2
		return p.checked(p.values[ipfix.Selected], p.values[ipfix.Selected]+p.values[ipfix.Skipped])
	case p.known[ipfix.Interval]:
		return p.checked(1, p.values[ipfix.Interval])
	case p.known[ipfix.Probability]:
		return p.checked(p.values[ipfix.Probability], probabilityScale)
	}
	return ratio{}
}

func (p *parameters) checked(size, population uint64) ratio {
	if size == 0 || population < size {
		return ratio{}
	}
	return ratio{size, population}
}

// String writes the ratio as size:population.
func (r ratio) String() string { return fmt.Sprintf("%d:%d", r.size, r.population) }
