// Package vocab has the terms of the twin's vocabulary (ontology/twin.ttl) as
// Go values: ClassDevice is twin:Device, PropName is twin:name. terms.go is
// generated from twin.ttl by `go test ./ontology/vocab -rewrite`; the test
// without -rewrite proves that it is current.
package vocab

// NS is the namespace of the vocabulary.
const NS = "https://w3id.org/nettwin/ns#"
