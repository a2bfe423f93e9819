package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// defaultPager shows what fits on one screen at once, and does not wrap lines.
const defaultPager = "less -FRSX"

// isTerminal tells whether somebody reads what is written to w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// paged calls write with a pager's input if standard output is a terminal, and
// waits until the reader has seen enough; else with standard output. PAGER
// names the pager, "" or "cat" meaning none.
func (e *environment) paged(ctx context.Context, write func(io.Writer) error) error {
	named, ok := os.LookupEnv("PAGER")
	command := strings.Fields(named)
	if !ok {
		command = strings.Fields(defaultPager)
	}
	if len(command) == 0 || command[0] == "cat" || !isTerminal(e.stdout) {
		return write(e.stdout)
	}
	if _, err := exec.LookPath(command[0]); err != nil {
		return write(e.stdout)
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = e.stdout, e.stderr
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("pager %s: %w: set PAGER to another, or to cat", command[0], err)
	}
	wrote := write(in)
	in.Close()
	err = cmd.Wait()
	if wrote != nil && !errors.Is(wrote, syscall.EPIPE) { // else the reader has seen enough
		return wrote
	}
	if err != nil {
		return fmt.Errorf("pager %s: %w: set PAGER to another, or to cat", command[0], err)
	}
	return nil
}
