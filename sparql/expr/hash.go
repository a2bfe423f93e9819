package expr

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"

	"nettwin/graph/rdf"
)

// hashFn makes a hash function (SPARQL 1.1 §17.4.6) over the UTF-8 of a
// simple literal, written as lower-case hexadecimal.
func hashFn(newHash func() hash.Hash) evalFn {
	return func(_ *Context, args []rdf.Term) (rdf.Term, bool) {
		if args[0].Datatype() != rdf.XSDString {
			return rdf.Term{}, false
		}
		h := newHash()
		h.Write([]byte(args[0].Value()))
		return rdf.String(hex.EncodeToString(h.Sum(nil))), true
	}
}

var (
	md5Fn    = hashFn(md5.New)
	sha1Fn   = hashFn(sha1.New)
	sha256Fn = hashFn(sha256.New)
	sha384Fn = hashFn(sha512.New384)
	sha512Fn = hashFn(sha512.New)
)
