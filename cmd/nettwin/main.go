// Command nettwin is the knowledge-graph digital twin of an IP network: it
// collects what devices say, keeps it as a versioned graph, reasons over it
// and answers SPARQL. "nettwin --help" lists its commands; each has --help.
//
// Exit codes: 0 done; 1 failed; 2 wrong usage; 3 something asked for is not
// there; 4 verification found damage; 130 interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
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
	JSON    bool `name:"json" help:"Answer as JSON, for programs."`
	Verbose bool `short:"v" help:"Log what happens in detail."`

	Serve    serveCmd    `cmd:"" help:"Serve the twin of a data directory: SPARQL, REST API and page."`
	Demo     demoCmd     `cmd:"" help:"Serve the twin of the fixture network, with simulated devices."`
	Load     loadCmd     `cmd:"" help:"Load RDF files."`
	Export   exportCmds  `cmd:"" help:"Write the dataset or one graph as RDF, or documents of it."`
	Import   importCmd   `cmd:"" help:"Take in topologies, and what NetBox says."`
	Query    queryCmd    `cmd:"" help:"Ask a SPARQL query."`
	Update   updateCmd   `cmd:"" help:"Run a SPARQL update."`
	Merge    mergeCmd    `cmd:"" help:"Make one device of two that are the same, or list what was."`
	Unmerge  unmergeCmd  `cmd:"" help:"Undo a merge of devices."`
	Collect  collectCmd  `cmd:"" help:"Collect from devices once."`
	Replay   replayCmd   `cmd:"" help:"Take in files and folders of recorded messages."`
	Ontology ontologyCmd `cmd:"" help:"Write what schemas mean as RDF."`
	Simulate simulateCmd `cmd:"" help:"Simulate devices from recordings."`
	Config   configCmd   `cmd:"" help:"Check a configuration."`
	Names    namesCmd    `cmd:"" help:"Get and verify content-named items."`
	Fsck     fsckCmd     `cmd:"" help:"Check a data directory: graph, items, journal."`
	Compact  compactCmd  `cmd:"" help:"Free what a data directory holds of no use any more."`
	Stats    statsCmd    `cmd:"" help:"Count quads by graph and predicate, and bytes by kind of file."`
	Backup   backupCmd   `cmd:"" help:"Copy a data directory, of a running twin too, and check the copy."`
	Restore  restoreCmd  `cmd:"" help:"Make a data directory from a backup."`
	Patch    patchCmd    `cmd:"" help:"Exchange changes as RDF Patch."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// version is set at link time for releases.
var version = "0.1.0-dev"

func main() {
	tuneMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without the process: for tests.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c, kong.Name("nettwin"),
		kong.Description("Knowledge-graph digital twin of an IP network."),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Vars{"default_listen": DefaultListen})
	if err != nil {
		fmt.Fprintln(stderr, "nettwin:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "nettwin: %v\nTry \"nettwin --help\".\n", err)
		return exitUsage
	}
	env := &environment{stdin: stdin, stdout: stdout, stderr: stderr, json: c.JSON, log: newLog(stderr, c.Verbose)}
	parsed.BindTo(ctx, (*context.Context)(nil))
	err = parsed.Run(env)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	fmt.Fprintln(stderr, "nettwin:", err)
	var coded *exitError
	if errors.As(err, &coded) {
		return coded.code
	}
	return exitFailed
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

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(env *environment) error {
	if env.json {
		return env.printJSON(map[string]string{"version": version})
	}
	_, err := fmt.Fprintln(env.stdout, "nettwin", version)
	return err
}
