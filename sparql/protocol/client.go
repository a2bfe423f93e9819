package protocol

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nettwin/graph/rdf"
	"nettwin/sparql/results"
)

// Limits of what other servers are asked for.
const (
	DefaultServiceTimeout = 20 * time.Second
	DefaultServiceBytes   = 256 << 20
	maxServiceRedirects   = 3
	maxServiceErrorBytes  = 300
	serviceAccept         = "application/sparql-results+json, application/sparql-results+xml;q=0.8, text/tab-separated-values;q=0.5"
	loadAccept            = "text/turtle, application/n-triples, application/rdf+xml;q=0.8, application/ld+json;q=0.7"
	maxServiceQueryInURL  = 2000
	serviceUserAgent      = "nettwin"
)

// Client asks other servers, for SERVICE and LOAD, and only those allowed:
// queries must not make this server reach into networks that their authors
// cannot reach themselves.
type Client struct {
	// Allow lists IRIs: one that ends in "/" allows all below it, another only
	// itself. "*" allows every http and https IRI. "file:///dir/" allows LOAD
	// of files below a directory.
	Allow    []string
	HTTP     *http.Client  // nil: http.DefaultClient's transport
	Timeout  time.Duration // of one request; 0: DefaultServiceTimeout
	MaxBytes int64         // of one answer; 0: DefaultServiceBytes
}

// NotAllowedError: an IRI is not on the list.
type NotAllowedError struct{ IRI string }

func (e *NotAllowedError) Error() string {
	return fmt.Sprintf("<%s> is not among the places that this server may ask; its operator can allow it", e.IRI)
}

// allowed tells whether an IRI may be asked. Dot segments and user names are
// refused, for they hide where a request goes.
func (c *Client) allowed(iri string) (*url.URL, error) {
	u, err := url.Parse(iri)
	if err != nil || u.User != nil || u.Opaque != "" || hasDotSegment(u.Path) {
		return nil, &NotAllowedError{iri}
	}
	for _, allow := range c.Allow {
		web := u.Scheme == "http" || u.Scheme == "https"
		switch {
		case allow == "*" && web && u.Host != "":
			return u, nil
		case allow == iri, strings.HasSuffix(allow, "/") && strings.HasPrefix(iri, allow):
			return u, nil
		}
	}
	return nil, &NotAllowedError{iri}
}

func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// client follows redirects to allowed places only.
func (c *Client) client() *http.Client {
	out := &http.Client{CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > maxServiceRedirects {
			return fmt.Errorf("more than %d redirects", maxServiceRedirects)
		}
		_, err := c.allowed(r.URL.String())
		return err
	}}
	if c.HTTP != nil {
		out.Transport = c.HTTP.Transport
	}
	return out
}

// Select implements sparql.ServiceFunc by the SPARQL 1.1 Protocol.
func (c *Client) Select(ctx context.Context, endpoint rdf.Term, query string) (*results.Result, error) {
	u, err := c.allowed(endpoint.Value())
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("scheme %q: expected http or https", u.Scheme)
	}
	ctx, cancel := context.WithTimeout(ctx, orDefault(c.Timeout, DefaultServiceTimeout))
	request, err := newServiceRequest(ctx, u, query)
	if err != nil {
		cancel()
		return nil, err
	}
	body, mediaType, err := c.do(request)
	if err != nil {
		cancel()
		return nil, err
	}
	defer cancel()
	defer body.Close() //nolint:errcheck // only read
	format, ok := results.FormatByName(mediaType)
	if !ok {
		return nil, fmt.Errorf("the answer is %q: expected solutions", mediaType)
	}
	return results.Read(body, format, 0)
}

// newServiceRequest asks by GET where that is short, for then caches may
// answer, else by a posted form.
func newServiceRequest(ctx context.Context, u *url.URL, query string) (*http.Request, error) {
	form := url.Values{"query": {query}}.Encode()
	var r *http.Request
	var err error
	if len(form) <= maxServiceQueryInURL {
		get := *u
		get.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+form, "&")
		r, err = http.NewRequestWithContext(ctx, http.MethodGet, get.String(), nil)
	} else if r, err = http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(form)); err == nil {
		r.Header.Set("Content-Type", typeForm)
	}
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", serviceAccept)
	r.Header.Set("User-Agent", serviceUserAgent)
	return r, nil
}

// limitedBody is an answer that fails, rather than end, at its limit.
type limitedBody struct {
	cappedReader
	io.Closer
}

func (c *Client) do(r *http.Request) (io.ReadCloser, string, error) {
	resp, err := c.client().Do(r)
	if err != nil {
		return nil, "", err
	}
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, maxServiceErrorBytes)) // what there is explains the status
		resp.Body.Close()
		return nil, "", fmt.Errorf("status %s: %s", resp.Status, strings.TrimSpace(strings.ToValidUTF8(string(text), "")))
	}
	mediaType, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		resp.Body.Close()
		return nil, "", fmt.Errorf("Content-Type %q: %w", resp.Header.Get("Content-Type"), err)
	}
	limit := orDefault(c.MaxBytes, int64(DefaultServiceBytes))
	return &limitedBody{cappedReader{r: resp.Body, left: limit, limit: limit}, resp.Body}, mediaType, nil
}

// Load reads the document that LOAD names, from http, https or a file.
func (c *Client) Load(ctx context.Context, source rdf.Term, yield func(rdf.Triple) error) error {
	u, err := c.allowed(source.Value())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, orDefault(c.Timeout, DefaultServiceTimeout))
	defer cancel()
	body, format, err := c.document(ctx, u)
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // only read
	if format.Graphs() && format != rdf.JSONLD {
		return fmt.Errorf("%s holds several graphs; LOAD takes one", format)
	}
	reader := rdf.NewReader(body, format, rdf.ReaderOptions{Base: u.String(), BNodeScope: "l" + randomID()})
	for {
		q, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !q.G.IsZero() {
			return fmt.Errorf("the document holds the named graph %s; LOAD takes one graph", q.G)
		}
		if err := yield(q.Triple()); err != nil {
			return err
		}
	}
}

func (c *Client) document(ctx context.Context, u *url.URL) (io.ReadCloser, rdf.Format, error) {
	if u.Scheme == "file" {
		format, ok := rdf.FormatByExtension(filepath.Ext(u.Path))
		if !ok || u.Host != "" {
			return nil, 0, fmt.Errorf("%s: expected a file of a known format", u)
		}
		f, err := os.Open(filepath.FromSlash(u.Path))
		if err != nil {
			return nil, 0, err
		}
		limit := orDefault(c.MaxBytes, int64(DefaultServiceBytes))
		return &limitedBody{cappedReader{r: f, left: limit, limit: limit}, f}, format, nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("Accept", loadAccept)
	r.Header.Set("User-Agent", serviceUserAgent)
	body, mediaType, err := c.do(r)
	if err != nil {
		return nil, 0, err
	}
	format, ok := rdf.FormatByMediaType(mediaType)
	if !ok {
		body.Close() //nolint:errcheck // only read
		return nil, 0, fmt.Errorf("the document is %q: expected RDF", mediaType)
	}
	return body, format, nil
}
