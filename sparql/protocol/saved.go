package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"nettwin/graph/rdf"
)

// Saved queries are files NAME.rq that are served as REST resources, by the
// conventions of grlc: lines "#+ key: value" at the head describe them, and
// variables whose names begin with "_" are parameters: ?_name a string, ?_n_iri
// an IRI, ?_n_integer (or another datatype of XML Schema) a typed literal,
// ?_n_en a string in a language; ?__name may be left out.

// Limits of saved queries.
const (
	maxSaved      = 1000
	maxSavedBytes = 1 << 20
	// SavedPath is where saved queries are served.
	SavedPath = "/api/v1/saved"
)

// savedQuery is one file.
type savedQuery struct {
	Name        string       `json:"name"`
	Summary     string       `json:"summary,omitempty"`
	Description string       `json:"description,omitempty"`
	Tags        []string     `json:"tags,omitempty"`
	Params      []savedParam `json:"parameters"`
	URL         string       `json:"url"`
	text        string
}

// savedParam is a variable that a request fills in.
type savedParam struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // "string", "iri", a language, or a datatype of XML Schema
	Required bool   `json:"required"`
	variable string
}

// Saved lists the saved queries, or answers the one that the path names.
func (h *Handler) Saved(w http.ResponseWriter, r *http.Request) {
	name, one := strings.CutPrefix(r.URL.Path, SavedPath+"/")
	if !one || name == "" {
		h.listSaved(w)
		return
	}
	q, err := h.readSaved(name + ".rq")
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
		Fail(w, http.StatusNotFound, fmt.Errorf("no saved query %q", name))
		return
	case err != nil:
		Fail(w, http.StatusInternalServerError, err)
		return
	}
	p := request{params: r.URL.Query()}
	if p.text, err = q.fill(h.opt.Base, p.get); err != nil {
		Fail(w, http.StatusBadRequest, err)
		return
	}
	h.answer(w, r, p)
}

func (h *Handler) listSaved(w http.ResponseWriter) {
	list := []savedQuery{}
	var names []string
	if h.opt.Saved != nil {
		var err error
		if names, err = fs.Glob(h.opt.Saved, "*.rq"); err != nil {
			Fail(w, http.StatusInternalServerError, err)
			return
		}
	}
	for _, file := range names[:min(len(names), maxSaved)] {
		q, err := h.readSaved(file)
		if err != nil {
			Fail(w, http.StatusInternalServerError, err)
			return
		}
		list = append(list, q)
	}
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	_ = enc.Encode(map[string]any{"queries": list}) // an error means that the client went away
}

func (h *Handler) readSaved(file string) (savedQuery, error) {
	if h.opt.Saved == nil || strings.Contains(file, "/") {
		return savedQuery{}, fs.ErrNotExist
	}
	data, err := fs.ReadFile(h.opt.Saved, file)
	if err != nil {
		return savedQuery{}, err
	}
	if len(data) > maxSavedBytes {
		return savedQuery{}, fmt.Errorf("saved query %s: larger than %d bytes", file, maxSavedBytes)
	}
	name := strings.TrimSuffix(path.Base(file), ".rq")
	q := savedQuery{Name: name, URL: SavedPath + "/" + name, text: string(data), Params: []savedParam{}}
	q.readHead()
	variables, err := scanVariables(q.text)
	if err != nil {
		return savedQuery{}, fmt.Errorf("saved query %s: %w", file, err)
	}
	for _, t := range variables {
		if p, ok := parameter(t.name); ok && !slices.Contains(q.Params, p) {
			q.Params = append(q.Params, p)
		}
	}
	return q, nil
}

// readHead reads the lines "#+ key: value" and "#+   - item".
func (q *savedQuery) readHead() {
	key := ""
	for line := range strings.Lines(q.text) {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), "#+")
		if !ok {
			return
		}
		text = strings.TrimSpace(text)
		if item, ok := strings.CutPrefix(text, "- "); ok {
			if key == "tags" {
				q.Tags = append(q.Tags, strings.TrimSpace(item))
			}
			continue
		}
		var value string
		key, value, _ = strings.Cut(text, ":")
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		switch key {
		case "summary":
			q.Summary = value
		case "description":
			q.Description = value
		}
	}
}

// variable is a variable in the text of a query.
type variable struct {
	from, to int
	name     string
}

var (
	iriRef   = regexp.MustCompile("^<[^\\x00-\\x20<>\"{}|^`\\\\]*>")
	longText = regexp.MustCompile(`^(?s)("""(?:[^\\]|\\.)*?"""|'''(?:[^\\]|\\.)*?'''|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')`)
	varName  = regexp.MustCompile(`^[?$][\pL_0-9]+`)
)

// scanVariables finds the variables outside of IRIs, strings and comments. A
// string that is not closed is an error: the quotes of a value would close it.
func scanVariables(text string) (found []variable, err error) {
	for i := 0; i < len(text); {
		rest := text[i:]
		skip := 1
		switch text[i] {
		case '#':
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				skip = end
			} else {
				skip = len(rest)
			}
		case '\\':
			skip = min(2, len(rest))
		case '<':
			skip = max(len(iriRef.FindString(rest)), 1)
		case '"', '\'':
			if skip = len(longText.FindString(rest)); skip == 0 {
				line := 1 + strings.Count(text[:i], "\n")
				column := i - strings.LastIndexByte(text[:i], '\n')
				return nil, fmt.Errorf("line %d, column %d: a string begins here that is not closed", line, column)
			}
		case '?', '$':
			if name := varName.FindString(rest); name != "" {
				found = append(found, variable{i, i + len(name), name[1:]})
				skip = len(name)
			}
		}
		i += skip
	}
	return found, nil
}

var xsdTypes = []string{
	"string", "integer", "decimal", "double", "float", "boolean", "date", "time", "dateTime", "anyURI", "duration",
	"dayTimeDuration", "yearMonthDuration", "gYear", "nonNegativeInteger", "positiveInteger", "long", "int",
}

// parameter tells whether a variable is a parameter, and which.
func parameter(name string) (savedParam, bool) {
	rest, ok := strings.CutPrefix(name, "_")
	if !ok || rest == "" || rest == "_" {
		return savedParam{}, false
	}
	p := savedParam{Type: "string", Required: true, variable: name}
	if optional, ok := strings.CutPrefix(rest, "_"); ok {
		rest, p.Required = optional, false
	}
	p.Name = rest
	if i := strings.LastIndexByte(rest, '_'); i > 0 {
		kind := rest[i+1:]
		if kind == "iri" || len(kind) == 2 || slices.Contains(xsdTypes, kind) {
			p.Name, p.Type = rest[:i], kind
		}
	}
	return p, true
}

// term makes the term that a request gives to a parameter.
func (p savedParam) term(base, value string) (rdf.Term, error) {
	switch {
	case p.Type == "iri":
		iri, err := rdf.ResolveIRI(base, value)
		return rdf.IRI(iri), err
	case len(p.Type) == 2:
		return rdf.LangString(value, p.Type), nil
	}
	return rdf.Literal(value, rdf.XSD+p.Type), nil
}

// fill puts the values of a request in the place of the parameters. Values
// become terms before they become text, so that they cannot change the query.
func (q savedQuery) fill(base string, get func(string) string) (string, error) {
	var b strings.Builder
	at := 0
	variables, err := scanVariables(q.text)
	if err != nil {
		return "", err
	}
	for _, v := range variables {
		p, ok := parameter(v.name)
		if !ok {
			continue
		}
		value := get(p.Name)
		if value == "" {
			if p.Required {
				return "", fmt.Errorf("parameter %s (%s) is missing", p.Name, p.Type)
			}
			continue
		}
		t, err := p.term(base, value)
		if err != nil {
			return "", fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		b.WriteString(q.text[at:v.from])
		// Spaces, so that the quotes of a neighbour and of the value stay apart.
		b.WriteByte(' ')
		b.Write(rdf.AppendTerm(nil, t))
		b.WriteByte(' ')
		at = v.to
	}
	b.WriteString(q.text[at:])
	return b.String(), nil
}
