// Package protocol serves a store by HTTP: the SPARQL 1.1 Protocol (query and
// update) and the SPARQL 1.1 Graph Store HTTP Protocol, with the request
// parameters asOf, branch, reasoning, union and timeout, limits on
// everything, and a list of running queries that can be cancelled.
//
// It decides nothing about who may do what: the web package authenticates and
// authorises before it calls a handler here.
package protocol
