package runs

import (
	"slices"

	"nettwin/graph"
)

// radixRows is from how many rows on a radix sort is quicker.
const radixRows = 128

// derive brings rows that are sorted in one order into another, which sorts
// them by its leading position and else like the first.
func derive(in []Key, from, to graph.Order) []Key {
	var place [4]int // in the first order, of each position of the other
	source, target := from.Positions(), to.Positions()
	for i, pos := range target {
		place[i] = slices.Index(source[:], pos)
	}
	out := make([]Key, len(in))
	var varying graph.TermID
	for i := range in {
		k := &in[i]
		out[i] = Key{k[place[0]], k[place[1]], k[place[2]], k[place[3]]}
		varying |= out[i][0] ^ out[0][0]
	}
	if len(out) < radixRows {
		slices.SortFunc(out, func(a, b Key) int { return compare(&a, &b) })
		return out
	}
	return radix(out, varying)
}

// radix sorts keys stably by their first id, byte by byte from the lowest,
// leaving out bytes that do not vary.
func radix(keys []Key, varying graph.TermID) []Key {
	other := make([]Key, 0)
	for shift := 0; shift < 64; shift += 8 {
		if varying>>shift&0xFF == 0 {
			continue
		}
		if len(other) == 0 {
			other = make([]Key, len(keys))
		}
		var starts [256]int
		for i := range keys {
			starts[byte(keys[i][0]>>shift)]++
		}
		sum := 0
		for i, n := range starts {
			starts[i], sum = sum, sum+n
		}
		for i := range keys {
			at := &starts[byte(keys[i][0]>>shift)]
			other[*at] = keys[i]
			*at++
		}
		keys, other = other, keys
	}
	return keys
}
