package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"nettwin/control"
	"nettwin/graph/disk"
	"nettwin/graph/vfs"
	"nettwin/internal/archive"
	"nettwin/naming"
	"nettwin/naming/items"
)

type fsckCmd struct {
	Dir string `arg:"" help:"Data directory of a twin that does not run." placeholder:"DIR" type:"path"`
}

// Help tells what is read.
func (fsckCmd) Help() string {
	return `Reads every byte of the graph, of the items and of control's journal and holds
it against checksums, names and hashes. Nothing is changed. What is damaged is
told with file and offset, and ends with exit code 4. The end of a log that a
crash left torn is no damage: the next start cuts it off.`
}

// fsckReport is what was read and what is damaged.
type fsckReport struct {
	OK       bool     `json:"ok"`
	Damages  []string `json:"damages"`
	Torn     string   `json:"torn,omitempty"`   // the log's end, after a crash
	Debris   []string `json:"debris,omitempty"` // files that the next start removes
	Files    int      `json:"files"`
	Bytes    int64    `json:"sizeBytes"`
	Commits  uint64   `json:"commits"`
	Branches int      `json:"branches"`
	Items    int      `json:"items"`
	Entries  uint64   `json:"journalEntries"`
}

// Run checks a data directory.
func (c *fsckCmd) Run(ctx context.Context, env *environment) error {
	if err := archive.Refuse(vfs.OS(), c.Dir); errors.Is(err, archive.ErrIncomplete) {
		return &exitError{exitDamage, err}
	}
	report, err := c.inspect(ctx)
	if err != nil {
		return err
	}
	if err := report.print(env); err != nil {
		return err
	}
	if !report.OK {
		return &exitError{exitDamage, fmt.Errorf("%s: %d damages", c.Dir, len(report.Damages))}
	}
	return nil
}

// inspect reads all of the data directory.
func (c *fsckCmd) inspect(ctx context.Context) (fsckReport, error) {
	report := fsckReport{Damages: []string{}}
	for _, check := range []func(context.Context, *fsckReport) error{c.graph, c.items, c.journal} {
		if err := check(ctx, &report); err != nil {
			return report, err
		}
	}
	report.OK = len(report.Damages) == 0
	return report, nil
}

func (c *fsckCmd) graph(ctx context.Context, report *fsckReport) error {
	found, err := disk.Check(ctx, vfs.OS(), storeDir(c.Dir))
	switch {
	case errors.Is(err, disk.ErrNoStore):
		return &exitError{exitNotFound, err}
	case err != nil:
		return err
	}
	for _, problem := range found.Problems {
		report.Damages = append(report.Damages, problem.Error())
	}
	if found.Torn != nil {
		report.Torn = found.Torn.Error()
	}
	report.Debris = found.Debris
	report.Files, report.Bytes = report.Files+found.Files, report.Bytes+found.Bytes
	report.Commits, report.Branches = found.Commits, found.Branches
	return nil
}

func (c *fsckCmd) items(ctx context.Context, report *fsckReport) error {
	if _, err := os.Stat(itemsDir(c.Dir)); errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was collected
	}
	store, err := openItems(c.Dir, true)
	if err != nil {
		return err
	}
	defer store.Close()
	summary, err := store.VerifyAll(ctx, func(_ naming.Name, _ items.Info, err error) {
		if err != nil {
			report.Damages = append(report.Damages, err.Error())
		}
	})
	report.Items, report.Bytes = summary.Items, report.Bytes+summary.SizeBytes
	return err
}

func (c *fsckCmd) journal(ctx context.Context, report *fsckReport) error {
	audit, err := control.ReadAudit(ctx, filepath.Join(c.Dir, "control"), nil, "", control.AuditOptions{})
	if err != nil {
		return err
	}
	if !audit.Verified {
		report.Damages = append(report.Damages, audit.Error)
	}
	report.Entries = audit.Entries
	return nil
}

func (r fsckReport) print(env *environment) error {
	if env.json {
		return env.printJSON(r)
	}
	for _, line := range r.Damages {
		fmt.Fprintln(env.stderr, line)
	}
	if r.Torn != "" {
		fmt.Fprintf(env.stdout, "after a crash, cut off at the next start: %s\n", r.Torn)
	}
	for _, file := range r.Debris {
		fmt.Fprintf(env.stdout, "left over, removed at the next start: %s\n", file)
	}
	_, err := fmt.Fprintf(env.stdout, "%d commits on %d branches, %d items, %d journal entries, %d bytes: %d damages\n",
		r.Commits, r.Branches, r.Items, r.Entries, r.Bytes, len(r.Damages))
	return err
}
