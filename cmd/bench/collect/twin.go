package main

import (
	"log/slog"
	"path/filepath"
	"time"

	"nettwin/graph/disk"
	"nettwin/ingest"
	"nettwin/naming"
	"nettwin/naming/items"
	"nettwin/ontology"
)

// twin is what takes samples in: a store on disk, items, the pipeline.
type twin struct {
	store    *disk.Store
	items    *items.Store
	pipeline *ingest.Pipeline
}

// openTwin makes a twin in a folder.
func openTwin(dir string) (*twin, error) {
	t := &twin{}
	var err error
	if t.store, err = disk.Open(filepath.Join(dir, "graph"), disk.Options{Base: naming.DefaultBase}); err != nil {
		return nil, err
	}
	if t.items, err = items.Open(filepath.Join(dir, "items"), items.Options{}); err == nil {
		t.pipeline, err = ingest.NewPipeline(ingest.Options{Store: t.store, Items: t.items, Base: naming.DefaultBase,
			Knowledge: ontology.Knowledge(), Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	}
	if err != nil {
		t.close()
	}
	return t, err
}

func (t *twin) close() {
	if t.items != nil {
		t.items.Close()
	}
	t.store.Close()
}
