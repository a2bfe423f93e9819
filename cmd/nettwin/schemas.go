package main

import (
	"fmt"
	"os"
	"sync"

	"nettwin/ingest/schemas"
	"nettwin/ontology/yang"
)

// moduleFolder is a folder of YANG modules, compiled at first use: for devices
// that tell nothing of their schemas.
type moduleFolder struct {
	dir string // "": none

	once     sync.Once
	schema   *yang.Schema
	problems []yang.Problem
	err      error
}

// load compiles all modules of the folder. Without a folder the schema is empty,
// which keeps all data as unknown.
func (f *moduleFolder) load() (*yang.Schema, []yang.Problem, error) {
	if f == nil {
		return &yang.Schema{}, nil, nil
	}
	f.once.Do(func() {
		f.schema = &yang.Schema{}
		if f.dir == "" {
			return
		}
		lib, parsed, err := yang.ParseFS(os.DirFS(f.dir))
		if err != nil {
			f.err = fmt.Errorf("folder of YANG modules %s: %w", f.dir, err)
			return
		}
		schema, compiled, err := lib.Compile(nil, yang.Options{})
		f.problems = append(parsed, compiled...)
		if err != nil {
			f.err = fmt.Errorf("folder of YANG modules %s: %w", f.dir, err)
			return
		}
		f.schema = schema
	})
	return f.schema, f.problems, f.err
}

// of is what a device's data are mapped by: what its own modules compiled to
// when it was read, else those of the folder.
func (f *moduleFolder) of(read func(device string) (*yang.Schema, error)) func(device string) (*yang.Schema, map[string]string) {
	return func(device string) (*yang.Schema, map[string]string) {
		if read != nil {
			if s, err := read(device); err == nil {
				return s, nil
			}
		}
		s, _, _ := f.load() // an error was told at start
		return s, nil
	}
}

// directory is the folder as a place of texts; nil without one.
func (f *moduleFolder) directory() (*schemas.Directory, error) {
	if f == nil || f.dir == "" {
		return nil, nil
	}
	return schemas.OpenDirectory(os.DirFS(f.dir))
}
