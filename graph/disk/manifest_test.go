package disk

import (
	"encoding/binary"
	"reflect"
	"testing"

	"nettwin/graph/disk/internal/intact"
)

func exampleManifest() *manifest {
	return &manifest{
		record: 17, end: position(2, 400), firstWAL: 1, floor: 3, commits: 12, terms: 99, dicts: []uint64{4, 9},
		branches: []savedBranch{
			{name: "main", head: 12, segments: []uint64{5, 300}},
			{id: 13, name: "x", parent: "main", base: 7, head: 11, segments: []uint64{}},
		},
		kept:  []savedVersion{{branch: 13, seq: 9, segments: []uint64{5}}},
		loads: []savedLoad{{seq: 4, segments: []uint64{2}}},
	}
}

// Goal: a manifest comes back as it was, and changed bytes, cuts and another
// store's are refused. Method: round trip, every bit flipped, every cut.
func TestManifest(t *testing.T) {
	salt := []byte("salt")
	b := exampleManifest().encode(salt)
	if got, err := decodeManifest(b, salt); err != nil || !reflect.DeepEqual(got, exampleManifest()) {
		t.Errorf("manifest comes back as %+v, %v", got, err)
	}
	if _, err := decodeManifest(b, []byte("other")); err == nil {
		t.Error("the manifest of another store is accepted")
	}
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			if _, err := decodeManifest(b, salt); err == nil {
				t.Errorf("bit %d of byte %d may change", bit, i)
			}
			b[i] ^= 1 << bit
		}
		if _, err := decodeManifest(b[:i], salt); err == nil {
			t.Errorf("cut at byte %d is accepted", i)
		}
	}
}

// Goal: a manifest of a store from before loads is read. Method: one as it was
// written then, which had no list of them.
func TestOlderManifest(t *testing.T) {
	salt := []byte("salt")
	want := exampleManifest()
	want.loads = []savedLoad{}
	b := want.encode(salt)
	b = append([]byte(manifestMagic2), b[len(manifestMagic):len(b)-5]...)
	b = binary.LittleEndian.AppendUint32(b, intact.Sum(salt, b))
	if got, err := decodeManifest(b, salt); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("manifest comes back as %+v, %v", got, err)
	}
}

// FuzzManifest holds the decoder against panics and against taking what it
// would not write.
func FuzzManifest(f *testing.F) {
	f.Add(exampleManifest().encode(nil))
	f.Add((&manifest{}).encode(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := decodeManifest(b, nil); err == nil {
			if again, err := decodeManifest(m.encode(nil), nil); err != nil || !reflect.DeepEqual(m, again) {
				t.Errorf("%+v comes back as %+v, %v", m, again, err)
			}
		}
	})
}
