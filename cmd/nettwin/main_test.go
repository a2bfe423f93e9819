package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// asCommand makes the test binary be nettwin itself: a process of its own,
// which signals can reach, without another build.
const asCommand = "NETTWIN_TEST_AS_COMMAND"

// exitLeak is the exit code of a process that left goroutines behind.
const exitLeak = 99

// TestMain ends the demo that the tests share and demands that no goroutine
// of it is left.
func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(beCommand())
	}
	code := m.Run()
	if err := shared.end(); err != nil {
		fmt.Fprintln(os.Stderr, "shared demo:", err)
		code = max(code, 1)
	}
	http.DefaultClient.CloseIdleConnections()
	client.CloseIdleConnections()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "left behind:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// beCommand is main with a look at what is left when it ends.
func beCommand() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "left behind:", err)
		return exitLeak
	}
	return code
}

// commandProcess is nettwin with arguments as a process that was not started
// yet.
func commandProcess(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	return cmd
}
