package protocol

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"nettwin/sparql"
)

// Goal: who asks while too many long queries wait is told so, and when to ask
// again; other errors promise nothing. Method: answer both.
func TestBusy(t *testing.T) {
	e := newEndpoint(t, Options{})
	for _, c := range []struct {
		err    error
		status int
		after  string
	}{
		{fmt.Errorf("query: %w", &sparql.BusyError{Waiting: 64}), 503, retryAfterSeconds},
		{errors.New("the disk is gone"), 500, ""},
	} {
		w := httptest.NewRecorder()
		e.failQuery(t.Context(), w, httptest.NewRequest("GET", "/sparql", nil), c.err)
		if w.Code != c.status || w.Header().Get("Retry-After") != c.after || !strings.Contains(w.Body.String(), c.err.Error()) {
			t.Errorf("%v: status %d, Retry-After %q, %s", c.err, w.Code, w.Header().Get("Retry-After"), w.Body)
		}
	}
}
