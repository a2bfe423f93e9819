package naming

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
)

// MaxNameBytes bounds the text of a name that Parse looks at. A name is 59 or
// 62 characters long.
const MaxNameBytes = 128

// ErrBadName: the text is not a name of ours. Test with errors.Is.
var ErrBadName = errors.New("naming: not a name")

// Codec says how the named bytes are read (multicodec table).
type Codec uint64

// The codecs of our items.
const (
	// CodecRaw: bytes as they came.
	CodecRaw Codec = 0x55
	// CodecRDFC1: the canonical N-Quads of an RDF dataset (RDFC-1.0, status
	// draft in the multicodec table).
	CodecRDFC1 Codec = 0xb403
)

// Valid tells whether c is a codec of our items.
func (c Codec) Valid() bool { return c == CodecRaw || c == CodecRDFC1 }

// String returns the codec's name in the multicodec table.
func (c Codec) String() string {
	switch c {
	case CodecRaw:
		return "raw"
	case CodecRDFC1:
		return "rdfc-1"
	}
	return fmt.Sprintf("codec 0x%x", uint64(c))
}

// MediaType returns the media type of the named bytes.
func (c Codec) MediaType() string {
	if c == CodecRDFC1 {
		return "application/n-quads"
	}
	return "application/octet-stream"
}

// Name is the content name of an item: a CIDv1 with a sha2-256 digest. It is
// a comparable value: == is equality of names. The zero Name names nothing.
type Name struct {
	codec  Codec
	digest [sha256.Size]byte
}

// Of names b. It panics if the codec is not Valid, which is a bug of the
// caller.
func Of(codec Codec, b []byte) Name { return FromDigest(codec, sha256.Sum256(b)) }

// FromDigest returns the name of bytes whose SHA-256 is known. It panics if
// the codec is not Valid.
func FromDigest(codec Codec, digest [sha256.Size]byte) Name {
	if !codec.Valid() {
		panic(fmt.Sprintf("naming: %s is not a codec of items", codec))
	}
	return Name{codec: codec, digest: digest}
}

// Parse reads the text of a name. Each name has one spelling, that of
// String, so that a name may be part of an IRI; another spelling of the same
// CID is an error that tells the right one. The error wraps ErrBadName.
func Parse(s string) (Name, error) {
	if len(s) > MaxNameBytes {
		return Name{}, fmt.Errorf("%w: %q…: longer than %d bytes", ErrBadName, s[:16], MaxNameBytes)
	}
	c, err := cid.Decode(s)
	if err != nil {
		return Name{}, fmt.Errorf("%w: %q: %v", ErrBadName, s, err)
	}
	n, err := fromCID(c)
	if err != nil {
		return Name{}, fmt.Errorf("%w: %q: %v", ErrBadName, s, err)
	}
	if text := n.String(); text != s {
		return Name{}, fmt.Errorf("%w: %q: spell it %s", ErrBadName, s, text)
	}
	return n, nil
}

func fromCID(c cid.Cid) (Name, error) {
	p := c.Prefix()
	switch {
	case p.Version != 1:
		return Name{}, fmt.Errorf("CIDv%d: expected CIDv1", p.Version)
	case !Codec(p.Codec).Valid():
		return Name{}, fmt.Errorf("%s: expected raw or rdfc-1", Codec(p.Codec))
	case p.MhType != multihash.SHA2_256 || p.MhLength != sha256.Size:
		return Name{}, fmt.Errorf("multihash 0x%x of %d bytes: expected sha2-256", p.MhType, p.MhLength)
	}
	mh, err := multihash.Decode(c.Hash())
	if err != nil {
		return Name{}, err
	}
	n := Name{codec: Codec(p.Codec)}
	copy(n.digest[:], mh.Digest)
	return n, nil
}

// IsZero tells whether n names nothing.
func (n Name) IsZero() bool { return n == Name{} }

// Codec tells how the named bytes are read.
func (n Name) Codec() Codec { return n.codec }

// Digest returns the SHA-256 of the named bytes.
func (n Name) Digest() [sha256.Size]byte { return n.digest }

// String returns the CID in base32, lower case; "" for the zero Name.
func (n Name) String() string {
	if n.IsZero() {
		return ""
	}
	mh, err := multihash.Encode(n.digest[:], multihash.SHA2_256)
	if err != nil { // a known function and length never fail
		return ""
	}
	return cid.NewCidV1(uint64(n.codec), mh).String()
}

// Verify tells whether n is the name of b. The error is a *MismatchError.
func (n Name) Verify(b []byte) error {
	if got := sha256.Sum256(b); got != n.digest {
		return &MismatchError{Want: n, Got: Name{codec: n.codec, digest: got}}
	}
	return nil
}

// MarshalText and UnmarshalText let a Name stand in JSON and flags.
func (n Name) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (n *Name) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*n = Name{}
		return nil
	}
	*n, err = Parse(string(b))
	return err
}

// MismatchError says that bytes are not those that a name names.
type MismatchError struct {
	Want Name // the name that was asked for
	Got  Name // the name of the bytes
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("naming: content does not match its name: expected %s, found %s", e.Want, e.Got)
}
