package restconf_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/restconf"
	"nettwin/internal/simulate/selfsigned"
	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

const module = `module jukebox { namespace "urn:jukebox"; prefix j; revision 2026-01-01;
  container box { leaf size { type uint8; } list song { key "name year"; leaf name { type string; } leaf year { type uint16; } leaf title { type string; }
    leaf plays { config false; type uint64; } } } }`

type device struct {
	running *config.Tree
	state   []*xmltree.Node
}

func (d *device) Running() *config.Tree                     { return d.running }
func (d *device) State() []*xmltree.Node                    { return d.state }
func (d *device) Watch(func(netconf.Event)) (cancel func()) { return func() {} }
func parse(t *testing.T, text string) []*xmltree.Node {
	t.Helper()
	n, err := xmltree.Parse([]byte("<c>"+text+"</c>"), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return n.Children
}

// TestResources asks as RFC 8040's examples do (§3.5.3, §4.8, §7.1) and expects
// answers written by hand.
func TestResources(t *testing.T) {
	set, err := yang.Parse([][]byte{[]byte(module)}, yang.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tree, errs := config.Load(set, parse(t, `<box xmlns="urn:jukebox"><size>3</size><song><name>a/b,c</name><year>1999</year><title>T</title></song></box>`))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	d := &device{tree, parse(t, `<box xmlns="urn:jukebox"><song><name>a/b,c</name><year>1999</year><plays>12</plays></song></box>`)}
	cert, err := selfsigned.New(rand.Reader, time.Now(), "box", net.IPv4(127, 0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	s, err := restconf.Listen(context.Background(), "127.0.0.1:0", restconf.Options{Device: d, Certificate: cert, Passwords: map[string]string{"u": "p"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	tag := ""
	for _, c := range []struct {
		method, path, accept string
		status               int
		want                 string // all of the body, or with … a part
	}{
		{"GET", "/restconf", "json", 200, `{"ietf-restconf:restconf":{"data":{},"operations":{},"yang-library-version":"2016-06-21"}}`},
		{"GET", "/restconf/yang-library-version", "xml", 200, `<yang-library-version xmlns="urn:ietf:params:xml:ns:yang:ietf-restconf">2016-06-21</yang-library-version>`},
		{"GET", "/restconf/data/jukebox:box", "json", 200, `{"jukebox:box":{"size":3,"song":[{"name":"a/b,c","year":1999,"title":"T","plays":"12"}]}}`},
		{"GET", "/restconf/data/jukebox:box?content=config", "json", 200, `{"jukebox:box":{"size":3,"song":[{"name":"a/b,c","year":1999,"title":"T"}]}}`},
		{"GET", "/restconf/data/jukebox:box?content=nonconfig", "json", 200, `{"jukebox:box":{"song":[{"name":"a/b,c","year":1999,"plays":"12"}]}}`},
		{"GET", "/restconf/data/jukebox:box/song=a%2Fb%2Cc,1999", "json", 200, `{"jukebox:song":[{"name":"a/b,c","year":1999,"title":"T","plays":"12"}]}`},
		{"GET", "/restconf/data/jukebox:box/song=a%2Fb%2Cc,1999/title", "xml", 200, `<title xmlns="urn:jukebox">T</title>`},
		{"GET", "/restconf/data/jukebox:box?fields=size;song(title)", "json", 200, `{"jukebox:box":{"size":3,"song":[{"name":"a/b,c","year":1999,"title":"T"}]}}`},
		{"GET", "/restconf/data/jukebox:box?fields=song/plays", "json", 200, `{"jukebox:box":{"song":[{"name":"a/b,c","year":1999,"plays":"12"}]}}`},
		{"GET", "/restconf/data/jukebox:box?depth=1", "json", 200, `{"jukebox:box":{"size":3}}`},
		{"GET", "/restconf/data?content=config", "json", 200, `{"ietf-restconf:data":{"jukebox:box":{"size":3,"song":[{"name":"a/b,c","year":1999,"title":"T"}]}}}`},
		{"GET", "/restconf/data/ietf-yang-library:modules-state/module=jukebox,2026-01-01/namespace", "json", 200, `{"ietf-yang-library:namespace":"urn:jukebox"}`},
		{"GET", "/restconf/schemas/jukebox@2026-01-01", "*/*", 200, module},
		{"GET", "/.well-known/host-meta", "*/*", 200, `…href="/restconf"`},
		{"GET", "/restconf/data/jukebox:box/song=x,1", "json", 404, `…"error-tag":"invalid-value"`},
		{"GET", "/restconf/data/jukebox:box/song=x", "json", 400, `…"error-tag":"missing-attribute"`},
		{"GET", "/restconf/data/jukebox:bax", "json", 400, `…"error-tag":"unknown-element"`},
		{"GET", "/restconf/data/box", "json", 400, `…invalid-value`},
		{"GET", "/restconf/data?depth=0", "json", 400, `…depth`},
		{"GET", "/restconf/data?fields=a(b", "json", 400, `…fields`},
		{"GET", "/restconf/data?filter=x", "xml", 400, `…<error-tag>invalid-value`},
		{"POST", "/restconf/data", "json", 405, `…operation-not-supported`},
		{"GET", "/restconf/data", "text/html", 406, `…`},
		{"GET", "/elsewhere", "json", 404, `…`},
		{"GET", "/restconf/data?content=config", "tag", 304, ``},
	} {
		r, err := http.NewRequest(c.method, "https://"+s.Addr().String()+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("u", "p")
		switch c.accept {
		case "json", "xml":
			r.Header.Set("Accept", "application/yang-data+"+c.accept)
		case "tag":
			r.Header.Set("If-None-Match", tag)
		default:
			r.Header.Set("Accept", c.accept)
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if x := response.Header.Get("ETag"); x != "" {
			tag = x
		}
		part, partly := strings.CutPrefix(c.want, "…")
		if response.StatusCode != c.status || partly && !bytes.Contains(body, []byte(part)) || !partly && string(body) != c.want {
			t.Errorf("%s %s: %d %s\nwant %d %s", c.method, c.path, response.StatusCode, body, c.status, c.want)
		}
	}
}
