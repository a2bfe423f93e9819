package dict

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nettwin/graph"
	memdict "nettwin/graph/internal/dict"
	"nettwin/graph/rdf"
)

// localBit is set in the number of a term that a Loading gave out: such ids
// hold within the load until Numbers.Final.
const localBit = 1 << 59

// IsLocal tells whether an id is one that a Loading numbered.
func IsLocal(id graph.TermID) bool {
	return id&localBit != 0 && id.Tag() != graph.TagSpecial && !id.Inlined()
}

// loadingBlock is how many entries are allocated at once.
const loadingBlock = 1 << 12

// Loading numbers the new terms of a bulk load apart from the dictionary, so
// that a load that comes to nothing leaves nothing and writers go on
// meanwhile. Write makes a file of them, which Dict.Install makes part of the
// dictionary. Its numbers ascend in the order of arrival, as final ones do.
//
// One goroutine at a time calls ID; any number use Namers.
type Loading struct {
	d     *Dict
	extra func(e Raw) (uint64, error)

	since   uint64 // entries that the dictionary had when numbering began
	start   uint64 // local number of the first entry
	entries [][]tailEntry
	n       int
	slabs   [][]byte
	used    int // of the last slab
	table   []uint32
	bytes   int64
}

// Loading begins to number terms for a load. extra adds the entry of a
// datatype or language tag to the dictionary itself and returns its number:
// there are few, and other entries name them.
func (d *Dict) Loading(extra func(e Raw) (uint64, error)) *Loading {
	l := &Loading{d: d, extra: extra}
	l.reset(0)
	return l
}

func (l *Loading) reset(start uint64) {
	l.since, l.start = l.d.Len(), start
	l.entries, l.n, l.slabs, l.used, l.bytes = nil, 0, nil, 0, 0
	l.table = make([]uint32, 1<<12)
}

// Next begins anew after the terms so far were installed.
func (l *Loading) Next() { l.reset(l.start + uint64(l.n)) }

// Len returns how many terms were numbered since the last Next.
func (l *Loading) Len() int { return l.n }

// SizeBytes is what they take in memory, about.
func (l *Loading) SizeBytes() int64 { return l.bytes + int64(4*len(l.table)) }

// AddExtra numbers the entry of a datatype or language tag. It is for the
// writer.
func (d *Dict) AddExtra(e Raw) (uint64, error) { return d.add(&e) }

// Namer makes entries of terms. It belongs to one goroutine.
type Namer struct {
	l      *Loading
	extra  Raw
	number uint32
}

// Namer returns a new one.
func (l *Loading) Namer() *Namer { return &Namer{l: l} }

// Entry returns the entry of a term that is not inlined, and its hash. Its
// text is the term's own.
func (n *Namer) Entry(t *graph.Term) (e Raw, hash uint32, err error) {
	if long := max(len(t.Value()), len(t.Datatype()), len(t.Lang())); long > memdict.MaxTermBytes {
		return e, 0, fmt.Errorf("dictionary: term of %d bytes is beyond the limit of %d: %w", long, memdict.MaxTermBytes, graph.ErrTooLarge)
	}
	e = Raw{Kind: uint8(t.Kind()), Text: t.Value(), Lang: t.Lang() != ""}
	if t.IsLiteral() {
		if extra := extraOf(*t); rdf.Kind(extra.Kind) != rdf.KindNone {
			if extra != n.extra {
				if err := n.find(extra); err != nil {
					return e, 0, err
				}
			}
			e.Extra = n.number
		}
	}
	return e, hashEntry(n.l.d.seed, &e), nil
}

func (n *Namer) find(extra Raw) error {
	number, ok, err := n.l.d.findExtra(&extra)
	extra.Text = string(append([]byte(nil), extra.Text...)) // it outlives the term
	if err == nil && !ok {
		number, err = n.l.extra(extra)
	}
	if err != nil {
		return err
	}
	n.extra, n.number = extra, uint32(number+1)
	return nil
}

// ID returns the id of an entry: the dictionary's own if it has one, else a
// local one.
func (l *Loading) ID(e *Raw, hash uint32) (graph.TermID, error) {
	tag := tagOf(rdf.Kind(e.Kind))
	place, ok := l.find(hash, e)
	if ok {
		return graph.MakeID(tag, (l.start+uint64(place))|localBit), nil
	}
	if l.d.Len() > 0 {
		n, ok, err := l.d.find(e)
		if err != nil {
			return graph.None, err
		}
		if ok {
			return graph.MakeID(tag, n), nil
		}
	}
	if l.since+uint64(l.n) >= maxTerms {
		return graph.None, fmt.Errorf("dictionary: %d terms: %w", maxTerms, graph.ErrTooLarge)
	}
	return graph.MakeID(tag, (l.start+uint64(l.add(hash, e)))|localBit), nil
}

func (l *Loading) entry(place int) *tailEntry {
	return &l.entries[place/loadingBlock][place%loadingBlock]
}

func (l *Loading) find(hash uint32, e *Raw) (place int, ok bool) {
	mask := uint32(len(l.table) - 1)
	for i := hash; ; i++ {
		n := l.table[i&mask]
		if n == 0 {
			return 0, false
		}
		if t := l.entry(int(n - 1)); t.hash == hash && int(t.len) == len(e.Text) && t.raw(l.slabs) == *e {
			return int(n - 1), true
		}
	}
}

func (l *Loading) add(hash uint32, e *Raw) (place int) {
	t := tailEntry{len: uint32(len(e.Text)), extra: e.Extra, hash: hash, kind: e.Kind, lang: e.Lang}
	last := len(l.slabs) - 1
	if last < 0 || l.used+len(e.Text) > len(l.slabs[last]) {
		l.slabs = append(l.slabs, make([]byte, max(slabBytes, len(e.Text))))
		l.bytes += int64(len(l.slabs[last+1]))
		l.used = 0
		last++
	}
	t.slab, t.off = uint32(last), uint32(l.used)
	l.used += copy(l.slabs[last][l.used:], e.Text)
	place = l.n
	if place%loadingBlock == 0 {
		l.entries = append(l.entries, make([]tailEntry, loadingBlock))
		l.bytes += loadingBlock * 28
	}
	*l.entry(place) = t
	l.n++
	if 2*l.n > len(l.table) {
		l.grow()
	} else {
		l.index(place)
	}
	return place
}

func (l *Loading) grow() {
	l.table = make([]uint32, 2*len(l.table))
	for i := range l.n {
		l.index(i)
	}
}

func (l *Loading) index(place int) {
	mask := uint32(len(l.table) - 1)
	i := l.entry(place).hash
	for l.table[i&mask] != 0 {
		i++
	}
	l.table[i&mask] = uint32(place + 1)
}

// Written is a file of the terms of a Loading that is not part of the
// dictionary yet.
type Written struct {
	file *file
	gone []known
}

// known is a term of a load that the dictionary got meanwhile from others.
type known struct{ place, number uint64 }

// Len returns how many terms it holds.
func (w *Written) Len() uint64 {
	if w.file == nil {
		return 0
	}
	return w.file.count
}

// Write makes a durable file of the terms, without those that the dictionary
// has by now.
func (l *Loading) Write(ctx context.Context) (*Written, error) {
	w, err := l.write(ctx)
	if err != nil {
		return nil, fmt.Errorf("write terms of the load: %w", err)
	}
	return w, nil
}

func (l *Loading) write(ctx context.Context) (*Written, error) {
	gone, err := l.known()
	if err != nil {
		return nil, err
	}
	out := &Written{gone: gone}
	count := uint64(l.n - len(gone))
	if count == 0 {
		return out, nil
	}
	num := l.d.nextNum()
	name := l.d.o.Name(num)
	w, err := newWriter(l.d.o.FS, name, l.d.o.Salt, num, anywhere, count)
	if err != nil {
		return nil, err
	}
	for i := range l.n {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, errors.Join(ctx.Err(), w.abort())
		}
		if len(gone) > 0 && gone[0].place == uint64(i) {
			gone = gone[1:]
			continue
		}
		e := l.entry(i).raw(l.slabs)
		if err := w.add(&e); err != nil {
			return nil, errors.Join(err, w.abort())
		}
	}
	if err := w.finish(); err != nil {
		return nil, errors.Join(err, w.abort())
	}
	if out.file, err = openFile(l.d.o.FS, name, l.d.o.Salt, l.d.o.Cache); err != nil {
		return nil, errors.Join(err, l.d.o.FS.Remove(name))
	}
	return out, nil
}

// known lists the terms that the dictionary got since numbering began.
func (l *Loading) known() (list []known, err error) {
	for n := l.since; n < l.d.Len(); n++ {
		e, err := l.d.Raw(n)
		if err != nil {
			return nil, err
		}
		if place, ok := l.find(hashEntry(l.d.seed, &e), &e); ok {
			list = append(list, known{uint64(place), n})
		}
	}
	slices.SortFunc(list, func(a, b known) int { return int(a.place) - int(b.place) })
	return list, nil
}

// Current tells whether the dictionary got none of the terms since Write. The
// writer may not go on until Install.
func (l *Loading) Current(w *Written) (bool, error) {
	list, err := l.known()
	return len(list) == len(w.gone), err
}

// Discard removes a file that was not installed.
func (l *Loading) Discard(w *Written) error {
	if w == nil || w.file == nil {
		return nil
	}
	f := w.file
	w.file = nil
	return errors.Join(f.close(), l.d.o.FS.Remove(f.name))
}

// Install makes a file part of the dictionary, after all entries that it has,
// which are sealed to a file of their own. commit is as in Seal. The writer
// waits meanwhile.
func (d *Dict) Install(ctx context.Context, l *Loading, w *Written, commit func(files []uint64) error) (Numbers, error) {
	from, upTo := d.tail.first, d.Len()
	list := slices.Clone(d.set.files)
	nums := Numbers{start: l.start, n: uint64(l.n), first: upTo, gone: w.gone}
	var young *file
	if upTo > from {
		var err error
		if young, err = d.write(ctx, d.nextNum(), from, upTo); err != nil {
			return nums, fmt.Errorf("seal: %w", err)
		}
		list = append(list, young)
	}
	if w.file != nil {
		w.file.first = upTo
		list = append(list, w.file)
	}
	files := make([]uint64, len(list))
	for i, f := range list {
		files[i] = f.num
	}
	if err := commit(files); err != nil {
		if young != nil {
			err = errors.Join(err, young.close())
		}
		return nums, fmt.Errorf("install terms of a load: %w", err)
	}
	old, set := d.set, newFileSet(list)
	d.mu.Lock()
	d.set, d.tail = set, newTail(upTo+w.Len())
	d.mu.Unlock()
	w.file = nil
	return nums, old.release()
}

// Numbers are what the local numbers of an installed Loading became.
type Numbers struct {
	start, n uint64 // of local ones
	first    uint64 // final
	gone     []known
}

// Ordered tells whether final ids are in the order of the local ones.
func (n *Numbers) Ordered() bool { return len(n.gone) == 0 }

// Has tells whether a local id is of this Loading.
func (n *Numbers) Has(id graph.TermID) bool {
	local := id.Payload() &^ localBit
	return local >= n.start && local-n.start < n.n
}

// Final returns the id that a local one became.
func (n *Numbers) Final(id graph.TermID) graph.TermID {
	place := id.Payload()&^localBit - n.start
	number := n.first + place
	if len(n.gone) > 0 {
		i, ok := slices.BinarySearchFunc(n.gone, place, func(k known, p uint64) int { return int(k.place) - int(p) })
		number -= uint64(i)
		if ok {
			number = n.gone[i].number
		}
	}
	return graph.MakeID(id.Tag(), number)
}
