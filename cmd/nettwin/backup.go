package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"nettwin/graph/disk"
	"nettwin/graph/vfs"
	"nettwin/internal/archive"
)

type backupCmd struct {
	place
	To string `arg:"" help:"Directory of the copy, absent or empty." placeholder:"DIR" type:"path"`
}

// Help tells what is copied.
func (backupCmd) Help() string {
	return `Copies all that a twin needs: graph with branches and history, items, control's
journal, knowledge, schemas, state of listeners. The copy is of one commit, while
readers and writers go on (--url), and is checked as fsck does before it counts.
A copy that did not come to its end has the file INCOMPLETE and is refused.`
}

type restoreCmd struct {
	From string `arg:"" help:"Directory that nettwin backup made, or a file that /api/v1/backup sent." placeholder:"BACKUP" type:"path"`
	Data string `arg:"" help:"New data directory, absent or empty." placeholder:"DIR" type:"path"`
}

// copyReport is what was copied.
type copyReport struct {
	From  string    `json:"from"`
	To    string    `json:"to"`
	Base  string    `json:"base"`
	Head  uint64    `json:"head"` // newest commit of all branches
	Made  time.Time `json:"made"` // when the backup was
	Files int       `json:"files"`
	Bytes int64     `json:"sizeBytes"`
}

// Run backs up a data directory or a running twin.
func (c *backupCmd) Run(ctx context.Context, env *environment) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.URL != "" {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpoint("/api/v1/backup", nil), nil)
		if err != nil {
			return err
		}
		resp, err := c.request(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		return unpack(ctx, env, resp.Body, c.URL, c.To, true)
	}
	store, err := c.openOwn(env)
	if err != nil {
		return err
	}
	defer store.Close()
	return transfer(ctx, env, func(ctx context.Context, w io.Writer) error {
		return operations{dir: c.Data, store: store}.Backup(ctx, w)
	}, c.Data, c.To, true)
}

// openOwn opens the store of a data directory on which no twin runs.
func (p *place) openOwn(env *environment) (*disk.Store, error) {
	if err := archive.Refuse(vfs.OS(), p.Data); err != nil {
		return nil, err
	}
	if !storeExists(p.Data) {
		return nil, &exitError{exitNotFound, fmt.Errorf("no store in %s", p.Data)}
	}
	store, err := openStore(env, p.Data, p.Base)
	if errors.Is(err, disk.ErrInUse) {
		return nil, fmt.Errorf("%w; a running twin is asked with --url URL instead of --data", err)
	}
	return store, err
}

// Run makes a data directory from a backup.
func (c *restoreCmd) Run(ctx context.Context, env *environment) error {
	info, err := os.Stat(c.From)
	if err != nil {
		return &exitError{exitNotFound, err}
	}
	if info.IsDir() {
		return transfer(ctx, env, func(ctx context.Context, w io.Writer) error {
			return archive.PackDir(ctx, vfs.OS(), c.From, w)
		}, c.From, c.Data, false)
	}
	in, err := os.Open(c.From)
	if err != nil {
		return err
	}
	defer in.Close()
	return unpack(ctx, env, in, c.From, c.Data, false)
}

// transfer unpacks what pack makes at the same time. The error of the one that
// failed first is told.
func transfer(ctx context.Context, env *environment, pack func(context.Context, io.Writer) error, from, to string, keep bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, out := io.Pipe()
	var packing sync.WaitGroup
	var packErr error
	packing.Go(func() {
		packErr = pack(ctx, out)
		out.CloseWithError(packErr)
	})
	err := unpack(ctx, env, in, from, to, keep)
	cancel()
	in.CloseWithError(errStopped)
	packing.Wait()
	if packErr != nil && !errors.Is(packErr, errStopped) && !errors.Is(packErr, context.Canceled) {
		return copyError(packErr)
	}
	return err
}

// errStopped: nobody unpacks any more.
var errStopped = errors.New("stopped")

// unpack writes a copy and has it checked as fsck does.
func unpack(ctx context.Context, env *environment, in io.Reader, from, to string, keep bool) error {
	x, err := archive.Unpack(ctx, vfs.OS(), to, in, archive.UnpackOptions{Keep: keep, Progress: env.progress(), Check: checkCopy})
	if err != nil {
		return copyError(err)
	}
	report := copyReport{From: from, To: to, Base: x.Base, Head: x.Head, Made: x.Time, Files: len(x.Files), Bytes: x.SizeBytes()}
	if env.json {
		return env.printJSON(report)
	}
	_, err = fmt.Fprintf(env.stdout, "%s: %d files, %d bytes, up to commit %d of %s; checked\n", report.To, report.Files, report.Bytes, report.Head, report.Base)
	return err
}

func checkCopy(ctx context.Context, dir string) error {
	report, err := (&fsckCmd{Dir: dir}).inspect(ctx)
	if err != nil {
		return err
	}
	if len(report.Damages) > 0 {
		return fmt.Errorf("%w: %s", archive.ErrDamaged, report.Damages[0])
	}
	return nil
}

// copyError gives damage and absence their exit codes.
func copyError(err error) error {
	switch {
	case errors.Is(err, archive.ErrDamaged):
		return &exitError{exitDamage, err}
	case errors.Is(err, archive.ErrNoBackup):
		return &exitError{exitNotFound, err}
	}
	return err
}

// progressEvery is how often progress is told.
const progressEvery = time.Second

// progress tells on standard error how far a copy is, if it takes long.
func (e *environment) progress() func(done, total int64) {
	last := time.Now()
	return func(done, total int64) {
		if e.json || time.Since(last) < progressEvery {
			return
		}
		last = time.Now()
		fmt.Fprintf(e.stderr, "%d of %d MB\n", done>>20, total>>20)
	}
}
