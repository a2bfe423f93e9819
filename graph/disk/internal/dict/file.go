package dict

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/vfs"
)

// file is an open file of terms.
type file struct {
	name  string
	salt  []byte
	f     vfs.File
	cache *cache.Cache
	num   uint64
	size  int64
	first uint64
	count uint64

	pages     []pageEntry
	slots     []cache.Slot[page]
	bits      uint
	tableAt   int64
	tableSums []uint32
	tables    []cache.Slot[page]
	refs      atomic.Int64
}

func openFile(fsys vfs.FS, name string, salt []byte, c *cache.Cache) (*file, error) {
	f, err := fsys.OpenFile(name, false)
	if err != nil {
		return nil, err
	}
	d := &file{name: name, salt: salt, f: f, cache: c}
	if err := d.open(); err != nil {
		f.Close()
		return nil, err
	}
	return d, nil
}

func (d *file) open() error {
	size, err := d.f.Size()
	if err != nil {
		return fmt.Errorf("open %s: %w", d.name, err)
	}
	d.size = size
	if size < headerLen+footerLen {
		return d.corrupt(size, "the file is cut short")
	}
	head, err := d.readAt(0, headerLen)
	if err != nil {
		return err
	}
	d.num, d.first, d.count = binary.LittleEndian.Uint64(head[8:]), binary.LittleEndian.Uint64(head[16:]), binary.LittleEndian.Uint64(head[24:])
	if !bytes.Equal(head, encodeHeader(d.salt, d.num, d.first, d.count)) {
		return d.corrupt(0, "the header is not that of a dictionary of this store")
	}
	if d.count < 1 || d.count > maxFileTerms || d.first != anywhere && d.first > maxTerms-d.count {
		return d.corrupt(0, fmt.Sprintf("the header counts %d terms from %d", d.count, d.first))
	}
	at := size - footerLen
	foot, err := d.readAt(at, footerLen)
	if err != nil {
		return err
	}
	d.tableAt = int64(binary.LittleEndian.Uint64(foot))
	dir := int64(binary.LittleEndian.Uint64(foot[8:]))
	if string(foot[24:]) != footerMagic || binary.LittleEndian.Uint32(foot[20:]) != intact.Sum(d.salt, foot[:20]) {
		return d.corrupt(at, "the footer is not that of a dictionary of this store")
	}
	if d.tableAt < headerLen || dir < d.tableAt || dir > at {
		return d.corrupt(at, "the footer names a directory that is not there")
	}
	b, err := d.readAt(dir, int(at-dir))
	if err != nil {
		return err
	}
	if intact.Sum(d.salt, b) != binary.LittleEndian.Uint32(foot[16:]) {
		return d.corrupt(dir, "the directory's checksum is wrong")
	}
	if err := d.decodeDirectory(b, dir); err != nil {
		return d.corrupt(dir, err.Error())
	}
	d.slots, d.tables = make([]cache.Slot[page], len(d.pages)), make([]cache.Slot[page], len(d.tableSums))
	return nil
}

var errDirectory = errors.New("the directory is not that of the pages")

// decodeDirectory reads the directory that begins at offset end, where the
// table ends.
func (d *file) decodeDirectory(b []byte, end int64) error {
	if len(b) < 8 {
		return errDirectory
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if n < 1 || n*pageEntryLen+8 > uint64(len(b)) {
		return errDirectory
	}
	b = b[4:]
	at := int64(headerLen)
	for i := range int(n) {
		p := pageEntry{at, binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])}
		if i == 0 && p.first != 0 || i > 0 && p.first <= d.pages[i-1].first || uint64(p.first) >= d.count {
			return errDirectory
		}
		d.pages = append(d.pages, p)
		at += int64(p.length)
		b = b[pageEntryLen:]
	}
	d.bits = uint(b[0])
	tables := (int64(1)<<(d.bits&63) + slotsPerPage - 1) / slotsPerPage
	if at != d.tableAt || b[1]|b[2]|b[3] != 0 || d.bits != tableBits(d.count) || int64(len(b)) != 4+4*tables || end-d.tableAt != 8<<d.bits {
		return errDirectory
	}
	for b = b[4:]; len(b) > 0; b = b[4:] {
		d.tableSums = append(d.tableSums, binary.LittleEndian.Uint32(b))
	}
	return nil
}

func (d *file) corrupt(offset int64, reason string) error {
	return &graph.CorruptionError{File: d.name, Offset: offset, Reason: reason}
}

func (d *file) readAt(offset int64, n int) ([]byte, error) {
	b := make([]byte, n)
	if err := intact.ReadAt(d.f, d.name, offset, b); err != nil {
		return nil, err
	}
	return b, nil
}

// close closes the file and lets go of its pages.
func (d *file) close() error {
	cache.Drop(d.cache, d.slots)
	cache.Drop(d.cache, d.tables)
	return d.f.Close()
}

// page returns a page of entries.
func (d *file) page(i int) (*page, error) {
	if p := d.slots[i].Get(); p != nil {
		return p, nil
	}
	e := &d.pages[i]
	b, err := d.readAt(e.offset, int(e.length))
	if err != nil {
		return nil, err
	}
	if intact.Sum(d.salt, b) != e.sum {
		return nil, d.corrupt(e.offset, fmt.Sprintf("the checksum of page %d is wrong", i))
	}
	p, err := parsePage(b)
	if err == nil && uint64(e.first)+uint64(p.n) != d.end(i) {
		err = fmt.Errorf("it has %d entries, the directory says %d", p.n, d.end(i)-uint64(e.first))
	}
	if err != nil {
		return nil, d.corrupt(e.offset, fmt.Sprintf("page %d: %v", i, err))
	}
	return cache.Put(d.cache, &d.slots[i], p, int64(len(b))+128), nil
}

// end returns the place after the last entry of a page.
func (d *file) end(i int) uint64 {
	if i+1 < len(d.pages) {
		return uint64(d.pages[i+1].first)
	}
	return d.count
}

// table returns a page of the hash table.
func (d *file) table(i int) (*page, error) {
	if p := d.tables[i].Get(); p != nil {
		return p, nil
	}
	n := min(slotsPerPage, 1<<d.bits)
	at := d.tableAt + 8*int64(i)*slotsPerPage
	b, err := d.readAt(at, 8*n)
	if err != nil {
		return nil, err
	}
	if intact.Sum(d.salt, b) != d.tableSums[i] {
		return nil, d.corrupt(at, fmt.Sprintf("the checksum of page %d of the table is wrong", i))
	}
	return cache.Put(d.cache, &d.tables[i], &page{n: n, b: b}, int64(len(b))+128), nil
}

// pageOf returns the number of the page that holds a place, below count.
func (d *file) pageOf(place uint64) int {
	lo, hi := 0, len(d.pages)
	for hi-lo > 1 {
		mid := int(uint(lo+hi) >> 1)
		if uint64(d.pages[mid].first) <= place {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// entry returns the entry at a place in the file, below count.
func (d *file) entry(place uint64) (Raw, error) {
	i := d.pageOf(place)
	p, err := d.page(i)
	if err != nil {
		return Raw{}, err
	}
	return p.entry(int(place - uint64(d.pages[i].first))), nil
}

// find returns the place of an entry.
func (d *file) find(hash uint32, e *Raw) (place uint64, ok bool, err error) {
	mask := uint64(1)<<d.bits - 1
	at := uint64(hash >> (32 - d.bits))
	for range mask + 1 {
		p, err := d.table(int(at / slotsPerPage))
		if err != nil {
			return 0, false, err
		}
		word := p.slot(int(at % slotsPerPage))
		if word == 0 {
			return 0, false, nil
		}
		if uint32(word>>32) == hash {
			place := uint64(uint32(word)) - 1
			if place >= d.count {
				return 0, false, d.corrupt(d.tableAt+8*int64(at), fmt.Sprintf("the table names entry %d of %d", place, d.count))
			}
			got, err := d.entry(place)
			if err != nil || got == *e {
				return place, err == nil, err
			}
		}
		at = (at + 1) & mask
	}
	return 0, false, nil
}
