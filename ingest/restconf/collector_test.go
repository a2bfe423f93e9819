package restconf_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/restconf"
	"nettwin/ingest/schemas"
	simulate "nettwin/internal/simulate/restconf"
	"nettwin/internal/testenv"
)

// TestSameFacts: a recorded device says the same by RESTCONF as by NETCONF,
// whatever the encoding, the form of its library, the parameters that it has
// and where its root is (RFC 8040 §3.1, §3.5, §4.8; RFC 7951).
func TestSameFacts(t *testing.T) {
	d := recorded(t, "r1")
	want := lines(byNETCONF(t, d))
	if len(want) < 100 {
		t.Fatalf("NETCONF tells %d facts only", len(want))
	}
	for name, c := range map[string]struct {
		server    func(*simulate.Options)
		collector func(*restconf.Options)
	}{
		"json":      {nil, nil},
		"xml":       {nil, func(o *restconf.Options) { o.Encoding = restconf.XML }},
		"xml only":  {func(o *simulate.Options) { o.NoJSON = true }, nil},
		"library":   {func(o *simulate.Options) { o.Library = simulate.YANGLibrary }, nil},
		"no fields": {func(o *simulate.Options) { o.NoFields = true }, nil},
		"root":      {func(o *simulate.Options) { o.Root = "/api/rc" }, nil},
		"no meta":   {func(o *simulate.Options) { o.Undiscoverable = true }, nil},
		"modules from a folder": {func(o *simulate.Options) { o.NoSchemas = true }, func(o *restconf.Options) {
			o.Directory = must(schemas.OpenDirectory(os.DirFS(filepath.Join(testenv.ProjectRoot(), "fixtures/network/netconf/modules"))))(t)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, d, c.server)
			sample := must(collector(t, s, c.collector).Collect(t.Context(), s.target()))(t)
			if got := lines(sample.Facts); !slices.Equal(got, want) {
				t.Errorf("%d facts, NETCONF tells %d\nmore:\n%s\nless:\n%s", len(got), len(want), head(minus(got, want)), head(minus(want, got)))
			}
			for _, root := range []string{"ietf-interfaces:interfaces", "ietf-interfaces:interfaces-state", "ietf-interfaces"} {
				if !slices.Contains(sample.Complete, root) {
					t.Errorf("complete %q lacks %s", sample.Complete, root)
				}
			}
			if sample.Collector != "restconf" || sample.Device != "r1" || len(sample.Raw) < 2 || sample.Unmapped > 1000 || sample.Ended.Before(sample.Started) {
				t.Errorf("%s %s, %d raw items, %d unmapped", sample.Collector, sample.Device, len(sample.Raw), sample.Unmapped)
			}
		})
	}
}

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func head(list []string) string { return strings.Join(list[:min(len(list), 10)], "\n") }

// TestEntityTag: a configuration that did not change is not sent again, state
// always is; an edit by another protocol is seen by the next reading, and no
// schema is asked for twice.
func TestEntityTag(t *testing.T) {
	d := recorded(t, "r1")
	seen := &counting{}
	s := serve(t, d, func(o *simulate.Options) { o.Wrap = seen.wrap })
	c := collector(t, s, nil)
	first := lines(must(c.Collect(t.Context(), s.target()))(t).Facts)
	fetched := seen.count("/schemas/")
	again := must(c.Collect(t.Context(), s.target()))(t)
	if got := lines(again.Facts); !slices.Equal(got, first) {
		t.Errorf("unchanged, more: %q, less: %q", minus(got, first), minus(first, got))
	}
	if seen.count("304 ", "content=config") != 1 || seen.count("200 ", "content=nonconfig") != 2 || seen.count("/schemas/") != fetched || fetched == 0 {
		t.Errorf("requests\n%s", strings.Join(seen.requests, "\n"))
	}
	if err := d.Set("eth1", "description", "to r9, soon"); err != nil {
		t.Fatal(err)
	}
	edited := must(c.Collect(t.Context(), s.target()))(t)
	if seen.count("200 ", "content=config") != 2 || !strings.Contains(strings.Join(lines(edited.Facts), "\n"), "to r9, soon") {
		t.Errorf("after an edit: requests\n%s", strings.Join(seen.requests, "\n"))
	}
}

// TestDepth asks for less: only what is so deep is told.
func TestDepth(t *testing.T) {
	s := serve(t, recorded(t, "r1"), nil)
	sample := must(collector(t, s, func(o *restconf.Options) { o.Depth = 3 }).Collect(t.Context(), s.target()))(t)
	for _, f := range sample.Facts {
		if strings.Count(f.Thing, "/") > 1 {
			t.Errorf("%s is deeper than was asked for", f.Thing)
		}
	}
	if len(sample.Facts) < 5 {
		t.Errorf("%d facts", len(sample.Facts))
	}
}

// TestOneNodeFails: what cannot be had of one node costs this node only: a
// partial sample, in which only it is not complete.
func TestOneNodeFails(t *testing.T) {
	for name, fault := range map[string]http.HandlerFunc{
		"refused": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/yang-data+json")
			w.WriteHeader(http.StatusInternalServerError)
			w.Write([]byte(`{"ietf-restconf:errors":{"error":[{"error-type":"application","error-tag":"operation-failed","error-message":"out of\nmemory"}]}}`))
		},
		"too large": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/yang-data+json")
			w.Write([]byte(`{"ietf-system:system":{"contact":"` + strings.Repeat("x", 2<<20) + `"}}`))
		},
		"no JSON": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/yang-data+json")
			w.Write([]byte("<html>please log in</html>"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, recorded(t, "r1"), func(o *simulate.Options) {
				o.NoFields = true
				o.Wrap = func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if strings.Contains(r.URL.Path, "ietf-system:system") && !strings.Contains(r.URL.Path, "state") {
							fault(w, r)
							return
						}
						next.ServeHTTP(w, r)
					})
				}
			})
			sample, err := collector(t, s, func(o *restconf.Options) { o.MaxReplyBytes = 1 << 20 }).Collect(t.Context(), s.target())
			if sample == nil || !errors.Is(err, ingest.ErrPartial) || !strings.Contains(err.Error(), "ietf-system:system") {
				t.Fatalf("%v", err)
			}
			if slices.Contains(sample.Complete, "ietf-system:system") || slices.Contains(sample.Complete, "ietf-system") || !slices.Contains(sample.Complete, "ietf-interfaces:interfaces") {
				t.Errorf("complete %q", sample.Complete)
			}
			if name == "refused" && !strings.Contains(err.Error(), "500 Internal Server Error: operation-failed: out of memory") {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestWrongTypes: values that are none of their type, and elements that no
// module has, are kept and told of.
func TestWrongTypes(t *testing.T) {
	s := serve(t, recorded(t, "r1"), func(o *simulate.Options) {
		o.NoFields = true
		o.Wrap = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "ietf-interfaces:interfaces") && r.URL.Query().Get("content") == "config" {
					w.Header().Set("Content-Type", "application/yang-data+json")
					w.Write([]byte(`{"ietf-interfaces:interfaces":{"interface":[{"name":"x","enabled":"perhaps","ietf-ip:ipv4":{"mtu":"many"},"acme:colour":"red"},7]}}`))
					return
				}
				next.ServeHTTP(w, r)
			})
		}
	})
	sample := must(collector(t, s, nil).Collect(t.Context(), s.target()))(t)
	text, warnings := strings.Join(lines(sample.Facts), "\n"), strings.Join(sample.Warnings, "\n")
	for _, want := range []string{`"perhaps"`, `"many"`, `unknown/ietf-interfaces/interfaces/interface/acme:colour "red"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no fact says %s", want)
		}
	}
	if !strings.Contains(warnings, "perhaps") || !strings.Contains(warnings, "interface") || sample.Unmapped == 0 {
		t.Errorf("warnings %q, %d unmapped", sample.Warnings, sample.Unmapped)
	}
}

// TestFaults: what is wrong with a device or a credential is classified and
// said, with the device's name, in time, and without secrets.
func TestFaults(t *testing.T) {
	d := recorded(t, "r1")
	silence := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	}
	slow := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			for r.Context().Err() == nil {
				w.Write([]byte(" "))
				http.NewResponseController(w).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	broken := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Write([]byte("{"))
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
	}
	elsewhere := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/steal", http.StatusFound)
		})
	}
	for name, c := range map[string]struct {
		server func(*simulate.Options)
		cred   func(*restconf.Credential)
		want   error
		says   string
	}{
		"password":     {nil, func(c *restconf.Credential) { c.Password = "battery staple" }, ingest.ErrAuth, "401 Unauthorized: access-denied: wrong user or password"},
		"pin":          {nil, func(c *restconf.Credential) { c.TLS.Pins = []string{strings.Repeat("00:", 31) + "00"} }, ingest.ErrAuth, "fingerprint"},
		"no pin":       {nil, func(c *restconf.Credential) { c.TLS.Pins = nil }, ingest.ErrAuth, "unknown authority"},
		"no user":      {nil, func(c *restconf.Credential) { c.User = "" }, nil, "neither user nor client certificate"},
		"silent":       {func(o *simulate.Options) { o.Wrap = silence }, nil, ingest.ErrTimeout, "no answer"},
		"slow":         {func(o *simulate.Options) { o.Wrap = slow }, nil, ingest.ErrTimeout, "no answer within 300ms"},
		"half-closed":  {func(o *simulate.Options) { o.Wrap = broken }, nil, ingest.ErrTimeout, "breaks off after 1 bytes"},
		"redirect":     {func(o *simulate.Options) { o.Wrap = elsewhere }, nil, nil, "evil.example"},
		"no library":   {func(o *simulate.Options) { o.Library = simulate.NoLibrary }, nil, nil, "no YANG module"},
		"no schema":    {func(o *simulate.Options) { o.NoSchemas = true }, nil, schemas.ErrNoText, "no text of an implemented module"},
		"no such form": {func(o *simulate.Options) { o.NoJSON, o.NoXML = true, true }, nil, nil, "406 Not Acceptable"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, d, c.server)
			if c.cred != nil {
				c.cred(&s.cred)
			}
			timeout := 300 * time.Millisecond
			if c.want == nil {
				timeout = 20 * time.Second
			}
			target := s.target()
			if target.Timeout = timeout; c.want != ingest.ErrTimeout {
				target.Timeout = 20 * time.Second
			}
			sample, err := collector(t, s, nil).Collect(t.Context(), target)
			if sample != nil || err == nil || c.want != nil && !errors.Is(err, c.want) || c.want != ingest.ErrTimeout && errors.Is(err, ingest.ErrTimeout) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			if !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "r1 (127.0.0.1:") {
				t.Errorf("%q does not say %q", err, c.says)
			}
			for _, secret := range []string{"horse", "staple"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("a secret is told: %v", err)
				}
			}
		})
	}
	t.Run("closed", func(t *testing.T) {
		s := serve(t, d, nil)
		s.Close()
		if _, err := collector(t, s, nil).Collect(t.Context(), s.target()); !errors.Is(err, ingest.ErrTimeout) || !strings.Contains(err.Error(), "refused") {
			t.Error(err)
		}
	})
	t.Run("budget", func(t *testing.T) {
		s := serve(t, d, func(o *simulate.Options) { o.Wrap = silence })
		target := s.target()
		target.Budget = 50 * time.Millisecond
		if _, err := collector(t, s, nil).Collect(t.Context(), target); !errors.Is(err, ingest.ErrTimeout) || !strings.Contains(err.Error(), "the time for one device") {
			t.Error(err)
		}
	})
}
