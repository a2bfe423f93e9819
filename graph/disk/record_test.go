package disk

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk/internal/dict"
	"nettwin/graph/internal/batch"
)

func records() []*record {
	return []*record{
		{
			kind: recordCommit,
			commit: graph.Commit{
				Seq: 7, Parent: 3, Branch: "x", Time: time.Date(2026, 11, 22, 2, 40, 51, 123456789, time.UTC),
				Note: "a note\n", Adds: 2, Deletes: 1, Effective: true,
			},
			firstTerm: 300,
			terms: []dict.Raw{
				{Kind: 1, Text: "https://example.org/"}, {Kind: 15, Text: "en"}, {Kind: 3, Lang: true, Extra: 302, Text: ""},
			},
			changes: &batch.Changes{
				Deletes: []graph.Quad{{graph.MakeID(graph.TagIRI, 1), graph.MakeID(graph.TagIRI, 2), graph.MakeID(graph.TagInteger, 1<<60-1), graph.DefaultGraph}},
				Adds: []graph.Quad{
					{graph.MakeID(graph.TagBNode, 1), graph.MakeID(graph.TagIRI, 2), graph.MakeID(graph.TagString, 0), graph.DefaultGraph},
					{graph.MakeID(graph.TagBNode, 1), graph.MakeID(graph.TagIRI, 2), graph.MakeID(graph.TagString, 9), graph.MakeID(graph.TagIRI, 9)},
				},
			},
		},
		{kind: recordTrimmed, commit: graph.Commit{Seq: 3, Parent: 2, Branch: "main", Time: time.Unix(5, 6).UTC(), Adds: 300, Deletes: 2, Effective: true},
			changes: &batch.Changes{Deletes: []graph.Quad{}, Adds: []graph.Quad{{graph.MakeID(graph.TagIRI, 1), 2, 3, 4}}}},
		{kind: recordFork, name: "b", parent: "main", base: 12},
		{kind: recordDrop, name: "b"},
		{
			kind: recordLoad,
			commit: graph.Commit{
				Seq: 8, Parent: 7, Branch: "main", Time: time.Date(2026, 11, 22, 2, 40, 52, 0, time.UTC), Note: "load", Adds: 1 << 40, Deletes: 3, Effective: true,
			},
			firstTerm: 303, terms: []dict.Raw{{Kind: 1, Text: "https://example.org/t"}}, segments: []uint64{70_000},
		},
	}
}

// Goal: records come back as they were. Method: one of each kind.
func TestRecordRoundTrip(t *testing.T) {
	for _, r := range records() {
		b := encodeRecord(nil, r)
		got, err := decodeRecord(b)
		if err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("record\n%+v\ncomes back as\n%+v, %v", r, got, err)
		}
		for n := range b {
			if _, err := decodeRecord(b[:n]); err == nil {
				t.Errorf("kind %d cut at byte %d of %d is accepted", r.kind, n, len(b))
			}
		}
		if _, err := decodeRecord(append(b, 0)); err == nil && r.kind != recordTrimmed { // which ends with zeros
			t.Errorf("kind %d with a byte too many is accepted", r.kind)
		}
		if _, err := decodeRecord(append(b, 1)); err == nil {
			t.Errorf("kind %d with a byte too many is accepted", r.kind)
		}
	}
}

// Goal: STORE comes back as it was and no other bytes are taken for it.
// Method: round trip, then each byte flipped.
func TestStoreFile(t *testing.T) {
	s := &storeFile{format: formatVersion, base: "https://example.org/", created: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), salt: [saltLen]byte{1, 2}}
	b := s.encode()
	got, err := decodeStoreFile(b)
	if err != nil || *got != *s {
		t.Fatalf("%+v comes back as %+v, %v", s, got, err)
	}
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 1
		if _, err := decodeStoreFile(bad); err == nil {
			t.Errorf("byte %d flipped goes unseen", i)
		}
	}
}

// FuzzWALRecord holds the decoder to: no panic, no more memory than the input
// is worth, and what it accepts encodes to the same record.
func FuzzWALRecord(f *testing.F) {
	for _, r := range records() {
		f.Add(encodeRecord(nil, r))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRecord(b)
		if err != nil {
			return
		}
		again, err := decodeRecord(encodeRecord(nil, r))
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Fatalf("record\n%+v\ncomes back as\n%+v, %v", r, again, err)
		}
	})
}

// FuzzStoreFile holds the decoder of STORE to the same.
func FuzzStoreFile(f *testing.F) {
	s := &storeFile{format: formatVersion, base: "https://example.org/", created: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}
	f.Add(s.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeStoreFile(b)
		if err != nil {
			return
		}
		if again, err := decodeStoreFile(s.encode()); err != nil || *again != *s {
			t.Fatalf("%+v comes back as %+v, %v", s, again, err)
		}
	})
}
