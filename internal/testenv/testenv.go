// Package testenv tells tests where shared suites and tools are. What is
// Absent skips visibly on a user's machine and fails under CI=true, so that a
// green run of CI means that everything ran.
package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Shared returns the absolute path of rel inside the shared folder (suites,
// recordings, benchmarks), which lies beside the project's root unless
// NETTWIN_SHARED names another place.
func Shared(tb testing.TB, rel string) string {
	tb.Helper()
	path := filepath.Join(sharedRoot(), filepath.FromSlash(rel))
	if _, err := os.Stat(path); err != nil {
		Absent(tb, "shared file %s: %v (set NETTWIN_SHARED to the folder that holds suites/ and data/)", rel, err)
	}
	return path
}

// Tool returns the path of an executable that the test needs.
func Tool(tb testing.TB, name string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Absent(tb, "tool %s: %v (install it to run this test)", name, err)
	}
	return path
}

// Python returns an interpreter that has the named modules: the system's, into
// which Debian's packages install, or the first of the path.
func Python(tb testing.TB, modules ...string) string {
	tb.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		path, err := exec.LookPath(name)
		if err == nil && exec.Command(path, "-c", "import "+strings.Join(modules, ", ")).Run() == nil {
			return path
		}
	}
	Absent(tb, "python3 with %s (Debian: python3-%s)", strings.Join(modules, ", "), strings.ToLower(modules[0]))
	return ""
}

// Root requires the privileges of root, which network namespaces need.
func Root(tb testing.TB) {
	tb.Helper()
	if os.Geteuid() != 0 {
		Absent(tb, "root privileges: running as uid %d", os.Geteuid())
	}
}

// Namespaces requires that network namespaces can be made, which a container
// may forbid even to root.
func Namespaces(tb testing.TB) {
	tb.Helper()
	Root(tb)
	if out, err := exec.Command(Tool(tb, "unshare"), "--net", "--mount", "--uts", "true").CombinedOutput(); err != nil {
		Absent(tb, "network namespaces: unshare: %v: %s", err, out)
	}
}

// ProjectRoot returns the folder of go.mod.
func ProjectRoot() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

func sharedRoot() string {
	if dir := os.Getenv("NETTWIN_SHARED"); dir != "" {
		return dir
	}
	return filepath.Join(filepath.Dir(ProjectRoot()), "shared")
}

// Absent ends a test for which something is missing that format names: under
// CI=true it fails, else it is skipped.
func Absent(tb testing.TB, format string, args ...any) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatalf("needed under CI=true: "+format, args...)
	}
	tb.Skipf("skipped: needs "+format, args...)
}
