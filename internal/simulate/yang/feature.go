package yang

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// feature tells whether a feature is supported.
func (c *compiler) feature(module, name string) bool {
	return c.options.Features == nil || c.options.Features(module, name)
}

// supported evaluates the if-feature statements of s (RFC 7950 §7.20.2).
func (c *compiler) supported(s *stmt) (bool, error) {
	for _, sub := range s.subs {
		if sub.keyword != "if-feature" {
			continue
		}
		text := strings.NewReplacer("(", " ( ", ")", " ) ").Replace(sub.arg)
		e := featureExpr{c: c, at: sub, words: strings.Fields(text)}
		ok, err := e.or(0)
		if err == nil && len(e.words) > 0 {
			err = errors.New("words are left over")
		}
		if err != nil {
			return false, sub.errorf("if-feature %q: %w", sub.arg, err)
		}
		if !ok {
			return false, nil
		}
	}
	return true, nil
}

type featureExpr struct {
	c     *compiler
	at    *stmt
	words []string
}

func (e *featureExpr) accept(word string) bool {
	if len(e.words) > 0 && e.words[0] == word {
		e.words = e.words[1:]
		return true
	}
	return false
}

func (e *featureExpr) or(depth int) (bool, error) {
	ok, err := e.and(depth)
	for err == nil && e.accept("or") {
		var right bool
		right, err = e.and(depth)
		ok = ok || right
	}
	return ok, err
}

func (e *featureExpr) and(depth int) (bool, error) {
	ok, err := e.factor(depth)
	for err == nil && e.accept("and") {
		var right bool
		right, err = e.factor(depth)
		ok = ok && right
	}
	return ok, err
}

func (e *featureExpr) factor(depth int) (bool, error) {
	switch {
	case depth > maxNesting:
		return false, ErrNesting
	case e.accept("not"):
		ok, err := e.factor(depth + 1)
		return !ok, err
	case e.accept("("):
		ok, err := e.or(depth + 1)
		if err == nil && !e.accept(")") {
			err = errors.New("a parenthesis is not closed")
		}
		return ok, err
	case len(e.words) == 0:
		return false, errors.New("a feature is missing")
	}
	name := e.words[0]
	e.words = e.words[1:]
	s, local, err := e.c.resolve(e.at, name)
	if err != nil {
		return false, err
	}
	return e.c.feature(s.owner.Name, local), nil
}

// Announced reads the supported features from a server's capabilities
// (RFC 6020 §5.6.4), for Options.Features. Of modules that they do not name all
// features are supported.
func Announced(capabilities []string) func(module, feature string) bool {
	known := map[string][]string{}
	for _, each := range capabilities {
		_, query, _ := strings.Cut(each, "?")
		values, err := url.ParseQuery(query)
		if name := values.Get("module"); err == nil && name != "" {
			known[name] = strings.Split(values.Get("features"), ",")
		}
	}
	return func(module, feature string) bool {
		features, ok := known[module]
		return !ok || slices.Contains(features, feature)
	}
}
