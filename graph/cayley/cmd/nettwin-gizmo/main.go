// Command nettwin-gizmo answers queries in Gizmo, the JavaScript dialect of
// the Cayley graph database, on a nettwin data directory or a running twin. It
// only reads. "nettwin-gizmo --help" lists its options.
//
// The prefixes twin, rdf, rdfs, xsd and owl are known: g.IRI("twin:Device").
//
// Gizmo panics where an argument has a type that it does not expect, such as a
// filter for a predicate, in a goroutine of its own: then the process ends with
// code 2, the panic's message and a trace.
//
// Exit codes: 0 done; 1 failed; 2 wrong usage, or an error in the query; 3 no
// store there; 4 the store is damaged; 130 interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"nettwin/graph"
)

// Exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitDamage      = 4
	exitInterrupted = 130
)

// cli is the command line.
type cli struct {
	Data     string        `help:"Data directory of a twin that does not run." placeholder:"DIR" type:"path" xor:"place"`
	URL      string        `help:"Address of a running twin; its whole dataset is fetched." placeholder:"URL" xor:"place"`
	Token    string        `help:"Token for --url." env:"NETTWIN_TOKEN" placeholder:"TOKEN"`
	MaxQuads int           `name:"max-quads" help:"Most quads to fetch from --url." default:"2000000" placeholder:"N"`
	Branch   string        `help:"Branch to ask." placeholder:"NAME"`
	AsOf     string        `name:"as-of" help:"A past version: dateTime or commit number." placeholder:"TIME"`
	File     string        `short:"f" help:"Read the query from a file; - is standard input." placeholder:"FILE"`
	Limit    int           `help:"Most results." default:"10000" placeholder:"N"`
	Timeout  time.Duration `help:"Time limit of the query." default:"30s" placeholder:"TIME"`
	Memory   int           `help:"Most MiB of memory that the query may make the process take." default:"1024" placeholder:"MIB"`
	JSON     bool          `name:"json" help:"Answer as JSON, with terms as in SPARQL's results."`
	Query    string        `arg:"" optional:"" help:"The query."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without the process: for tests.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c, kong.Name("nettwin-gizmo"), kong.Description("Answer Gizmo queries on a nettwin store."),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { exited = code }))
	if err != nil {
		fmt.Fprintln(stderr, "nettwin-gizmo:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	_, err = parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "nettwin-gizmo: %v\nTry \"nettwin-gizmo --help\".\n", err)
		return exitUsage
	}
	if err := c.answer(ctx, stdin, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "nettwin-gizmo:", err)
		return exitCode(ctx, err)
	}
	return 0
}

func exitCode(ctx context.Context, err error) int {
	var coded *exitError
	var damage *graph.CorruptionError
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &damage):
		return exitDamage
	}
	return exitFailed
}

// answer asks the query and writes what comes.
func (c *cli) answer(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	text, err := c.text(stdin)
	if err != nil {
		return err
	}
	if c.Limit < 1 || c.MaxQuads < 1 || c.Memory < 1 || c.Timeout <= 0 {
		return usageError("--limit, --max-quads, --memory and --timeout must be above zero")
	}
	source, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer source.Close()
	out, err := ask(ctx, source, text, limits{results: c.Limit, time: c.Timeout, memoryMiB: c.Memory})
	if err != nil {
		return err
	}
	if out.Truncated {
		fmt.Fprintf(stderr, "nettwin-gizmo: stopped after %d results: there are more (--limit)\n", c.Limit)
	}
	if c.JSON {
		return out.writeJSON(stdout)
	}
	return out.writeText(stdout)
}

// text is the query, given as an argument or as a file.
func (c *cli) text(stdin io.Reader) (string, error) {
	switch {
	case c.Query != "" && c.File != "":
		return "", usageError("give the query as an argument or by --file, not both")
	case c.Query != "":
		return c.Query, nil
	case c.File == "":
		return "", usageError("give a query as an argument or by --file")
	case c.File == "-":
		text, err := io.ReadAll(stdin)
		return string(text), err
	}
	text, err := os.ReadFile(c.File)
	return string(text), err
}

// exitError is an error with its own exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}
