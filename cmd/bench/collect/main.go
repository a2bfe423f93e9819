package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
)

// options are the flags.
type options struct {
	dir     string
	rows    string
	devices int
	seed    uint64
	commit  string
	profile string

	child   string // be this process
	targets string // file of addresses, of a child
}

func main() {
	var o options
	flag.StringVar(&o.dir, "dir", "", "scratch folder (default: one of the system's, removed afterwards)")
	flag.StringVar(&o.rows, "rows", "snmp,flow,yang,flood", "what to measure")
	flag.IntVar(&o.devices, "devices", 1000, "simulated devices of row snmp")
	flag.Uint64Var(&o.seed, "seed", 1, "of everything random")
	flag.StringVar(&o.commit, "commit", "", "version of the program, to print")
	flag.StringVar(&o.profile, "profile", "", "where CPU profiles go: this name, a dot and what was measured")
	flag.StringVar(&o.child, "child", "", "for the program itself")
	flag.StringVar(&o.targets, "targets", "", "for the program itself")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// children are the processes that the program starts of itself.
var children = map[string]func(context.Context, options, io.Reader, io.Writer) error{
	"devices": serveDevices, "snmp": collectSNMP, "yang-device": serveYANG, "yang": collectYANG, "flow": runFlow,
	"listener": listen, "sender": send,
}

// benches are the rows, in the order of printing.
var benches = []struct {
	name string
	run  func(context.Context, options, *printer) error
}{{"snmp", benchSNMP}, {"flow", benchFlow}, {"yang", benchYANG}, {"flood", benchFlood}}

func (o options) run(ctx context.Context) error {
	if o.child != "" {
		be := children[o.child]
		if be == nil {
			return fmt.Errorf("no process is called %q", o.child)
		}
		return be(ctx, o, os.Stdin, os.Stdout)
	}
	if o.dir == "" {
		dir, err := os.MkdirTemp("", "nettwin-collect-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.dir = dir
	}
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("commit %s, seed %d, %d cores, load %s, %s\n\n", o.commit, o.seed, runtime.NumCPU(),
		strings.Join(strings.Fields(string(load))[:1], ""), runtime.Version())
	p := &printer{out: os.Stdout}
	p.head()
	for _, b := range benches {
		if !strings.Contains(","+o.rows+",", ","+b.name+",") {
			continue
		}
		if err := b.run(ctx, o, p); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
	}
	if p.below > 0 {
		return fmt.Errorf("%d figures miss their floor", p.below)
	}
	return nil
}

// start begins a process of this program.
func (o options) start(ctx context.Context, name string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-child", name, "-dir", o.dir, "-devices", fmt.Sprint(o.devices),
		"-seed", fmt.Sprint(o.seed), "-targets", o.targets, "-profile", o.profile)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &child{cmd.Process.Pid, in, bufio.NewReader(out), func() error { return errors.Join(in.Close(), cmd.Wait()) }}, nil
}

// printer writes figures as a table.
type printer struct {
	out   io.Writer
	below int // figures that miss their floor
}

const layout = "%-6s %-38s %-22s %-14s %s\n"

func (p *printer) head() { fmt.Fprintf(p.out, layout, "row", "what", "figure", "floor", "") }

// row prints a figure; an empty floor judges nothing.
func (p *printer) row(name, what, figure, floor string, reached bool, more string) {
	switch {
	case floor == "":
	case reached:
		floor += " ok"
	default:
		floor += " MISSED"
		p.below++
	}
	fmt.Fprintf(p.out, layout, name, what, figure, floor, more)
}
