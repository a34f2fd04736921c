package config

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// node is a YAML value with its line, aliases followed.
type node struct {
	line    int
	entries []entry // a mapping; isMap
	items   []*node // a sequence; isList
	isMap   bool
	isList  bool
	scalar  any // string, int64, float64, bool or nil
}

type entry struct {
	key   string
	line  int
	value *node
}

func (n *node) get(key string) *node {
	for i := range n.entries {
		if n.entries[i].key == key {
			return n.entries[i].value
		}
	}
	return nil
}

// kind names what a value is, for messages.
func (n *node) kind() string {
	switch {
	case n == nil:
		return "nothing"
	case n.isMap:
		return "a mapping"
	case n.isList:
		return "a list"
	}
	switch n.scalar.(type) {
	case nil:
		return "nothing"
	case bool:
		return "true or false"
	case int64, float64:
		return "a number"
	}
	return "text"
}

// parseYAML reads one document. JSON is read as the YAML that it is.
func parseYAML(document []byte) (root *node, err error) {
	if len(document) > maxBytes {
		return nil, fmt.Errorf("the document is larger than %d bytes", maxBytes)
	}
	defer func() {
		if recover() != nil { // the parser is not ours; a document must never take us down
			root, err = nil, errors.New("the document cannot be read as YAML")
		}
	}()
	file, err := parser.ParseBytes(document, 0)
	if err != nil {
		return nil, fmt.Errorf("the document is not valid YAML: %s", firstLine(err.Error()))
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, errors.New("the document is empty")
	}
	if len(file.Docs) > 1 {
		return nil, errors.New("the file has more than one YAML document")
	}
	c := &converter{anchors: map[string]ast.Node{}}
	return c.convert(file.Docs[0].Body, 0)
}

// converter follows aliases and counts, so that a small document cannot unfold into a large one.
type converter struct {
	anchors map[string]ast.Node
	count   int
}

func (c *converter) convert(n ast.Node, depth int) (*node, error) {
	if c.count++; c.count > maxNodes {
		return nil, errors.New("the document has too many values")
	}
	if depth > maxDepth {
		return nil, errors.New("the document is nested too deeply")
	}
	out := &node{line: n.GetToken().Position.Line}
	switch n := n.(type) {
	case *ast.MappingNode:
		out.isMap = true
		return out, c.entries(out, n.Values, depth)
	case *ast.MappingValueNode:
		out.isMap = true
		return out, c.entries(out, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		out.isList = true
		for _, v := range n.Values {
			item, err := c.convert(v, depth+1)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, item)
		}
		return out, nil
	case *ast.AnchorNode:
		c.anchors[n.Name.GetToken().Value] = n.Value
		return c.convert(n.Value, depth+1)
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		target := c.anchors[name]
		if target == nil {
			return nil, fmt.Errorf("line %d: the alias *%s has no anchor before it", out.line, name)
		}
		return c.convert(target, depth+1)
	case *ast.StringNode:
		out.scalar = n.Value
	case *ast.LiteralNode:
		out.scalar = n.Value.Value
	case *ast.IntegerNode:
		i, err := strconv.ParseInt(n.GetToken().Value, 0, 64)
		if err != nil {
			return nil, fmt.Errorf("line %d: %s is not a number that can be used", out.line, n.GetToken().Value)
		}
		out.scalar = i
	case *ast.FloatNode:
		out.scalar = n.Value
	case *ast.BoolNode:
		out.scalar = n.Value
	case *ast.NullNode:
		out.scalar = nil
	default:
		return nil, fmt.Errorf("line %d: this kind of YAML value (%s) is not used in a configuration", out.line, n.Type())
	}
	return out, nil
}

func (c *converter) entries(out *node, values []*ast.MappingValueNode, depth int) error {
	seen := map[string]bool{}
	for _, v := range values {
		line := v.Key.GetToken().Position.Line
		if _, merge := v.Key.(*ast.MergeKeyNode); merge {
			return fmt.Errorf("line %d: merge keys (<<) are not used in a configuration", line)
		}
		key := v.Key.GetToken().Value
		if s, ok := v.Key.(*ast.StringNode); ok {
			key = s.Value
		}
		if seen[key] {
			return fmt.Errorf("line %d: %s is named twice", line, key)
		}
		seen[key] = true
		value, err := c.convert(v.Value, depth+1)
		if err != nil {
			return err
		}
		out.entries = append(out.entries, entry{key, line, value})
	}
	return nil
}

func firstLine(s string) string {
	for i := range len(s) {
		if s[i] == '\n' {
			return s[:i]
		}
	}
	return s
}
