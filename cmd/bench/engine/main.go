package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

// options are the flags.
type options struct {
	file    string
	dir     string
	engines string
	seed    uint64
	commits int
	mix     time.Duration
	commit  string

	child string // run this engine and print figures as JSON
}

func main() {
	var o options
	flag.StringVar(&o.file, "data", "", "file of N-Quads")
	flag.StringVar(&o.dir, "dir", "", "scratch folder; what is made in it is removed (default: one of the system's)")
	flag.StringVar(&o.engines, "engines", "disk,pebble,mem", "what to measure")
	flag.Uint64Var(&o.seed, "seed", 1, "of everything random")
	flag.IntVar(&o.commits, "commits", 400, "commits of the row updates")
	flag.DurationVar(&o.mix, "mix", 5*time.Second, "how long the mix runs with updates")
	flag.StringVar(&o.commit, "commit", "", "version of the program, to print")
	flag.StringVar(&o.child, "child", "", "for the program itself")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := o.run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func (o options) run(ctx context.Context) error {
	if o.file == "" {
		return fmt.Errorf("say -data FILE: make bench makes one")
	}
	if o.dir == "" {
		dir, err := os.MkdirTemp("", "nettwin-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.dir = dir
	}
	if o.child != "" {
		return o.measure(ctx)
	}
	names := strings.Split(o.engines, ",")
	var all []*figures
	for _, name := range names {
		f, err := o.start(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, f)
		if err := sameAnswers(all[0], f, names[0], name); err != nil {
			return err
		}
	}
	return o.print(os.Stdout, names, all)
}

// start runs one engine in a process of its own.
func (o options) start(ctx context.Context, name string) (*figures, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(o.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, self, "-child", name, "-data", o.file, "-dir", dir, "-seed", fmt.Sprint(o.seed),
		"-commits", fmt.Sprint(o.commits), "-mix", o.mix.String())
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	var f figures
	return &f, json.Unmarshal(out.Bytes(), &f)
}

// measure is the process of one engine.
func (o options) measure(ctx context.Context) error {
	e, err := openEngine(o.child, filepath.Join(o.dir, "store"))
	if err != nil {
		return err
	}
	f, err := newRun(e, o).all(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(f)
}
