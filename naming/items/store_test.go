package items

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nettwin/graph/vfs"
	"nettwin/naming"
)

const dir = "store"

func open(t testing.TB, fsys vfs.FS, opts Options) *Store {
	t.Helper()
	opts.FS = fsys
	s, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // tests that care close and check
	return s
}

func put(t testing.TB, s *Store, batch ...Item) []naming.Name {
	t.Helper()
	names, err := s.Put(context.Background(), batch)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func raw(text string) Item { return Item{KindRaw, naming.CodecRaw, []byte(text)} }

func closeStore(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// verify hashes all and returns the errors reported.
func verify(t testing.TB, s *Store) []error {
	t.Helper()
	var errs []error
	_, err := s.VerifyAll(context.Background(), func(_ naming.Name, _ Info, err error) {
		if err != nil {
			errs = append(errs, err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return errs
}

// TestPutGet: items come back by name before and after opening again, of
// their kind, each kept once however often it is put.
func TestPutGet(t *testing.T) {
	fsys := vfs.NewMem()
	s := open(t, fsys, Options{})
	line := "<http://e/s> <http://e/p> \"v\" .\n"
	batch := []Item{
		raw("reply"),
		{KindKnowledge, naming.CodecRDFC1, []byte(line)},
		{KindEnvelope, naming.CodecRDFC1, []byte(line + line)},
		raw(""),
		raw("reply"),
	}
	names := put(t, s, batch...)
	if names[0] != naming.Of(naming.CodecRaw, []byte("reply")) || names[0] != names[4] {
		t.Errorf("names %v", names)
	}
	put(t, s, batch...)
	closeStore(t, s)

	s = open(t, fsys, Options{})
	if n, size := s.Len(); n != 4 || size != int64(len("reply")+3*len(line)) {
		t.Errorf("%d items of %d bytes", n, size)
	}
	for i, name := range names {
		it, err := s.Get(name)
		if err != nil || it.Kind != batch[i].Kind || string(it.Bytes) != string(batch[i].Bytes) || it.Codec != batch[i].Codec {
			t.Errorf("item %d: %v, %v", i, it, err)
		}
	}
	var order []naming.Name
	for name := range s.All() {
		order = append(order, name)
	}
	if !slices.Equal(order, names[:4]) {
		t.Errorf("All: %v, want %v", order, names[:4])
	}
	unknown := naming.Of(naming.CodecRaw, []byte("unknown"))
	if _, err := s.Get(unknown); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), unknown.String()) {
		t.Errorf("unknown name: error %v", err)
	}
	if s.Has(unknown) || !s.Has(names[0]) {
		t.Error("Has")
	}
}

// TestLimits: what is beyond a limit is refused as a whole.
func TestLimits(t *testing.T) {
	s := open(t, vfs.NewMem(), Options{MaxItemBytes: 4})
	for _, batch := range [][]Item{{raw("ok"), raw("12345")}, make([]Item, MaxBatchItems+1)} {
		if _, err := s.Put(context.Background(), batch); !errors.Is(err, ErrTooLarge) {
			t.Errorf("error %v", err)
		}
	}
	if _, err := s.Put(context.Background(), []Item{{Kind: KindRaw, Codec: 0x71}}); err == nil {
		t.Error("unknown codec: no error")
	}
	if n, _ := s.Len(); n != 0 {
		t.Errorf("%d items", n)
	}
}

// TestPacksRoll: with tiny packs many files come to be, and all is found.
func TestPacksRoll(t *testing.T) {
	fsys := vfs.NewMem()
	s := open(t, fsys, Options{MaxPackBytes: 200})
	var names []naming.Name
	for i := range 20 {
		names = append(names, put(t, s, raw(fmt.Sprint("item ", i)))...)
	}
	closeStore(t, s)
	files, err := fsys.ReadDir(dir)
	if err != nil || !slices.Contains(files, packName(5)) {
		t.Fatalf("files %v, %v", files, err)
	}
	s = open(t, fsys, Options{})
	for _, name := range names {
		if _, err := s.Get(name); err != nil {
			t.Error(err)
		}
	}
	closeStore(t, s)
	if err := fsys.Remove(filepath.Join(dir, packName(2))); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{FS: fsys}); err == nil || !strings.Contains(err.Error(), "pack 00000002.pack is missing") {
		t.Errorf("missing pack: error %v", err)
	}
}

// TestOneWriter: a second writer is refused, a reader is not, and cannot write.
func TestOneWriter(t *testing.T) {
	fsys := vfs.NewMem()
	s := open(t, fsys, Options{})
	names := put(t, s, raw("x"))
	if _, err := Open(dir, Options{FS: fsys}); !errors.Is(err, vfs.ErrLocked) {
		t.Errorf("second writer: error %v", err)
	}
	reader := open(t, fsys, Options{ReadOnly: true})
	if _, err := reader.Get(names[0]); err != nil {
		t.Error(err)
	}
	if _, err := reader.Put(context.Background(), []Item{raw("y")}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("reader puts: error %v", err)
	}
	closeStore(t, s)
	if _, err := s.Get(names[0]); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: error %v", err)
	}
}

// TestBitFlip flips one bit in the middle of a pack, in content and in a
// header: the answer names pack and offset, other items are unharmed, and
// putting the item again heals it.
func TestBitFlip(t *testing.T) {
	for _, c := range []struct {
		where   string
		offset  int64 // from the second record
		getFind error
	}{{"content", headerBytes + 2, nil}, {"digest", 20, ErrNotFound}, {"length", 8, ErrNotFound}, {"magic", 0, ErrNotFound}} {
		t.Run(c.where, func(t *testing.T) {
			fsys := vfs.NewMem()
			s := open(t, fsys, Options{})
			batch := []Item{raw("first"), raw("second"), raw("third")}
			names := put(t, s, batch...)
			second, _ := s.Stat(names[1])
			closeStore(t, s)
			if err := fsys.Corrupt(second.Pack, second.Offset+c.offset, 0x10); err != nil {
				t.Fatal(err)
			}

			s = open(t, fsys, Options{})
			_, err := s.Get(names[1])
			var corrupt *CorruptError
			if c.getFind == nil && (!errors.As(err, &corrupt) || corrupt.Pack != second.Pack || corrupt.Offset != second.Offset || corrupt.Name != names[1]) {
				t.Errorf("Get: error %v", err)
			} else if c.getFind != nil && !errors.Is(err, c.getFind) {
				t.Errorf("Get: error %v", err)
			}
			errs := verify(t, s)
			if len(errs) != 1 || !errors.As(errs[0], &corrupt) || corrupt.Pack != second.Pack || corrupt.Offset != second.Offset {
				t.Errorf("VerifyAll: errors %v", errs)
			}
			for _, name := range []naming.Name{names[0], names[2]} {
				if _, err := s.Get(name); err != nil {
					t.Error(err)
				}
			}
			put(t, s, batch[1])
			if it, err := s.Get(names[1]); err != nil || string(it.Bytes) != "second" {
				t.Errorf("after putting again: %v, %v", it, err)
			}
			closeStore(t, s)
			s = open(t, fsys, Options{})
			if it, err := s.Get(names[1]); err != nil || string(it.Bytes) != "second" {
				t.Errorf("after opening again: %v, %v", it, err)
			}
		})
	}
}

// TestTruncated cuts acknowledged bytes off a pack: the loss is named, not
// taken for a torn tail.
func TestTruncated(t *testing.T) {
	fsys := vfs.NewMem()
	s := open(t, fsys, Options{})
	names := put(t, s, raw("first"), raw("second"))
	second, _ := s.Stat(names[1])
	closeStore(t, s)
	f, err := fsys.OpenFile(second.Pack, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(second.Offset + 10); err != nil {
		t.Fatal(err)
	}
	s = open(t, fsys, Options{})
	errs := verify(t, s)
	if len(errs) == 0 || !strings.Contains(fmt.Sprint(errs), "ends") {
		t.Errorf("errors %v", errs)
	}
	if _, err := s.Get(names[0]); err != nil {
		t.Error(err)
	}
	put(t, s, raw("second"))
	closeStore(t, s)
	s = open(t, fsys, Options{})
	if _, err := s.Get(names[1]); err != nil {
		t.Errorf("after putting again: %v", err)
	}
}

// FuzzPack opens a store over arbitrary bytes as its last pack: no panic,
// nothing comes out that is not its name's, and what is put then stays.
func FuzzPack(f *testing.F) {
	good := appendRecord([]byte(packHead), KindRaw, naming.Of(naming.CodecRaw, []byte("x")), []byte("x"))
	f.Add(good, true)
	f.Add(good[:len(good)-1], false)
	f.Add(append(slices.Clone(good[:20]), good[8:]...), false)
	f.Add([]byte("ntp"), true)
	f.Fuzz(func(t *testing.T, b []byte, marked bool) {
		fsys := vfs.NewMem()
		if err := fsys.MkdirAll(dir); err != nil {
			t.Fatal(err)
		}
		write(t, fsys, packName(1), b)
		if marked {
			write(t, fsys, markName, encodeMark(mark{pack: 1, size: int64(len(b))}))
		}
		s := open(t, fsys, Options{})
		for name := range s.All() {
			if it, err := s.Get(name); err == nil && it.Name() != name {
				t.Fatalf("%s is %s", name, it.Name())
			}
		}
		verify(t, s)
		names := put(t, s, raw("after"))
		closeStore(t, s)
		s = open(t, fsys, Options{})
		if _, err := s.Get(names[0]); err != nil {
			t.Fatal(err)
		}
	})
}

func write(t testing.TB, fsys vfs.FS, name string, b []byte) {
	t.Helper()
	f, err := fsys.Create(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}
