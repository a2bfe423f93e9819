package protocol

import (
	"mime"
	"net/http"
	"strings"
)

// Version announcements (SPARQL 1.2 Protocol §2.1). Texts and documents of all
// versions are read alike, so what a client announces chooses nothing but the
// parameter of the answer's media type, which tells the client that it may hold
// triple terms and base directions.

// versionParam is the parameter of requests and of media types.
const versionParam = "version"

// announces12 tells whether a client says that it knows RDF 1.2: in the
// parameter of the request, of its own media type, or of one that it accepts.
func announces12(r *http.Request, param string) bool {
	if is12(param) {
		return true
	}
	ranges := strings.Split(r.Header.Get("Accept"), ",")
	for _, value := range append(ranges, r.Header.Get("Content-Type")) {
		if _, params, err := mime.ParseMediaType(value); err == nil && is12(params[versionParam]) {
			return true
		}
	}
	return false
}

func is12(version string) bool { return version == "1.2" || strings.HasPrefix(version, "1.2-") }

// versioned returns the media type of an answer to such a client.
func versioned(contentType string, announced bool) string {
	if !announced {
		return contentType
	}
	return contentType + "; " + versionParam + "=1.2"
}
