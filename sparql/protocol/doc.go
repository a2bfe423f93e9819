// Package protocol serves a store by HTTP: the SPARQL 1.1 Protocol (query and
// update), the SPARQL 1.1 Graph Store HTTP Protocol with indirect and direct
// identification, the Service Description, VoID, prefixes and saved queries,
// with the request parameters asOf, branch, reasoning, union, timeout, explain
// and format, limits on everything, and a list of running queries that can be
// cancelled. Client is the other side: it asks allowed servers for SERVICE and
// LOAD.
//
// It decides nothing about who may do what: the web package authenticates and
// authorises before it calls a handler here.
//
// What is remembered is remembered for a version, so that nothing has to be
// forgotten: a parsed query by its text; a small answer by text, store, commit,
// view, role, dataset (etag.go) and format, which is also its ETag. Only answers
// that depend on nothing but the data have one. A plan outlives commits as long
// as what it was made from holds (plans.go).
//
// An error before the first byte is a status; after it the connection is cut,
// so that a part is never taken for the whole.
package protocol
