package snmp

import (
	"testing"

	"nettwin/ontology/mib"
)

// BenchmarkAppendResponse writes an answer of 25 counters of one column.
func BenchmarkAppendResponse(b *testing.B) {
	var r Response
	for i := range uint32(25) {
		name, err := mib.ParseOID("1.3.6.1.2.1.31.1.1.1.6")
		if err != nil {
			b.Fatal(err)
		}
		r.Varbinds = append(r.Varbinds, Varbind{Name: append(name, i+1), Tag: TagCounter64, Value: mib.Unsigned64(1<<40 + uint64(i))})
	}
	dst := AppendResponse(nil, r)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendResponse(dst[:0], r)
	}
}
