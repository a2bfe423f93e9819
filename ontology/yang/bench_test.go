//go:build unix

package yang

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// benchDocument is the state of n interfaces in ietf-interfaces.
func benchDocument(n int) []byte {
	var b strings.Builder
	b.WriteString(`<rpc-reply xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><data><interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces">`)
	for i := range n {
		fmt.Fprintf(&b, `<interface><name>GigabitEthernet0/0/%d</name><type xmlns:ianaift="urn:ietf:params:xml:ns:yang:iana-if-type">ianaift:ethernetCsmacd</type><enabled>true</enabled><admin-status>up</admin-status><oper-status>up</oper-status><if-index>%d</if-index><phys-address>00:11:22:33:44:55</phys-address><speed>1000000000</speed><statistics><discontinuity-time>2026-01-01T00:00:00Z</discontinuity-time><in-octets>%d</in-octets><in-errors>0</in-errors><out-octets>17</out-octets></statistics><ipv4 xmlns="urn:ietf:params:xml:ns:yang:ietf-ip"><address><ip>192.0.2.1</ip><prefix-length>24</prefix-length></address></ipv4></interface>`, i, i+1, i*7)
	}
	b.WriteString("</interfaces></data></rpc-reply>")
	return []byte(b.String())
}

// cpu is the time that the process had a processor: what counts on a machine
// that others use too.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkDecode reports leafs per second from bytes to facts.
func BenchmarkDecode(b *testing.B) {
	s := compileFor(b, "ietf-interfaces", "ietf-ip", "iana-if-type")
	doc := benchDocument(5000)
	tree, err := s.ReadXML(bytes.NewReader(doc), DecodeOptions{})
	if err != nil || tree.Stats.Unknown+tree.Stats.Invalid > 0 {
		b.Fatal(err, tree.Problems[0])
	}
	var j bytes.Buffer
	if err := tree.EncodeJSON(&j, EncodeOptions{}); err != nil {
		b.Fatal(err)
	}
	run := func(name string, doc []byte, decode func([]byte, func(Fact) bool) (Stats, []Problem, error)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(doc)))
			leafs := 0
			before := cpu()
			for b.Loop() {
				stats, _, err := decode(doc, func(Fact) bool { return true })
				if err != nil {
					b.Fatal(err)
				}
				leafs += stats.Leafs
			}
			b.ReportMetric(float64(leafs)/b.Elapsed().Seconds(), "leafs/s")
			b.ReportMetric(float64(leafs)/(cpu()-before).Seconds(), "leafs/cpu-s")
		})
	}
	run("format=xml", doc, func(doc []byte, yield func(Fact) bool) (Stats, []Problem, error) {
		return s.DecodeXML(bytes.NewReader(doc), DecodeOptions{}, yield)
	})
	run("format=json", j.Bytes(), func(doc []byte, yield func(Fact) bool) (Stats, []Problem, error) {
		return s.DecodeJSON(bytes.NewReader(doc), DecodeOptions{}, yield)
	})
}

// BenchmarkCompile compiles all shared modules together.
func BenchmarkCompile(b *testing.B) {
	lib := sharedLibrary(b)
	b.ReportAllocs()
	for b.Loop() {
		s, _, err := lib.Compile(nil, Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(s.byIRI)), "nodes")
	}
}
