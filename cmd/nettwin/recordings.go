package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"nettwin/ingest"
	answers "nettwin/ingest/output"
	recorded "nettwin/ingest/replay"
	"nettwin/internal/clock"
)

// filesPeriod is how often files of recorded messages are looked at for changes.
const filesPeriod = 2 * time.Second

// recordings are the files of one device's recorded messages.
type recordings struct {
	device, path string

	mu    sync.Mutex // guards what follows
	tried time.Time
	last  recorded.Report
	err   error
}

// status is how the files do.
func (r *recordings) status() ingest.TargetStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := ingest.TargetStatus{Device: r.device, Address: r.path, Collector: "files", State: ingest.StateInSync, LastTry: r.tried, Facts: r.last.Played()}
	switch {
	case r.err != nil:
		s.LastError = r.err.Error()
	case len(r.last.Failures) > 0:
		s.LastError = r.last.Failures[0].Error()
	}
	if r.err == nil {
		s.LastContact = r.tried
	}
	return s
}

// note keeps what a reading brought.
func (r *recordings) note(at time.Time, report recorded.Report, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried, r.last, r.err = at, report, err
}

// readFiles has the files of recorded messages read, at once and whenever they
// change.
func (s *service) readFiles(_ context.Context, in *intake) error {
	in.files = s.sources.files
	for _, r := range in.files {
		in.listeners = append(in.listeners, func(ctx context.Context) error {
			s.follow(ctx, in, r)
			return nil
		})
	}
	return nil
}

// follow reads files until ctx ends. All of a device's are read again when one
// changes: what did not change changes nothing in the graph.
func (s *service) follow(ctx context.Context, in *intake, r *recordings) {
	var before [sha256.Size]byte
	for {
		mark, err := fingerprint(r.path)
		if err != nil || mark != before {
			var report recorded.Report
			if err == nil {
				report, err = s.play(ctx, s.env.log, s.sources.modules.of(in.schema), r.path, r.device)
			}
			r.note(time.Now(), report, err)
			before = mark
			logFailures(s.env.log, r.device, report, err)
		}
		if (clock.System{}).Sleep(ctx, filesPeriod) != nil {
			return
		}
	}
}

// maxLogged bounds the failures of one reading that are logged.
const maxLogged = 10

func logFailures(log *slog.Logger, device string, report recorded.Report, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Error("recorded messages not read", "device", device, "error", err)
	}
	for i, f := range report.Failures {
		if i == maxLogged {
			log.Warn("and more recorded messages", "device", device, "failures", len(report.Failures)+report.More-maxLogged)
			return
		}
		log.Warn("recorded message not read", "device", device, "error", f)
	}
}

// play reads a file or folder into the graph; device "" finds it by file.
func (t *twin) play(ctx context.Context, log *slog.Logger, schema schemaOf, path, device string) (recorded.Report, error) {
	players, err := t.players(log, schema)
	if err != nil {
		return recorded.Report{}, err
	}
	tables, err := t.outputTables(log)
	if err != nil {
		return recorded.Report{}, err
	}
	players[recorded.Output] = &outputPlayer{answers.NewIntake(tables, t.pipeline)}
	folder, name := filepath.Dir(path), filepath.Base(path)
	if info, err := os.Stat(path); err != nil {
		return recorded.Report{}, err
	} else if info.IsDir() {
		folder, name = path, "."
	}
	return recorded.Run(ctx, os.DirFS(folder), name, recorded.Options{Players: players, Device: device, Knows: tables.Knows})
}

// fingerprint changes when a file below path does.
func fingerprint(path string) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	files := 0
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if files++; files > recorded.MaxFiles {
			return fs.SkipAll
		}
		info, err := entry.Info()
		if err != nil {
			return nil // it went meanwhile
		}
		if info.Mode().IsRegular() {
			fmt.Fprintf(h, "%q %d %d\n", name, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	h.Sum(sum[:0])
	return sum, err
}
