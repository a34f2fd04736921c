package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
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
func parseYAML(document []byte) (*node, error) {
	if len(document) > maxBytes {
		return nil, fmt.Errorf("the document is larger than %d bytes", maxBytes)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(document))
	var file, more yaml.Node
	if err := decoder.Decode(&file); errors.Is(err, io.EOF) {
		return nil, errors.New("the document is empty")
	} else if err != nil {
		return nil, fmt.Errorf("the document is not valid YAML: %s", strings.TrimPrefix(firstLine(err.Error()), "yaml: "))
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file has more than one YAML document")
	}
	c := &converter{}
	return c.convert(file.Content[0], 0)
}

// converter follows aliases and counts, so that a small document cannot unfold into a large one.
type converter struct{ count int }

func (c *converter) convert(n *yaml.Node, depth int) (*node, error) {
	if c.count++; c.count > maxNodes {
		return nil, errors.New("the document has too many values")
	}
	if depth > maxDepth {
		return nil, errors.New("the document is nested too deeply")
	}
	out := &node{line: n.Line}
	switch n.Kind {
	case yaml.MappingNode:
		out.isMap = true
		return out, c.entries(out, n.Content, depth)
	case yaml.SequenceNode:
		out.isList = true
		for _, v := range n.Content {
			item, err := c.convert(v, depth+1)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, item)
		}
		return out, nil
	case yaml.AliasNode:
		return c.convert(n.Alias, depth+1)
	}
	return out, scalar(out, n)
}

// scalar takes the types of JSON; others, such as YAML's own dates, count as the text that they are.
func scalar(out *node, n *yaml.Node) error {
	bad := fmt.Errorf("line %d: %.40q cannot be read", n.Line, n.Value)
	switch n.ShortTag() {
	case "!!null":
	case "!!bool":
		var b bool
		if n.Decode(&b) != nil {
			return bad
		}
		out.scalar = b
	case "!!int":
		var i int64
		if n.Decode(&i) != nil {
			return bad
		}
		out.scalar = i
	case "!!float":
		var f float64
		if n.Decode(&f) != nil {
			return bad
		}
		out.scalar = f
	case "!!str", "!!timestamp":
		out.scalar = n.Value
	default:
		return fmt.Errorf("line %d: values of the kind %s are not used in a configuration", n.Line, n.Tag)
	}
	return nil
}

func (c *converter) entries(out *node, content []*yaml.Node, depth int) error {
	seen := map[string]bool{}
	for i := 0; i+1 < len(content); i += 2 {
		key := content[i]
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
			return fmt.Errorf("line %d: only plain keys are used in a configuration, no merge keys (<<)", key.Line)
		}
		if seen[key.Value] {
			return fmt.Errorf("line %d: %s is named twice", key.Line, key.Value)
		}
		seen[key.Value] = true
		value, err := c.convert(content[i+1], depth+1)
		if err != nil {
			return err
		}
		out.entries = append(out.entries, entry{key.Value, key.Line, value})
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
