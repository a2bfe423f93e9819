package runs

import (
	"errors"
	"reflect"
	"testing"

	"nettwin/graph"
	"nettwin/graph/vfs"
)

var example = Manifest{LastNum: 9, Lines: []Line{
	{Name: "main", Flushed: 812, Segments: []uint64{1, 4, 9}}, {Name: "what-if", Flushed: 3},
}}

// Goal: a manifest comes back as written, an absent one is empty, and at any
// moment of writing a crash leaves the old or the new one. Method: write,
// crash before each operation, read.
func TestManifest(t *testing.T) {
	m := vfs.NewMem()
	if got, err := ReadManifest(m, "MANIFEST", salt); err != nil || !reflect.DeepEqual(got, &Manifest{}) {
		t.Fatalf("absent: %v, %v", got, err)
	}
	old := &Manifest{LastNum: 1}
	if err := old.Write(m, ".", "MANIFEST", salt); err != nil {
		t.Fatal(err)
	}
	read := func(fs vfs.FS) *Manifest {
		got, err := ReadManifest(fs, "MANIFEST", salt)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	fs := vfs.Inject(m, func(op vfs.Op) vfs.Fault {
		if op.Kind.Changes() {
			if got := read(m.CrashClone()); got.LastNum != 1 {
				t.Errorf("before op %d: %v", op.Kind, got)
			}
		}
		return vfs.Fault{}
	})
	if err := example.Write(fs, ".", "MANIFEST", salt); err != nil {
		t.Fatal(err)
	}
	if got := read(m.CrashClone()); !reflect.DeepEqual(got, &example) {
		t.Errorf("read %v", got)
	}
	info, err := m.Stat("MANIFEST")
	if err != nil {
		t.Fatal(err)
	}
	for at := range info.SizeBytes {
		m.Corrupt("MANIFEST", at, 4)
		var corrupt *graph.CorruptionError
		if _, err := ReadManifest(m, "MANIFEST", salt); !errors.As(err, &corrupt) || corrupt.File != "MANIFEST" {
			t.Errorf("flip at %d: %v", at, err)
		}
		m.Corrupt("MANIFEST", at, 4)
	}
}

// FuzzManifest decodes arbitrary fields under a good checksum: refused, or
// they come back when encoded again.
func FuzzManifest(f *testing.F) {
	b := example.encode(salt)
	f.Add(b[len(manifestMagic) : len(b)-4])
	f.Fuzz(func(t *testing.T, body []byte) {
		b := append([]byte(manifestMagic), body...)
		sum := manifestSum(salt, b)
		b = append(b, byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24))
		m, err := decodeManifest(b, salt)
		if err != nil {
			return
		}
		again, err := decodeManifest(m.encode(salt), salt)
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Fatalf("%v, %v, %v", m, again, err)
		}
	})
}
