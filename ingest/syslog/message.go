package syslog

import (
	"time"

	"nettwin/ingest"
)

// Message is one log message.
type Message struct {
	// Version is 1 for RFC 5424 and 0 for RFC 3164.
	Version  int
	Facility int
	Severity ingest.Severity
	// Time is by the device's clock; zero if the message told none. Guessed
	// tells that it had no year or no zone, which were taken from the receipt
	// and as UTC.
	Time                                 time.Time
	Guessed                              bool
	Hostname, AppName, ProcID, MessageID string
	Data                                 []Parameter // structured data, in its order
	Text                                 string
}

// Parameter is one parameter of structured data (RFC 5424 §6.3.3).
type Parameter struct{ ID, Name, Value string }

// Limits of a message.
const (
	// DefaultMaxMessage bounds one message; RFC 5424 §6.1 asks for 2048 octets
	// at least.
	DefaultMaxMessage = 8192
	// MaxParameters bounds structured data.
	MaxParameters = 128
	maxName       = 32 // RFC 5424 §6, SD-NAME
)

// facilities by their numbers (RFC 5424 §6.2.1).
var facilities = [...]string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}
