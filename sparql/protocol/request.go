package protocol

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"nettwin/sparql"
)

// Media types of requests (SPARQL 1.1 Protocol §2).
const (
	typeForm   = "application/x-www-form-urlencoded"
	typeQuery  = "application/sparql-query"
	typeUpdate = "application/sparql-update"
)

// request is one query or update with its parameters.
type request struct {
	text   string
	params url.Values
}

func (p request) get(key string) string { return p.params.Get(key) }

// readRequest reads a query or update by GET, by a posted form, or by a
// posted text. params are those of the URL, key is "query" or "update",
// textType the media type of a text.
func (h *Handler) readRequest(w http.ResponseWriter, r *http.Request, params url.Values, key, textType string) (request, error) {
	p := request{params: params}
	if r.Method == http.MethodPost {
		direct, err := h.readPost(w, r, &p, textType)
		if direct || err != nil {
			return p, err
		}
	}
	if len(p.params[versionParam]) > 1 {
		return p, &bodyError{http.StatusBadRequest, fmt.Errorf("parameter %s is given more than once", versionParam)}
	}
	switch texts := p.params[key]; len(texts) {
	case 1:
		p.text = texts[0]
		return p, checkUTF8(p.text)
	case 0:
		return p, &bodyError{http.StatusBadRequest, fmt.Errorf("parameter %s is missing; for example /sparql?query=SELECT+*+{?s+?p+?o}+LIMIT+10", key)}
	}
	return p, &bodyError{http.StatusBadRequest, fmt.Errorf("parameter %s is given more than once", key)}
}

// readPost reads the body of a POST; direct tells that it was the text itself.
func (h *Handler) readPost(w http.ResponseWriter, r *http.Request, p *request, textType string) (direct bool, err error) {
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != typeForm && mediaType != textType {
		return false, &bodyError{http.StatusUnsupportedMediaType, fmt.Errorf("Content-Type %q: send %s or %s", r.Header.Get("Content-Type"), typeForm, textType)}
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return false, &bodyError{http.StatusUnsupportedMediaType, fmt.Errorf("charset %q: send UTF-8", charset)}
	}
	in, end, err := decoded(w, r, h.opt.MaxQueryBytes)
	if err != nil {
		return false, err
	}
	defer end()
	body, err := io.ReadAll(in)
	if err != nil {
		return false, err
	}
	if mediaType == textType {
		p.text = string(body)
		return true, checkUTF8(p.text)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return false, &bodyError{http.StatusBadRequest, fmt.Errorf("form body: %w", err)}
	}
	for name, values := range form {
		p.params[name] = append(p.params[name], values...)
	}
	return false, nil
}

func checkUTF8(text string) error {
	if !utf8.ValidString(text) {
		return &bodyError{http.StatusBadRequest, errors.New("the text is not valid UTF-8")}
	}
	return nil
}

// options reads the parameters that shape an execution.
func (h *Handler) options(p request, defaultKey, namedKey string) (sparql.Options, error) {
	opt := sparql.Options{
		Timeout: h.opt.Timeout, MaxRows: h.opt.MaxRows, Now: h.opt.Now(), MaxMemoryBytes: h.opt.MaxMemoryBytes,
		DefaultGraphs: p.params[defaultKey], NamedGraphs: p.params[namedKey], Service: h.opt.Service, Share: h.share, Spill: h.opt.Spill, Workers: h.opt.Workers,
	}
	switch union := p.get("union"); union {
	case "", "false":
	case "true":
		opt.Union = true
	default:
		return opt, fmt.Errorf("union=%q is neither true nor false", union)
	}
	if text := p.get("timeout"); text != "" {
		timeout, err := time.ParseDuration(text)
		if err != nil {
			timeout, err = time.ParseDuration(text + "s")
		}
		if err != nil || timeout <= 0 {
			return opt, fmt.Errorf("timeout=%q is no duration such as 5s or 500ms", text)
		}
		opt.Timeout = min(timeout, h.opt.MaxTimeout)
	}
	return opt, nil
}
