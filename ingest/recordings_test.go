package ingest_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/vfs"
	"nettwin/ingest"
	"nettwin/ingest/snmp"
	simulated "nettwin/internal/simulate/snmp"
	"nettwin/internal/simulate/snmprec"
	"nettwin/internal/testenv"
	"nettwin/naming"
	"nettwin/naming/items"
	"nettwin/ontology/mib"
)

const base = "https://twin.test/"

// twin is a pipeline over stores in memory, fed by the SNMP collector.
type twin struct {
	store     graph.Store
	items     *items.Store
	pipeline  *ingest.Pipeline
	collector *snmp.Collector
}

func newTwin(t testing.TB) *twin {
	t.Helper()
	knowledge := os.DirFS(filepath.Join(testenv.ProjectRoot(), "ontology"))
	tables, err := mib.Load(knowledge, "map")
	if err != nil {
		t.Fatal(err)
	}
	w := &twin{store: mem.New(mem.Options{Base: base})}
	w.collector, err = snmp.New(snmp.Options{Tables: tables, Credentials: func(ingest.Target) (snmp.Credential, error) {
		return snmp.Credential{Community: "public"}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if w.items, err = items.Open("items", items.Options{FS: vfs.NewMem()}); err != nil {
		t.Fatal(err)
	}
	w.pipeline, err = ingest.NewPipeline(ingest.Options{Store: w.store, Items: w.items, Base: base, Knowledge: knowledge})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(w.items.Close(), w.store.Close()); err != nil {
			t.Error(err)
		}
	})
	return w
}

// agent serves a recording on a loopback socket.
func agent(t testing.TB, path string) string {
	t.Helper()
	recording, err := snmprec.Open(path, snmprec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	table, err := simulated.NewTable(recording.Rows)
	if err != nil {
		t.Fatal(err)
	}
	a, err := simulated.Listen(context.Background(), "127.0.0.1:0", simulated.Options{State: table, Communities: []string{"public"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a.Addr().String()
}

func recordings(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(testenv.Shared(t, "data/snmp"), "*.snmprec"))
	if err != nil {
		t.Fatal(err)
	}
	var whole []string
	for _, path := range paths {
		if !strings.Contains(path, "@") { // a VLAN's context of another recording
			whole = append(whole, path)
		}
	}
	return whole
}

// TestRealDevices reads every real recording from a socket into one twin,
// twice: each is a device of its own, nothing is left out, the second reading
// brings nothing but contact, and every item in the graph is in the store.
func TestRealDevices(t *testing.T) {
	w := newTwin(t)
	ctx := context.Background()
	paths := recordings(t)
	if len(paths) != 41 {
		t.Errorf("%d recordings, expected 41", len(paths))
	}
	devices := map[string]string{}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".snmprec")
		target := ingest.Target{Name: name, Address: agent(t, path)}
		sample, err := w.collector.Collect(ctx, target)
		if err != nil && !errors.Is(err, ingest.ErrPartial) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r, err := w.pipeline.Apply(ctx, sample)
		if err != nil || len(r.Warnings) > 0 || !r.Minted || r.StateAdds == 0 {
			t.Errorf("%s: %v, warnings %v, minted %v, %d facts", name, err, r.Warnings, r.Minted, r.StateAdds)
		}
		if other := devices[r.DeviceIRI]; other != "" {
			t.Errorf("%s and %s are taken for one device %s", name, other, r.DeviceIRI)
		}
		devices[r.DeviceIRI] = name

		sample.Started, sample.Ended = sample.Started.Add(time.Minute), sample.Ended.Add(time.Minute)
		r, err = w.pipeline.Apply(ctx, sample)
		if err != nil || len(r.Commits) != 1 || r.Adds != 1 || r.Deletes != 1 || r.Minted {
			t.Errorf("%s again: %v, %+v", name, err, r)
		}
	}
	count, sizeBytes := w.items.Len()
	t.Logf("%d devices, %d quads, %d items of %d bytes", len(devices), w.store.Info().Quads, count, sizeBytes)
	checkNames(t, w)
}

// checkNames hashes every item that the provenance graph points at, with
// SHA-256 itself.
func checkNames(t *testing.T, w *twin) {
	t.Helper()
	snap, err := w.store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	cursor, err := snap.Scan(graph.Pattern{}, graph.POSG)
	if err != nil {
		t.Fatal(err)
	}
	defer cursor.Close()
	seen := map[graph.TermID]bool{}
	for {
		chunk, err := cursor.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if chunk == nil {
			break
		}
		for _, id := range chunk.Cols[graph.O] {
			seen[id] = true
		}
	}
	checked := 0
	for id := range seen {
		var term [1]graph.Term
		if err := snap.Terms([]graph.TermID{id}, term[:]); err != nil {
			t.Fatal(err)
		}
		if !term[0].IsIRI() || !strings.HasPrefix(term[0].Value(), base+"names/") {
			continue
		}
		name, err := naming.ParseItemIRI(base, term[0])
		if err != nil {
			t.Error(err)
			continue
		}
		it, err := w.items.Get(name)
		if err != nil || sha256.Sum256(it.Bytes) != name.Digest() {
			t.Errorf("%s: %v", name, err)
		}
		checked++
	}
	if count, _ := w.items.Len(); checked != count || checked == 0 {
		t.Errorf("%d names in the graph, %d items in the store", checked, count)
	}
}

// BenchmarkApply takes a real switch's sample again and again: unchanged, and
// with every interface's state changed.
func BenchmarkApply(b *testing.B) {
	path := filepath.Join(testenv.Shared(b, "data/snmp"), "ios_c3560.snmprec")
	for _, changed := range []bool{false, true} {
		b.Run(map[bool]string{false: "unchanged", true: "changed"}[changed], func(b *testing.B) {
			w := newTwin(b)
			ctx := context.Background()
			sample, err := w.collector.Collect(ctx, ingest.Target{Name: "r1", Address: agent(b, path)})
			if err != nil && !errors.Is(err, ingest.ErrPartial) {
				b.Fatal(err)
			}
			other := *sample
			other.Facts = append([]ingest.Fact(nil), sample.Facts...)
			for i, f := range other.Facts {
				if changed && strings.HasSuffix(f.P.Value(), "/ifOperStatus") {
					other.Facts[i].O = graph.Term{}
					other.Facts[i].Ref = f.Thing
				}
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s := [2]*ingest.Sample{sample, &other}[i%2]
				s.Ended = sample.Ended.Add(time.Second)
				if _, err := w.pipeline.Apply(ctx, s); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(sample.Facts)), "facts")
		})
	}
}
