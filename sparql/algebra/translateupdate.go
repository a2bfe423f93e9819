package algebra

import "nettwin/sparql/syntax"

// TranslateUpdate gives the algebra of a parsed update request (SPARQL 1.1
// Update §4). Errors are as those of Translate.
func TranslateUpdate(u *syntax.Update) (out *Update, err error) {
	defer recoverSyntax(&err)
	t := &translator{update: true}
	out = &Update{Base: u.Base, Prefixes: u.Prefixes}
	for _, op := range u.Operations {
		out.Operations = append(out.Operations, t.operation(op))
	}
	return out, nil
}

func (t *translator) operation(op syntax.Operation) Operation {
	switch op := op.(type) {
	case *syntax.InsertData:
		return &Modify{Insert: templateQuads(op.Quads), Where: unit()}
	case *syntax.DeleteData:
		return &Modify{Delete: templateQuads(op.Quads), Where: unit()}
	case *syntax.DeleteWhere:
		return &Modify{Delete: patternQuads(op.Where), Where: t.group(op.Where)}
	case *syntax.Modify:
		return &Modify{
			With:   op.With,
			Using:  DatasetClause(op.Using),
			Delete: templateQuads(op.Delete),
			Insert: templateQuads(op.Insert),
			Where:  t.group(op.Where),
		}
	case *syntax.Load:
		return &Load{Source: op.Source, Into: op.Into, Silent: op.Silent}
	case *syntax.Clear:
		return &Clear{Target: graphTarget(op.Target), Silent: op.Silent, Drop: op.Drop}
	case *syntax.Create:
		return &Create{Graph: op.Graph, Silent: op.Silent}
	case *syntax.Transfer:
		return &Transfer{Kind: transferKinds[op.Kind], From: op.From, To: op.To, Silent: op.Silent}
	}
	return nil
}

var transferKinds = map[string]TransferKind{"ADD": Add, "MOVE": Move, "COPY": Copy}

func graphTarget(g syntax.GraphTarget) GraphTarget {
	switch g.Kind {
	case "DEFAULT":
		return GraphTarget{Kind: TargetDefault}
	case "NAMED":
		return GraphTarget{Kind: TargetNamed}
	case "ALL":
		return GraphTarget{Kind: TargetAll}
	}
	return GraphTarget{Kind: TargetGraph, Graph: g.Graph}
}

func templateQuads(quads []syntax.QuadPattern) []QuadPattern {
	out := make([]QuadPattern, 0, len(quads))
	for _, q := range quads {
		out = append(out, QuadPattern{TriplePattern: triplePattern(q.TriplePattern), G: node(q.G)})
	}
	return out
}

// patternQuads returns the template that the pattern of DELETE WHERE is.
func patternQuads(g *syntax.Group) []QuadPattern {
	var quads []QuadPattern
	for _, el := range g.Elements {
		switch el := el.(type) {
		case *syntax.Triples:
			quads = append(quads, quadPatterns(el.Patterns, Node{})...)
		case *syntax.GraphPattern:
			for _, inner := range el.P.Elements {
				if triples, ok := inner.(*syntax.Triples); ok {
					quads = append(quads, quadPatterns(triples.Patterns, node(el.Name))...)
				}
			}
		}
	}
	return quads
}
