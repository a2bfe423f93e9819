package mib

import "fmt"

// IndexValue is one decoded component of a row's index.
type IndexValue struct {
	Object *Object
	Value  Value
}

// DecodeIndex splits a row's index into the values of its index objects
// (RFC 2578 §7.7). What was decoded before an error is returned with it.
func (t *Tables) DecodeIndex(entry *Object, index []uint32) ([]IndexValue, error) {
	out := make([]IndexValue, 0, len(entry.Index))
	rest := index
	for _, part := range entry.Index {
		v, n, err := decodePart(part, rest)
		if err != nil {
			return out, fmt.Errorf("%s: index %s: %s: %w", entry.Name, Dotted(index), part.Object.Name, err)
		}
		out = append(out, IndexValue{part.Object, v})
		rest = rest[n:]
	}
	if len(rest) > 0 {
		return out, fmt.Errorf("%s: index %s: %d arcs are left over", entry.Name, Dotted(index), len(rest))
	}
	return out, nil
}

// decodePart reads one component and tells how many arcs it took.
func decodePart(part IndexPart, arcs []uint32) (Value, int, error) {
	o := part.Object
	switch o.Syntax {
	case Integer, Unsigned, Gauge, Counter32, Counter64, TimeTicks, TruthValue:
		if len(arcs) == 0 {
			return Value{}, 0, fmt.Errorf("the index ends early")
		}
		return Value{Kind: Number, Int: int64(arcs[0])}, 1, nil
	case IPAddress:
		b, err := octets(arcs, 4)
		return Value{Kind: Bytes, Bytes: b}, 4, err
	case OID, RowPointer:
		n, skip, err := variable(part, arcs)
		if err != nil {
			return Value{}, 0, err
		}
		return Value{Kind: ObjectID, OID: arcs[skip : skip+n]}, skip + n, nil
	}
	n, skip := o.Size, 0
	if n == 0 {
		var err error
		if n, skip, err = variable(part, arcs); err != nil {
			return Value{}, 0, err
		}
	}
	b, err := octets(arcs[skip:], n)
	return Value{Kind: Bytes, Bytes: b}, skip + n, err
}

// variable returns the length of a component of variable length and the arcs
// before it.
func variable(part IndexPart, arcs []uint32) (length, skip int, err error) {
	if part.Implied {
		return len(arcs), 0, nil
	}
	if len(arcs) == 0 {
		return 0, 0, fmt.Errorf("the index ends before a length")
	}
	if int64(arcs[0]) > int64(len(arcs)-1) {
		return 0, 0, fmt.Errorf("the length %d is beyond the index's end", arcs[0])
	}
	return int(arcs[0]), 1, nil
}

func octets(arcs []uint32, n int) ([]byte, error) {
	if len(arcs) < n {
		return nil, fmt.Errorf("%d octets expected, %d arcs left", n, len(arcs))
	}
	b := make([]byte, n)
	for i := range b {
		if arcs[i] > 255 {
			return nil, fmt.Errorf("the arc %d is no octet", arcs[i])
		}
		b[i] = byte(arcs[i])
	}
	return b, nil
}
