package ontology

import (
	"embed"
	"io/fs"
)

//go:embed actions/*.action actions/README.md
//go:embed align/*.rule align/README.md
//go:embed map/*.tsv map/*.md map/formats/*.tsv map/mib/*.tsv
//go:embed queries/*.rq queries/README.md
//go:embed rules/*.rule rules/README.md
//go:embed shapes/*.rule shapes/*.ttl shapes/README.md
var knowledge embed.FS

//go:embed twin.ttl
var vocabulary []byte

// Knowledge returns the shipped folders actions, align, map, queries, rules and
// shapes.
func Knowledge() fs.FS { return knowledge }

// Vocabulary returns twin.ttl, the Turtle document of the twin's own terms.
func Vocabulary() []byte { return append([]byte(nil), vocabulary...) }
