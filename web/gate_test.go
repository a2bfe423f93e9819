package web

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"nettwin/internal/auth"
)

// gateTokens are one token for each role; the text is the role's name.
func gateTokens(t *testing.T) *auth.Tokens {
	t.Helper()
	var all []auth.Token
	for _, role := range []auth.Role{Reader, Editor, Operator, Admin} {
		all = append(all, auth.Token{Name: "the " + role.String(), Role: role, SHA256: sha256.Sum256([]byte(role.String()))})
	}
	set, err := auth.NewTokens(all...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// gateRoutes puts a gate before routes as the server has them; each answers
// with the principal's name and role.
func gateRoutes(g Gate) http.Handler {
	say := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := auth.FromContext(r.Context())
		fmt.Fprintf(w, "%s %s", p.Name, p.Role)
	})
	mux := http.NewServeMux()
	mux.Handle("/", say)
	mux.Handle("/sparql", g.Require(Reader)(say))
	mux.Handle("/update", g.Require(Editor)(say))
	mux.Handle("/data", g.Require(Editor)(say))
	mux.Handle("/plans", g.Require(Operator)(say))
	mux.Handle("/queries", g.Require(Admin)(say))
	return g.Check(mux)
}

// gateCase is one request and what must come of it. In host, header values and
// message, {host} stands for the address of the test server and {port} for its
// port.
type gateCase struct {
	name, method, path string
	host               string   // "": the address of the test server
	headers            []string // "Name: value"
	status             int
	says               string // principal of a request that passes, part of the problem's detail of another
}

// run sends a case to a server and compares status, body, and the form of
// problems (RFC 9457).
func (c gateCase) run(t *testing.T, server *httptest.Server) *http.Response {
	t.Helper()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("{host}", u.Host, "{port}", u.Port())
	req, err := http.NewRequest(c.method, server.URL+c.path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.host != "" {
		req.Host = fill.Replace(c.host)
	}
	for _, header := range c.headers {
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Add(name, fill.Replace(value))
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != c.status {
		t.Fatalf("status %d, want %d: %s", resp.StatusCode, c.status, body)
	}
	if resp.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Error("a browser's credentials are allowed")
	}
	says := fill.Replace(c.says)
	if c.status < 300 {
		if string(body) != says {
			t.Errorf("passed as %q, want %q", body, says)
		}
		return resp
	}
	if c.method == http.MethodHead {
		return resp
	}
	var p problem
	if err := json.Unmarshal(body, &p); err != nil || resp.Header.Get("Content-Type") != "application/problem+json" ||
		p.Status != c.status || p.Title != http.StatusText(c.status) || !strings.Contains(p.Detail, says) {
		t.Errorf("problem %s (%v), want %q in it", body, err, says)
	}
	return resp
}

func runGate(t *testing.T, server *httptest.Server, cases []gateCase) {
	t.Helper()
	defer server.Close()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, server) })
	}
}

const (
	notOurs    = `is no name of this server: use the address that it prints at its start, or add the name to the key "hosts"`
	foreign    = "is not that of this server, which was called as"
	foreignWay = "only the server's own page and tools"
	needsToken = "authentication needed: send the header Authorization: Bearer TOKEN"
	wrongToken = "invalid token: the bearer token is none of the configured tokens"
)

// TestGateHost calls a server on loopback by names of its own and by others,
// as a web site does that rebinds its name to 127.0.0.1: no method and no
// token helps those.
func TestGateHost(t *testing.T) {
	g := NewGate(GateOptions{Tokens: gateTokens(t), Loopback: true,
		Hosts: OwnHosts("https://NOC.example/", "127.0.0.1:0", "twin.example:8080", "lb.example:443")})
	const anonymous, token = "anonymous editor", "Authorization: Bearer reader"
	runGate(t, httptest.NewServer(gateRoutes(g)), []gateCase{
		{"address", "GET", "/sparql", "", nil, 200, anonymous},
		{"localhost", "GET", "/sparql", "localhost:{port}", nil, 200, anonymous},
		{"upper case", "GET", "/sparql", "LocalHost.:{port}", nil, 200, anonymous},
		{"IPv6", "GET", "/sparql", "[::1]:{port}", nil, 200, anonymous},
		{"base", "GET", "/sparql", "noc.example", []string{token}, 200, "the reader reader"},
		{"base with port", "GET", "/sparql", "noc.example:{port}", []string{token}, 200, "the reader reader"},
		{"configured", "GET", "/sparql", "twin.example:8080", []string{token}, 200, "the reader reader"},
		{"configured https", "GET", "/sparql", "lb.example", []string{token}, 200, "the reader reader"},
		{"rebound", "GET", "/sparql", "evil.example:{port}", nil, 421, `the Host "evil.example:{port}" ` + notOurs},
		{"rebound write", "POST", "/update", "evil.example:{port}", []string{"Authorization: Bearer admin"}, 421, notOurs},
		{"rebound same origin", "POST", "/update", "evil.example:{port}", []string{"Origin: http://evil.example:{port}"}, 421, notOurs},
		{"rebound preflight", "OPTIONS", "/sparql", "evil.example:{port}", []string{"Origin: http://evil.example:{port}", "Access-Control-Request-Method: POST"}, 421, notOurs},
		{"rebound probe", "GET", "/healthz", "evil.example", nil, 421, notOurs},
		{"our name inside", "GET", "/sparql", "localhost.evil.example:{port}", nil, 421, notOurs},
		{"our name before", "GET", "/sparql", "evil.example@localhost:{port}", nil, 421, notOurs},
		{"another port", "GET", "/sparql", "localhost:1", nil, 421, notOurs},
		{"no port", "GET", "/sparql", "localhost", nil, 421, notOurs},
		{"configured, another port", "GET", "/sparql", "twin.example:8081", nil, 421, notOurs},
		{"another address", "GET", "/sparql", "192.0.2.1:{port}", nil, 421, notOurs},
		{"every address", "GET", "/sparql", "0.0.0.0:{port}", nil, 421, notOurs},
	})
}

// TestGateOrigin sends reads and writes with the headers by which browsers
// tell where a request comes from (Fetch, RFC 6454) to a server on loopback.
func TestGateOrigin(t *testing.T) {
	g := NewGate(GateOptions{Tokens: gateTokens(t), Loopback: true, Hosts: OwnHosts("https://noc.example/", "127.0.0.1:7878")})
	const editor, reader = "anonymous editor", "anonymous reader"
	own, evil := "Origin: http://{host}", "Origin: https://evil.example"
	admin := "Authorization: Bearer admin"
	runGate(t, httptest.NewServer(gateRoutes(g)), []gateCase{
		{"tool", "POST", "/update", "", nil, 200, editor},
		{"own page", "POST", "/update", "", []string{own}, 200, editor},
		{"own page by name", "POST", "/update", "localhost:{port}", []string{"Origin: http://LOCALHOST:{port}"}, 200, editor},
		{"own page, modern", "PUT", "/data", "", []string{own, "Sec-Fetch-Site: same-origin"}, 200, editor},
		{"typed by hand", "GET", "/", "", []string{"Sec-Fetch-Site: none"}, 200, editor},
		{"behind TLS proxy", "POST", "/update", "noc.example", []string{"Origin: https://noc.example", admin}, 200, "the admin admin"},
		{"behind TLS proxy with port", "POST", "/update", "noc.example:443", []string{"Origin: https://noc.example", admin}, 200, "the admin admin"},

		{"foreign update", "POST", "/update", "", []string{evil}, 403, `the Origin "https://evil.example" ` + foreign + ` "{host}": ` + foreignWay},
		{"foreign with token", "POST", "/update", "", []string{evil, admin}, 403, foreign},
		{"foreign put", "PUT", "/data", "", []string{evil}, 403, foreign},
		{"foreign delete", "DELETE", "/data", "", []string{evil}, 403, foreign},
		{"foreign odd method", "PROPFIND", "/", "", []string{evil}, 403, foreign},
		{"foreign below query", "POST", "/sparql/", "", []string{evil}, 403, foreign},
		{"foreign, query by another spelling", "POST", "/%73parql", "", []string{evil}, 403, foreign},
		{"null", "POST", "/update", "", []string{"Origin: null"}, 403, `the Origin "null" ` + foreign},
		{"empty", "POST", "/update", "", []string{"Origin: "}, 403, foreign},
		{"two origins", "POST", "/update", "", []string{own, evil}, 403, foreign},
		{"another port", "POST", "/update", "", []string{"Origin: http://127.0.0.1:1"}, 403, foreign},
		{"another loopback name", "POST", "/update", "", []string{"Origin: http://localhost:{port}"}, 403, foreign},
		{"base, called otherwise", "POST", "/update", "", []string{"Origin: https://noc.example"}, 403, foreign},
		{"another scheme", "POST", "/update", "", []string{"Origin: ftp://{host}"}, 403, foreign},
		{"with path", "POST", "/update", "", []string{"Origin: http://{host}/"}, 403, foreign},
		{"with user", "POST", "/update", "", []string{"Origin: http://x@{host}"}, 403, foreign},
		{"prefix", "POST", "/update", "", []string{"Origin: http://{host}.evil.example"}, 403, foreign},
		{"cross-site", "POST", "/update", "", []string{"Sec-Fetch-Site: cross-site"}, 403, "(Sec-Fetch-Site: cross-site): " + foreignWay},
		{"same site, other origin", "POST", "/update", "", []string{"Sec-Fetch-Site: same-site", own}, 403, "(Sec-Fetch-Site: same-site)"},
		{"contradiction", "POST", "/update", "", []string{"Sec-Fetch-Site: same-origin", evil}, 403, foreign},

		{"foreign read", "GET", "/sparql", "", []string{evil}, 200, reader},
		{"foreign query", "POST", "/sparql", "", []string{evil, "Sec-Fetch-Site: cross-site"}, 200, reader},
		{"foreign read with token", "GET", "/sparql", "", []string{evil, admin}, 200, "the admin admin"},
		{"foreign read of more", "GET", "/update", "", []string{evil}, 401, "this needs the role editor"},
	})
}

// TestGateRoles asks for roles on loopback: without a token up to editor, with
// one up to its role; a wrong token is never anonymous (RFC 6750 §3.1).
func TestGateRoles(t *testing.T) {
	g := NewGate(GateOptions{Tokens: gateTokens(t), Loopback: true, Hosts: []string{"noc.example"}})
	bearer := func(token string) []string { return []string{"Authorization: Bearer " + token} }
	runGate(t, httptest.NewServer(gateRoutes(g)), []gateCase{
		{"anonymous read", "GET", "/sparql", "", nil, 200, "anonymous editor"},
		{"anonymous write", "POST", "/update", "", nil, 200, "anonymous editor"},
		{"anonymous operates", "POST", "/plans", "", nil, 401, "authentication needed: this needs the role operator: send the header Authorization: Bearer TOKEN"},
		{"anonymous governs", "DELETE", "/queries", "", nil, 401, "this needs the role admin"},
		{"reader reads", "GET", "/sparql", "", bearer("reader"), 200, "the reader reader"},
		{"reader writes", "POST", "/update", "", bearer("reader"), 403, `this needs the role editor, "the reader" has the role reader`},
		{"editor writes", "POST", "/update", "", bearer("editor"), 200, "the editor editor"},
		{"editor operates", "POST", "/plans", "", bearer("editor"), 403, `this needs the role operator, "the editor" has the role editor`},
		{"operator operates", "POST", "/plans", "", bearer("operator"), 200, "the operator operator"},
		{"operator governs", "DELETE", "/queries", "", bearer("operator"), 403, `this needs the role admin, "the operator" has the role operator`},
		{"admin governs", "DELETE", "/queries", "", bearer("admin"), 200, "the admin admin"},
		{"wrong token reads", "GET", "/sparql", "", bearer("hunter2"), 401, wrongToken},
		{"basic", "GET", "/sparql", "", []string{"Authorization: Basic cmVhZGVy"}, 401, "invalid token: the Authorization header must read: Bearer TOKEN"},
		{"two", "GET", "/sparql", "", append(bearer("reader"), bearer("admin")...), 400, "ambiguous credentials: the request has 2 Authorization headers"},
		{"probe with wrong token", "GET", "/healthz", "", bearer("hunter2"), 200, "anonymous none"},

		{"through a proxy", "GET", "/sparql", "", []string{"X-Forwarded-For: 192.0.2.1"}, 401, "authentication needed: the request does not come from this machine"},
		{"through a modern proxy", "POST", "/update", "", []string{"Forwarded: for=192.0.2.1"}, 401, "the request does not come from this machine"},
		{"through a quiet proxy", "POST", "/update", "noc.example", nil, 401, `through a proxy or by the name "noc.example"`},
		{"through a proxy with token", "GET", "/sparql", "noc.example", append(bearer("reader"), "X-Forwarded-For: 192.0.2.1"), 200, "the reader reader"},
	})
}

// TestGateBeyondLoopback asks a server that others reach: nothing but health
// without a valid token, whatever the path.
func TestGateBeyondLoopback(t *testing.T) {
	g := NewGate(GateOptions{Tokens: gateTokens(t), Hosts: OwnHosts("https://noc.example/", "0.0.0.0:7878")})
	reader := []string{"Authorization: Bearer reader"}
	runGate(t, httptest.NewServer(gateRoutes(g)), []gateCase{
		{"health", "GET", "/healthz", "", nil, 200, "anonymous none"},
		{"ready", "GET", "/readyz", "noc.example", nil, 200, "anonymous none"},
		{"health, other method", "POST", "/healthz", "", nil, 401, needsToken},
		{"health, other spelling", "GET", "/%68ealthz", "", nil, 401, needsToken},
		{"page", "GET", "/", "", nil, 401, needsToken},
		{"metrics", "GET", "/metrics", "", nil, 401, needsToken},
		{"query", "POST", "/sparql", "noc.example", nil, 401, needsToken},
		{"update", "POST", "/update", "noc.example", nil, 401, needsToken},
		{"options", "OPTIONS", "/sparql", "", nil, 401, needsToken},
		{"wrong token", "GET", "/", "", []string{"Authorization: Bearer hunter2"}, 401, wrongToken},
		{"token", "GET", "/sparql", "noc.example", reader, 200, "the reader reader"},
		{"token, low", "POST", "/update", "noc.example", reader, 403, "this needs the role editor"},
		{"token, own page", "POST", "/update", "noc.example", []string{"Authorization: Bearer editor", "Origin: https://noc.example"}, 200, "the editor editor"},
		{"token, foreign page", "POST", "/update", "noc.example", []string{"Authorization: Bearer editor", "Origin: https://evil.example"}, 403, foreign},
		{"token, other host", "GET", "/sparql", "evil.example", reader, 421, notOurs},
	})
}

// TestGateChallenges checks WWW-Authenticate of refusals (RFC 6750 §3: no
// error code where no credentials were sent).
func TestGateChallenges(t *testing.T) {
	server := httptest.NewServer(gateRoutes(NewGate(GateOptions{Tokens: gateTokens(t), Loopback: true})))
	defer server.Close()
	cases := []struct {
		gateCase
		want string
	}{
		{gateCase{"none", "POST", "/plans", "", nil, 401, "operator"}, `Bearer realm="nettwin"`},
		{gateCase{"wrong", "GET", "/sparql", "", []string{"Authorization: Bearer x"}, 401, wrongToken}, `Bearer realm="nettwin", error="invalid_token"`},
		{gateCase{"low", "POST", "/plans", "", []string{"Authorization: Bearer reader"}, 403, "operator"}, `Bearer realm="nettwin", error="insufficient_scope"`},
		{gateCase{"two", "GET", "/sparql", "", []string{"Authorization: Bearer x", "Authorization: Bearer y"}, 400, "2"}, `Bearer realm="nettwin", error="invalid_request"`},
		{gateCase{"foreign", "POST", "/update", "", []string{"Origin: null"}, 403, foreign}, ""},
		{gateCase{"head", "HEAD", "/plans", "", nil, 401, ""}, `Bearer realm="nettwin"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := c.run(t, server).Header.Get("WWW-Authenticate"); got != c.want {
				t.Errorf("WWW-Authenticate %q, want %q", got, c.want)
			}
		})
	}
}

// TestGateCORS checks the headers by which browsers decide what scripts of
// other origins may send and read (Fetch, "CORS protocol"): any origin reads,
// none writes, a refused read is readable too, preflights need no token.
func TestGateCORS(t *testing.T) {
	tokens := gateTokens(t)
	near := httptest.NewServer(gateRoutes(NewGate(GateOptions{Tokens: tokens, Loopback: true})))
	defer near.Close()
	far := httptest.NewServer(gateRoutes(NewGate(GateOptions{Tokens: tokens})))
	defer far.Close()
	evil := "Origin: https://evil.example"
	preflight := func(method string) []string { return []string{evil, "Access-Control-Request-Method: " + method} }
	cases := []struct {
		gateCase
		server         *httptest.Server
		origin, method string // Access-Control-Allow-Origin, -Methods
	}{
		{gateCase{"get", "GET", "/sparql", "", []string{evil}, 200, "anonymous reader"}, near, "*", ""},
		{gateCase{"get without origin", "GET", "/sparql", "", nil, 200, "anonymous editor"}, near, "*", ""},
		{gateCase{"post query", "POST", "/sparql", "", []string{evil}, 200, "anonymous reader"}, near, "*", ""},
		{gateCase{"refused read", "GET", "/sparql", "", []string{evil}, 401, needsToken}, far, "*", ""},
		{gateCase{"update of own page", "POST", "/update", "", []string{"Origin: http://{host}"}, 200, "anonymous editor"}, near, "", ""},
		{gateCase{"update", "POST", "/update", "", []string{evil}, 403, foreign}, near, "", ""},
		{gateCase{"other host", "GET", "/sparql", "evil.example", []string{evil}, 421, notOurs}, near, "", ""},
		{gateCase{"preflight of query", "OPTIONS", "/sparql", "", preflight("POST"), 204, ""}, near, "*", "GET, HEAD, POST"},
		{gateCase{"preflight without token", "OPTIONS", "/sparql", "", preflight("POST"), 204, ""}, far, "*", "GET, HEAD, POST"},
		{gateCase{"preflight of update", "OPTIONS", "/update", "", preflight("POST"), 204, ""}, near, "*", "GET, HEAD"},
		{gateCase{"preflight of put", "OPTIONS", "/data", "", preflight("PUT"), 204, ""}, near, "*", "GET, HEAD"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := c.run(t, c.server).Header
			if h.Get("Access-Control-Allow-Origin") != c.origin || h.Get("Access-Control-Allow-Methods") != c.method {
				t.Errorf("headers %v", h)
			}
			switch exposed := list(h, "Access-Control-Expose-Headers"); {
			case c.status == 204:
				allowed := list(h, "Access-Control-Allow-Headers")
				for _, name := range []string{"Authorization", "Content-Type", "Accept"} {
					if !slices.Contains(allowed, name) {
						t.Errorf("%s is not allowed", name)
					}
				}
				if h.Get("Access-Control-Max-Age") == "" {
					t.Error("the preflight is not kept")
				}
			case c.origin == "*":
				for _, name := range []string{"Nettwin-Commit", "Nettwin-Query", "Nettwin-Truncated", "ETag", "Link"} {
					if !slices.Contains(exposed, name) {
						t.Errorf("%s is not exposed", name)
					}
				}
			}
		})
	}
}

func list(h http.Header, name string) []string { return strings.Split(h.Get(name), ", ") }

// TestGateTLS calls a server that itself ends TLS: a page that was loaded
// without TLS from the same name is of another origin.
func TestGateTLS(t *testing.T) {
	server := httptest.NewTLSServer(gateRoutes(NewGate(GateOptions{Tokens: gateTokens(t), Loopback: true})))
	server.Client().Transport.(*http.Transport).TLSClientConfig.MinVersion = tls.VersionTLS12
	runGate(t, server, []gateCase{
		{"same", "POST", "/update", "", []string{"Origin: https://{host}"}, 200, "anonymous editor"},
		{"without TLS", "POST", "/update", "", []string{"Origin: http://{host}"}, 403, foreign},
	})
}

// TestZeroGate holds that forgetting NewGate or Check opens nothing.
func TestZeroGate(t *testing.T) {
	runGate(t, httptest.NewServer(gateRoutes(Gate{})), []gateCase{
		{"read", "GET", "/", "", nil, 401, needsToken},
		{"token", "GET", "/", "", []string{"Authorization: Bearer reader"}, 401, wrongToken},
	})
	unchecked := Gate{loopback: true}.Require(Reader)(http.NotFoundHandler())
	runGate(t, httptest.NewServer(unchecked), []gateCase{
		{"unchecked", "GET", "/", "", nil, 401, "this needs the role reader"},
	})
}

// TestListen decides about listen addresses with and without tokens, and
// which of them only this machine reaches.
func TestListen(t *testing.T) {
	tokens := gateTokens(t)
	cases := map[string]bool{ // address: loopback
		"127.0.0.1:7878": true, "127.0.0.2:0": true, "[::1]:7878": true, "localhost:7878": true, "LOCALHOST:7878": true,
		"[::ffff:127.0.0.1]:7878": true,
		":7878":                   false, "0.0.0.0:7878": false, "[::]:7878": false, "192.0.2.1:7878": false, "noc.example:7878": false,
		"localhost.evil.example:7878": false,
	}
	for listen, loopback := range cases {
		if IsLoopback(listen) != loopback {
			t.Errorf("IsLoopback(%s) = %t", listen, !loopback)
		}
		if err := AllowedListen(listen, tokens); err != nil {
			t.Errorf("%s with tokens: %v", listen, err)
		}
		err := AllowedListen(listen, nil)
		if loopback != (err == nil) {
			t.Errorf("%s without tokens: %v", listen, err)
		}
		want := "listen: " + listen + ": nothing listens beyond this machine without authentication: configure tokens (tokens: [{name: NAME, role: reader, sha256: HASH}], HASH from printf %s TOKEN | sha256sum) and give the file by --config, or listen on 127.0.0.1"
		if err != nil && (!errors.Is(err, ErrOpenListen) || err.Error() != want) {
			t.Errorf("message %q", err)
		}
	}
	if err := AllowedListen("7878", tokens); err == nil || err.Error() != `listen: "7878" is no host:port, such as 127.0.0.1:7878` {
		t.Errorf("error %v", err)
	}
}

// TestOwnHosts lists names for a gate from base IRIs and listen addresses.
func TestOwnHosts(t *testing.T) {
	cases := []struct {
		base, listen string
		more, want   []string
	}{
		{"https://noc.example/", "0.0.0.0:7878", nil, []string{"noc.example"}},
		{"http://localhost:7878/", "127.0.0.1:7878", []string{"x.example"}, []string{"localhost:7878", "127.0.0.1:7878", "x.example"}},
		{"https://noc.example/twin/", "[::]:1", nil, []string{"noc.example"}},
		{"", ":7878", nil, nil},
		{"", "192.0.2.1:7878", nil, []string{"192.0.2.1:7878"}},
	}
	for _, c := range cases {
		if got := OwnHosts(c.base, c.listen, c.more...); !slices.Equal(got, c.want) {
			t.Errorf("OwnHosts(%s, %s) = %v, want %v", c.base, c.listen, got, c.want)
		}
	}
}

// TestGateUnknownConnection calls the handler without a connection, as
// httptest.NewRecorder does: names of loopback count on loopback only.
func TestGateUnknownConnection(t *testing.T) {
	for host, want := range map[string]int{"localhost:7878": 200, "[::1]": 200, "example.com": 421, "": 421, net.IPv4zero.String(): 421} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		gateRoutes(NewGate(GateOptions{Loopback: true})).ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("Host %q: status %d, want %d", host, w.Code, want)
		}
	}
}

// FuzzGateOrigin gives the gate any Host and Origin. It never panics, and a
// write with an Origin passes only if that reads http or https and the very
// host that was called.
func FuzzGateOrigin(f *testing.F) {
	for _, seed := range [][2]string{
		{"localhost:7878", "http://localhost:7878"}, {"[::1]:7878", "http://[::1]:7878"}, {"[::1]", "null"},
		{"noc.example", "https://noc.example:443"}, {"localhost:7878", "http://localhost:7878@evil.example"},
		{"localhost", "http://localhost%00.evil.example"}, {"[", "http://["}, {"localhost", "http://localhost:"},
	} {
		f.Add(seed[0], seed[1])
	}
	handler := gateRoutes(NewGate(GateOptions{Loopback: true, Hosts: []string{"noc.example"}}))
	f.Fuzz(func(t *testing.T, host, origin string) {
		r := httptest.NewRequest(http.MethodPost, "/update", nil)
		r.Host = host
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			return
		}
		called := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(host), ":80"), ":")
		asked, isHTTP := strings.CutPrefix(strings.ToLower(origin), "http://")
		if !isHTTP {
			asked = strings.TrimPrefix(asked, "https://")
			called, asked = strings.TrimSuffix(called, ":443"), strings.TrimSuffix(asked, ":443")
		}
		if plain := strings.NewReplacer(".", "", "[", "", "]", "", ":80", ""); plain.Replace(called) != plain.Replace(asked) {
			t.Fatalf("Host %q, Origin %q: passed", host, origin)
		}
	})
}
