package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/internal/archive"
	"nettwin/web"
)

// operations are what can be done with a data directory as a whole, whether or
// not a twin runs on it. It implements web.Operations.
type operations struct {
	dir   string
	store *disk.Store
}

// Folders and files of a data directory that a backup treats in a way of their
// own, as paths with slashes below it.
const (
	graphFolder = "graph"
	journalFile = "control/journal"
)

// Backup packs the data directory. Control's journal is read first, then the
// graph, then all else: what the journal speaks of is in the graph, and the
// items that the graph names were durable before it. A journal that is behind
// the graph is what a crash leaves, too, and starting mends that.
func (o operations) Backup(ctx context.Context, w io.Writer) error {
	journal, err := o.journal()
	if err != nil {
		return err
	}
	image, err := o.store.Image(ctx)
	if err != nil {
		return err
	}
	defer image.Close()
	others, err := o.others()
	if err != nil {
		return err
	}
	total := int64(len(journal))
	for _, f := range image.Files() {
		total += f.SizeBytes
	}
	for _, f := range others {
		total += f.size
	}
	out := archive.NewWriter(w, archive.About{Version: version, Base: o.store.Info().Base, Head: uint64(image.Head), Time: time.Now().UTC()}, total)
	if journal != nil {
		if err := out.Add(ctx, journalFile, int64(len(journal)), bytes.NewReader(journal)); err != nil {
			return err
		}
	}
	for _, f := range others {
		if err := o.pack(ctx, out, f.name); err != nil {
			return err
		}
	}
	for _, f := range image.Files() {
		if err := out.Add(ctx, graphFolder+"/"+f.Name, f.SizeBytes, io.NewSectionReader(f, 0, f.SizeBytes)); err != nil {
			return err
		}
	}
	return out.Close()
}

// journal is what control's journal holds in whole lines; nil if there is none.
func (o operations) journal() ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(o.dir, filepath.FromSlash(journalFile)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b[:bytes.LastIndexByte(b, '\n')+1], err
}

// plainFile is a file that is copied as it is.
type plainFile struct {
	name string // with slashes, below the data directory
	size int64
}

// others lists the files beside graph and journal. The last mark of the items
// comes before their packs, which only grow, so that it never knows of more than
// is copied.
func (o operations) others() (list []plainFile, err error) {
	root := os.DirFS(o.dir)
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // replaced meanwhile
			return nil
		case err != nil:
			return err
		case entry.IsDir() && (name == graphFolder || name == spillFolder || strings.HasPrefix(name, "knowledge-")):
			return fs.SkipDir
		case !entry.Type().IsRegular() || name == journalFile || passing(entry.Name()):
			return nil
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			list = append(list, plainFile{name, info.Size()})
		}
		return err
	})
	marks := slices.IndexFunc(list, func(f plainFile) bool { return path.Base(f.name) == itemsMark })
	if marks > 0 {
		list[0], list[marks] = list[marks], list[0]
	}
	return list, err
}

// itemsMark is the file in which the items tell how much of them is durable.
const itemsMark = "MARK"

// passing tells whether a file is there only while a process works.
func passing(name string) bool {
	return name == "LOCK" || name == archive.IndexName || strings.HasSuffix(name, ".tmp") || strings.HasSuffix(name, ".new")
}

// pack adds a file with the size that it has when it is opened. One that is
// gone by then was replaced or let go: whoever uses it can do without.
func (o operations) pack(ctx context.Context, out *archive.Writer, name string) error {
	f, err := os.Open(filepath.Join(o.dir, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return out.Add(ctx, name, info.Size(), f)
}

// Compact frees what is of no use any more.
func (o operations) Compact(ctx context.Context) (web.Compaction, error) {
	before := o.store.Info().SizeBytes
	if err := o.store.Compact(ctx); err != nil {
		return web.Compaction{}, err
	}
	return web.Compaction{BeforeBytes: before, AfterBytes: o.store.Info().SizeBytes}, nil
}

// Stats describe a version of the graph and the files.
func (o operations) Stats(ctx context.Context, at graph.At, top int) (web.DataStats, error) {
	snapshot, err := o.store.Snapshot(at)
	if err != nil {
		return web.DataStats{}, err
	}
	defer snapshot.Close()
	own, ok := snapshot.(*disk.Snapshot)
	if !ok {
		return web.DataStats{}, fmt.Errorf("statistics of %T: it counts nothing", snapshot)
	}
	counted, err := own.Stats(ctx)
	if err != nil {
		return web.DataStats{}, err
	}
	branches, err := o.store.Branches()
	if err != nil {
		return web.DataStats{}, err
	}
	files, err := o.files()
	if err != nil {
		return web.DataStats{}, err
	}
	info, commit := o.store.Info(), snapshot.Commit()
	oldest, feed, lack := o.store.Oldest()
	stats := web.DataStats{Base: info.Base, Created: info.Created, Branch: cmp.Or(at.Branch, graph.Main), Commit: commit.Seq, Time: commit.Time,
		Quads: counted.Quads, Terms: info.Terms, Branches: len(branches), Oldest: oldest, FeedFrom: feed, Retained: []web.RetainedGraphs{}, Missing: graph.Missing(snapshot), Files: files,
		Graphs: []web.GraphStats{}, AllGraphs: len(counted.Graphs), Predicates: []web.PredStats{}, AllPreds: len(counted.Predicates)}
	for _, r := range lack {
		stats.Retained = append(stats.Retained, web.RetainedGraphs{Graph: r.Graph, Oldest: r.Oldest})
	}
	slices.SortStableFunc(counted.Graphs, func(a, b disk.GraphStats) int { return cmp.Compare(b.Quads, a.Quads) })
	for _, g := range counted.Graphs[:min(top, len(counted.Graphs))] {
		term, err := graph.TermOf(snapshot, g.Graph)
		if err != nil {
			return stats, err
		}
		stats.Graphs = append(stats.Graphs, web.GraphStats{Graph: term.Value(), Quads: g.Quads})
	}
	slices.SortStableFunc(counted.Predicates, func(a, b disk.PredicateStats) int { return cmp.Compare(b.Quads, a.Quads) })
	for _, p := range counted.Predicates[:min(top, len(counted.Predicates))] {
		term, err := graph.TermOf(snapshot, p.Predicate)
		if err != nil {
			return stats, err
		}
		stats.Predicates = append(stats.Predicates, web.PredStats{Predicate: term.Value(), Quads: p.Quads, Subjects: p.Subjects, Objects: p.Objects})
	}
	return stats, nil
}

// kinds are those of files, by the beginnings of their paths; the first that
// fits counts.
var kinds = []struct{ prefix, kind string }{
	{"graph/wal-", "log"}, {"graph/seg-", "segments"}, {"graph/dict-", "dictionary"}, {"graph/HISTORY", "history"}, {"graph/", "graph, other"},
	{"items/", "items"}, {"control/", "control"}, {"knowledge/", "knowledge"}, {"schemas/", "schemas"}, {"", "other"},
}

// files adds up the files of the data directory by kind.
func (o operations) files() ([]web.FileStats, error) {
	list := make([]web.FileStats, len(kinds))
	err := fs.WalkDir(os.DirFS(o.dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !entry.Type().IsRegular() {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		for i, k := range kinds {
			if strings.HasPrefix(name, k.prefix) {
				list[i] = web.FileStats{Kind: k.kind, Files: list[i].Files + 1, Bytes: list[i].Bytes + info.Size()}
				break
			}
		}
		return nil
	})
	return slices.DeleteFunc(list, func(f web.FileStats) bool { return f.Files == 0 }), err
}
