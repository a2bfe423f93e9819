package dict

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"
)

// The layout of a page of entries. Integers are little-endian.
//
//	4          entries
//	4 × (n+1)  where each entry begins in the page, and the end of the last
//	per entry  1 kind, 0x80 set if language-tagged; 4 number of the entry of its
//	           datatype or tag plus 1, else 0; the text
const (
	pageBytes    = 32 << 10 // a page is closed once it is as long
	entryHeadLen = 5
	pageHeadLen  = 4
)

// pageBuilder collects entries. Offsets are known only at the end, so they
// are kept apart.
type pageBuilder struct {
	starts []uint32 // in body
	body   []byte
}

func (p *pageBuilder) add(e *Raw) {
	p.starts = append(p.starts, uint32(len(p.body)))
	kind := e.Kind
	if e.Lang {
		kind |= langFlag
	}
	p.body = append(p.body, kind)
	p.body = binary.LittleEndian.AppendUint32(p.body, e.Extra)
	p.body = append(p.body, e.Text...)
}

func (p *pageBuilder) full() bool { return len(p.body)+4*len(p.starts) >= pageBytes }

// take returns the page's bytes and empties the builder.
func (p *pageBuilder) take(b []byte) []byte {
	n := len(p.starts)
	head := uint32(pageHeadLen + 4*(n+1))
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	for _, at := range p.starts {
		b = binary.LittleEndian.AppendUint32(b, head+at)
	}
	b = binary.LittleEndian.AppendUint32(b, head+uint32(len(p.body)))
	b = append(b, p.body...)
	p.starts, p.body = p.starts[:0], p.body[:0]
	return b
}

// page is a page in memory. It holds entries or slots of the hash table.
type page struct {
	n int
	b []byte
}

var errPage = errors.New("the page is cut short")

// parsePage checks a page of entries (I5). It keeps b.
func parsePage(b []byte) (*page, error) {
	if len(b) < pageHeadLen+4 {
		return nil, errPage
	}
	n := binary.LittleEndian.Uint32(b)
	if n < 1 || uint64(n)*(4+entryHeadLen)+pageHeadLen+4 > uint64(len(b)) {
		return nil, fmt.Errorf("page of %d entries in %d bytes", n, len(b))
	}
	p := &page{n: int(n), b: b}
	at := uint32(pageHeadLen + 4*(p.n+1))
	if p.start(0) != at || p.start(p.n) != uint32(len(b)) {
		return nil, errPage
	}
	for i := range p.n {
		next := p.start(i + 1)
		if next < at+entryHeadLen || next > uint32(len(b)) {
			return nil, fmt.Errorf("entry %d of the page lies from %d to %d", i, at, next)
		}
		if err := checkKind(b[at] &^ langFlag); err != nil {
			return nil, err
		}
		at = next
	}
	return p, nil
}

func (p *page) start(i int) uint32 { return binary.LittleEndian.Uint32(p.b[pageHeadLen+4*i:]) }

// entry returns an entry, whose text is the page's own memory.
func (p *page) entry(i int) Raw {
	b := p.b[p.start(i):p.start(i+1)]
	e := Raw{Kind: b[0] &^ langFlag, Lang: b[0]&langFlag != 0, Extra: binary.LittleEndian.Uint32(b[1:])}
	if text := b[entryHeadLen:]; len(text) > 0 {
		e.Text = unsafe.String(&text[0], len(text))
	}
	return e
}

// slot returns a word of a page of the hash table.
func (p *page) slot(i int) uint64 { return binary.LittleEndian.Uint64(p.b[8*i:]) }
