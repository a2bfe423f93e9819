package rules

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"time"

	"nettwin/graph"
)

// Periods of Follow.
const (
	// ReloadPeriod is how often the knowledge folder is looked at.
	ReloadPeriod = 2 * time.Second
	// ClockPeriod is how often rules that read the clock run again.
	ClockPeriod = time.Hour
)

// Follow reloads the rules when their files change, runs them after each
// commit of the branch and, those that read the clock, every
// ClockPeriod, until ctx ends, which is no error. Commits that arrive while
// rules run are taken together: events set the input, never the pace.
func (e *Engine) Follow(ctx context.Context, after graph.CommitSeq) error {
	feed, err := e.opt.Store.Feed(cmp.Or(e.opt.Branch, graph.Main), after)
	if err != nil {
		return err
	}
	defer feed.Close()
	inbox := &inbox{wake: make(chan struct{}, 1), delta: &Delta{}}
	var reader sync.WaitGroup
	defer reader.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	feedErr := make(chan error, 1)
	reader.Go(func() { feedErr <- e.read(ctx, feed, inbox) })

	reload, clock := time.NewTicker(ReloadPeriod), time.NewTicker(ClockPeriod)
	defer reload.Stop()
	defer clock.Stop()
	stamp := e.folderStamp()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-feedErr:
			if ctx.Err() != nil || errors.Is(err, graph.ErrClosed) {
				return nil
			}
			return err
		case <-inbox.wake:
			e.report(e.Apply(ctx, inbox.take()))
		case <-clock.C:
			e.report(e.RunTimeDependent(ctx))
		case <-reload.C:
			if now := e.folderStamp(); now != stamp {
				stamp = now
				e.report(e.Reload(ctx))
			}
		}
	}
}

func (e *Engine) report(err error) {
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, graph.ErrClosed) {
		e.opt.Log.Error("rules", "err", err)
	}
}

// inbox is the merged change since the last run: bounded by MaxDeltaQuads and
// the vocabulary.
type inbox struct {
	wake  chan struct{}
	mu    sync.Mutex
	delta *Delta // guarded by mu
}

func (in *inbox) put(d *Delta) {
	in.mu.Lock()
	in.delta.Merge(d)
	in.mu.Unlock()
	select {
	case in.wake <- struct{}{}:
	default:
	}
}

func (in *inbox) take() *Delta {
	in.mu.Lock()
	defer in.mu.Unlock()
	d := in.delta
	in.delta = &Delta{}
	return d
}

func (e *Engine) read(ctx context.Context, feed graph.Feed, in *inbox) error {
	for {
		next, err := feed.Next(ctx)
		if err != nil {
			return err
		}
		if strings.HasPrefix(next.Commit.Note, notePrefix) {
			continue
		}
		snapshot, err := e.opt.Store.Snapshot(graph.At{Branch: e.opt.Branch})
		if err != nil {
			return err
		}
		delta, err := deltaOf(snapshot, next.Changes)
		snapshot.Close()
		if err != nil {
			return err
		}
		in.put(delta)
	}
}

// folderStamp changes when a rule file is added, changed or deleted.
func (e *Engine) folderStamp() string {
	var b strings.Builder
	for _, folder := range Folders {
		entries, err := fs.ReadDir(e.opt.Knowledge, folder)
		if err != nil {
			continue // a missing folder holds no rules
		}
		for _, entry := range entries {
			if info, err := entry.Info(); err == nil && strings.HasSuffix(entry.Name(), ".rule") {
				b.WriteString(folder + "/" + entry.Name() + info.ModTime().String() + "\n")
			}
		}
	}
	return b.String()
}
