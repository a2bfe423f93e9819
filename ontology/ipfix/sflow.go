package ipfix

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"nettwin/graph/rdf"
)

// sflowFile is the table of sFlow; a folder without it has none.
const sflowFile = "sflow.tsv"

// namespace begins the IRIs of properties that the table shortens.
const namespace = "https://w3id.org/nettwin/"

// PacketField is a field of a sampled packet and the element that it is.
type PacketField struct {
	Name    string
	Element *Element
}

// Structure identifies a structure of sFlow: who defined it and its number.
type Structure struct{ Enterprise, Format uint32 }

// String writes the structure as enterprise:format.
func (s Structure) String() string { return fmt.Sprintf("%d:%d", s.Enterprise, s.Format) }

// Reading is how the octets of a counter field are read.
type Reading uint8

// The readings.
const (
	Count    Reading = iota // an unsigned number that grows
	Quantity                // an unsigned number that is state
	Bit                     // one bit, with a word for each of its values
	Opaque                  // a text (XDR: its length, then its octets)
)

// MeterField is a field of a structure of counters. Octets is 0 for a text.
type MeterField struct {
	Offset, Octets int
	Term           rdf.Term
	Reading        Reading
	Per            uint64    // of quantities: the value is divided by it
	Bit            uint      // of bits: its number, from the lowest
	Words          [2]string // of bits: of the values 0 and 1
}

// SFlow is what the samples of sFlow mean.
type SFlow struct {
	Packet []PacketField
	Meters map[Structure][]MeterField
}

// SFlow returns the table of sFlow; nil if the folder has none.
func (t *Tables) SFlow() *SFlow { return t.sflow }

// maxMeterOffset bounds the offsets of the table.
const maxMeterOffset = 1 << 16

func (t *Tables) loadSFlow(fsys fs.FS, dir string) error {
	s := &SFlow{Meters: map[Structure][]MeterField{}}
	known := map[string]bool{}
	err := rows(fsys, path.Join(dir, sflowFile), func(cells []string) error {
		switch {
		case cells[0] == "packet" && len(cells) == 3:
			e := t.byName[cells[2]]
			if e == nil {
				return fmt.Errorf("%q is no element of %s", cells[2], elementFiles)
			}
			if known[cells[1]] {
				return fmt.Errorf("the field %s has an element already", cells[1])
			}
			known[cells[1]] = true
			s.Packet = append(s.Packet, PacketField{cells[1], e})
			return nil
		case cells[0] == "counter" && len(cells) == 6:
			return s.meter(cells)
		}
		return fmt.Errorf("%q with %d cells: expected packet with 3 or counter with 6", cells[0], len(cells))
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	t.sflow = s
	return err
}

func (s *SFlow) meter(cells []string) error {
	var id Structure
	enterprise, format, ok := strings.Cut(cells[1], ":")
	a, errA := strconv.ParseUint(enterprise, 10, 20)
	b, errB := strconv.ParseUint(format, 10, 12)
	if !ok || errA != nil || errB != nil {
		return fmt.Errorf("structure %q: expected enterprise:format, of 20 and 12 bits", cells[1])
	}
	id = Structure{uint32(a), uint32(b)}
	f := MeterField{Term: rdf.IRI(namespace + cells[4]), Per: 1}
	offset, errA := strconv.ParseUint(cells[2], 10, 32)
	octets, errB := strconv.ParseUint(cells[3], 10, 32)
	if errA != nil || errB != nil || offset > maxMeterOffset || octets > 8 {
		return fmt.Errorf("offset %q and octets %q: expected numbers, at most %d and 8", cells[2], cells[3], maxMeterOffset)
	}
	f.Offset, f.Octets = int(offset), int(octets)
	if err := rdf.CheckIRI(f.Term.Value()); err != nil {
		return fmt.Errorf("property %q: %w", cells[4], err)
	}
	if err := f.read(strings.Fields(cells[5])); err != nil {
		return err
	}
	s.Meters[id] = append(s.Meters[id], f)
	return nil
}

// read understands the last cell of a counter.
func (f *MeterField) read(words []string) error {
	var err error
	switch {
	case len(words) == 1 && words[0] == "count":
		f.Reading = Count
	case len(words) == 1 && words[0] == "number":
		f.Reading = Quantity
	case len(words) == 2 && words[0] == "per":
		f.Reading = Quantity
		f.Per, err = strconv.ParseUint(words[1], 10, 64)
	case len(words) == 4 && words[0] == "bit":
		f.Reading, f.Words = Bit, [2]string{words[2], words[3]}
		var n uint64
		n, err = strconv.ParseUint(words[1], 10, 6)
		f.Bit = uint(n)
	case len(words) == 1 && words[0] == "text":
		f.Reading = Opaque
	default:
		err = errors.New("unknown")
	}
	if err != nil || f.Per == 0 {
		return fmt.Errorf("reading %q: expected count, number, per N, bit N WORD WORD, or text", strings.Join(words, " "))
	}
	if (f.Reading == Opaque) != (f.Octets == 0) {
		return errors.New("a text has 0 octets, anything else 1 to 8")
	}
	return nil
}
