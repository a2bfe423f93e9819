// Package web is the twin's HTTP API and page: the SPARQL protocols (by
// sparql/protocol) behind authentication, names, dereferenced things, the
// REST API under /api/v1 with its OpenAPI document, health, metrics and the
// user interface of web/ui.
package web
