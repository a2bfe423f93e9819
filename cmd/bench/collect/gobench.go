package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime/pprof"
	"strconv"
)

// goBench runs one benchmark that lies beside the code and returns the figure
// with the unit.
func (o options) goBench(ctx context.Context, pkg, name, unit string) (float64, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^"+name+"$", "-benchtime", "3s", pkg)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%s in %s: %w\n%s", name, pkg, err, out)
	}
	fields := bytes.Fields(out)
	for i, f := range fields {
		if i > 0 && string(f) == unit {
			return strconv.ParseFloat(string(fields[i-1]), 64)
		}
	}
	return 0, fmt.Errorf("%s in %s tells no %s:\n%s", name, pkg, unit, out)
}

// profiled writes a profile of what happens before its result is called, if
// one is wanted.
func (o options) profiled(what string) (stop func(), err error) {
	if o.profile == "" {
		return func() {}, nil
	}
	file, err := os.Create(o.profile + "." + what)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		file.Close()
		return nil, err
	}
	return func() { pprof.StopCPUProfile(); file.Close() }, nil
}
