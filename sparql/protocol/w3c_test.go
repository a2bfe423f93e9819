package protocol

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/internal/testenv"
	"nettwin/sparql"
	"nettwin/sparql/results"
	"nettwin/sparql/sparqltest"
)

const (
	mfNS  = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
	htNS  = "http://www.w3.org/2011/http#"
	cntNS = "http://www.w3.org/2011/content#"
	utNS  = "http://www.w3.org/2009/sparql/tests/test-update#"
	qtNS  = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
	rdfs  = "http://www.w3.org/2000/01/rdf-schema#"
)

// manifest is a manifest as subject → predicate → objects.
type manifest map[rdf.Term]map[string][]rdf.Term

func readManifest(t *testing.T, path string) manifest {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	quads, err := rdf.ReadAll(bytes.NewReader(data), rdf.Turtle, rdf.ReaderOptions{Base: "file://" + filepath.ToSlash(path)})
	if err != nil {
		t.Fatal(err)
	}
	m := manifest{}
	for _, q := range quads {
		if m[q.S] == nil {
			m[q.S] = map[string][]rdf.Term{}
		}
		m[q.S][q.P.Value()] = append(m[q.S][q.P.Value()], q.O)
	}
	return m
}

func (m manifest) one(s rdf.Term, p string) rdf.Term {
	if list := m[s][p]; len(list) > 0 {
		return list[0]
	}
	return rdf.Term{}
}

func (m manifest) list(cell rdf.Term) (items []rdf.Term) {
	for !cell.IsZero() && cell != rdf.IRI(rdf.RDFNil) {
		items = append(items, m.one(cell, rdf.RDFFirst))
		cell = m.one(cell, rdf.RDFRest)
	}
	return items
}

func (m manifest) entries() (tests []rdf.Term) {
	for s := range m {
		tests = append(tests, m.list(m.one(s, mfNS+"entries"))...)
	}
	return tests
}

// exchange is one request of a test with what its answer must be.
type exchange struct {
	method, path, body string
	header             http.Header
	statuses           []string
	boolean            rdf.Term
	format             string
	location           bool
	wantBody           string
	wantType           string
}

func (m manifest) exchanges(test rdf.Term) (out []exchange) {
	for _, r := range m.list(m.one(m.one(test, mfNS+"action"), htNS+"requests")) {
		x := exchange{
			method: m.one(r, htNS+"methodName").Value(), path: m.one(r, htNS+"absolutePath").Value(),
			body: m.content(r), header: m.headers(r),
		}
		resp := m.one(r, htNS+"resp")
		for _, s := range m[resp][mfNS+"expectedStatus"] {
			x.statuses = append(x.statuses, s.Value()[strings.LastIndexByte(s.Value(), '#')+1:])
		}
		x.boolean, x.format = m.one(resp, mfNS+"expectedBoolean"), m.one(resp, mfNS+"expectedFormat").Value()
		x.location = !m.one(resp, mfNS+"expectedLocation").IsZero()
		x.wantBody, x.wantType = m.content(resp), m.headers(resp).Get("Content-Type")
		out = append(out, x)
	}
	return out
}

func (m manifest) content(of rdf.Term) string {
	return m.one(m.one(of, htNS+"body"), cntNS+"chars").Value()
}

func (m manifest) headers(of rdf.Term) http.Header {
	h := http.Header{}
	for _, f := range m.list(m.one(of, htNS+"headers")) {
		h.Set(m.one(f, htNS+"fieldName").Value(), m.one(f, htNS+"fieldValue").Value())
	}
	return h
}

// statusNames are the statuses that the suites ask for.
var statusNames = map[string]int{
	"OK": 200, "Created": 201, "NoContent": 204, "NotFound": 404, "BadRequest": 400,
}

func statusFits(status int, names []string) bool {
	for _, name := range names {
		if class, ok := strings.CutPrefix(name, "StatusCode"); ok && class == fmt.Sprintf("%dxx", status/100) || statusNames[name] == status {
			return true
		}
	}
	return false
}

// send makes a request and compares the answer; it returns the Location.
func (x exchange) send(base, location string) (newLocation string, wrong error) {
	path := strings.ReplaceAll(x.path, "$LOCATION$", url.QueryEscape(location))
	req, err := http.NewRequest(x.method, base+path, strings.NewReader(strings.ReplaceAll(x.body, "$LOCATION$", location)))
	if err != nil {
		return location, err
	}
	req.Header = x.header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return location, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return location, err
	}
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if !statusFits(resp.StatusCode, x.statuses) {
		return location, fmt.Errorf("%s %s: status %d, want %v: %s", x.method, path, resp.StatusCode, x.statuses, body)
	}
	if x.location {
		if location = resp.Header.Get("Location"); location == "" {
			return location, errors.New("no Location")
		}
	}
	if want, _, _ := mime.ParseMediaType(x.wantType); want != "" && mediaType != want {
		return location, fmt.Errorf("%s %s: Content-Type %q, want %q", x.method, path, mediaType, want)
	}
	if x.wantBody != "" {
		return location, x.compareGraph(body, location)
	}
	return location, x.compareFormat(mediaType, body)
}

func (x exchange) compareGraph(got []byte, location string) error {
	opts := rdf.ReaderOptions{Base: "http://www.example/gsp/"}
	want, err := rdf.ReadAll(strings.NewReader(strings.ReplaceAll(x.wantBody, "$LOCATION$", location)), rdf.Turtle, opts)
	if err != nil {
		return err
	}
	have, err := rdf.ReadAll(bytes.NewReader(got), rdf.Turtle, opts)
	if err != nil || !rdf.Isomorphic(want, have) {
		return fmt.Errorf("%s %s: got\n%s\nwant\n%s\nerror %v", x.method, x.path, got, x.wantBody, err)
	}
	return nil
}

func (x exchange) compareFormat(mediaType string, body []byte) error {
	f, known := results.FormatByName(mediaType)
	switch x.format {
	case "boolean":
		var answer struct{ Boolean *bool }
		if err := json.Unmarshal(body, &answer); err != nil || answer.Boolean == nil || !x.boolean.IsZero() && fmt.Sprint(*answer.Boolean) != x.boolean.Value() {
			return fmt.Errorf("%s: answer %s, want %s", x.path, body, x.boolean)
		}
	case "tabular":
		if !known || !f.Supports(results.Bindings) {
			return fmt.Errorf("%s: %q is no table", x.path, mediaType)
		}
	case "RDF":
		if !known || !f.Supports(results.Graph) {
			return fmt.Errorf("%s: %q is no RDF", x.path, mediaType)
		}
	}
	return nil
}

// TestW3CProtocol: the suite of the SPARQL 1.1 Protocol against handlers on a
// socket. Each test has its own store with the graphs that it names.
func TestW3CProtocol(t *testing.T) {
	folder := testenv.Shared(t, "suites/rdf-tests/sparql/sparql11/protocol")
	m := readManifest(t, filepath.Join(folder, "manifest.ttl"))
	tests := m.entries()
	if len(tests) != 34 {
		t.Fatalf("%d tests, want 34", len(tests))
	}
	for _, test := range tests {
		name := test.Value()[strings.LastIndexByte(test.Value(), '#')+1:]
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(t, Options{})
			for _, data := range m[test][utNS+"graphData"] {
				e.load(strings.TrimPrefix(m.one(data, utNS+"graph").Value(), "file://"), m.one(data, rdfs+"label").Value())
			}
			for _, x := range m.exchanges(test) {
				target := "/sparql"
				if strings.Contains(name, "update") && !strings.HasPrefix(x.body, "ASK") {
					target = "/update"
				}
				x.path = strings.Replace(x.path, "/sparql/", target, 1)
				if _, err := x.send(e.url, ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// load puts a document into a named graph.
func (e *endpoint) load(path, name string) {
	e.t.Helper()
	f, err := os.Open(path)
	if err != nil {
		e.t.Fatal(err)
	}
	defer f.Close()
	format, _ := rdf.FormatByExtension(filepath.Ext(path))
	quads, err := rdf.ReadAll(f, format, rdf.ReaderOptions{Base: name, BNodeScope: "d"})
	if err != nil {
		e.t.Fatal(err)
	}
	for i := range quads {
		if quads[i].G = (rdf.Term{}); name != "" {
			quads[i].G = rdf.IRI(name)
		}
	}
	if _, err := e.store.Commit(e.t.Context(), &graph.Batch{Adds: quads}); err != nil {
		e.t.Fatal(err)
	}
}

// TestW3CGraphStore: the suites of the SPARQL 1.1 Graph Store HTTP Protocol
// with direct and indirect identification, each test on a store of its own.
func TestW3CGraphStore(t *testing.T) {
	folder := testenv.Shared(t, "suites/rdf-tests/sparql/sparql11/graph-store-protocol")
	total := 0
	for _, file := range []string{"manifest-direct.ttl", "manifest-indirect.ttl"} {
		m := readManifest(t, filepath.Join(folder, file))
		for _, test := range m.entries() {
			total++
			t.Run(file+"/"+test.Value()[strings.LastIndexByte(test.Value(), '#')+1:], func(t *testing.T) {
				e := newEndpoint(t, Options{})
				location := ""
				for _, x := range m.exchanges(test) {
					x.path = strings.Replace(x.path, "/gsp", "/data", 1)
					var err error
					if location, err = x.send(e.url, location); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
	if total != 13 {
		t.Errorf("%d tests, want 13", total)
	}
}

// TestW3CServiceDescription: the suite of the SPARQL 1.1 Service Description:
// GET on the endpoint returns RDF, with a matching sd:endpoint, in the shape of
// the vocabulary.
func TestW3CServiceDescription(t *testing.T) {
	e := newEndpoint(t, Options{Service: func(context.Context, rdf.Term, string) (*results.Result, error) { return nil, nil }})
	e.do("PUT", "/data?graph=http://x/g", "text/turtle", "<http://x/a> <http://x/p> 1, 2 .")
	for _, f := range []rdf.Format{rdf.Turtle, rdf.RDFXML, rdf.JSONLD, rdf.NTriples} {
		status, body, header := e.do("GET", "/sparql", "", "", "Accept", f.MediaType())
		if mediaType, _, _ := mime.ParseMediaType(header.Get("Content-Type")); status != 200 || mediaType != f.MediaType() {
			t.Fatalf("%s: status %d, type %s", f, status, mediaType)
		}
		quads, err := rdf.ReadAll(strings.NewReader(body), f, rdf.ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		m := manifest{}
		for _, q := range quads {
			if m[q.S] == nil {
				m[q.S] = map[string][]rdf.Term{}
			}
			m[q.S][q.P.Value()] = append(m[q.S][q.P.Value()], q.O)
		}
		services := 0
		for s := range m {
			if m.one(s, rdf.RDFType).Value() != sdNS+"Service" {
				continue
			}
			services++
			if m.one(s, sdNS+"endpoint").Value() != e.url+"/sparql" {
				t.Errorf("%s: endpoint %s", f, m.one(s, sdNS+"endpoint"))
			}
			if m.one(s, sdNS+"feature").Value() != sdNS+"BasicFederatedQuery" {
				t.Errorf("%s: no feature for SERVICE", f)
			}
			set := m.one(s, sdNS+"defaultDataset")
			named := m.one(set, sdNS+"namedGraph")
			if m.one(named, sdNS+"name").Value() != "http://x/g" || m.one(m.one(named, sdNS+"graph"), voidNS+"triples").Value() != "2" {
				t.Errorf("%s: named graph\n%s", f, body)
			}
			for _, p := range []string{"supportedLanguage", "supportedVersion", "resultFormat", "inputFormat"} {
				if !m.one(s, sdNS+p).IsIRI() {
					t.Errorf("%s: no sd:%s", f, p)
				}
			}
		}
		if services != 1 {
			t.Errorf("%s: %d services", f, services)
		}
	}
}

// federation serves the endpoints of a test: requests for their hosts come to
// handlers in this process, other hosts fail.
type federation map[string]http.Handler

func (f federation) RoundTrip(r *http.Request) (*http.Response, error) {
	h, ok := f[r.URL.Host]
	if !ok {
		return nil, fmt.Errorf("no such host %s", r.URL.Host)
	}
	w := newMemoryResponse()
	h.ServeHTTP(w, r)
	return w.response(r), nil
}

// memoryResponse is a ResponseWriter in memory.
type memoryResponse struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newMemoryResponse() *memoryResponse { return &memoryResponse{header: http.Header{}, status: 200} }

func (m *memoryResponse) Header() http.Header         { return m.header }
func (m *memoryResponse) Write(b []byte) (int, error) { return m.body.Write(b) }
func (m *memoryResponse) WriteHeader(status int)      { m.status = status }
func (m *memoryResponse) FlushError() error           { return nil }

func (m *memoryResponse) response(r *http.Request) *http.Response {
	return &http.Response{
		StatusCode: m.status, Status: http.StatusText(m.status), Header: m.header, Request: r,
		Body: io.NopCloser(&m.body), ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(m.body.Len()),
	}
}

// TestW3CFederation: the suite of SPARQL 1.1 Federated Query, by exec and by
// ref, each endpoint a handler of its own behind the client of the protocol.
func TestW3CFederation(t *testing.T) {
	root := testenv.Shared(t, "suites/rdf-tests/sparql")
	folder := filepath.Join(root, "sparql11", "service")
	m := readManifest(t, filepath.Join(folder, "manifest.ttl"))
	tests := m.entries()
	if len(tests) != 7 {
		t.Fatalf("%d tests, want 7", len(tests))
	}
	for _, test := range tests {
		for _, evaluator := range []sparql.Evaluator{sparql.Exec, sparql.Ref} {
			name := fmt.Sprintf("%s/%d", test.Value()[strings.LastIndexByte(test.Value(), '#')+1:], evaluator)
			t.Run(name, func(t *testing.T) {
				action := m.one(test, mfNS+"action")
				hosts := federation{}
				client := &Client{Allow: []string{"*"}, HTTP: &http.Client{Transport: hosts}}
				for _, service := range m[action][qtNS+"serviceData"] {
					far := newEndpoint(t, Options{Service: client.Select})
					far.load(strings.TrimPrefix(m.one(service, qtNS+"data").Value(), "file://"), "")
					u, err := url.Parse(m.one(service, qtNS+"endpoint").Value())
					if err != nil {
						t.Fatal(err)
					}
					hosts[u.Host] = http.HandlerFunc(far.Query)
				}
				near := newEndpoint(t, Options{})
				if data := m.one(action, qtNS+"data"); !data.IsZero() {
					near.load(strings.TrimPrefix(data.Value(), "file://"), "")
				}
				text, err := os.ReadFile(strings.TrimPrefix(m.one(action, qtNS+"query").Value(), "file://"))
				if err != nil {
					t.Fatal(err)
				}
				query, err := sparql.Parse(string(text), base)
				if err != nil {
					t.Fatal(err)
				}
				snapshot, err := near.store.Snapshot(graph.At{})
				if err != nil {
					t.Fatal(err)
				}
				defer snapshot.Close()
				result, err := query.Run(t.Context(), snapshot, sparql.Options{Service: client.Select, Evaluator: evaluator})
				if err != nil {
					t.Fatal(err)
				}
				got, err := sparqltest.ReadAnswer(t.Context(), result)
				if err != nil {
					t.Fatal(err)
				}
				want, err := sparqltest.ReadExpected(root, strings.TrimPrefix(m.one(test, mfNS+"result").Value(), "file://"))
				if err != nil {
					t.Fatal(err)
				}
				if difference := sparqltest.CompareAnswers(want, got, false); difference != "" {
					t.Error(difference)
				}
			})
		}
	}
}
