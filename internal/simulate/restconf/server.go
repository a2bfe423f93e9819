package restconf

import (
	"cmp"
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
	"nettwin/internal/simulate/yangjson"
)

// A Device is what a server shows; see netconf.Device.
type Device interface {
	Running() *config.Tree
	State() []*xmltree.Node
	Watch(f func(netconf.Event)) (cancel func())
}

// Library is the form in which a server tells its modules.
type Library uint8

// The forms.
const (
	ModulesState Library = iota // RFC 7895
	YANGLibrary                 // RFC 8525
	NoLibrary
)

// Options say what a server serves and to whom. Device, Certificate and a
// password are needed.
type Options struct {
	Device      Device
	Certificate tls.Certificate
	// ClientCAs, if not nil, are who must have signed clients' certificates.
	ClientCAs *tls.Config
	Passwords map[string]string // by user
	// Root is the path of the root resource; "" means /restconf.
	Root string
	// Undiscoverable servers have no host-meta (RFC 8040 §3.1).
	Undiscoverable bool
	Library        Library
	NoSchemas      bool // the library says of no module where its text is
	NoFields       bool // the query parameters fields and depth are refused
	NoJSON         bool // XML only
	NoXML          bool // JSON only
	NoStreams      bool
	// Wrap, if not nil, makes the handler of all requests, for faults.
	Wrap func(http.Handler) http.Handler
	// Tick is how often the running configuration is looked at for changes by
	// other protocols; 0 means 100 ms.
	Tick time.Duration
	// Log gets a record at level Debug for connections that fail. May be nil.
	Log *slog.Logger
}

const (
	defaultRoot = "/restconf"
	defaultTick = 100 * time.Millisecond
	// streamQueue bounds the events that wait for a slow client; who falls
	// behind loses its stream.
	streamQueue = 64
	// maxStreams bounds the event streams at one time.
	maxStreams = 32
	// headerTimeout bounds how long a client may send its request.
	headerTimeout = 10 * time.Second
)

// Server is a running server.
type Server struct {
	options Options
	set     *yang.Set
	json    *yangjson.Encoder
	own     *ownModules
	http    *http.Server
	addr    net.Addr
	done    context.Context
	stop    context.CancelFunc
	wait    sync.WaitGroup

	mu      sync.Mutex // guards what follows
	streams map[*stream]bool
}

// Listen serves at an address until Close.
func Listen(ctx context.Context, address string, options Options) (*Server, error) {
	switch {
	case options.Device == nil:
		return nil, errors.New("simulate restconf: no device to show")
	case len(options.Certificate.Certificate) == 0:
		return nil, errors.New("simulate restconf: no certificate")
	case len(options.Passwords) == 0:
		return nil, errors.New("simulate restconf: no password: nobody could log in")
	}
	options.Root, options.Tick = cmp.Or(options.Root, defaultRoot), cmp.Or(options.Tick, defaultTick)
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	own, err := readOwnModules()
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("simulate restconf: %w", err)
	}
	set := options.Device.Running().Schema()
	s := &Server{options: options, set: set, json: yangjson.New(set), own: own, addr: listener.Addr(), streams: map[*stream]bool{}}
	s.done, s.stop = context.WithCancel(context.Background())
	var handler http.Handler = http.HandlerFunc(s.serve)
	if options.Wrap != nil {
		handler = options.Wrap(handler)
	}
	tlsConfig := &tls.Config{Certificates: []tls.Certificate{options.Certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if options.ClientCAs != nil {
		tlsConfig.ClientAuth, tlsConfig.ClientCAs = tls.RequireAndVerifyClientCert, options.ClientCAs.ClientCAs
	}
	s.http = &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout, TLSConfig: tlsConfig,
		ErrorLog: slog.NewLogLogger(options.Log.Handler(), slog.LevelDebug)}
	s.wait.Go(func() { _ = s.http.ServeTLS(listener, "", "") }) // ends by Close
	cancel := options.Device.Watch(s.tell)
	s.wait.Go(func() {
		defer cancel()
		s.watchRunning()
	})
	return s, nil
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.addr }

// Close ends all connections. Further calls do nothing.
func (s *Server) Close() error {
	s.stop()
	err := s.http.Close()
	s.wait.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// authenticated answers who is not known (RFC 8040 §2.5).
func (s *Server) authenticated(w http.ResponseWriter, r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	want, known := s.options.Passwords[user]
	if ok && known && subtle.ConstantTimeCompare([]byte(password), []byte(want)) == 1 {
		return true
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="restconf"`)
	s.fail(w, r, http.StatusUnauthorized, "protocol", "access-denied", "wrong user or password")
	return false
}
