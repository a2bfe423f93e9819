package netconf

import (
	"bytes"
	"io"
	"testing"
)

// FuzzReply: no message makes the readers of replies, errors, notifications
// and hellos panic; a body lies inside its message, and the header that the
// session reads agrees with the whole.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{
		`<rpc-reply message-id="1" xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><ok/></rpc-reply>`,
		`<rpc-reply message-id="1" xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><data><a xmlns="urn:a">1</a></data></rpc-reply>`,
		`<rpc-reply><rpc-error><error-tag>in-use</error-tag><error-info><session-id>4</session-id></error-info></rpc-error></rpc-reply>`,
		`<rpc-reply><rpc-error><error-severity>warning</error-severity></rpc-error><data/></rpc-reply>`,
		`<notification xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"><eventTime>2026-11-22T10:00:00Z</eventTime><a/></notification>`,
		`<hello xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><capabilities><capability>urn:ietf:params:netconf:base:1.1</capability></capabilities><session-id>4</session-id></hello>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if r, err := parseReply(raw); err == nil {
			body := r.Body()
			if r.OK != (len(body) == 0) || !bytes.Contains(raw, body) {
				t.Fatalf("ok %v, body %q", r.OK, body)
			}
			_, _ = r.text()
		}
		if n, err := parseNotification(raw); err == nil && (n.Time.IsZero() || n.Name.Local == "") {
			t.Fatalf("%+v", n)
		}
		if h, err := parseHello(raw); err == nil && h.sessionID == 0 {
			t.Fatal("session 0")
		}
		if len(raw) == 0 || bytes.Contains(raw, eom) {
			return
		}
		m := framed(t, raw)
		r, h, err := readHeader(m)
		if err != nil {
			return
		}
		_ = r.toFirst(h)
		if rest, err := io.ReadAll(m); err == nil && r.err == nil && !bytes.Equal(append(bytes.Clone(r.buf), rest...), raw) {
			t.Fatalf("header %q and rest %q are not %q", r.buf, rest, raw)
		}
	})
}

func framed(t *testing.T, raw []byte) *message {
	wire, err := appendFrame(nil, raw, true)
	if err != nil {
		t.Fatal(err)
	}
	f := newFrameReader(bytes.NewReader(wire), 1<<20)
	f.chunked = true
	m, err := f.next()
	if err != nil {
		t.Fatal(err)
	}
	return m
}
