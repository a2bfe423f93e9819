package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/reasoning/rules"
	"nettwin/sparql/protocol"
)

// cannedOperations answer the same each time.
type cannedOperations struct{}

func (cannedOperations) Backup(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, "the files")
	return err
}

func (cannedOperations) Compact(context.Context) (Compaction, error) {
	return Compaction{BeforeBytes: 2000, AfterBytes: 1000}, nil
}

func (cannedOperations) Stats(_ context.Context, at graph.At, top int) (DataStats, error) {
	if at.Branch != "" {
		return DataStats{}, graph.ErrNoBranch
	}
	return DataStats{Base: testBase, Created: goldenNow, Branch: graph.Main, Commit: 1, Time: goldenNow, Quads: 4, Terms: 6, Branches: 1, Retained: []RetainedGraphs{},
		Files: []FileStats{{"log", 1, 500}}, Graphs: []GraphStats{{"", 4}}[:min(top, 1)], AllGraphs: 1,
		Predicates: []PredStats{{testBase + "p", 4, 2, 3}}[:min(top, 1)], AllPreds: 1}, nil
}

// failing operations fail before or after the first byte; backing up waits for
// release if there is one.
type failing struct {
	cannedOperations
	first   string
	begun   chan struct{}
	release chan struct{}
}

var errNoRoom = errors.New("no room")

func (f failing) Backup(_ context.Context, w io.Writer) error {
	if f.release != nil {
		close(f.begun)
		<-f.release
	}
	if f.first != "" {
		if _, err := io.WriteString(w, f.first); err != nil {
			return err
		}
	}
	return errNoRoom
}

func operationsServer(t *testing.T, o Operations) *httptest.Server {
	t.Helper()
	store := mem.New(mem.Options{Base: testBase, Clock: time.Now})
	log := slog.New(slog.DiscardHandler)
	s := New(Options{Store: store, Base: testBase, Log: log, Now: time.Now, Metrics: NewMetrics(), Operations: o,
		Rules: rules.New(rules.Options{Store: store, Base: testBase, Log: log, Now: time.Now}), Protocol: protocol.New(protocol.Options{Store: store, Base: testBase}),
		Gate: NewGate(GateOptions{Loopback: true, Tokens: gateTokens(t)}), Ready: func() error { return nil }})
	server := httptest.NewServer(s.Handler())
	t.Cleanup(func() { server.Close(); store.Close() })
	return server
}

func askAs(t *testing.T, url, token string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// Goal: a backup that fails is never taken for one that ended, and there is one
// at a time. Method: fail before the first byte (a status), after it (the
// connection breaks), and ask twice at once.
func TestBackupFails(t *testing.T) {
	const token = "operator"
	server := operationsServer(t, failing{})
	if status, body, err := askAs(t, server.URL+"/api/v1/backup", token); status != http.StatusInternalServerError || !strings.Contains(body, errNoRoom.Error()) {
		t.Errorf("before the first byte: %d %s %v", status, body, err)
	}
	server = operationsServer(t, failing{first: strings.Repeat("x", 1<<20)})
	if status, body, err := askAs(t, server.URL+"/api/v1/backup", token); err == nil {
		t.Errorf("after the first byte: %d with %d bytes and no error", status, len(body))
	}
	slow := failing{begun: make(chan struct{}), release: make(chan struct{})}
	server = operationsServer(t, slow)
	done := make(chan int)
	go func() {
		status, _, _ := askAs(t, server.URL+"/api/v1/backup", token)
		done <- status
	}()
	<-slow.begun
	if status, body, err := askAs(t, server.URL+"/api/v1/backup", token); status != http.StatusConflict {
		t.Errorf("a second one: %d %s %v", status, body, err)
	}
	close(slow.release)
	if status := <-done; status != http.StatusInternalServerError {
		t.Errorf("the first one: %d", status)
	}
}
