package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"

	"nettwin/naming"
	"nettwin/naming/items"
)

type namesCmd struct {
	Get    namesGetCmd    `cmd:"" help:"Write the bytes of an item, verified."`
	Verify namesVerifyCmd `cmd:"" help:"Hash items again and compare with their names."`
}

type namesGetCmd struct {
	place
	Name string `arg:"" help:"Content name (CID)."`
}

// itemsDir is where the items lie below a data directory.
func itemsDir(dir string) string { return dir + "/items" }

func openItems(dir string, readOnly bool) (*items.Store, error) {
	if _, err := os.Stat(itemsDir(dir)); readOnly && errors.Is(err, fs.ErrNotExist) {
		return nil, &exitError{exitNotFound, fmt.Errorf("no items in %s: nothing was collected there yet", dir)}
	}
	return items.Open(itemsDir(dir), items.Options{ReadOnly: readOnly})
}

// maxItemDownload bounds what is read of a server's item.
const maxItemDownload = 1 << 30

// Run gets an item. What a server sends is verified by its name.
func (c *namesGetCmd) Run(ctx context.Context, env *environment) error {
	if err := c.check(); err != nil {
		return err
	}
	name, err := naming.Parse(c.Name)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	bytes, err := c.bytes(ctx, name)
	if err != nil {
		return err
	}
	if err := name.Verify(bytes); err != nil {
		return &exitError{exitDamage, err}
	}
	_, err = env.stdout.Write(bytes)
	return err
}

func (c *namesGetCmd) bytes(ctx context.Context, name naming.Name) ([]byte, error) {
	if c.URL != "" {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpoint("/names/"+name.String(), nil), nil)
		if err != nil {
			return nil, err
		}
		resp, err := c.request(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		return io.ReadAll(io.LimitReader(resp.Body, maxItemDownload))
	}
	store, err := openItems(c.Data, true)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	item, err := store.Get(name)
	if errors.Is(err, items.ErrNotFound) {
		return nil, &exitError{exitNotFound, err}
	}
	var corrupt *items.CorruptError
	if errors.As(err, &corrupt) {
		return nil, &exitError{exitDamage, err}
	}
	return item.Bytes, err
}

type namesVerifyCmd struct {
	Data  string   `help:"Data directory." placeholder:"DIR" type:"path" required:""`
	All   bool     `help:"Every item."`
	Names []string `arg:"" optional:"" help:"Content names (CIDs)."`
}

type verifyReport struct {
	Items   int      `json:"items"`
	Bytes   int64    `json:"sizeBytes"`
	Corrupt []string `json:"corrupt"`
}

// Run hashes items again.
func (c *namesVerifyCmd) Run(ctx context.Context, env *environment) error {
	if c.All == (len(c.Names) > 0) {
		return usageError("give either --all or names")
	}
	store, err := openItems(c.Data, true)
	if err != nil {
		return err
	}
	defer store.Close()
	report := verifyReport{Corrupt: []string{}}
	if c.All {
		summary, err := store.VerifyAll(ctx, func(name naming.Name, _ items.Info, err error) {
			if err != nil {
				report.Corrupt = append(report.Corrupt, err.Error())
			}
		})
		if err != nil {
			return err
		}
		report.Items, report.Bytes = summary.Items, summary.SizeBytes
	} else if err := c.some(store, &report); err != nil {
		return err
	}
	return c.print(env, report)
}

func (c *namesVerifyCmd) some(store *items.Store, report *verifyReport) error {
	for _, text := range c.Names {
		name, err := naming.Parse(text)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		item, err := store.Get(name)
		var corrupt *items.CorruptError
		switch {
		case errors.As(err, &corrupt):
			report.Corrupt = append(report.Corrupt, err.Error())
		case errors.Is(err, items.ErrNotFound):
			return &exitError{exitNotFound, err}
		case err != nil:
			return err
		}
		report.Items++
		report.Bytes += int64(len(item.Bytes))
	}
	return nil
}

func (c *namesVerifyCmd) print(env *environment, report verifyReport) error {
	if env.json {
		if err := env.printJSON(report); err != nil {
			return err
		}
	} else {
		for _, line := range report.Corrupt {
			fmt.Fprintln(env.stderr, line)
		}
		fmt.Fprintf(env.stdout, "%d items, %d bytes: %d damaged\n", report.Items, report.Bytes, len(report.Corrupt))
	}
	if len(report.Corrupt) > 0 {
		return &exitError{exitDamage, fmt.Errorf("%d items are damaged", len(report.Corrupt))}
	}
	return nil
}
