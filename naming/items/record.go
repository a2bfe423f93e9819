package items

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"

	"nettwin/naming"
)

// A pack begins with eight bytes: "ntpack", a zero and the version.
//
// A record, numbers little-endian:
//
//	 0  4  "item"
//	 4  1  kind
//	 5  3  zero
//	 8  4  length of the content in bytes
//	12  4  codec
//	16 32  SHA-256 of the content
//	48  4  CRC-32C of bytes 0 to 47
//	52  …  content
const (
	packHead     = "ntpack\x00\x01"
	recordMagic  = "item"
	headerBytes  = 52
	digestOffset = 16
	crcOffset    = 48
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is the decoded header of a record.
type header struct {
	kind Kind
	size int64
	name naming.Name
}

func appendRecord(dst []byte, kind Kind, name naming.Name, content []byte) []byte {
	var h [headerBytes]byte
	copy(h[:], recordMagic)
	h[4] = byte(kind)
	binary.LittleEndian.PutUint32(h[8:], uint32(len(content)))
	binary.LittleEndian.PutUint32(h[12:], uint32(name.Codec()))
	digest := name.Digest()
	copy(h[digestOffset:], digest[:])
	binary.LittleEndian.PutUint32(h[crcOffset:], crc32.Checksum(h[:crcOffset], castagnoli))
	return append(append(dst, h[:]...), content...)
}

// parseHeader decodes the first headerBytes of b; false if they are no header
// that appendRecord made.
func parseHeader(b []byte) (header, bool) {
	if len(b) < headerBytes || !bytes.HasPrefix(b, []byte(recordMagic)) {
		return header{}, false
	}
	if crc32.Checksum(b[:crcOffset], castagnoli) != binary.LittleEndian.Uint32(b[crcOffset:]) {
		return header{}, false
	}
	kind := Kind(b[4])
	codec := naming.Codec(binary.LittleEndian.Uint32(b[12:]))
	if !kind.Valid() || !codec.Valid() || b[5]|b[6]|b[7] != 0 {
		return header{}, false
	}
	var digest [sha256.Size]byte
	copy(digest[:], b[digestOffset:])
	return header{kind: kind, size: int64(binary.LittleEndian.Uint32(b[8:])), name: naming.FromDigest(codec, digest)}, true
}
