package restconf

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

// FuzzDescription: no answer about the device itself makes a reader panic, and
// whatever is refused is so as malformed.
func FuzzDescription(f *testing.F) {
	for _, s := range []string{
		`{"ietf-restconf-monitoring:restconf-state":{"capabilities":{"capability":["x"]},"streams":{"stream":[{"name":"N","access":[{"encoding":"xml","location":"/x"}]}]}}}`,
		`<restconf-state><capabilities><capability>x</capability></capabilities></restconf-state>`,
		`{"ietf-yang-library:modules-state":{"module-set-id":"1","module":[{"name":"a","revision":"","namespace":"n","conformance-type":"implement"}]}}`,
		`<modules-state><module><name>a</name></module></modules-state>`, `{"ietf-restconf:errors":{"error":[{"error-tag":"t","error-message":"m"}]}}`, `<errors><error><error-tag>t</error-tag></error></errors>`,
	} {
		f.Add([]byte(s), strings.HasPrefix(s, "<"))
	}
	f.Fuzz(func(t *testing.T, body []byte, isXML bool) {
		r := reply{body: body, isXML: isXML}
		if _, err := readState(r); err != nil && !errors.Is(err, ErrProtocol) {
			t.Error(err)
		}
		if library, err := readLibrary(r); err != nil && !errors.Is(err, ErrProtocol) {
			t.Error(err)
		} else if err == nil {
			_, _ = library.Modules() // an error is an answer
			library.Texts()
		}
		if text := statusError("x", 500, body).Error(); strings.ContainsAny(text, "\n\r\x00") {
			t.Errorf("%q", text)
		}
	})
}

// FuzzFollow: no stream of events makes the reader panic.
func FuzzFollow(f *testing.F) {
	f.Add([]byte("data: {\"ietf-restconf:notification\":{\"eventTime\":\"t\",\"a:b\":{}}}\n\n: c\ndata: <n><eventTime/><e/></n>\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		events := make(chan struct{}, 1)
		if err := follow(context.Background(), bytes.NewReader(text), func() {}, events); err == nil {
			t.Error("a stream that ends has no error")
		}
	})
}

// FuzzOwn: whatever a device names as a URL, only itself is asked.
func FuzzOwn(f *testing.F) {
	for _, s := range []string{"/restconf", "https://h:443/x?y", "//evil.example/", "schemas/a@b", "http://h:443/", "https://h@evil/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, href string) {
		c := &client{host: "h:443", root: "/restconf"}
		path, err := c.own(href)
		if err == nil && !strings.HasPrefix(path, "/") && path != "" && path[0] != '?' {
			t.Errorf("%q is %q", href, path)
		}
	})
}
