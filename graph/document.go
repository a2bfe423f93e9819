package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"nettwin/graph/rdf"
)

// Sizes of the pieces in which documents are loaded.
const (
	pieceBytes = 512 << 10
	firstBytes = 16 << 10 // most documents are small
	pieceQuads = 4096
)

// ErrNamedGraph: a document that goes to one graph holds quads of others.
var ErrNamedGraph = errors.New("graph: the document holds a named graph")

// DocumentOptions say how a document is loaded.
type DocumentOptions struct {
	rdf.ReaderOptions
	// Graph, if not zero, is where triples go; quads with a graph of their own
	// are ErrNamedGraph, also if Triples is set and Graph is the default graph.
	Graph   Term
	Triples bool
	// Progress, if not nil, is told how many quads were read since the last
	// call. It must be safe for concurrent use.
	Progress func(quads int)
}

// AddDocument parses a document and adds its quads to a load, on all
// processors, and returns how many there were. Memory is bounded by the limits
// of package rdf, whatever the document's length. Errors: *rdf.SyntaxError of
// the first fault in the document, ErrNamedGraph, those of r and of Load.Add.
func AddDocument(ctx context.Context, l Load, r io.Reader, f rdf.Format, o DocumentOptions) (uint64, error) {
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	d := &document{load: l, format: f, o: o, pieces: make(chan *piece), cancel: cancel, fault: -1}
	d.free.New = func() any { return &piece{} }
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() { d.work(ctx) })
	}
	var err error
	if f == rdf.NTriples || f == rdf.NQuads {
		err = d.cut(reading, r)
	} else {
		err = d.read(reading, r)
	}
	close(d.pieces)
	workers.Wait()
	if d.err != nil { // of a piece, which came before what stopped us
		err = d.err
	}
	return d.quads.Load(), err
}

// document is a document under way.
type document struct {
	load   Load
	format rdf.Format
	o      DocumentOptions
	pieces chan *piece
	free   sync.Pool
	cancel context.CancelFunc
	quads  atomic.Uint64

	mu    sync.Mutex
	fault int // number of the first piece with an error
	err   error
}

// piece is whole lines, or quads.
type piece struct {
	number int
	text   []byte
	line   int // number of the first
	quads  []rdf.Quad
}

func (d *document) work(ctx context.Context) {
	parser := rdf.NewLineParser(d.format, d.o.ReaderOptions)
	for p := range d.pieces {
		if !d.wanted(p.number) {
			continue
		}
		if err := d.take(ctx, parser, p); err != nil {
			d.fail(p.number, err)
		}
		d.free.Put(p)
	}
}

// wanted tells whether no earlier piece has failed.
func (d *document) wanted(number int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fault < 0 || number < d.fault
}

// fail notes the error of a piece and ends reading. Pieces before it go on, for
// they may have an earlier one.
func (d *document) fail(number int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fault < 0 || number < d.fault {
		d.fault, d.err = number, err
	}
	d.cancel()
}

func (d *document) take(ctx context.Context, parser *rdf.LineParser, p *piece) (err error) {
	if p.text != nil {
		if p.quads, err = parser.Parse(p.quads[:0], p.text, p.line); err != nil {
			return err
		}
	}
	if d.o.Triples || !d.o.Graph.IsZero() {
		for i := range p.quads {
			if g := p.quads[i].G; !g.IsZero() {
				return fmt.Errorf("%w: %s", ErrNamedGraph, g)
			}
			p.quads[i].G = d.o.Graph
		}
	}
	if err := d.load.Add(ctx, p.quads); err != nil {
		return err
	}
	d.quads.Add(uint64(len(p.quads)))
	if d.o.Progress != nil {
		d.o.Progress(len(p.quads))
	}
	return nil
}

// send hands a piece to a worker; false if reading has ended.
func (d *document) send(ctx context.Context, p *piece) bool {
	select {
	case d.pieces <- p:
		return true
	case <-ctx.Done():
		return false
	}
}

// cut reads pieces of whole lines.
func (d *document) cut(ctx context.Context, r io.Reader) error {
	limit := d.o.MaxTermBytes
	if limit <= 0 {
		limit = rdf.DefaultMaxTermBytes
	}
	limit = max(8*limit, pieceBytes)
	var rest []byte
	line := 1
	for number := 0; ; number++ {
		p := d.free.Get().(*piece)
		text, n, err := fill(p.text[:0], rest, r, limit)
		if err != nil && !errors.Is(err, io.EOF) {
			if errors.Is(err, errLongLine) {
				err = &rdf.SyntaxError{Format: d.format, Line: line, Column: 1, Msg: fmt.Sprintf("line is longer than the limit of %d bytes", limit)}
			}
			return err
		}
		rest = append(rest[:0], text[n:]...)
		p.number, p.line, p.text = number, line, text[:n]
		line += bytes.Count(p.text, []byte{'\n'})
		if len(p.text) > 0 && !d.send(ctx, p) {
			return ctx.Err()
		}
		if err != nil {
			return nil
		}
	}
}

var errLongLine = errors.New("graph: line too long")

// fill reads to buf, after rest, until it holds whole lines, and returns it with
// their length; with io.EOF that is all of it.
func fill(buf, rest []byte, r io.Reader, limit int) ([]byte, int, error) {
	if cap(buf) == 0 {
		buf = make([]byte, 0, firstBytes)
	}
	buf = append(buf, rest...)
	for empty := 0; ; {
		if len(buf) == cap(buf) && cap(buf) < pieceBytes {
			buf = append(make([]byte, 0, 4*cap(buf)), buf...)
		}
		if len(buf) == cap(buf) {
			if n := lines(buf); n > 0 {
				return buf, n, nil
			}
			if len(buf) >= limit {
				return buf, 0, errLongLine
			}
			buf = append(buf, make([]byte, len(buf))...)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil {
			return buf, len(buf), err
		}
		if empty++; n > 0 {
			empty = 0
		} else if empty == 100 {
			return buf, 0, io.ErrNoProgress
		}
	}
}

// lines returns the length of the whole lines at the front.
func lines(b []byte) int {
	if n := bytes.LastIndexByte(b, '\n') + 1; n > 0 {
		return n
	}
	return bytes.LastIndexByte(b, '\r') + 1
}

// read parses a document of another format here; its quads are numbered by the
// workers.
func (d *document) read(ctx context.Context, r io.Reader) error {
	reader := rdf.NewReader(r, d.format, d.o.ReaderOptions)
	for number := 0; ; number++ {
		p := d.free.Get().(*piece)
		p.number, p.text, p.quads = number, nil, p.quads[:0]
		var err error
		for err == nil && len(p.quads) < pieceQuads {
			var q rdf.Quad
			if q, err = reader.Read(); err == nil {
				p.quads = append(p.quads, q)
			}
		}
		if err != nil && err != io.EOF {
			return err
		}
		if len(p.quads) > 0 && !d.send(ctx, p) {
			return ctx.Err()
		}
		if err != nil {
			return nil
		}
	}
}
