package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"nettwin/graph"
)

// heartbeat is how often a quiet stream says that it lives, so that proxies
// keep it open and a client that went away is noticed.
const heartbeat = 15 * time.Second

// events streams the commits of a branch as server-sent events, without their
// changes: a client asks anew what it shows. It begins after the commit in
// the header Last-Event-ID or the parameter after, else with the next one.
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
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	if _, err := fmt.Fprint(w, "retry: 2000\n\n"); err != nil || control.Flush() != nil {
		return
	}
	stream, end := s.untilStop(r)
	defer end()
	for {
		ctx, cancel := context.WithTimeout(stream, heartbeat)
		next, err := feed.Next(ctx)
		cancel()
		switch {
		case err == nil:
			data, _ := json.Marshal(newCommitAnswer(next.Commit)) // numbers, times and text: cannot fail
			_, err = fmt.Fprintf(w, "id: %d\nevent: commit\ndata: %s\n\n", next.Commit.Seq, data)
		case errors.Is(err, context.DeadlineExceeded) && stream.Err() == nil:
			_, err = fmt.Fprint(w, ": still here\n\n")
		}
		if err != nil || control.Flush() != nil {
			return // the client went away, the server stops, or the branch or the store ended
		}
	}
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
