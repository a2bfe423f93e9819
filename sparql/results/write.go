package results

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"nettwin/graph/rdf"
)

// WriteOptions are the choices of Write; the zero value pushes rows on only
// when the buffer is full and at the end.
type WriteOptions struct {
	// Flush pushes what was written on to the reader, such as
	// http.ResponseController.Flush. Nil: there is nothing to push. It is
	// called by one goroutine at a time, never after Write returns.
	Flush func() error
	// FlushRows flushes after that many rows; 0: no rule.
	FlushRows int
	// FlushInterval flushes rows that wait so long, but the first ones after
	// FirstFlush already; 0: no rule.
	FlushInterval time.Duration
}

// FirstFlush is how long the first rows wait for more before they are pushed
// on: short answers then go out in one piece.
const FirstFlush = time.Millisecond

// Ready is what Rows may tell beside: whether the next row is at hand, so that
// Next will not wait for it.
type Ready interface{ Ready() bool }

const writeBufferBytes = 64 << 10

// writeBuffers are used again: for a short answer, making one costs more than
// all the rest.
var writeBuffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, writeBufferBytes) }}

// UnsupportedError says that a format cannot hold a kind of result.
type UnsupportedError struct {
	Format Format
	Kind   Kind
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("results: write %s: the format has no form for %s; choose one of %v", e.Format, e.Kind, Formats(e.Kind))
}

// String names the kind by what is asked.
func (k Kind) String() string {
	switch k {
	case Bindings:
		return "solutions (SELECT)"
	case Boolean:
		return "a boolean (ASK)"
	case Graph:
		return "a graph (CONSTRUCT, DESCRIBE)"
	}
	return "an unknown kind of result"
}

// document writes one result in one format. row and triple are called in
// between; end completes the document.
type document interface {
	begin(vars []string)
	row(terms []rdf.Term)
	boolean(b bool)
	end()
}

// Write writes r to w in format f and closes r. Rows are written while they
// come. If the query fails before anything was flushed, nothing is written to
// w, so that the caller can still answer otherwise. If it fails later, the
// document is left unclosed — in the formats without a closing mark it ends
// in an open quotation that holds the error — so that no reader can take it
// for a whole one. Errors: *UnsupportedError, those of r, those of w.
func Write(ctx context.Context, w io.Writer, f Format, r *Result, opts WriteOptions) (err error) {
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	if !f.Supports(r.Kind) {
		return &UnsupportedError{f, r.Kind}
	}
	out := &flusher{counter: countingWriter{w: w}, opts: opts}
	out.buf = writeBuffers.Get().(*bufio.Writer) //nolint:errcheck // the pool holds nothing else
	out.buf.Reset(&out.counter)
	out.begin()
	defer out.finish()
	if r.Kind == Graph {
		return out.graph(ctx, f, r)
	}
	doc := newDocument(f, out.buf)
	doc.begin(r.Vars)
	if r.Kind == Boolean {
		doc.boolean(r.Boolean)
	} else if err := out.solutions(ctx, doc, r); err != nil {
		return out.abort(f, err)
	}
	doc.end()
	return out.drain()
}

func newDocument(f Format, w *bufio.Writer) document {
	switch f {
	case JSON:
		return &jsonDocument{w: w}
	case XML:
		return &xmlDocument{w: w}
	case CSV:
		return &csvDocument{w: w}
	}
	return &tsvDocument{w: w}
}

// countingWriter knows whether anything reached the underlying writer.
type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// flusher decides when rows are pushed on.
type flusher struct {
	counter countingWriter
	opts    WriteOptions

	// mu is held while rows are written, and given up while the next row has
	// to be waited for: then the timer may push what is there.
	mu      sync.Mutex
	buf     *bufio.Writer // guarded by mu
	pending int           // rows since the last push; guarded by mu
	armed   bool          // the timer runs; guarded by mu
	ended   bool          // guarded by mu
	failed  error         // of a push by the timer; guarded by mu
	timer   *time.Timer
}

func (o *flusher) begin() { o.mu.Lock() }

// finish ends the timer and gives the buffer back.
func (o *flusher) finish() {
	o.ended = true
	if o.timer != nil {
		o.timer.Stop()
	}
	o.buf.Reset(nil)
	writeBuffers.Put(o.buf)
	o.buf = nil
	o.mu.Unlock()
}

// arm makes the timer push what is pending after a while.
func (o *flusher) arm(d time.Duration) {
	o.armed = true
	if o.timer == nil {
		o.timer = time.AfterFunc(d, o.tick)
		return
	}
	o.timer.Reset(d)
}

// tick pushes what is pending.
func (o *flusher) tick() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.armed = false
	if o.ended || o.pending == 0 || o.failed != nil {
		return
	}
	o.failed = o.push()
}

// solutions writes rows, by many at once where both sides know how.
func (o *flusher) solutions(ctx context.Context, doc document, r *Result) error {
	if in, ok := r.Rows.(Columns); ok {
		if out, ok := doc.(columnar); ok {
			return o.columns(ctx, out, in)
		}
	}
	return o.rows(ctx, doc, r)
}

func (o *flusher) rows(ctx context.Context, doc document, r *Result) error {
	ready, tells := r.Rows.(Ready)
	for {
		wait := !tells || !ready.Ready()
		if wait {
			o.mu.Unlock()
		}
		row, err := r.Rows.Next(ctx)
		if wait {
			o.mu.Lock()
		}
		if err == io.EOF {
			return o.failed
		}
		if err != nil {
			return err
		}
		doc.row(row)
		if err := o.wrote(1); err != nil {
			return err
		}
	}
}

// wrote counts rows and flushes if one of the rules says so. Write errors
// stick in the buffer, so looking at them here is early enough.
func (o *flusher) wrote(n int) error {
	if !o.due(n) {
		return o.failed
	}
	return o.push()
}

// due counts rows and tells whether it is time to push.
func (o *flusher) due(n int) bool {
	o.pending += n
	if o.opts.Flush == nil {
		return false
	}
	if o.opts.FlushRows > 0 && o.pending >= o.opts.FlushRows {
		return true
	}
	if o.opts.FlushInterval > 0 && !o.armed {
		wait := o.opts.FlushInterval
		if o.counter.n == 0 {
			wait = FirstFlush
		}
		o.arm(wait)
	}
	return false
}

// push hands on what was written.
func (o *flusher) push() error {
	o.pending = 0
	if err := o.drain(); err != nil {
		return err
	}
	if o.opts.Flush == nil {
		return nil
	}
	if err := o.opts.Flush(); err != nil {
		return fmt.Errorf("results: flush: %w", err)
	}
	return nil
}

// drain empties the buffer. What follows the end of a document pushes it.
func (o *flusher) drain() error {
	if err := o.buf.Flush(); err != nil {
		return fmt.Errorf("results: write: %w", err)
	}
	return nil
}

// abort ends a document that must not look whole, and returns err.
func (o *flusher) abort(f Format, err error) error {
	if o.counter.n == 0 {
		return err // nothing was sent
	}
	if !closes(f) {
		fmt.Fprintf(o.buf, "\"incomplete: %.200s", sanitize(err.Error()))
	}
	return errors.Join(err, o.push())
}

// closes tells whether a document of the format has a closing mark.
func closes(f Format) bool { return f == JSON || f == XML || f == RDFXML || f == JSONLD }

// sanitize keeps a message from closing the quotation that it stands in.
func sanitize(s string) string {
	out := []byte(s)
	for i, c := range out {
		if c == '"' || c == '\\' || c < ' ' {
			out[i] = '.'
		}
	}
	return string(out)
}

var graphFormats = map[Format]rdf.Format{
	Turtle: rdf.Turtle, NTriples: rdf.NTriples, RDFXML: rdf.RDFXML, JSONLD: rdf.JSONLD, TriG: rdf.TriG, NQuads: rdf.NQuads,
}

// graph writes triples through the writers of package rdf.
func (o *flusher) graph(ctx context.Context, f Format, r *Result) error {
	var opts rdf.WriterOptions
	for _, prefix := range slices.Sorted(maps.Keys(r.Prefixes)) {
		opts.Prefixes = append(opts.Prefixes, rdf.PrefixDecl{Prefix: prefix, IRI: r.Prefixes[prefix]})
	}
	w := rdf.NewWriter(o.buf, graphFormats[f], opts)
	for {
		o.mu.Unlock()
		t, err := r.Triples.Next(ctx)
		o.mu.Lock()
		if err == io.EOF {
			break
		}
		if err != nil {
			return o.abort(f, err)
		}
		if err := w.Write(t.In(rdf.Term{})); err != nil {
			return o.abort(f, err)
		}
		if err := o.wrote(1); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("results: write: %w", err)
	}
	return errors.Join(o.failed, o.drain())
}
