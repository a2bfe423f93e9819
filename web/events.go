package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"nettwin/control/intent"
	"nettwin/graph"
)

// heartbeat is how often a quiet stream says that it lives, so that proxies
// keep it open and a client that went away is noticed.
const heartbeat = 15 * time.Second

// events streams the commits of a branch as server-sent events, without their
// changes: a client asks anew what it shows. It begins after the commit in
// the header Last-Event-ID or the parameter after, else with the next one.
// Between them, on main, come the reports on intents as they are made; they
// have no id, for the list of reports tells what a client missed.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	branch := r.URL.Query().Get("branch")
	after, err := s.eventsAfter(r, branch)
	if err != nil {
		s.fail(w, 0, err)
		return
	}
	if branch == "" {
		branch = graph.Main
	}
	feed, err := s.opt.Store.Feed(branch, after)
	if err != nil {
		s.fail(w, 0, err)
		return
	}
	defer feed.Close()
	var reports <-chan intent.Report // nil: none ever comes
	if s.opt.Intents != nil && branch == graph.Main {
		var end func()
		reports, end = s.opt.Intents.Listen()
		defer end()
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	if _, err := fmt.Fprint(w, "retry: 2000\n\n"); err != nil || control.Flush() != nil {
		return
	}
	ctx, end := s.untilStop(r)
	commits := commitsOf(ctx, feed)
	defer func() {
		end()
		for range commits { // until its sender has ended
		}
	}()
	quiet := time.NewTicker(heartbeat)
	defer quiet.Stop()
	for {
		select {
		case next, ok := <-commits:
			if !ok {
				return // the client went away, the server stops, or the branch or the store ended
			}
			err = writeEvent(w, fmt.Sprintf("id: %d\nevent: commit\n", next.Commit.Seq), newCommitAnswer(next.Commit))
		case report := <-reports:
			err = writeEvent(w, "event: intent\n", newIntentEvent(&report))
		case <-quiet.C:
			_, err = fmt.Fprint(w, ": still here\n\n")
		}
		if err != nil || control.Flush() != nil {
			return
		}
		quiet.Reset(heartbeat)
	}
}

// writeEvent writes an event whose data are one line of JSON.
func writeEvent(w io.Writer, head string, value any) error {
	data, err := json.Marshal(value)
	if err == nil {
		_, err = fmt.Fprintf(w, "%sdata: %s\n\n", head, data)
	}
	return err
}

// commitsOf hands on what a feed says, until it or ctx ends; then it closes the
// channel.
func commitsOf(ctx context.Context, feed graph.Feed) <-chan graph.CommitChanges {
	commits := make(chan graph.CommitChanges)
	go func() {
		defer close(commits)
		for {
			next, err := feed.Next(ctx)
			if err != nil {
				return
			}
			select {
			case commits <- next:
			case <-ctx.Done():
				return
			}
		}
	}()
	return commits
}

// intentEvent is a report on an intent as the stream tells it.
type intentEvent struct {
	Intent  string          `json:"intent"`
	Href    string          `json:"href"`
	Report  int             `json:"report"`
	State   intent.State    `json:"state"`
	Time    time.Time       `json:"time"`
	Reasons []intent.Reason `json:"reason,omitempty"`
}

func newIntentEvent(r *intent.Report) intentEvent {
	return intentEvent{r.Intent, newIntentRef(r.Intent).Href, r.Number, r.State, r.Time, r.Reasons}
}

// eventsAfter is the commit after which a stream begins.
func (s *Server) eventsAfter(r *http.Request, branch string) (graph.CommitSeq, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text != "" {
		seq, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%w: %q is not a commit number", graph.ErrNoVersion, text)
		}
		return graph.CommitSeq(seq), nil
	}
	head, err := s.opt.Store.Snapshot(graph.At{Branch: branch})
	if err != nil {
		return 0, err
	}
	defer head.Close()
	return head.Commit().Seq, nil
}
