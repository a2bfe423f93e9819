package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// errParameter: a query parameter that is not understood.
var errParameter = errors.New("parameter")

// attributesOf returns a resource's attributes as its JSON has them.
func attributesOf(resource any) (map[string]any, error) {
	text, err := json.Marshal(resource)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber() // what a client wrote comes back as it was
	var attributes map[string]any
	err = dec.Decode(&attributes)
	return attributes, err
}

// alwaysSelected are the attributes that no selection leaves out.
var alwaysSelected = []string{"id", "href", "@type"}

// selected keeps the attributes that fields= names; "" is all, "none" is only
// those that identify the resource.
func selected(attributes map[string]any, fields string) map[string]any {
	if fields == "" {
		return attributes
	}
	kept := map[string]any{}
	for _, name := range append(strings.Split(fields, ","), alwaysSelected...) {
		if value, ok := attributes[strings.TrimSpace(name)]; ok {
			kept[strings.TrimSpace(name)] = value
		}
	}
	return kept
}

// onlyKnown refuses parameters that would be ignored.
func onlyKnown(q url.Values, known []string) error {
	for name := range q {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%w %s is not understood here: %s are", errParameter, clip(name), strings.Join(known, ", "))
		}
	}
	return nil
}

// answerPage answers the part of a list that offset, limit, fields and filters
// by attribute select, with the counts in headers (TMF630, "Query Resources").
// A filter is attribute=value,value: one of the values; a dot leads into an
// attribute.
func answerPage[T any](s *Server, w http.ResponseWriter, r *http.Request, list []T) {
	offset, limit, err := pageOf(r)
	q := r.URL.Query()
	page := []map[string]any{}
	total := 0
	for i := range list {
		if err != nil {
			break
		}
		var attributes map[string]any
		if attributes, err = attributesOf(list[i]); err != nil {
			break
		}
		if !matchesFilters(attributes, q) {
			continue
		}
		if total >= offset && len(page) < limit {
			page = append(page, selected(attributes, q.Get("fields")))
		}
		total++
	}
	if err != nil {
		s.failIntent(w, err)
		return
	}
	w.Header().Set("X-Total-Count", strconv.Itoa(total))
	w.Header().Set("X-Result-Count", strconv.Itoa(len(page)))
	s.answer(w, page)
}

// pageParameters are those of lists that are no filters.
var pageParameters = []string{"offset", "limit", "fields"}

func pageOf(r *http.Request) (offset, limit int, err error) {
	if offset, err = number(r, "offset", 0, 0); err == nil {
		limit, err = number(r, "limit", defaultPage, maxPage)
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", errParameter, err)
	}
	return offset, limit, err
}

func matchesFilters(attributes map[string]any, q url.Values) bool {
	for name, values := range q {
		if slices.Contains(pageParameters, name) {
			continue
		}
		have, ok := at(attributes, name)
		for _, value := range values {
			if !ok || !slices.Contains(strings.Split(value, ","), fmt.Sprint(have)) {
				return false
			}
		}
	}
	return true
}

// at follows a dotted path.
func at(attributes map[string]any, path string) (any, bool) {
	var value any = attributes
	for _, name := range strings.Split(path, ".") {
		m, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = m[name]; !ok {
			return nil, false
		}
	}
	return value, true
}
