package restconf

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nettwin/ingest"
)

// The media types of data (RFC 8040 §11.3).
const (
	mediaJSON = "application/yang-data+json"
	mediaXML  = "application/yang-data+xml"
)

// DefaultPort is that of HTTPS.
const DefaultPort = "443"

// Limits of one exchange.
const (
	maxHostMetaBytes = 64 << 10
	maxErrorBytes    = 64 << 10
	maxRedirects     = 3
)

// client asks one device.
type client struct {
	http     *http.Client
	timeout  time.Duration
	maxBytes int64
	accept   string
	cred     Credential
	host     string // host:port
	root     string // path of the root resource, without / at its end
	meter    *ingest.Meter
}

// Endpoint returns host:port of an address with or without port.
func Endpoint(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = strings.Trim(address, "[]"), DefaultPort
	}
	if host == "" || strings.ContainsAny(host, "/@ ") {
		return "", fmt.Errorf("%q is no host or host:port", address)
	}
	if n, err := net.LookupPort("tcp", port); err != nil || n == 0 {
		return "", fmt.Errorf("%q has no port of TCP", address)
	}
	return net.JoinHostPort(host, port), nil
}

// dial makes a client; nothing is sent yet.
func (c *Collector) dial(t ingest.Target) (*client, error) {
	cred, err := c.opts.Credentials(t)
	if err == nil {
		err = cred.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	at, err := Endpoint(t.Address)
	if err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(at)
	config, err := cred.TLS.TLS(host)
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	timeout := c.opts.Timeout
	if t.Timeout > 0 {
		timeout = t.Timeout
	}
	accept := mediaJSON + ", " + mediaXML + ";q=0.9"
	switch c.opts.Encoding {
	case JSON:
		accept = mediaJSON
	case XML:
		accept = mediaXML
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, MaxConnsPerHost: 2, MaxResponseHeaderBytes: maxHostMetaBytes,
		TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout, DialContext: (&net.Dialer{Timeout: timeout}).DialContext}
	return &client{timeout: timeout, maxBytes: c.opts.MaxReplyBytes, accept: accept, cred: cred, host: at, meter: t.Meter,
		http: &http.Client{Transport: transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if r.URL.Host != at || r.URL.Scheme != "https" || len(via) > maxRedirects {
				return fmt.Errorf("%w: the device redirects to %s, where its password must not go", ErrProtocol, clip(r.URL.Redacted()))
			}
			return nil
		}}}, nil
}

func (c *client) close() { c.http.CloseIdleConnections() }

// reply is a successful answer.
type reply struct {
	body     []byte
	isXML    bool
	tag      string // entity tag
	unchange bool   // 304: it is as the tag that was sent says
}

// request asks for a path of the device. Errors: *StatusError, ErrTooLarge,
// ingest.ErrTimeout, ErrProtocol, those of the connection.
func (c *client) request(ctx context.Context, path, accept, tag string, maxBytes int64) (reply, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("%w within %s", ingest.ErrTimeout, c.timeout))
	defer cancel()
	response, err := c.send(ctx, path, accept, tag)
	if err != nil {
		return reply{}, because(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotModified && tag != "" {
		return reply{tag: tag, unchange: true}, nil
	}
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBytes)) // the status says enough
		return reply{}, statusError(path, response.StatusCode, body)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBytes+1))
	c.meter.Answered(len(body))
	switch {
	case err != nil:
		return reply{}, fmt.Errorf("%s: the answer breaks off after %d bytes: %w", path, len(body), because(ctx, err))
	case int64(len(body)) > maxBytes:
		return reply{}, fmt.Errorf("%w: %s: more than %d bytes", ErrTooLarge, path, maxBytes)
	}
	media, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	return reply{body: body, isXML: strings.HasSuffix(strings.TrimSpace(media), "xml"), tag: response.Header.Get("ETag")}, nil
}

// because is why a request with a deadline failed.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return fmt.Errorf("%w: %w", ingest.ErrTimeout, err)
	}
	return err
}

func (c *client) send(ctx context.Context, path, accept, tag string) (*http.Response, error) {
	if err := c.meter.Request(ctx); err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+c.host+path, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: path %s: %w", ErrProtocol, clip(path), err)
	}
	r.Header.Set("Accept", accept)
	if c.cred.User != "" {
		r.SetBasicAuth(c.cred.User, c.cred.Password)
	}
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	response, err := c.http.Do(r)
	var wrapped *url.Error
	if errors.As(err, &wrapped) { // its text has the URL again
		err = wrapped.Err
	}
	return response, err
}

// get asks for a resource below the root, such as data/module:node.
func (c *client) get(ctx context.Context, resource, tag string) (reply, error) {
	return c.request(ctx, c.root+"/"+resource, c.accept, tag, c.maxBytes)
}

// discover finds the root resource (RFC 8040 §3.1); a device that does not tell
// has the usual one.
func (c *client) discover(ctx context.Context) error {
	c.root = "/restconf"
	r, err := c.request(ctx, "/.well-known/host-meta", "application/xrd+xml", "", maxHostMetaBytes)
	var status *StatusError
	if errors.As(err, &status) { // also one that asks for a password here: the root is the judge
		return nil
	}
	if err != nil {
		return err
	}
	var meta struct {
		Links []struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"Link"`
	}
	if err := xml.Unmarshal(r.body, &meta); err != nil {
		return nil // some other page
	}
	for _, l := range meta.Links {
		if l.Rel == "restconf" {
			path, err := c.own(l.Href)
			if err != nil {
				return err
			}
			c.root = strings.TrimRight(path, "/")
		}
	}
	return nil
}

// own is the path of a URL or path that the device names, if it is its own:
// another host gets neither a request nor the password.
func (c *client) own(href string) (string, error) {
	base := &url.URL{Scheme: "https", Host: c.host, Path: c.root + "/"}
	u, err := base.Parse(strings.TrimSpace(href))
	if err != nil {
		return "", fmt.Errorf("%w: %q is no URL", ErrProtocol, clip(href))
	}
	if u.Scheme != "https" || u.Host != c.host && u.Host+":"+DefaultPort != c.host {
		return "", fmt.Errorf("%w: %q is not on the device itself", ErrProtocol, clip(href))
	}
	path := u.EscapedPath()
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path, nil
}
