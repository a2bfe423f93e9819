package gnmi_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	proto "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"nettwin/ingest"
	"nettwin/ingest/gnmi"
	simulate "nettwin/internal/simulate/gnmi"
)

// serveScript serves a script over TLS; it ends with the test.
func serveScript(t testing.TB, s *script) served {
	t.Helper()
	cert := certificate(t)
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{cert}})),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}))
	proto.RegisterGNMIServer(server, s)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return served{listener.Addr().String(), credential(cert)}
}

// raw serves connections by a function, with or without TLS.
func raw(t *testing.T, inTLS bool, serve func(net.Conn)) served {
	t.Helper()
	cert := certificate(t)
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	if inTLS {
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2"}})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serve(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		<-done
	})
	return served{listener.Addr().String(), credential(cert)}
}

// TestFaults: what is wrong with a device or a credential is classified and
// said, with the device's name, in time, and without secrets.
func TestFaults(t *testing.T) {
	send := func(messages ...*proto.SubscribeResponse) *script {
		return &script{subscribe: func(stream proto.GNMI_SubscribeServer) error {
			for _, m := range messages {
				if err := stream.Send(m); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	stuck := &script{subscribe: func(stream proto.GNMI_SubscribeServer) error {
		<-stream.Context().Done()
		return nil
	}}
	dripping := &script{subscribe: func(stream proto.GNMI_SubscribeServer) error {
		for stream.Context().Err() == nil {
			if stream.Send(update(&proto.Notification{})) != nil {
				return nil
			}
			time.Sleep(5 * time.Millisecond)
		}
		return nil
	}}
	device := func(change func(*simulate.Options)) func(*testing.T) served {
		return func(t *testing.T) served { return serve(t, recorded(t, "r1"), change) }
	}
	scripted := func(s *script) func(*testing.T) served {
		return func(t *testing.T) served { return serveScript(t, s) }
	}
	huge := update(&proto.Notification{Update: []*proto.Update{{Path: path(t, "/a:b"), Val: text(strings.Repeat("x", 2<<20))}}})
	for name, c := range map[string]struct {
		server func(*testing.T) served
		cred   func(*gnmi.Credential)
		what   gnmi.What
		want   error
		says   string
	}{
		"password":      {device(nil), func(c *gnmi.Credential) { c.Password = "battery staple" }, gnmi.What{}, ingest.ErrAuth, "wrong user or password"},
		"pin":           {device(nil), func(c *gnmi.Credential) { c.TLS.Pins = []string{strings.Repeat("00:", 31) + "00"} }, gnmi.What{}, ingest.ErrAuth, "fingerprint"},
		"no pin":        {device(nil), func(c *gnmi.Credential) { c.TLS.Pins = nil }, gnmi.What{}, ingest.ErrAuth, "unknown authority"},
		"no user":       {device(nil), func(c *gnmi.Credential) { c.User = "" }, gnmi.What{}, nil, "neither user nor client certificate"},
		"no such path":  {device(nil), nil, gnmi.What{Mode: gnmi.Get, Paths: []string{"/nothing"}}, gnmi.ErrUnsupported, "there is nothing at"},
		"bad path":      {device(nil), nil, gnmi.What{Paths: []string{"interfaces"}}, nil, "does not begin with /"},
		"silent":        {scripted(stuck), nil, gnmi.What{}, ingest.ErrTimeout, "no answer within"},
		"drip":          {scripted(dripping), nil, gnmi.What{}, ingest.ErrTimeout, "the time for one device"},
		"half":          {scripted(send(update(&proto.Notification{Update: []*proto.Update{{Path: path(t, "/a:b"), Val: text("c")}}}))), nil, gnmi.What{}, gnmi.ErrProtocol, "the device ended the stream"},
		"huge":          {scripted(send(huge)), nil, gnmi.What{}, gnmi.ErrTooLarge, "larger than max"},
		"empty message": {scripted(send(&proto.SubscribeResponse{})), nil, gnmi.What{}, gnmi.ErrProtocol, "neither update nor sync_response"},
		"refuses":       {scripted(&script{subscribe: func(proto.GNMI_SubscribeServer) error { return io.ErrUnexpectedEOF }}), nil, gnmi.What{}, gnmi.ErrProtocol, "unexpected EOF"},
		"no TLS":        {func(t *testing.T) served { return raw(t, false, func(c net.Conn) { c.Write([]byte("SSH-2.0-x\r\n")) }) }, nil, gnmi.What{}, ingest.ErrTimeout, "TLS handshake"},
		"no HTTP": {func(t *testing.T) served {
			return raw(t, true, func(c net.Conn) { c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) })
		}, nil, gnmi.What{}, ingest.ErrTimeout, ""},
		"cut off": {func(t *testing.T) served { return raw(t, true, func(c net.Conn) { c.Read(make([]byte, 10)) }) }, nil, gnmi.What{}, ingest.ErrTimeout, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.server(t)
			if c.cred != nil {
				c.cred(&s.cred)
			}
			target := s.target()
			switch name {
			case "silent":
				target.Timeout = 200 * time.Millisecond
			case "drip":
				target.Budget = 300 * time.Millisecond
			}
			sample, err := collector(t, s, func(o *gnmi.Options) {
				o.MaxMessageBytes = 1 << 20
				o.What = func(ingest.Target) gnmi.What { return c.what }
			}).Collect(t.Context(), target)
			if sample != nil || err == nil || c.want != nil && !errors.Is(err, c.want) {
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
		listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
		s := served{listener.Addr().String(), credential(certificate(t))}
		listener.Close()
		if _, err := collector(t, s, nil).Collect(t.Context(), s.target()); !errors.Is(err, ingest.ErrTimeout) || !strings.Contains(err.Error(), "refused") {
			t.Error(err)
		}
	})
}

// TestFlood: a device that tells more than a tree may hold ends its reading
// with an error that says so; nothing grows beyond.
func TestFlood(t *testing.T) {
	s := serveScript(t, &script{subscribe: func(stream proto.GNMI_SubscribeServer) error {
		for i := 0; ; i++ {
			key := map[string]string{"id": strings.Repeat("k", i%50) + string(rune('a'+i%26))}
			n := &proto.Notification{Update: []*proto.Update{{Path: &proto.Path{Elem: []*proto.PathElem{{Name: "a:b"}, {Name: "c", Key: key}, {Name: "d" + string(rune('a'+i%26))}}}, Val: text("x")}}}
			if err := stream.Send(update(n)); err != nil {
				return nil
			}
		}
	}})
	_, err := collector(t, s, func(o *gnmi.Options) { o.MaxElements = 500 }).Collect(t.Context(), s.target())
	if !errors.Is(err, gnmi.ErrTooLarge) || !strings.Contains(err.Error(), "more than 500 elements") {
		t.Error(err)
	}
}

// TestWrong: what one update has wrong costs itself and is told; the rest is
// taken.
func TestWrong(t *testing.T) {
	good := &proto.Update{Path: path(t, "/ietf-interfaces:interfaces/interface[name=e0]/description"), Val: text("fine")}
	value := func(v *proto.TypedValue) *proto.Update {
		return &proto.Update{Path: path(t, "/ietf-interfaces:interfaces/interface[name=e0]/enabled"), Val: v}
	}
	s := serveScript(t, &script{models: []*proto.ModelData{{Name: "ietf-interfaces"}, {Name: "iana-if-type"}}, subscribe: func(stream proto.GNMI_SubscribeServer) error {
		for _, u := range []*proto.Update{
			{}, {Path: path(t, "/a")}, good, value(nil), value(text("perhaps")), value(&proto.TypedValue{Value: &proto.TypedValue_JsonVal{JsonVal: []byte(`{"x":`)}}),
			value(&proto.TypedValue{Value: &proto.TypedValue_JsonIetfVal{JsonIetfVal: []byte("\xff")}}), value(&proto.TypedValue{Value: &proto.TypedValue_ProtoBytes{ProtoBytes: []byte{1}}}),
			{Path: &proto.Path{Elem: []*proto.PathElem{{Name: ""}}}, Val: text("x")}, {Path: &proto.Path{Elem: []*proto.PathElem{{Name: "#alias"}}}, Val: text("x")},
			{Path: path(t, "/"), Val: text("root")}, {Path: path(t, "/ietf-interfaces:interfaces/interface[name=e0]/description/below"), Val: text("x")},
			{Path: path(t, "/ietf-interfaces:interfaces/interface[nome=e0]/description"), Val: text("x")},
		} {
			if err := stream.Send(update(&proto.Notification{Update: []*proto.Update{u}})); err != nil {
				return err
			}
		}
		return stream.Send(synced)
	}})
	sample := must(collector(t, s, nil).Collect(t.Context(), s.target()))(t)
	facts, warnings := strings.Join(lines(sample.Facts), "\n"), strings.Join(sample.Warnings, "\n")
	if !strings.Contains(facts, `description "fine"`) || !strings.Contains(facts, `enabled "perhaps"`) {
		t.Errorf("facts\n%s", facts)
	}
	for _, want := range []string{"without value", "perhaps", "not UTF-8", "in protobuf", "without name", "#alias", "root's value"} {
		if !strings.Contains(warnings, want) {
			t.Errorf("no warning says %q:\n%s", want, warnings)
		}
	}
}

// TestNoSchema: a device whose modules nobody has is kept as it is, and that is
// told.
func TestNoSchema(t *testing.T) {
	s := serveScript(t, &script{models: []*proto.ModelData{{Name: "acme-box"}}, subscribe: func(stream proto.GNMI_SubscribeServer) error {
		if err := stream.Send(update(&proto.Notification{Prefix: &proto.Path{Origin: "acme"}, Update: []*proto.Update{{Path: path(t, "/box/slot[id=3]/colour"), Val: text("red")},
			{Path: &proto.Path{Elem: []*proto.PathElem{{Name: "box"}, {Name: "01:00:5e"}, {Name: "900"}}}, Val: text("map")}}})); err != nil {
			return err
		}
		return stream.Send(synced)
	}})
	sample := must(collector(t, s, nil).Collect(t.Context(), s.target()))(t)
	facts := strings.Join(lines(sample.Facts), "\n")
	for _, want := range []string{`acme:box/slot=3 https://w3id.org/nettwin/yang/unknown/acme/box/slot/colour "red"`, `acme:box/_=01%3A00%3A5e/_=900 https://w3id.org/nettwin/yang/unknown/acme/box/_/_/value "map"`} {
		if !strings.Contains(facts, want) {
			t.Errorf("no fact says %s:\n%s", want, facts)
		}
	}
	if !strings.Contains(strings.Join(sample.Warnings, "\n"), "without schema") || sample.Unmapped == 0 {
		t.Errorf("warnings %q, %d unmapped", sample.Warnings, sample.Unmapped)
	}
}

// TestManyUnkeyed: an array of very many entries without schema takes no time in
// the square of its length; what is left out is told.
func TestManyUnkeyed(t *testing.T) {
	many := append(append([]byte(`{"list":[0`), bytes.Repeat([]byte(",1"), 300_000)...), "]}"...)
	s := serveScript(t, &script{subscribe: func(stream proto.GNMI_SubscribeServer) error {
		if err := stream.Send(update(&proto.Notification{Update: []*proto.Update{{Path: path(t, "/a:b"), Val: &proto.TypedValue{Value: &proto.TypedValue_JsonVal{JsonVal: many}}}}})); err != nil {
			return err
		}
		return stream.Send(synced)
	}})
	sample := must(collector(t, s, nil).Collect(t.Context(), s.target()))(t)
	if !strings.Contains(strings.Join(sample.Warnings, "\n"), "more than 4096 elements without key") {
		t.Errorf("warnings %q", sample.Warnings)
	}
}
