package naming

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// The names of "hello world", computed outside the project: base32 (RFC 4648,
// lower case, no padding, prefix b) of 01, the codec as varint (55 and 83 e8 02),
// 12 20 and the SHA-256.
const (
	helloRaw  = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
	helloRDFC = "bagb6qaqsec4u2j5zsngt4cfffzjnpwt5vp5mjbhp4n5fhahoscepplhc57g6s"
)

// TestOf compares with names that other tools computed.
func TestOf(t *testing.T) {
	if got := Of(CodecRaw, []byte("hello world")).String(); got != helloRaw {
		t.Errorf("got %s, want %s", got, helloRaw)
	}
	n := Of(CodecRDFC1, []byte("hello world"))
	if got := n.String(); got != helloRDFC {
		t.Errorf("got %s, want %s", got, helloRDFC)
	}
	back, err := Parse(n.String())
	if err != nil || back != n || n.Codec() != CodecRDFC1 {
		t.Errorf("%s came back as %v, %v", n, back, err)
	}
	if n == Of(CodecRaw, []byte("hello world")) {
		t.Error("names of different codecs are equal")
	}
}

// TestParseRefuses: what is not a name of ours, and the message that says why.
func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "too short"},
		{"hello", ""},
		{strings.ToUpper(helloRaw), "spell it " + helloRaw},
		{"zb2rhj7crUKTQYRGCRATFaQ6YFLTde2YzdqbbhAASkL9uRDXn", "spell it " + helloRaw},
		{"QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG", "CIDv0: expected CIDv1"},
		{"bafyreihyrpefhacm6kkp4ql6j6udakdit7g3dmkzfriqfykhjw6cad5lrm", "expected raw or rdfc-1"},
		{"bafkqaaa", "expected sha2-256"},
		{helloRaw + "a", ""},
		{strings.Repeat("b", 200), "longer than 128 bytes"},
	} {
		_, err := Parse(c.in)
		if !errors.Is(err, ErrBadName) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%q): error %v, want one with %q", c.in, err, c.want)
		}
	}
}

// TestVerify flips one byte: the error carries both names.
func TestVerify(t *testing.T) {
	body := []byte("<http://e/s> <http://e/p> \"v\" .\n")
	n := Of(CodecRDFC1, body)
	if err := n.Verify(body); err != nil {
		t.Fatal(err)
	}
	body[3] ^= 1
	var mismatch *MismatchError
	if err := n.Verify(body); !errors.As(err, &mismatch) || mismatch.Want != n || mismatch.Got != Of(CodecRDFC1, body) {
		t.Errorf("error %v", err)
	}
}

// TestText: names travel through JSON as their text, the zero name as "".
func TestText(t *testing.T) {
	type doc struct{ A, B Name }
	in := doc{A: Of(CodecRaw, []byte("hello world"))}
	b, err := json.Marshal(in)
	if err != nil || string(b) != `{"A":"`+helloRaw+`","B":""}` {
		t.Fatalf("%s, %v", b, err)
	}
	var out doc
	if err := json.Unmarshal(b, &out); err != nil || out != in {
		t.Errorf("%v, %v", out, err)
	}
}

// FuzzParseName: Parse never panics, and what it accepts is spelled as String
// spells it.
func FuzzParseName(f *testing.F) {
	f.Add(helloRaw)
	f.Add("bafkqaaa")
	f.Add("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG")
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := Parse(s); err == nil && n.String() != s {
			t.Fatalf("%q parses and prints as %q", s, n)
		}
	})
}
