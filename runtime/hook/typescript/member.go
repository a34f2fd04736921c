package typescript

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"turnkey/runtime/bundle"
)

// node is a member of a row: a column of the client, or an object on the way to some.
type node struct {
	name     string
	column   string        // the client's name
	field    *bundle.Field // nil on the way
	children map[string]*node
}

// tree arranges a table's columns by where they are in the row. An ignored column is a member of its own only where no
// other is.
func tree(t bundle.Table) *node {
	root := &node{children: map[string]*node{}}
	for _, column := range slices.Sorted(maps.Keys(t.Fields)) {
		f := t.Fields[column]
		at := root
		steps := strings.Split(f.Path, ".")
		for _, step := range steps[:len(steps)-1] {
			at = at.child(step)
		}
		leaf := at.child(steps[len(steps)-1])
		if leaf.field == nil || leaf.field.Ignored {
			leaf.field, leaf.column = &f, column
		}
	}
	return root
}

func (n *node) child(name string) *node {
	if n.children == nil {
		n.children = map[string]*node{}
	}
	c := n.children[name]
	if c == nil {
		c = &node{name: name}
		n.children[name] = c
	}
	return c
}

func (n *node) sorted() []*node {
	return slices.SortedFunc(maps.Values(n.children), func(a, b *node) int { return cmp.Compare(a.name, b.name) })
}

// sent tells whether devices write the member, or something in it.
func (n *node) sent() bool {
	if n.field != nil && !n.field.Ignored && len(n.children) == 0 {
		return true
	}
	return slices.ContainsFunc(n.sorted(), (*node).sent)
}

// stored is the member's type in a stored row.
func (n *node) stored() string {
	if len(n.children) == 0 {
		return typed(n.field.Type)
	}
	parts := make([]string, 0, len(n.children)+1)
	for _, c := range n.sorted() {
		parts = append(parts, member(c.name)+"?: "+orNull(c.stored()))
	}
	return object(append(parts, strings.TrimSuffix(anyMember, ";")))
}

// given is the member's type in what a device sends; open says that it may send what is not declared.
func (n *node) given(open bool) string {
	if len(n.children) == 0 {
		return typed(n.field.Type)
	}
	parts := make([]string, 0, len(n.children)+1)
	for _, c := range n.sorted() {
		if c.sent() {
			parts = append(parts, member(c.name)+"?: "+orNull(c.given(open)))
		}
	}
	if open {
		parts = append(parts, strings.TrimSuffix(anyMember, ";"))
	}
	return object(parts)
}

// doc says of a member what its type does not.
func (n *node) doc() string {
	if n.field == nil || len(n.children) > 0 {
		return ""
	}
	f := n.field
	var out []string
	if about := typeDocs[f.Type.Name]; about != "" {
		out = append(out, about)
	}
	if n.column != f.Path {
		out = append(out, "The client's column "+n.column+".")
	}
	if f.Ignored {
		out = append(out, "What devices send for it is ignored.")
	}
	if f.Immutable {
		out = append(out, "Cannot be changed once it is set.")
	}
	for _, from := range slices.Sorted(maps.Keys(f.Transitions)) {
		to := strings.Join(f.Transitions[from], ", ")
		out = append(out, from+" may become "+cmp.Or(to, "nothing else")+".")
	}
	if f.Merge.Policy != "" && f.Merge.Policy != bundle.MergeLastWrite {
		out = append(out, "Merged by "+string(f.Merge.Policy)+".")
	}
	return strings.Join(out, " ")
}
