// Command mibfacts writes tables of facts from SMI modules: one TSV a module
// with the OID, name, kind, place, index, syntax, enumeration, unit and access
// of each object, the objects of each notification, and no description text.
// The tables under ontology/map/mib that it can make are its work; a test proves
// that they are current.
//
//	go run ./internal/tools/mibfacts -mibs DIR -out ontology/map/mib IF-MIB …
//
// Without names it renews the tables that -out holds already.
package main
