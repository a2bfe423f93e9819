package protocol

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Content codings of bodies (RFC 9110 §8.4, RFC 8878): gzip and zstd, both
// ways.

// maxZstdWindow bounds the memory that a compressed request may ask for.
const maxZstdWindow = 8 << 20

// decoded returns the body of a request without its content coding. It fails
// once more than limit bytes came, compressed or not.
func decoded(w http.ResponseWriter, r *http.Request, limit int64) (io.Reader, func(), error) {
	body := io.Reader(http.MaxBytesReader(w, r.Body, limit))
	end := func() {}
	switch coding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); coding {
	case "", "identity":
		return body, end, nil
	case "gzip", "x-gzip":
		zipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, end, &bodyError{http.StatusBadRequest, fmt.Errorf("gzip body: %w", err)}
		}
		body = zipped
	case "zstd":
		zipped, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, end, &bodyError{http.StatusBadRequest, fmt.Errorf("zstd body: %w", err)}
		}
		body, end = zipped, zipped.Close
	default:
		return nil, end, &bodyError{http.StatusUnsupportedMediaType, fmt.Errorf("Content-Encoding %q: send gzip, zstd or none", coding)}
	}
	return &cappedReader{r: body, left: limit, limit: limit}, end, nil
}

// encoder is a coding's writer.
type encoder interface {
	io.WriteCloser
	Flush() error
	Reset(w io.Writer)
}

var (
	gzipWriters = sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil {
			panic(err) // the level is a constant
		}
		return w
	}}
	zstdWriters = sync.Pool{New: func() any {
		w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
		if err != nil {
			panic(err) // the options are constants
		}
		return w
	}}
)

// coding is a content coding that answers may have.
type coding struct {
	name string
	pool *sync.Pool
}

// codings, the preferred one first.
var codings = []coding{{"zstd", &zstdWriters}, {"gzip", &gzipWriters}}

// negotiateCoding chooses the coding of an answer by Accept-Encoding (RFC 9110
// §12.5.3); ok is false for none.
func negotiateCoding(accept string) (best coding, ok bool) {
	quality := map[string]float64{}
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		q := 1.0
		if _, value, found := strings.Cut(params, "q="); found {
			var err error
			if q, err = strconv.ParseFloat(strings.TrimSpace(value), 64); err != nil {
				q = 0
			}
		}
		quality[strings.ToLower(strings.TrimSpace(name))] = q
	}
	most := 0.0
	for _, c := range codings {
		q, named := quality[c.name]
		if !named && c.name == "gzip" {
			q = quality["*"]
		}
		if q > most {
			best, most, ok = c, q, true
		}
	}
	return best, ok && most >= quality["identity"]
}

// leastCompressed is the size below which an answer is sent as it is, if it is
// known when the first byte is written.
const leastCompressed = 512

// compressed is a ResponseWriter that compresses what is worth it. Close ends
// the coding, unless the answer is to be cut off.
type compressed struct {
	http.ResponseWriter
	coding  coding
	enc     encoder
	decided bool
}

func newCompressed(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, func(whole bool) error) {
	w.Header().Add("Vary", "Accept-Encoding")
	c, ok := negotiateCoding(r.Header.Get("Accept-Encoding"))
	if !ok || r.Method == http.MethodHead {
		return w, func(bool) error { return nil }
	}
	out := &compressed{ResponseWriter: w, coding: c}
	return out, out.end
}

// Unwrap implements the seam of http.ResponseController.
func (c *compressed) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// WriteHeader decides for answers without a body and for errors.
func (c *compressed) WriteHeader(status int) {
	if status >= 300 || status == http.StatusNoContent {
		c.decided = true
	}
	if status >= 200 {
		c.decide(leastCompressed)
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *compressed) decide(size int) {
	if c.decided {
		return
	}
	c.decided = true
	h := c.Header()
	if size < leastCompressed || h.Get("Content-Encoding") != "" {
		return
	}
	h.Set("Content-Encoding", c.coding.name)
	h.Del("Content-Length")
	if tag := h.Get("ETag"); tag != "" {
		h.Set("ETag", strings.TrimSuffix(tag, `"`)+"-"+c.coding.name+`"`)
	}
	c.enc = c.coding.pool.Get().(encoder) //nolint:errcheck // the pools hold nothing else
	c.enc.Reset(c.ResponseWriter)
}

func (c *compressed) Write(p []byte) (int, error) {
	c.decide(len(p))
	if c.enc == nil {
		return c.ResponseWriter.Write(p)
	}
	return c.enc.Write(p)
}

// FlushError implements the seam of http.ResponseController: it pushes what
// the coding holds back.
func (c *compressed) FlushError() error {
	if c.enc != nil {
		if err := c.enc.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(c.ResponseWriter).Flush()
}

func (c *compressed) end(whole bool) error {
	if c.enc == nil {
		return nil
	}
	var err error
	if whole {
		err = c.enc.Close()
	}
	c.enc.Reset(nil)
	c.coding.pool.Put(c.enc)
	c.enc = nil
	return err
}

// cappedReader fails once more than limit bytes came out of a compressed
// body.
type cappedReader struct {
	r           io.Reader
	left, limit int64
}

func (c *cappedReader) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, &http.MaxBytesError{Limit: c.limit}
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left+1)])
	if c.left -= int64(n); c.left < 0 {
		return 0, &http.MaxBytesError{Limit: c.limit}
	}
	if err != nil && err != io.EOF && !isTooLarge(err) {
		err = &bodyError{http.StatusBadRequest, fmt.Errorf("compressed body: %w", err)}
	}
	return n, err
}

func isTooLarge(err error) bool {
	var tooLarge *http.MaxBytesError
	return errors.As(err, &tooLarge)
}
