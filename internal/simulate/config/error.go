package config

import (
	"nettwin/internal/simulate/xmltree"
)

// Base is the namespace of NETCONF messages and of the operation attribute.
const Base = "urn:ietf:params:xml:ns:netconf:base:1.0"

// Layers in which an error occurs (RFC 6241 §4.3 error-type).
const (
	Transport   = "transport"
	RPC         = "rpc"
	Protocol    = "protocol"
	Application = "application"
)

// An Error is an rpc-error (RFC 6241 §4.3); its severity is error.
type Error struct {
	Type, Tag, AppTag string
	Path              Path
	Message           string
	Info              []*xmltree.Node
}

// Error is the message with tag and path.
func (e *Error) Error() string {
	text := e.Tag + ": " + e.Message
	if e.Path.Text != "" {
		text += " at " + e.Path.Text
	}
	return text
}

// Info returns an element of error-info in the namespace of RFC 6241.
func Info(name, value string) *xmltree.Node { return xmltree.Leaf(Base, name, value) }

// XML is the rpc-error element.
func (e *Error) XML() *xmltree.Node {
	n := xmltree.New(Base, "rpc-error", Info("error-type", e.Type), Info("error-tag", e.Tag), Info("error-severity", "error"))
	if e.AppTag != "" {
		n.Children = append(n.Children, Info("error-app-tag", e.AppTag))
	}
	if e.Path.Text != "" {
		path := Info("error-path", e.Path.Text)
		path.Decls = e.Path.Decls
		n.Children = append(n.Children, path)
	}
	message := Info("error-message", e.Message)
	message.Attrs = append(message.Attrs, langEnglish)
	n.Children = append(n.Children, message)
	if len(e.Info) > 0 {
		n.Children = append(n.Children, xmltree.New(Base, "error-info", e.Info...))
	}
	return n
}
