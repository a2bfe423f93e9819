package dict

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	memdict "nettwin/graph/internal/dict"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
)

// Options open a Dict.
type Options struct {
	FS    vfs.FS
	Salt  []byte
	Cache *cache.Cache
	Name  func(num uint64) string // path of a file
	// Files are the numbers of the files, in the order of their terms;
	// LastNum is the greatest number that a file may have.
	Files   []uint64
	LastNum uint64
}

// joinRatio: a file is joined with the one before it unless that one is so
// many times larger.
const joinRatio = 4

// maxFiles: more files than these are joined although some of them are large.
const maxFiles = 12

// Dict is a dictionary on disk with its young terms in memory.
type Dict struct {
	o    Options
	seed uint64
	num  atomic.Uint64 // the newest file's number

	extras     sync.Map // extraKey to number
	extraCount atomic.Int64

	mu   sync.RWMutex
	set  *fileSet
	tail *tail
}

// fileSet is the files at one time. It and each file count their references,
// so that a file that was replaced is closed by its last reader.
type fileSet struct {
	files []*file
	refs  atomic.Int64
}

func newFileSet(files []*file) *fileSet {
	s := &fileSet{files: files}
	for _, f := range files {
		f.refs.Add(1)
	}
	s.refs.Store(1)
	return s
}

func (s *fileSet) release() error {
	if s.refs.Add(-1) > 0 {
		return nil
	}
	var err error
	for _, f := range s.files {
		if f.refs.Add(-1) == 0 {
			err = errors.Join(err, f.close())
		}
	}
	return err
}

// Open opens the files of a dictionary. Errors: *graph.CorruptionError and
// those of the file system.
func Open(o Options) (*Dict, error) {
	d := &Dict{o: o, seed: seedOf(o.Salt)}
	d.num.Store(o.LastNum)
	next := uint64(0)
	var files []*file
	for _, num := range o.Files {
		f, err := openFile(o.FS, o.Name(num), o.Salt, o.Cache)
		if errors.Is(err, fs.ErrNotExist) {
			err = &graph.CorruptionError{File: o.Name(num), Reason: "the file is missing"}
		}
		if err == nil && f.first == anywhere {
			f.first = next
		}
		if err == nil && (f.first != next || f.num != num || next+f.count > maxTerms) {
			err = errors.Join(f.corrupt(0, fmt.Sprintf("I1: it is file %d from entry %d, file %d from entry %d is due", f.num, f.first, num, next)), f.close())
		}
		if err != nil {
			return nil, errors.Join(err, newFileSet(files).release())
		}
		files = append(files, f)
		next += f.count
	}
	d.set, d.tail = newFileSet(files), newTail(next)
	return d, nil
}

// Close closes the files. Nobody may look up any more.
func (d *Dict) Close() error { return d.set.release() }

// Len returns how many entries are numbered, language tags included.
func (d *Dict) Len() uint64 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.tail.first + uint64(len(d.tail.entries))
}

// Sealed returns how many of them are in files, and the files' numbers.
func (d *Dict) Sealed() (entries uint64, files []uint64) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, f := range d.set.files {
		files = append(files, f.num)
	}
	return d.tail.first, files
}

// Find sets out[i] to the id of terms[i], None where it is not in the
// dictionary. The terms must be ones that are not inlined; zero terms give
// None.
func (d *Dict) Find(terms []graph.Term, out []graph.TermID) error {
	for i, t := range terms {
		out[i] = graph.None
		if t.IsZero() {
			continue
		}
		e, ok, err := d.entryOf(t)
		if err == nil && ok {
			var n uint64
			if n, ok, err = d.find(&e); ok && err == nil {
				out[i] = graph.MakeID(tagOf(t.Kind()), n)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// FindTerm is Find for one term.
func (d *Dict) FindTerm(t graph.Term) (graph.TermID, error) {
	var out [1]graph.TermID
	err := d.Find([]graph.Term{t}, out[:])
	return out[0], err
}

// SizeBytes is the length of the files.
func (d *Dict) SizeBytes() (sum int64) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, f := range d.set.files {
		sum += f.size
	}
	return sum
}

// entryOf makes the entry of a term; false if its datatype or tag is unknown.
func (d *Dict) entryOf(t graph.Term) (Raw, bool, error) {
	e := Raw{Kind: uint8(t.Kind()), Text: t.Value(), Lang: t.Lang() != ""}
	extra := extraOf(t)
	if rdf.Kind(extra.Kind) == rdf.KindNone {
		return e, true, nil
	}
	n, ok, err := d.findExtra(&extra)
	e.Extra = uint32(n + 1)
	return e, ok, err
}

// extraKey is an entry that others name.
type extraKey struct {
	kind uint8
	text string
}

// maxExtras bounds how many datatypes and language tags are remembered.
const maxExtras = 256

// findExtra is find for a datatype or language tag. There are few, and most
// literals have one.
func (d *Dict) findExtra(e *Raw) (uint64, bool, error) {
	if n, ok := d.extras.Load(extraKey{e.Kind, e.Text}); ok {
		return n.(uint64), true, nil
	}
	n, ok, err := d.find(e)
	if ok && err == nil && d.extraCount.Add(1) <= maxExtras {
		d.extras.Store(extraKey{e.Kind, strings.Clone(e.Text)}, n)
	}
	return n, ok, err
}

// find looks in memory, then in the files, the largest of which is the first.
func (d *Dict) find(e *Raw) (n uint64, ok bool, err error) {
	hash := hashEntry(d.seed, e)
	d.mu.RLock()
	place, ok := d.tail.find(hash, e)
	n = d.tail.first + uint64(place)
	if ok {
		d.mu.RUnlock()
		return n, true, nil
	}
	set := d.acquire()
	d.mu.RUnlock()
	for _, f := range set.files {
		var place uint64
		if place, ok, err = f.find(hash, e); ok || err != nil {
			n = f.first + place
			break
		}
	}
	return n, ok, errors.Join(err, set.release())
}

// acquire adds a reference to the files. The caller holds mu.
func (d *Dict) acquire() *fileSet {
	d.set.refs.Add(1)
	return d.set
}

// Add returns the id of t, numbering it if it is new.
func (d *Dict) Add(t graph.Term) (graph.TermID, error) {
	if n := max(len(t.Value()), len(t.Datatype()), len(t.Lang())); n > memdict.MaxTermBytes {
		return graph.None, fmt.Errorf("dictionary: term of %d bytes is beyond the limit of %d: %w", n, memdict.MaxTermBytes, graph.ErrTooLarge)
	}
	e := Raw{Kind: uint8(t.Kind()), Text: t.Value(), Lang: t.Lang() != ""}
	if extra := extraOf(t); rdf.Kind(extra.Kind) != rdf.KindNone {
		n, ok, err := d.findExtra(&extra)
		if err == nil && !ok {
			n, err = d.add(&extra)
		}
		if err != nil {
			return graph.None, err
		}
		e.Extra = uint32(n + 1)
	}
	n, err := d.add(&e)
	if err != nil {
		return graph.None, err
	}
	return graph.MakeID(tagOf(t.Kind()), n), nil
}

func (d *Dict) add(e *Raw) (uint64, error) {
	n, ok, err := d.find(e)
	if ok || err != nil {
		return n, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	n = d.tail.first + uint64(len(d.tail.entries))
	if n >= maxTerms {
		return 0, fmt.Errorf("dictionary: %d terms: %w", n, graph.ErrTooLarge)
	}
	d.tail.add(hashEntry(d.seed, e), e)
	return n, nil
}

// AddRaw puts back the entry that a log holds at the next number, whose extra
// entry must be there (I3).
func (d *Dict) AddRaw(e Raw) error {
	next := d.Len()
	if err := d.checkRaw(&e, next); err != nil {
		return fmt.Errorf("dictionary: entry %d: %w", next, err)
	}
	n, err := d.add(&e)
	if err != nil {
		return err
	}
	if n != next {
		return fmt.Errorf("dictionary: I2: entry %d repeats entry %d", next, n)
	}
	return nil
}

func (d *Dict) checkRaw(e *Raw, next uint64) error {
	if err := checkKind(e.Kind); err != nil {
		return err
	}
	switch {
	case e.Extra == 0 && !e.Lang:
		return nil
	case rdf.Kind(e.Kind) != rdf.KindLiteral || e.Extra == 0 || uint64(e.Extra) > next:
		return fmt.Errorf("kind %d with entry %d beside it", e.Kind, e.Extra)
	}
	other, err := d.Raw(uint64(e.Extra - 1))
	if err != nil {
		return err
	}
	if kind := rdf.Kind(other.Kind); e.Lang != (kind == kindLang) || !e.Lang && kind != rdf.KindIRI {
		return fmt.Errorf("it names entry %d of kind %d", e.Extra-1, other.Kind)
	}
	return nil
}

// view is the entries at one time, which can be read without a lock.
type view struct {
	set     *fileSet
	first   uint64 // of entries
	entries []tailEntry
	slabs   [][]byte
	at      *page  // the page read last
	from    uint64 // its entries
	to      uint64
}

// view returns a view, which must be released.
func (d *Dict) view() view {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return view{set: d.acquire(), first: d.tail.first, entries: d.tail.entries, slabs: d.tail.slabs}
}

func (v *view) release() error { return v.set.release() }

// raw returns entry n. Neighbours lie in one page more often than not.
func (v *view) raw(n uint64) (Raw, error) {
	switch {
	case n >= v.from && n < v.to:
		return v.at.entry(int(n - v.from)), nil
	case n-v.first < uint64(len(v.entries)) && n >= v.first:
		return v.entries[n-v.first].raw(v.slabs), nil
	case n >= v.first:
		return Raw{}, fmt.Errorf("dictionary: entry %d was never given out", n)
	}
	i := 0
	for n >= v.set.files[i].first+v.set.files[i].count { // I1
		i++
	}
	f := v.set.files[i]
	k := f.pageOf(n - f.first)
	p, err := f.page(k)
	if err != nil {
		return Raw{}, err
	}
	v.at, v.from, v.to = p, f.first+uint64(f.pages[k].first), f.first+f.end(k)
	return p.entry(int(n - v.from)), nil
}

// Raw returns entry n. Its text is memory that lives as long as it is used.
func (d *Dict) Raw(n uint64) (Raw, error) {
	v := d.view()
	e, err := v.raw(n)
	return e, errors.Join(err, v.release())
}

// Terms sets out[i] to the term of ids[i], which must be ids of the
// dictionary. Neighbours that share a datatype look it up once.
func (d *Dict) Terms(ids []graph.TermID, out []graph.Term) error {
	v := d.view()
	err := v.terms(ids, out)
	return errors.Join(err, v.release())
}

func (v *view) terms(ids []graph.TermID, out []graph.Term) error {
	var lastExtra uint32
	var extra Raw
	for i, id := range ids {
		e, err := v.raw(id.Payload())
		if err != nil {
			return err
		}
		if kind := rdf.Kind(e.Kind); kind == kindLang || tagOf(kind) != id.Tag() {
			return fmt.Errorf("dictionary: id %#x was never given out", uint64(id))
		}
		if e.Extra != 0 && e.Extra != lastExtra {
			if extra, err = v.raw(uint64(e.Extra - 1)); err != nil {
				return err
			}
			lastExtra = e.Extra
		}
		out[i] = termOf(&e, extra.Text)
	}
	return nil
}

func termOf(e *Raw, extra string) graph.Term {
	switch {
	case rdf.Kind(e.Kind) == rdf.KindIRI:
		return rdf.IRI(e.Text)
	case rdf.Kind(e.Kind) == rdf.KindBNode:
		return rdf.BNode(e.Text)
	case rdf.Kind(e.Kind) == rdf.KindTriple:
		return rdf.TripleTermOf(e.Text)
	case e.Extra == 0:
		return rdf.String(e.Text)
	case e.Lang:
		return rdf.TaggedString(e.Text, extra)
	}
	return rdf.Literal(e.Text, extra)
}

// Seal writes the first entries, up to number upTo, to a file, joined with
// older files that are not much larger. It calls commit, which makes a
// manifest name the new files and not the replaced ones; when that fails
// nothing has changed but a file that nobody names. Add and lookups go on
// meanwhile; another Seal may not.
func (d *Dict) Seal(ctx context.Context, upTo uint64, commit func(files []uint64) error) error {
	if upTo > d.Len() {
		return fmt.Errorf("seal: entry %d was never given out", upTo)
	}
	first, _ := d.Sealed()
	if upTo <= first {
		return nil
	}
	files := d.set.files // only Seal changes it
	keep, sealed := len(files), first
	for keep > 0 && files[keep-1].count < joinRatio*(upTo-first) {
		keep--
		first = files[keep].first
	}
	for i := range keep { // small ones that large ones followed
		if keep > maxFiles && files[i].count < joinRatio*(upTo-files[i].first-files[i].count) {
			keep, first = i, files[i].first
			break
		}
	}
	f, err := d.write(ctx, d.nextNum(), first, upTo)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	list := append(files[:keep:keep], f)
	nums := make([]uint64, len(list))
	for i, f := range list {
		nums[i] = f.num
	}
	if err := commit(nums); err != nil {
		return errors.Join(fmt.Errorf("seal: %w", err), f.close())
	}
	old := d.set
	set := newFileSet(list)
	d.mu.Lock()
	d.set, d.tail = set, d.tail.from(int(upTo-sealed))
	d.mu.Unlock()
	for _, f := range files[keep:] {
		err = errors.Join(err, d.o.FS.Remove(f.name))
	}
	return errors.Join(err, old.release())
}

// nextNum returns the number of a new file.
func (d *Dict) nextNum() uint64 { return d.num.Add(1) }

// write makes the file of the entries [first, to) and opens it.
func (d *Dict) write(ctx context.Context, num, first, to uint64) (*file, error) {
	name := d.o.Name(num)
	w, err := newWriter(d.o.FS, name, d.o.Salt, num, first, to-first)
	if err != nil {
		return nil, err
	}
	for n := first; n < to; n++ {
		if n%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, errors.Join(err, w.abort())
			}
		}
		e, err := d.Raw(n)
		if err == nil {
			err = w.add(&e)
		}
		if err != nil {
			return nil, errors.Join(err, w.abort())
		}
	}
	if err := w.finish(); err != nil {
		return nil, errors.Join(err, w.abort())
	}
	return openFile(d.o.FS, name, d.o.Salt, d.o.Cache)
}

// Verify reads all files and checks their invariants. Errors:
// *graph.CorruptionError, ctx.Err(), those of the file system.
func (d *Dict) Verify(ctx context.Context) error {
	d.mu.RLock()
	set := d.acquire()
	d.mu.RUnlock()
	defer set.release()
	for _, f := range set.files {
		for place := range f.count {
			if place%4096 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			e, err := f.entry(place)
			if err == nil {
				err = d.checkRaw(&e, f.first+place)
			}
			if err == nil {
				var n uint64
				var ok bool
				if n, ok, err = d.find(&e); err == nil && (!ok || n != f.first+place) {
					err = f.corrupt(f.tableAt, fmt.Sprintf("I2: entry %d is not found by its text", f.first+place))
				}
			}
			if err != nil {
				var corrupt *graph.CorruptionError
				if !errors.As(err, &corrupt) && ctx.Err() == nil {
					err = fmt.Errorf("%w: %w", f.corrupt(0, fmt.Sprintf("entry %d", f.first+place)), err)
				}
				return err
			}
		}
		for i := range f.tableSums {
			if _, err := f.table(i); err != nil {
				return err
			}
		}
	}
	return nil
}
