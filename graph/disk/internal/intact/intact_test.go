package intact_test

import (
	"bytes"
	"errors"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk/internal/intact"
)

// TestSum: without salt the sum is the CRC-32C of RFC 3720 §B.4 (32 octets of
// zeros), in one part or several; a salt changes it.
func TestSum(t *testing.T) {
	zeros := make([]byte, 32)
	const want = 0x8A9136AA
	for _, parts := range [][][]byte{{zeros}, {zeros[:5], zeros[5:]}, {nil, zeros, {}}} {
		if got := intact.Sum(nil, parts...); got != want {
			t.Errorf("%d parts: %#x, want %#x", len(parts), got, want)
		}
	}
	if intact.Sum([]byte("salt"), zeros) == want {
		t.Error("a salt changes nothing")
	}
}

// TestReadAt: what is there is read; where the file ends before, the error
// names file and offset; an error of the file stays one.
func TestReadAt(t *testing.T) {
	b := make([]byte, 4)
	if err := intact.ReadAt(bytes.NewReader([]byte("abcdef")), "f", 2, b); err != nil || string(b) != "cdef" {
		t.Errorf("%q, %v", b, err)
	}
	var corrupt *graph.CorruptionError
	if err := intact.ReadAt(bytes.NewReader([]byte("abcdef")), "f", 3, b); !errors.As(err, &corrupt) || corrupt.File != "f" || corrupt.Offset != 3 {
		t.Errorf("short file: %v", err)
	}
	broken := errors.New("input/output error")
	if err := intact.ReadAt(failing{broken}, "f", 0, b); !errors.Is(err, broken) || errors.As(err, &corrupt) {
		t.Errorf("failing file: %v", err)
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }
