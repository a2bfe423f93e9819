package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"nettwin/graph/rdf"
)

// coding is how a file is compressed.
type coding struct {
	name   string // as in Content-Encoding
	suffix string // of a file's name
	magic  []byte // a file begins with it
}

var codings = []coding{
	{"gzip", ".gz", []byte{0x1F, 0x8B}},
	{"zstd", ".zst", []byte{0x28, 0xB5, 0x2F, 0xFD}},
}

// writer returns a writer that compresses what it is given.
func (c coding) writer(w io.Writer) (io.WriteCloser, error) {
	switch c.name {
	case "gzip":
		return gzip.NewWriterLevel(w, gzip.BestSpeed)
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest))
	}
	return plainWriter{w}, nil
}

// plainWriter compresses nothing.
type plainWriter struct{ io.Writer }

// Close implements io.Closer; what is written to stays open.
func (plainWriter) Close() error { return nil }

// maxZstdWindow bounds the memory that a compressed file may ask for.
const maxZstdWindow = 128 << 20

// uncoded returns a file's name without the suffixes of codings.
func uncoded(name string) string {
	for _, c := range codings {
		name = strings.TrimSuffix(name, c.suffix)
	}
	return name
}

// input is a file to read, with its format. Its coding is told by its first
// bytes, not by its name.
type input struct {
	name   string
	format rdf.Format
	size   int64 // as it is stored; 0 if that is not known
}

// inputs lists the files that arguments name: files, directories, whose files
// of known formats are taken, and "-" for standard input.
func inputs(args []string, format string) (list []input, err error) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		if arg != "-" && err == nil && info.IsDir() {
			found, err := inputsBelow(arg, format)
			if err != nil {
				return nil, err
			}
			list = append(list, found...)
			continue
		}
		in := input{name: arg}
		var ok bool
		if in.format, ok = formatOf(format, arg); !ok {
			return nil, usageError("%s: give --format turtle, trig, ntriples or nquads: the name does not tell", arg)
		}
		if err == nil && arg != "-" {
			in.size = info.Size()
		}
		list = append(list, in)
	}
	return list, nil
}

func inputsBelow(dir, format string) (list []input, err error) {
	err = filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		f, ok := formatOf("", name)
		if !ok {
			return nil
		}
		if format != "" {
			f, _ = formatOf(format, name)
		}
		info, err := e.Info()
		if err == nil {
			list = append(list, input{name, f, info.Size()})
		}
		return err
	})
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%s: no file below it has a name of a known format", dir)
	}
	return list, err
}

// formatOf returns the format of a name, or, if there is none, that of a file.
func formatOf(name, file string) (rdf.Format, bool) {
	if name == "" {
		return rdf.FormatByExtension(filepath.Ext(uncoded(file)))
	}
	for _, f := range rdf.Formats() {
		if strings.EqualFold(strings.ReplaceAll(f.String(), "-", ""), strings.ReplaceAll(name, "-", "")) {
			return f, true
		}
	}
	return rdf.FormatByExtension("." + strings.TrimPrefix(name, "."))
}

// raw opens the file as it is stored, and tells its coding; the zero coding is
// none.
func (i *input) raw(env *environment) (io.ReadCloser, coding, error) {
	file, err := env.open(i.name)
	if err != nil {
		return nil, coding{}, err
	}
	b := bufio.NewReaderSize(file, 1<<20)
	stored := struct {
		io.Reader
		io.Closer
	}{b, file}
	for _, c := range codings {
		if head, _ := b.Peek(len(c.magic)); bytes.Equal(head, c.magic) {
			return stored, c, nil
		}
	}
	return stored, coding{}, nil
}

// open opens the file decompressed. read is told how many bytes of it as stored
// were read.
func (i *input) open(env *environment, read func(n int)) (io.ReadCloser, error) {
	file, c, err := i.raw(env)
	if err != nil {
		return nil, err
	}
	counted := &countingReader{file, read}
	switch c.name {
	case "gzip":
		zipped, err := gzip.NewReader(counted)
		if err != nil {
			file.Close()
			return nil, fmt.Errorf("gzip: %w", err)
		}
		return struct {
			io.Reader
			io.Closer
		}{zipped, file}, nil
	case "zstd":
		zipped, err := zstd.NewReader(counted, zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			file.Close()
			return nil, fmt.Errorf("zstd: %w", err)
		}
		return &zstdFile{zipped, file}, nil
	}
	return struct {
		io.Reader
		io.Closer
	}{counted, file}, nil
}

// zstdFile is a file behind its decoder.
type zstdFile struct {
	*zstd.Decoder
	file io.Closer
}

// Close implements io.Closer.
func (z *zstdFile) Close() error {
	z.Decoder.Close()
	return z.file.Close()
}

// countingReader tells how much was read.
type countingReader struct {
	r    io.Reader
	read func(n int)
}

// Read implements io.Reader.
func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.read(n)
	return n, err
}
