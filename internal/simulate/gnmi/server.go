package gnmi

import (
	"cmp"
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

// A Device is what a server shows.
type Device interface {
	Running() *config.Tree
	State() []*xmltree.Node
}

// Options say what a server serves and to whom. Device, Certificate and a
// password are needed.
type Options struct {
	Device      Device
	Certificate tls.Certificate
	Passwords   map[string]string // by user
	// Encodings are those that it has; nil means all three.
	Encodings []gnmi.Encoding
	// NoRoot refuses paths without elements, as some devices do.
	NoRoot bool
	// NoOnChange refuses subscriptions ON_CHANGE.
	NoOnChange bool
	// NoRevisions leaves the models' revisions out of the capabilities.
	NoRevisions bool
	// ClockAhead is how far the device's clock is off.
	ClockAhead time.Duration
	// Tick is how often a stream looks for changes; 0 means 100 ms.
	Tick time.Duration
	// Server are further options of the gRPC server, for faults.
	Server []grpc.ServerOption
}

const defaultTick = 100 * time.Millisecond

// Limits of a server.
const (
	maxSubscriptions = 1000
	maxUpdates       = 200 // in one notification
	leastSample      = 10 * time.Millisecond
	leastPing        = time.Second // clients may ping so often
)

// Server is a running server.
type Server struct {
	gnmi.UnimplementedGNMIServer
	options Options
	set     *yang.Set
	grpc    *grpc.Server
	addr    net.Addr
	wait    sync.WaitGroup
}

// Listen serves at an address until Close.
func Listen(ctx context.Context, address string, options Options) (*Server, error) {
	switch {
	case options.Device == nil:
		return nil, errors.New("simulate gnmi: no device to show")
	case len(options.Certificate.Certificate) == 0:
		return nil, errors.New("simulate gnmi: no certificate")
	case len(options.Passwords) == 0:
		return nil, errors.New("simulate gnmi: no password: nobody could log in")
	}
	options.Tick = cmp.Or(options.Tick, defaultTick)
	if options.Encodings == nil {
		options.Encodings = []gnmi.Encoding{gnmi.Encoding_JSON, gnmi.Encoding_JSON_IETF, gnmi.Encoding_PROTO}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("simulate gnmi: %w", err)
	}
	s := &Server{options: options, set: options.Device.Running().Schema(), addr: listener.Addr()}
	s.grpc = grpc.NewServer(append([]grpc.ServerOption{
		grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{options.Certificate}, MinVersion: tls.VersionTLS12})),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: leastPing, PermitWithoutStream: true}),
		grpc.ChainUnaryInterceptor(func(ctx context.Context, r any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if err := s.authenticate(ctx); err != nil {
				return nil, err
			}
			return next(ctx, r)
		}),
		grpc.ChainStreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			if err := s.authenticate(stream.Context()); err != nil {
				return err
			}
			return next(srv, stream)
		}),
	}, options.Server...)...)
	gnmi.RegisterGNMIServer(s.grpc, s)
	s.wait.Go(func() { _ = s.grpc.Serve(listener) }) // ends by Close
	return s, nil
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.addr }

// Close ends all connections. Further calls do nothing.
func (s *Server) Close() error {
	s.grpc.Stop()
	s.wait.Wait()
	return nil
}

func (s *Server) authenticate(ctx context.Context) error {
	md, _ := metadata.FromIncomingContext(ctx)
	one := func(key string) string {
		if v := md.Get(key); len(v) == 1 {
			return v[0]
		}
		return ""
	}
	want, known := s.options.Passwords[one("username")]
	if !known || subtle.ConstantTimeCompare([]byte(one("password")), []byte(want)) != 1 {
		return status.Error(codes.Unauthenticated, "wrong user or password")
	}
	return nil
}

// Capabilities lists the modules.
func (s *Server) Capabilities(context.Context, *gnmi.CapabilityRequest) (*gnmi.CapabilityResponse, error) {
	out := &gnmi.CapabilityResponse{SupportedEncodings: s.options.Encodings, GNMIVersion: "0.10.0"}
	for _, m := range s.set.Modules {
		if m.Submodule {
			continue
		}
		model := &gnmi.ModelData{Name: m.Name, Organization: "simulated", Version: m.Revision}
		if s.options.NoRevisions {
			model.Version = "1.2.3"
		}
		out.SupportedModels = append(out.SupportedModels, model)
	}
	return out, nil
}

// now is the device's clock.
func (s *Server) now() int64 { return time.Now().Add(s.options.ClockAhead).UnixNano() }

func (s *Server) checkEncoding(e gnmi.Encoding) error {
	if !slices.Contains(s.options.Encodings, e) {
		return status.Errorf(codes.Unimplemented, "encoding %s is not served", e)
	}
	return nil
}

func (s *Server) checkPath(prefix, path *gnmi.Path) error {
	if s.options.NoRoot && len(prefix.GetElem())+len(path.GetElem()) == 0 {
		return status.Error(codes.InvalidArgument, "the root cannot be asked for")
	}
	return nil
}

// Get answers each path by one notification: an object, or a leaf's value.
func (s *Server) Get(_ context.Context, r *gnmi.GetRequest) (*gnmi.GetResponse, error) {
	if err := s.checkEncoding(r.GetEncoding()); err != nil {
		return nil, err
	}
	out := &gnmi.GetResponse{}
	for _, path := range r.GetPath() {
		if err := s.checkPath(r.GetPrefix(), path); err != nil {
			return nil, err
		}
		n := &gnmi.Notification{Timestamp: s.now(), Prefix: r.GetPrefix()}
		if r.GetEncoding() == gnmi.Encoding_PROTO {
			for _, l := range s.leaves(r.GetEncoding()) {
				if matches(r.GetPrefix(), path, l.path) {
					n.Update = append(n.Update, &gnmi.Update{Path: l.path, Val: l.value})
				}
			}
		} else {
			n.Update = s.objects(r.GetPrefix(), path, r.GetEncoding())
		}
		if len(n.Update) == 0 {
			return nil, status.Errorf(codes.NotFound, "there is nothing at %s", path)
		}
		out.Notification = append(out.Notification, n)
	}
	return out, nil
}
