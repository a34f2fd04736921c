package publish

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"turnkey/internal/fault"
)

// Kept are the settings that a promotion never touches: they belong to the environment, not to the app.
var Kept = []string{"source", "auth.powersync_url", "auth.audiences", "auth.development_tokens", "cors"}

// Promote is the document from, with what is kept taken from the document to. Both have been validated before.
func Promote(from, to string) (string, error) {
	f, err := mapping(from)
	if err != nil {
		return "", err
	}
	t, err := mapping(to)
	if err != nil {
		return "", err
	}
	for _, name := range []string{"source", "cors"} {
		replace(f, t, name)
	}
	fAuth, tAuth := value(f, "auth"), value(t, "auth")
	if fAuth != nil && tAuth != nil && fAuth.Kind == yaml.MappingNode && tAuth.Kind == yaml.MappingNode {
		for _, name := range []string{"powersync_url", "audiences", "development_tokens"} {
			replace(fAuth, tAuth, name)
		}
	}
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(f); err != nil {
		return "", fmt.Errorf("write a promoted configuration: %w", err)
	}
	return out.String(), e.Close()
}

// mapping reads a document's top level.
func mapping(document string) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(document), &doc); err != nil || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, fault.New(fault.Conflict, "promotion_unreadable", "One of the two configurations cannot be read.").
			WithHint("Save it again: mistakes are then named.")
	}
	return doc.Content[0], nil
}

func place(n *yaml.Node, name string) int {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return i
		}
	}
	return -1
}

func value(n *yaml.Node, name string) *yaml.Node {
	if i := place(n, name); i >= 0 {
		return n.Content[i+1]
	}
	return nil
}

// replace makes a member what it is in the other mapping, or removes it where that has none.
func replace(n, other *yaml.Node, name string) {
	here, there := place(n, name), place(other, name)
	switch {
	case here < 0 && there >= 0:
		n.Content = append(n.Content, other.Content[there], other.Content[there+1])
	case here >= 0 && there >= 0:
		n.Content[here+1] = other.Content[there+1]
	case here >= 0:
		n.Content = slices.Delete(n.Content, here, here+2)
	}
}
