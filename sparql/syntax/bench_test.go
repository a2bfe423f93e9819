package syntax_test

import (
	"fmt"
	"strings"
	"testing"

	"nettwin/sparql/syntax"
)

// A short query, as most requests are, and an INSERT DATA of 10,000 triples.
func BenchmarkParse(b *testing.B) {
	b.Run("query", func(b *testing.B) {
		const text = `PREFIX twin: <https://w3id.org/nettwin/ns#>
SELECT ?device (COUNT(?i) AS ?n) WHERE {
  ?device a twin:Device ; twin:name ?name ; twin:interface ?i .
  OPTIONAL { ?i twin:speed ?speed FILTER (?speed > 1000) }
} GROUP BY ?device ORDER BY DESC(?n) LIMIT 10`
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := syntax.ParseQuery(text, syntax.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("data/triples=1e4", func(b *testing.B) {
		var text strings.Builder
		text.WriteString("INSERT DATA {")
		for i := range 10_000 {
			fmt.Fprintf(&text, "<http://example/device/%d> <http://example/name> \"router %d\" .\n", i, i)
		}
		text.WriteString("}")
		b.SetBytes(int64(text.Len()))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := syntax.ParseUpdate(text.String(), syntax.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
