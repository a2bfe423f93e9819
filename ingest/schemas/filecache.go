package schemas

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"nettwin/naming"
)

// FileCache keeps schemas in a folder, so that a device is not asked again
// after a restart: each text once, in a file of its content name, and an index
// of lines of JSON, the last of one id counting. A text is verified against its
// name whenever it is read; a damaged or missing one is forgotten and fetched
// anew. What came first goes first when it is full.
//
// Nothing is fsynced: a crash costs what was not written yet.
type FileCache struct {
	dir      string
	maxBytes int
	log      *slog.Logger

	mu     sync.Mutex // guards what follows
	index  *os.File   // open for appending
	lines  int        // in the index file
	bytes  int        // of all texts
	names  map[ID]naming.Name
	order  []ID // as they came
	texts  map[naming.Name]*storedText
	closed bool
}

type storedText struct{ bytes, uses int }

// indexLine is a line of the index.
type indexLine struct {
	Device   string `json:"device"`
	Set      string `json:"set"`
	Module   string `json:"module"`
	Revision string `json:"revision"`
	Name     string `json:"name"`
}

// Names in the folder.
const (
	indexFile  = "index.jsonl"
	textFolder = "texts"
)

// maxIndexLine bounds a line of the index.
const maxIndexLine = 64 << 10

// OpenFileCache opens or makes the cache of a folder, which must be used by one
// process only; maxBytes 0 means DefaultCacheBytes, a nil log none.
func OpenFileCache(dir string, maxBytes int, log *slog.Logger) (*FileCache, error) {
	if maxBytes == 0 {
		maxBytes = DefaultCacheBytes
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &FileCache{dir: dir, maxBytes: maxBytes, log: log, names: map[ID]naming.Name{}, texts: map[naming.Name]*storedText{}}
	if err := os.MkdirAll(filepath.Join(dir, textFolder), 0o755); err != nil {
		return nil, fmt.Errorf("schema cache: %w", err)
	}
	if err := c.load(); err != nil {
		return nil, fmt.Errorf("schema cache: %w", err)
	}
	if err := c.rewrite(); err != nil {
		return nil, fmt.Errorf("schema cache: %w", err)
	}
	return c, nil
}

// load reads the index. Lines that cannot be used are left out: what they spoke
// of is fetched again.
func (c *FileCache) load() error {
	text, err := os.ReadFile(c.path(indexFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxIndexLine)
	for lines.Scan() {
		var line indexLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			c.log.Warn("schema cache: line of the index left out", "folder", c.dir, "error", err)
			continue
		}
		name, err := naming.Parse(line.Name)
		info, statErr := os.Stat(c.textPath(name))
		if err != nil || statErr != nil || info.Size() > MaxTextBytes {
			c.log.Warn("schema cache: text is not there", "folder", c.dir, "module", line.Module, "name", line.Name)
			continue
		}
		c.enter(ID{line.Device, line.Set, line.Module, line.Revision}, name, int(info.Size()))
	}
	if err := lines.Err(); err != nil {
		c.log.Warn("schema cache: rest of the index left out", "folder", c.dir, "error", err)
	}
	return c.evict()
}

func (c *FileCache) path(name string) string { return filepath.Join(c.dir, name) }

func (c *FileCache) textPath(name naming.Name) string {
	return filepath.Join(c.dir, textFolder, name.String())
}

// Close closes the index. Further calls do nothing.
func (c *FileCache) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	return c.index.Close()
}

// Schema implements Cache.
func (c *FileCache) Schema(_ context.Context, id ID) ([]byte, naming.Name, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name, ok := c.names[id]
	if !ok {
		return nil, name, fmt.Errorf("schema %s@%s of %s: %w", id.Module, id.Revision, id.Device, fs.ErrNotExist)
	}
	text, err := os.ReadFile(c.textPath(name))
	if err == nil {
		err = name.Verify(text)
	}
	if err == nil {
		return text, name, nil
	}
	c.log.Warn("schema cache: damaged text, it is fetched again", "folder", c.dir, "module", id.Module, "name", name.String(), "error", err)
	for _, other := range slices.Clone(c.order) {
		if c.names[other] == name {
			c.forget(other)
		}
	}
	return nil, naming.Name{}, errors.Join(fmt.Errorf("schema %s@%s of %s: damaged: %w", id.Module, id.Revision, id.Device, fs.ErrNotExist), c.rewrite())
}

// SchemaOf implements Sharing.
func (c *FileCache) SchemaOf(ctx context.Context, id ID) ([]byte, naming.Name, error) {
	c.mu.Lock()
	id, _ = newestOf(c.order, id)
	c.mu.Unlock()
	return c.Schema(ctx, id)
}

// PutSchema implements Cache.
func (c *FileCache) PutSchema(_ context.Context, id ID, text []byte) (naming.Name, error) {
	name := naming.Of(naming.CodecRaw, text)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.names[id] == name {
		return name, nil
	}
	if c.closed {
		return name, fmt.Errorf("schema cache: %w", fs.ErrClosed)
	}
	if c.texts[name] == nil {
		if err := writeWhole(c.textPath(name), text); err != nil {
			return name, fmt.Errorf("schema cache: %w", err)
		}
	}
	c.enter(id, name, len(text))
	if err := c.append(id, name); err != nil {
		return name, fmt.Errorf("schema cache: %w", err)
	}
	if err := c.evict(); err != nil {
		return name, fmt.Errorf("schema cache: %w", err)
	}
	return name, nil
}

// writeWhole writes a file under another name first, so that its own never
// stands for a part.
func writeWhole(path string, text []byte) error {
	part := path + ".part"
	if err := os.WriteFile(part, text, 0o644); err != nil {
		return err
	}
	return os.Rename(part, path)
}

func (c *FileCache) enter(id ID, name naming.Name, bytes int) {
	c.forget(id)
	if c.texts[name] == nil {
		c.texts[name] = &storedText{bytes: bytes}
		c.bytes += bytes
	}
	c.texts[name].uses++
	c.names[id] = name
	c.order = append(c.order, id)
}

// forget removes an id, and its text's file if nothing else has it.
func (c *FileCache) forget(id ID) {
	name, ok := c.names[id]
	if !ok {
		return
	}
	delete(c.names, id)
	c.order = slices.DeleteFunc(c.order, func(o ID) bool { return o == id })
	t := c.texts[name]
	if t.uses--; t.uses > 0 {
		return
	}
	c.bytes -= t.bytes
	delete(c.texts, name)
	if err := os.Remove(c.textPath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.log.Warn("schema cache: file stays behind", "folder", c.dir, "error", err)
	}
}

// evict makes room, and a new index if the file has many lines that no longer
// count.
func (c *FileCache) evict() error {
	for c.bytes > c.maxBytes && len(c.order) > 1 {
		c.forget(c.order[0])
	}
	const spare = 1000
	if c.index == nil || c.lines <= 2*len(c.order)+spare {
		return nil
	}
	return c.rewrite()
}

func (c *FileCache) append(id ID, name naming.Name) error {
	line, err := json.Marshal(indexLine{id.Device, id.Set, id.Module, id.Revision, name.String()})
	if err != nil {
		return err
	}
	c.lines++
	_, err = c.index.Write(append(line, '\n'))
	return err
}

// rewrite writes the index anew and opens it for appending.
func (c *FileCache) rewrite() error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	for _, id := range c.order {
		if err := encoder.Encode(indexLine{id.Device, id.Set, id.Module, id.Revision, c.names[id].String()}); err != nil {
			return err
		}
	}
	if err := writeWhole(c.path(indexFile), text.Bytes()); err != nil {
		return err
	}
	index, err := os.OpenFile(c.path(indexFile), os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	if c.index != nil {
		err = c.index.Close()
	}
	c.index, c.lines = index, len(c.order)
	return err
}
