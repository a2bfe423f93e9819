// Package ctl drives a simulated network from another process, through a Unix
// socket that only its owner may use. Requests and responses are lines of JSON,
// one each a connection may hold several:
//
//	{"op":"fail-link","a":"r1","b":"r2"}
//	{"op":"restore","a":"r1","b":"r2"}
//	{"op":"set","device":"r1","interface":"eth1","field":"enabled","value":"false"}
//	{"op":"replay","file":"flows.jsonl","speed":10}
//	{"op":"status"}
//
// The answer is {"ok":true}, with "sent" or "status" where there is something
// to tell, or {"ok":false,"error":"…"}.
package ctl
