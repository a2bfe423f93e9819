// Package config reads the twin's configuration file: YAML with a fixed
// schema. Every problem of a file is reported at once, each with its file,
// line, column, path and what to write instead; an unknown key is an error.
// Secrets stand in the file only as references (env:NAME, file:/path) and
// never appear in messages.
package config
