package rdf_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	. "nettwin/graph/rdf"
)

const benchQuads = 100_000

// benchData returns an inventory of interfaces: five statements about each,
// with names, numbers, tagged strings and links, in n quads.
func benchData(n int) []Quad {
	quads := make([]Quad, 0, n)
	g := IRI("https://demo.example/graph/source/snmp/router1")
	for i := 0; len(quads) < n; i++ {
		s := IRI(fmt.Sprintf("https://demo.example/id/interface/router%d/%d", i/64, i%64))
		quads = append(quads,
			Quad{s, IRI(RDFType), IRI("https://w3id.org/nettwin/ns#Interface"), g},
			Quad{s, IRI("https://w3id.org/nettwin/ns#name"), String(fmt.Sprintf("GigabitEthernet%d/%d", i/64, i%64)), g},
			Quad{s, IRI("https://w3id.org/nettwin/ns#ifIndex"), Literal(fmt.Sprint(i), XSDInteger), g},
			Quad{s, IRI("https://w3id.org/nettwin/ns#description"), LangString("uplink to the core, building 7", "en"), g},
			Quad{s, IRI("https://w3id.org/nettwin/ns#device"), IRI(fmt.Sprintf("https://demo.example/id/device/router%d", i/64)), g},
		)
	}
	return quads[:n]
}

var benchPrefixes = []PrefixDecl{{"twin", "https://w3id.org/nettwin/ns#"}, {"i", "https://demo.example/id/interface/"},
	{"d", "https://demo.example/id/device/"}, {"xsd", XSD}}

func benchDoc(b *testing.B, f Format) ([]Quad, []byte) {
	quads := benchData(benchQuads)
	if !f.Graphs() {
		for i := range quads {
			quads[i].G = Term{}
		}
	}
	var doc bytes.Buffer
	if err := WriteAll(&doc, f, WriterOptions{Prefixes: benchPrefixes}, quads); err != nil {
		b.Fatal(err)
	}
	return quads, doc.Bytes()
}

// BenchmarkRead reads a document quad by quad.
func BenchmarkRead(b *testing.B) {
	for _, f := range Formats() {
		b.Run(fmt.Sprintf("op=read/format=%s/quads=1e5", f), func(b *testing.B) {
			_, doc := benchDoc(b, f)
			b.ReportAllocs()
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				rd := NewReader(bytes.NewReader(doc), f, ReaderOptions{})
				n := 0
				for {
					if _, err := rd.Read(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != benchQuads {
					b.Fatalf("%d quads", n)
				}
			}
			perQuad(b)
		})
	}
}

// BenchmarkWrite writes a document quad by quad.
func BenchmarkWrite(b *testing.B) {
	for _, f := range Formats() {
		b.Run(fmt.Sprintf("op=write/format=%s/quads=1e5", f), func(b *testing.B) {
			quads, doc := benchDoc(b, f)
			b.ReportAllocs()
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				if err := WriteAll(io.Discard, f, WriterOptions{Prefixes: benchPrefixes}, quads); err != nil {
					b.Fatal(err)
				}
			}
			perQuad(b)
		})
	}
}

func perQuad(b *testing.B) {
	b.ReportMetric(float64(b.N)*benchQuads/b.Elapsed().Seconds()/1e6, "Mquads/s")
}

// TestAllocations: reading N-Triples allocates at most two times a triple on
// data with few repetitions, as the doc of the reader promises.
func TestAllocations(t *testing.T) {
	quads := benchData(5000)
	var doc bytes.Buffer
	if err := WriteAll(&doc, NQuads, WriterOptions{}, quads); err != nil {
		t.Fatal(err)
	}
	allocs := testing.AllocsPerRun(5, func() {
		rd := NewReader(bytes.NewReader(doc.Bytes()), NQuads, ReaderOptions{})
		for {
			if _, err := rd.Read(); err != nil {
				return
			}
		}
	})
	if per := allocs / float64(len(quads)); per > 2 {
		t.Errorf("%.2f allocations a quad", per)
	}
}
