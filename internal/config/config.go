package config

import (
	"crypto/sha256"
	"net/netip"
	"time"
)

// Config is a valid configuration. What the file leaves out is the zero
// value, which means the default of the part that reads it.
type Config struct {
	Base        string   // base IRI of the store; ends in "/"
	Listen      string   // host:port of the HTTP server
	Hosts       []string // further names, host or host:port, by which clients reach the server
	Tokens      []Token
	Credentials map[string]Credential
	Devices     []Device
	Listeners   Listeners
	Collection  Collection
	YANG        string // folder of YANG modules that devices do not hand out; "": none
	Limits      Limits
	Retention   Retention
	TLS         *TLS // nil: plain HTTP
}

// Token is one bearer token; its text is nowhere in the configuration.
type Token struct {
	Name   string
	Role   string // one of Roles
	SHA256 [sha256.Size]byte
}

// Roles lists the names of the roles, lowest first.
func Roles() []string { return []string{"reader", "editor", "operator", "admin"} }

// Credential is what devices want to see, by protocol.
type Credential struct {
	SNMP *SNMP    // nil: not for SNMP
	SSH  *SSH     // nil: not for NETCONF
	TLS  *PeerTLS // nil: not for RESTCONF and gNMI
}

// SSH is a credential for NETCONF over SSH: a user with a key, a password or
// both, and how the device proves that it is the device.
type SSH struct {
	User       string
	Key        Secret // private key, PEM or OpenSSH
	Passphrase Secret // of an encrypted Key
	Password   Secret
	HostKeys   []string // fingerprints, SHA256:…, any of which will do
	KnownHosts string   // file in the form of OpenSSH's known_hosts
}

// The versions of SNMP.
const (
	SNMPv2c = "2c"
	SNMPv3  = "3"
)

// SNMP is a credential for SNMP. Protocols are set if and only if their
// secret is.
type SNMP struct {
	Version      string // SNMPv2c or SNMPv3
	Community    Secret // SNMPv2c
	User         string // SNMPv3, as all below
	AuthProtocol string // one of AuthProtocols, or "" for noAuthNoPriv
	Auth         Secret
	PrivProtocol string // one of PrivProtocols, or "" for no privacy
	Priv         Secret
	Context      string
}

// AuthProtocols lists the authentication protocols (RFC 3414, RFC 7860).
func AuthProtocols() []string {
	return []string{"md5", "sha", "sha224", "sha256", "sha384", "sha512"}
}

// PrivProtocols lists the privacy protocols (RFC 3414, RFC 3826 and the longer
// keys of AES; a trailing c means Cisco's key extension).
func PrivProtocols() []string {
	return []string{"aes", "aes192", "aes192c", "aes256", "aes256c", "des"}
}

// The protocols of a secret for which the file names none.
const (
	DefaultAuthProtocol = "sha256"
	DefaultPrivProtocol = "aes"
)

// Device is one device to collect from.
type Device struct {
	Name        string // unique
	Address     string // host or host:port, the port being that of SNMP
	Credential  string // a key of Credentials; "" if nothing is asked of the device
	NETCONFPort uint16 // 0: the usual one
	HostKeys    []string
	// RESTCONFPort and GNMIPort are 0 for the usual ones; Certificates are
	// fingerprints that come before those of the credential.
	RESTCONFPort, GNMIPort uint16
	Certificates           []string
	// Sources are further addresses from which the device sends traps,
	// messages and flows.
	Sources []netip.Addr
	Pace    Pace
	Collect Collect
}

// Pace bounds what a device is asked, by all protocols together; zero does not
// bound.
type Pace struct {
	Requests int64 // a second
	Bytes    int64 // of answers, a second
}

// Collect says how often each protocol reads a device, zero meaning never, and
// what is listened to that it tells by itself.
type Collect struct {
	SNMP time.Duration
	// SNMPMost is how far the period may grow while nothing changes; 0: it
	// does not grow.
	SNMPMost time.Duration
	NETCONF  Polled
	RESTCONF Polled
	GNMI     GNMI
	Trap     bool
	Syslog   bool
	Flow     bool
	Push     bool   // YANG data that it pushes by UDP-notif or Cisco's telemetry
	Files    string // file or folder of its recorded messages; "": none
}

// DefaultNETCONFPeriod is that of devices that are read on change: what they
// tell may be lost.
const DefaultNETCONFPeriod = 5 * time.Minute

// Listeners are the UDP addresses, host:port, at which devices are listened to;
// at those of MDT by TCP too.
type Listeners struct {
	Trap, Syslog, Flow []string
	UDPNotif, MDT      []string
}

// Retention says how much of the past the store keeps; the zero value: all. A
// commit stays if either limit keeps it.
type Retention struct {
	Commits int64         // the newest so many; 0: no limit by number
	Age     time.Duration // those not older; 0: no limit by age
	Graphs  []GraphRetention
}

// GraphRetention is the retention of some graphs of which less is kept.
type GraphRetention struct {
	// Graph is the IRI of a graph, what the IRIs of graphs begin with if it ends
	// in "/" or "#", or "" for the default graph, which the file calls default.
	Graph   string
	Commits int64
	Age     time.Duration
}

// Limits bound requests.
type Limits struct {
	QueryTimeout    time.Duration // of a query that asks for no timeout
	MaxQueryTimeout time.Duration // that a query may ask for
	MaxRows         int64         // of an answer
	MaxQueryBytes   int64         // of the text of a query or update
	MaxDataBytes    int64         // of a loaded document, decompressed
	MaxMemoryBytes  int64         // that one query keeps
	MaxSpillBytes   int64         // on disk, of what all running queries have no memory for
	ResultCache     int64         // bytes of answers kept for those who ask the same again; 1 keeps none
	SlowQuery       time.Duration // after which a query is logged
	// Reach lists what queries may make the server ask, by SERVICE and LOAD:
	// IRIs, all below one that ends in "/", or "*".
	Reach []string
}
