package protocol

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"nettwin/graph"
)

// versionKey names all that the answer to a query depends on beside its
// format: store, version, view, role, dataset and text.
func (h *Handler) versionKey(r *http.Request, snapshot graph.Snapshot, view string, p request) string {
	return strconv.FormatUint(uint64(snapshot.Commit().Seq), 10) + h.planKey(r, view, p)
}

// planKey names all that the plan of a query depends on beside the version.
func (h *Handler) planKey(r *http.Request, view string, p request) string {
	var b strings.Builder
	b.WriteString(h.storeKey)
	for _, part := range [...]string{view, h.opt.Role(r), p.get("union")} {
		b.WriteByte(0)
		b.WriteString(part)
	}
	for _, key := range [...]string{"default-graph-uri", "named-graph-uri"} {
		b.WriteByte(0)
		for _, iri := range p.params[key] {
			b.WriteString(iri)
			b.WriteByte(' ')
		}
	}
	b.WriteByte(0)
	b.WriteString(p.text)
	return b.String()
}

const tagBytes = 16

// tag is the entity tag of an answer (RFC 9110 §8.8.3).
func (h *Handler) tag(key, format string) string {
	sum := sha256.Sum256([]byte(format + "\x00" + key))
	return `"` + hex.EncodeToString(sum[:tagBytes]) + `"`
}

// setTag gives an answer its tag. Caches may keep it but must ask whether it
// still holds, for the next commit may change it (RFC 9111 §5.2.2.4).
func setTag(w http.ResponseWriter, tag string) {
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "private, no-cache")
}

// matches tells whether If-None-Match names a tag (RFC 9110 §13.1.2), whatever
// the coding of the answer that it came with.
func matches(header, tag string) bool {
	if header == "" {
		return false
	}
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		for _, c := range codings {
			candidate = strings.Replace(candidate, "-"+c.name+`"`, `"`, 1)
		}
		if candidate == tag || candidate == "*" {
			return true
		}
	}
	return false
}
