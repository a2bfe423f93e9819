package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"nettwin/control/internal/read"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

// MaxAuditPage bounds the entries of one Audit.
const MaxAuditPage = 1000

// Audit is a part of the journal with what its chain is worth.
type Audit struct {
	Chain
	// Verified tells that every entry is as it was written: each names the hash
	// of the one before it, and every head that the provenance graph keeps is
	// among them.
	Verified bool         `json:"verified"`
	Error    string       `json:"error,omitempty"` // why not, with file and line
	Log      []AuditEntry `json:"log"`
}

// AuditEntry is an entry with the hash of its line. Record is left out unless
// it was asked for.
type AuditEntry struct {
	Entry
	Hash string `json:"hash"`
}

// Audit reads the journal from disk, verifies it and returns the entries after
// a number, at most limit (MaxAuditPage), with plans as they were recorded if
// records is set. A broken chain is no error: it is what the answer tells.
func (c *Controller) Audit(ctx context.Context, after uint64, limit int, records bool) (Audit, error) {
	head, err := c.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return Audit{}, fmt.Errorf("control: audit: %w", err)
	}
	defer head.Close()
	// The chain is at least as long as what was written when the version was
	// read, so that its heads must be there.
	return ReadAudit(ctx, c.opt.Dir, head, c.opt.Base, AuditOptions{After: after, Limit: limit, Records: records, Known: c.Chain().Head})
}

// AuditOptions select entries.
type AuditOptions struct {
	After   uint64
	Limit   int // 0 is MaxAuditPage
	Records bool
	Known   string // a head that must be in the chain; "" is none
}

// ReadAudit is Audit for a control directory that nobody has open, such as
// that of a stopped twin. src may be nil: then the provenance graph is not
// asked for heads.
func ReadAudit(ctx context.Context, dir string, src graph.Source, base string, opt AuditOptions) (Audit, error) {
	a := Audit{Log: []AuditEntry{}}
	known := map[string]bool{}
	if opt.Known != "" {
		known[opt.Known] = true
	}
	if src != nil {
		err := read.Scan(ctx, src, rdf.Quad{P: termChain, G: naming.ProvenanceGraph(base)}, func(q rdf.Quad) error {
			known[q.O.Value()] = true
			return nil
		})
		if err != nil {
			return a, fmt.Errorf("control: audit: %w", err)
		}
	}
	path := filepath.Join(dir, journalName)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		text, err = nil, nil
	}
	if err != nil {
		return a, fmt.Errorf("control: audit: %w", err)
	}
	entries, _, err := readChain(bytes.NewReader(text), path, &a.Chain)
	var broken *ChainError
	if err != nil && !errors.As(err, &broken) {
		return a, fmt.Errorf("control: audit: %w", err)
	}
	if err == nil {
		err = missingHead(path, entries, a.Chain, known)
	}
	if a.Verified = err == nil; err != nil {
		a.Error = err.Error()
	}
	a.page(entries, opt)
	return a, nil
}

// missingHead finds a head that is known and not in the chain.
func missingHead(path string, entries []Entry, chain Chain, known map[string]bool) error {
	delete(known, chain.Head)
	for i := range entries {
		delete(known, entries[i].Prev)
	}
	delete(known, "")
	for head := range known {
		return &ChainError{File: path, Line: len(entries), Reason: "the entry with SHA-256 " + head + " is not in it: the end was cut off or the file exchanged"}
	}
	return nil
}

// page keeps the entries that were asked for. The hash of one is what the next
// names.
func (a *Audit) page(entries []Entry, opt AuditOptions) {
	limit := opt.Limit
	if limit <= 0 || limit > MaxAuditPage {
		limit = MaxAuditPage
	}
	from, _ := slices.BinarySearchFunc(entries, opt.After+1, func(e Entry, seq uint64) int {
		switch {
		case e.Seq < seq:
			return -1
		case e.Seq > seq:
			return 1
		}
		return 0
	})
	for i := from; i < len(entries) && len(a.Log) < limit; i++ {
		one := AuditEntry{Entry: entries[i], Hash: a.Head}
		if i+1 < len(entries) {
			one.Hash = entries[i+1].Prev
		}
		if !opt.Records {
			one.Record = nil
		}
		a.Log = append(a.Log, one)
	}
}
