package ctl_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nettwin/internal/simulate/ctl"
	"nettwin/internal/simulate/device"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A network notes what is asked of it.
type network struct {
	mu    sync.Mutex
	calls []string
}

func (n *network) note(parts ...string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls = append(n.calls, strings.Join(parts, " "))
	if parts[1] == "bad" {
		return errors.New("no such thing")
	}
	return nil
}
func (n *network) FailLink(a, b string) error  { return n.note("fail", a, b) }
func (n *network) Restore(a, b string) error   { return n.note("restore", a, b) }
func (n *network) Set(d, i, f, v string) error { return n.note("set", d, i, f, v) }
func (n *network) Status() device.Status {
	return device.Status{Devices: []device.DeviceStatus{{Name: "r1"}}}
}

func serve(t *testing.T) (*network, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ctl.sock")
	n := &network{}
	s, err := ctl.Serve(context.Background(), path, ctl.Options{Network: n, Replay: func(ctx context.Context, file string, speed float64) (int, error) {
		if file == "endless" {
			<-ctx.Done()
			return 3, ctx.Err()
		}
		return 7, n.note("replay", file, fmt.Sprint(speed))
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is left behind: %v", err)
		}
	})
	return n, path
}

// Goal: each operation reaches the network with its arguments, and its answer
// or error comes back. Method: one call each, and what the network noted.
func TestCalls(t *testing.T) {
	n, path := serve(t)
	for _, c := range []struct {
		request ctl.Request
		want    string
	}{
		{ctl.Request{Op: ctl.FailLink, A: "r1", B: "r2"}, "fail r1 r2"},
		{ctl.Request{Op: ctl.Restore, A: "r1", B: "r2"}, "restore r1 r2"},
		{ctl.Request{Op: ctl.Set, Device: "r1", Interface: "eth0", Field: "description", Value: ""}, "set r1 eth0 description "},
		{ctl.Request{Op: ctl.Replay, File: "f", Speed: 2}, "replay f 2"},
	} {
		response, err := ctl.Call(context.Background(), path, c.request)
		if err != nil || !response.OK || n.calls[len(n.calls)-1] != c.want {
			t.Errorf("%+v: %+v, %v, %v", c.request, response, err, n.calls)
		}
		if c.request.Op == ctl.Replay && response.Sent != 7 {
			t.Errorf("sent %d", response.Sent)
		}
	}
	response, err := ctl.Call(context.Background(), path, ctl.Request{Op: ctl.Status})
	if err != nil || response.Status == nil || response.Status.Devices[0].Name != "r1" {
		t.Errorf("%+v, %v", response, err)
	}
	if _, err := ctl.Call(context.Background(), path, ctl.Request{Op: ctl.FailLink, A: "bad", B: "b"}); !errors.Is(err, ctl.ErrRefused) || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("%v", err)
	}
	for _, bad := range []ctl.Request{{}, {Op: "fly"}, {Op: ctl.FailLink, A: "r1"}, {Op: ctl.Set, Device: "r1"}, {Op: ctl.Replay}, {Op: ctl.Replay, File: "f", Speed: -1}} {
		if _, err := ctl.Call(context.Background(), path, bad); !errors.Is(err, ctl.ErrRequest) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := ctl.Call(ctx, path, ctl.Request{Op: ctl.Replay, File: "endless"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if _, err := ctl.Call(context.Background(), path+"x", ctl.Request{Op: ctl.Status}); err == nil || !strings.Contains(err.Error(), "data directory") {
		t.Errorf("%v", err)
	}
}

// Goal: lines that are no requests get errors, and the conversation goes on;
// a line beyond the limit ends it. Method: a raw client.
func TestRaw(t *testing.T) {
	_, path := serve(t)
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for line, want := range map[string]string{
		`x`: "bad request", `{"op":"status","zz":1}`: "bad request", `{"op":"fly"}`: "no operation", `{"op":"status"}{}`: "more than one",
		`{"op":"fail-link","a":"r1"}`: "lacks", `{"op":"status"}`: `"ok":true`,
	} {
		if _, err := fmt.Fprintln(conn, line); err != nil {
			t.Fatal(err)
		}
		if got, err := in.ReadString('\n'); err != nil || !strings.Contains(got, want) {
			t.Errorf("%s: %s, %v", line, got, err)
		}
	}
	if _, err := fmt.Fprintln(conn, strings.Repeat("x", ctl.MaxRequestBytes+1)); err == nil {
		if _, err := in.ReadString('\n'); err == nil {
			t.Error("a line beyond the limit is answered")
		}
	}
}

// Goal: only the owner can use the socket; a socket left behind is replaced, a
// live one and other files are not. Method: one of each.
func TestSocket(t *testing.T) {
	_, path := serve(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	again := func(path string) error {
		s, err := ctl.Serve(context.Background(), path, ctl.Options{Network: &network{}})
		if err == nil {
			err = s.Close()
		}
		return err
	}
	if err := again(path); err == nil || !strings.Contains(err.Error(), "listens there") {
		t.Errorf("a live socket: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := again(file); err == nil {
		t.Error("a file is replaced")
	}
	stale := filepath.Join(t.TempDir(), "stale")
	listener, err := net.Listen("unix", stale)
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	listener.Close()
	if err := again(stale); err != nil {
		t.Errorf("a stale socket: %v", err)
	}
	if err := again(filepath.Join(t.TempDir(), "none", "ctl")); err == nil {
		t.Error("a folder that is not there")
	}
	if _, err := ctl.Serve(context.Background(), stale, ctl.Options{}); err == nil {
		t.Error("no network")
	}
}
