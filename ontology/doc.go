// Package ontology embeds the knowledge that nettwin ships: tables of facts
// and identity keys (map/), alignment rules (align/), rules (rules/), shapes
// (shapes/) and the vocabulary (twin.ttl). A store gets a copy of Knowledge
// when it is created and reads only that copy from then on.
package ontology
