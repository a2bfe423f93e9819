package protocol

import (
	"net/http"

	"nettwin/graph"
)

// ParseAt reads which version a request asks for: branch= and asOf=, a dateTime
// or a commit number.
func ParseAt(r *http.Request) (graph.At, error) { return version(r.URL.Query().Get) }
