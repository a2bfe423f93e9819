package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// The keys of the Pebble engine. Ids are big-endian, so that keys sort as quads.
//
//	order (0 to 4)  four ids in the order's sequence   no value
//	'd'             term as text                       its id
//	't'             id                                 term as text
const (
	prefixTerm = 'd'
	prefixID   = 't'
	quadKeyLen = 1 + 4*8
)

// pebbleCacheBytes is half of disk.DefaultMemoryBytes, which is what the other
// engine caches blocks in.
const pebbleCacheBytes = 256 << 20

// pebbleEngine is quads as keys of Pebble, in the five orders, with the same
// inlined values and a dictionary beside them.
type pebbleEngine struct {
	dir  string
	db   *pebble.DB
	next uint64 // of the dictionary
}

func openPebble(dir string) (engine, error) {
	e := &pebbleEngine{dir: dir, next: 1}
	return e, e.openDB()
}

func (e *pebbleEngine) openDB() (err error) {
	o := &pebble.Options{CacheSize: pebbleCacheBytes, FormatMajorVersion: pebble.FormatNewest, Logger: quiet{}}
	for i := range o.Levels {
		o.Levels[i].BlockSize = 32 << 10
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	o.MemTableSize = 64 << 20
	e.db, err = pebble.Open(e.dir, o)
	return err
}

// quiet drops what Pebble logs but for what ends it.
type quiet struct{}

func (quiet) Infof(string, ...any)              {}
func (quiet) Errorf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
func (quiet) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func appendID(b []byte, id graph.TermID) []byte { return binary.BigEndian.AppendUint64(b, uint64(id)) }

func quadKey(b []byte, o graph.Order, q graph.Quad) []byte {
	b = append(b[:0], byte(o))
	for _, pos := range o.Positions() {
		b = appendID(b, q[pos])
	}
	return b
}

// termText is a term in a form that no other has.
func termText(b []byte, t rdf.Term) []byte {
	b = append(b, byte(t.Kind()))
	b = append(b, t.Datatype()...)
	b = append(b, 0)
	b = append(b, t.Lang()...)
	b = append(b, 0)
	return append(b, t.Value()...)
}

func textTerm(b []byte) (rdf.Term, error) {
	parts := bytes.SplitN(b[min(1, len(b)):], []byte{0}, 3)
	if len(parts) != 3 {
		return rdf.Term{}, fmt.Errorf("pebble: term %q", b)
	}
	value := string(parts[2])
	switch rdf.Kind(b[0]) {
	case rdf.KindIRI:
		return rdf.IRI(value), nil
	case rdf.KindBNode:
		return rdf.BNode(value), nil
	}
	if len(parts[1]) > 0 {
		return rdf.LangString(value, string(parts[1])), nil
	}
	return rdf.Literal(value, string(parts[0])), nil
}

func tagOf(t rdf.Term) graph.Tag {
	switch t.Kind() {
	case rdf.KindIRI:
		return graph.TagIRI
	case rdf.KindBNode:
		return graph.TagBNode
	}
	return graph.TagLiteral
}

// number returns the id of a term by find, or a new one, which is given to add.
func (e *pebbleEngine) number(t rdf.Term, find func(text []byte) (graph.TermID, error), add func(text []byte, id graph.TermID) error) (graph.TermID, error) {
	if t.IsZero() {
		return graph.DefaultGraph, nil
	}
	if id, ok := graph.Inline(t); ok {
		return id, nil
	}
	text := termText(nil, t)
	id, err := find(text)
	if err != nil || id != graph.None || add == nil {
		return id, err
	}
	id = graph.MakeID(tagOf(t), e.next)
	e.next++
	return id, add(text, id)
}

// load sorts all in memory and gives the database one table per order, which is
// the quickest way that Pebble has.
func (e *pebbleEngine) load(ctx context.Context, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	terms := map[string]graph.TermID{}
	find := func(text []byte) (graph.TermID, error) { return terms[string(text)], nil }
	add := func(text []byte, id graph.TermID) error { terms[string(text)] = id; return nil }
	var quads []graph.Quad
	r := rdf.NewReader(bufio.NewReaderSize(f, 1<<20), rdf.NQuads, rdf.ReaderOptions{})
	for {
		q, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		var ids graph.Quad
		for pos, t := range [4]rdf.Term{q.S, q.P, q.O, q.G} {
			if ids[pos], err = e.number(t, find, add); err != nil {
				return err
			}
		}
		quads = append(quads, ids)
	}
	var paths []string
	for o := range graph.NumOrders {
		path, err := e.orderTable(o, quads)
		if err != nil {
			return err
		}
		paths = append(paths, path)
	}
	more, err := e.termTables(terms)
	if err != nil {
		return err
	}
	return e.db.Ingest(ctx, append(paths, more...))
}

func (e *pebbleEngine) orderTable(o graph.Order, quads []graph.Quad) (string, error) {
	pos := o.Positions()
	slices.SortFunc(quads, func(a, b graph.Quad) int {
		return cmp.Or(cmp.Compare(a[pos[0]], b[pos[0]]), cmp.Compare(a[pos[1]], b[pos[1]]), cmp.Compare(a[pos[2]], b[pos[2]]), cmp.Compare(a[pos[3]], b[pos[3]]))
	})
	return e.table(o.String(), func(set func(key, value []byte) error) error {
		key := make([]byte, 0, quadKeyLen)
		for i, q := range quads {
			if i > 0 && q == quads[i-1] {
				continue
			}
			if err := set(quadKey(key, o, q), nil); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *pebbleEngine) termTables(terms map[string]graph.TermID) ([]string, error) {
	type entry struct {
		text string
		id   graph.TermID
	}
	all := make([]entry, 0, len(terms))
	for text, id := range terms {
		all = append(all, entry{text, id})
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.text, b.text) })
	texts, err := e.table("texts", func(set func(key, value []byte) error) error {
		for _, t := range all {
			if err := set(append([]byte{prefixTerm}, t.text...), appendID(nil, t.id)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.id, b.id) })
	ids, err := e.table("ids", func(set func(key, value []byte) error) error {
		for _, t := range all {
			if err := set(appendID([]byte{prefixID}, t.id), []byte(t.text)); err != nil {
				return err
			}
		}
		return nil
	})
	return []string{texts, ids}, err
}

// table writes a sorted table.
func (e *pebbleEngine) table(name string, fill func(set func(key, value []byte) error) error) (string, error) {
	path := filepath.Join(filepath.Dir(e.dir), name+".sst")
	f, err := vfs.Default.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return "", err
	}
	o := sstable.WriterOptions{BlockSize: 32 << 10, FilterPolicy: bloom.FilterPolicy(10), TableFormat: e.db.TableFormat()}
	w := sstable.NewWriter(objstorageprovider.NewFileWritable(f), o)
	err = fill(w.Set)
	return path, errors.Join(err, w.Close())
}

func (e *pebbleEngine) reopen() error {
	if err := e.db.Close(); err != nil {
		return err
	}
	return e.openDB()
}

func (e *pebbleEngine) close() error { return e.db.Close() }

// get returns the id of a term's text, graph.None if there is none.
func get(r pebble.Reader, text []byte) (graph.TermID, error) {
	v, closer, err := r.Get(append([]byte{prefixTerm}, text...))
	if errors.Is(err, pebble.ErrNotFound) {
		return graph.None, nil
	}
	if err != nil {
		return graph.None, err
	}
	id := graph.TermID(binary.BigEndian.Uint64(v))
	return id, closer.Close()
}

// commit asks for each quad whether the change has an effect, as the other
// engines do, whose counts and feeds depend on it.
func (e *pebbleEngine) commit(_ context.Context, b *graph.Batch) (n uint64, err error) {
	w := e.db.NewIndexedBatch()
	defer w.Close()
	find := func(text []byte) (graph.TermID, error) { return get(w, text) }
	add := func(text []byte, id graph.TermID) error {
		key := append([]byte{prefixTerm}, text...)
		return errors.Join(w.Set(key, appendID(nil, id), nil), w.Set(appendID([]byte{prefixID}, id), text, nil))
	}
	for half, quads := range [][]rdf.Quad{b.Deletes, b.Adds} {
		for _, q := range quads {
			var ids graph.Quad
			for pos, t := range [4]rdf.Term{q.S, q.P, q.O, q.G} {
				if ids[pos], err = e.number(t, find, add); err != nil {
					return 0, err
				}
			}
			_, closer, err := w.Get(quadKey(nil, graph.SPOG, ids))
			if err != nil && !errors.Is(err, pebble.ErrNotFound) {
				return 0, err
			}
			present := err == nil
			if present {
				closer.Close()
			}
			if present == (half == 1) {
				continue
			}
			n++
			key := make([]byte, 0, quadKeyLen)
			for o := range graph.NumOrders {
				if key = quadKey(key, o, ids); half == 0 {
					err = w.Delete(key, nil)
				} else {
					err = w.Set(key, nil, nil)
				}
				if err != nil {
					return 0, err
				}
			}
		}
	}
	return n, w.Commit(pebble.Sync)
}

func (e *pebbleEngine) tidy(ctx context.Context) error {
	return errors.Join(e.db.Flush(), e.db.Compact(ctx, []byte{0}, []byte{255}, false))
}

func (e *pebbleEngine) settle(context.Context) error { return nil }

func (e *pebbleEngine) sizes() (index, dictionary, log int64, err error) {
	n, err := e.db.EstimateDiskUsage([]byte{0}, []byte{byte(graph.NumOrders)})
	if err != nil {
		return 0, 0, 0, err
	}
	m, err := e.db.EstimateDiskUsage([]byte{prefixTerm}, []byte{prefixID + 1})
	return int64(n), int64(m), 0, err
}

func (e *pebbleEngine) read() (reader, error) { return &pebbleReader{s: e.db.NewSnapshot(), e: e}, nil }

// pebbleReader is a snapshot.
type pebbleReader struct {
	s     *pebble.Snapshot
	e     *pebbleEngine
	iters []*pebble.Iterator
}

func (r *pebbleReader) close() error {
	var errs []error
	for _, it := range r.iters {
		errs = append(errs, it.Close())
	}
	return errors.Join(append(errs, r.s.Close())...)
}

func (r *pebbleReader) ids(terms []rdf.Term, out []graph.TermID) (err error) {
	for i, t := range terms {
		if out[i], err = r.e.number(t, func(text []byte) (graph.TermID, error) { return get(r.s, text) }, nil); err != nil {
			return err
		}
	}
	return nil
}

// prefix opens an iterator over the keys of an order that begin with ids.
func (r *pebbleReader) prefix(o graph.Order, ids ...graph.TermID) (*pebble.Iterator, error) {
	low := []byte{byte(o)}
	for _, id := range ids {
		low = appendID(low, id)
	}
	return r.s.NewIter(&pebble.IterOptions{LowerBound: low, UpperBound: successor(low)})
}

// successor is the least key behind all with a prefix.
func successor(prefix []byte) []byte {
	b := bytes.Clone(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i]++; b[i] != 0 {
			return b[:i+1]
		}
	}
	return nil
}

func (r *pebbleReader) sum(_ context.Context) (rows, sum uint64, err error) {
	it, err := r.prefix(graph.PSOG)
	if err != nil {
		return 0, 0, err
	}
	for ok := it.First(); ok; ok = it.Next() {
		sum += binary.BigEndian.Uint64(it.Key()[9:])
		rows++
	}
	return rows, sum, errors.Join(it.Error(), it.Close())
}

func (r *pebbleReader) count(_ context.Context, p graph.TermID) (n uint64, err error) {
	it, err := r.prefix(graph.PSOG, p)
	if err != nil {
		return 0, err
	}
	for ok := it.First(); ok; ok = it.Next() {
		n++
	}
	return n, errors.Join(it.Error(), it.Close())
}

func (r *pebbleReader) seeker(_ context.Context, p graph.TermID) (func(graph.TermID) (uint64, error), error) {
	it, err := r.prefix(graph.PSOG, p)
	if err != nil {
		return nil, err
	}
	r.iters = append(r.iters, it)
	return func(s graph.TermID) (n uint64, err error) {
		want := appendID(appendID([]byte{byte(graph.PSOG)}, p), s)
		for ok := it.SeekGE(want); ok && bytes.HasPrefix(it.Key(), want); ok = it.Next() {
			n++
		}
		return n, it.Error()
	}, nil
}

func (r *pebbleReader) describe(_ context.Context, s graph.TermID, f func(q rdf.Quad)) error {
	it, err := r.prefix(graph.SPOG, s)
	if err != nil {
		return err
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		var q [4]rdf.Term
		for pos := range q {
			if q[pos], err = r.term(graph.TermID(binary.BigEndian.Uint64(it.Key()[1+8*pos:]))); err != nil {
				return err
			}
		}
		f(rdf.Quad{S: q[graph.S], P: q[graph.P], O: q[graph.O], G: q[graph.G]})
	}
	return it.Error()
}

func (r *pebbleReader) term(id graph.TermID) (rdf.Term, error) {
	if id == graph.DefaultGraph {
		return rdf.Term{}, nil
	}
	if t, ok := id.Term(); ok {
		return t, nil
	}
	v, closer, err := r.s.Get(appendID([]byte{prefixID}, id))
	if err != nil {
		return rdf.Term{}, err
	}
	t, err := textTerm(v)
	return t, errors.Join(err, closer.Close())
}
