package ctl

import "testing"

// Goal: no line makes the decoder panic, and what it lets pass has an operation
// with its arguments. Method: fuzzing.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"op":"fail-link","a":"r1","b":"r2"}`))
	f.Add([]byte(`{"op":"replay","file":"x","speed":1e3}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if r, err := decode(line); err == nil && r.check() != nil {
			t.Fatalf("%q: %+v", line, r)
		}
	})
}
