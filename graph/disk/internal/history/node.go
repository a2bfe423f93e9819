package history

import (
	"encoding/binary"
	"fmt"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk/internal/intact"
)

// The layout of the file: a header, then nodes. Integers are little-endian.
//
//	header  8 "NTHIS01\n", 4 CRC-32C of the store's salt and these, 4 0
//	node    8 parent, 8 jump, 8 depth, 8 changes from the empty store to here,
//	        8 seconds since 1970, 4 nanoseconds, 8 adds, 8 deletes,
//	        8 position in the log,
//	        4 CRC-32C of salt ‖ number of the commit ‖ all before
const (
	headerMagic = "NTHIS01\n"
	headerLen   = 16
	nodeLen     = 72
	summedLen   = nodeLen - 4
)

// Node is one commit. The empty store is the zero Node.
type Node struct {
	Seq    graph.CommitSeq
	Parent graph.CommitSeq
	Jump   graph.CommitSeq // an ancestor, or 0
	Depth  uint64          // commits from the empty store to here
	Cum    uint64          // changes from the empty store to here
	Time   time.Time
	Adds   uint64
	Dels   uint64
	Pos    uint64 // in the log
}

func encodeHeader(salt []byte) []byte {
	b := append(make([]byte, 0, headerLen), headerMagic...)
	sum := intact.Sum(salt, b)
	return append(binary.LittleEndian.AppendUint32(b, sum), 0, 0, 0, 0)
}

func (n *Node) sum(salt, b []byte) uint32 {
	var seq [8]byte
	binary.LittleEndian.PutUint64(seq[:], uint64(n.Seq))
	return intact.Sum(salt, seq[:], b)
}

func (n *Node) append(b, salt []byte) []byte {
	start := len(b)
	for _, v := range []uint64{uint64(n.Parent), uint64(n.Jump), n.Depth, n.Cum, uint64(n.Time.Unix())} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(n.Time.Nanosecond()))
	for _, v := range []uint64{n.Adds, n.Dels, n.Pos} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return binary.LittleEndian.AppendUint32(b, n.sum(salt, b[start:]))
}

// decodeNode reads the node of a number from its bytes.
func decodeNode(b, salt []byte, seq graph.CommitSeq) (n Node, err error) {
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
	n = Node{Seq: seq, Parent: graph.CommitSeq(u64(0)), Jump: graph.CommitSeq(u64(8)), Depth: u64(16), Cum: u64(24),
		Adds: u64(44), Dels: u64(52), Pos: u64(60)}
	nanos := binary.LittleEndian.Uint32(b[40:])
	n.Time = time.Unix(int64(u64(32)), int64(nanos)).UTC()
	switch {
	case n.sum(salt, b[:summedLen]) != binary.LittleEndian.Uint32(b[summedLen:]):
		return Node{}, fmt.Errorf("the checksum of commit %d is wrong", seq)
	case n.Parent >= seq || n.Jump > n.Parent || n.Depth == 0 || nanos >= uint32(time.Second):
		return Node{}, fmt.Errorf("I1: commit %d names parent %d and jump %d", seq, n.Parent, n.Jump)
	}
	return n, nil
}
