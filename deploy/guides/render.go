package guides

import (
	"bytes"
	"errors"
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// render fills the guide from its Markdown. Raw HTML is dropped by goldmark unless it is asked for.
func (g *Guide) render(source []byte) error {
	md := goldmark.New(
		goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone))),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(blocks{}, 100))),
	)
	doc := md.Parser().Parse(text.NewReader(source))
	title, ok := doc.FirstChild().(*ast.Heading)
	if !ok || title.Level != 1 {
		return errors.New("it does not begin with its title")
	}
	g.Title = plain(title, source)
	doc.RemoveChild(doc, title)
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Heading:
			if id, ok := n.AttributeString("id"); entering && ok && n.Level == 2 {
				g.Sections = append(g.Sections, Section{ID: string(id.([]byte)), Title: plain(n, source)})
			}
		case *ast.Link:
			n.Destination = address(n.Destination)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := md.Renderer().Render(&out, source, doc); err != nil {
		return err
	}
	g.HTML = out.String()
	return nil
}

// plain is the text of a node without its marks.
func plain(n ast.Node, source []byte) string {
	var out strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the walker never fails
		if t, ok := n.(*ast.Text); ok && entering {
			out.Write(t.Segment.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return out.String()
}

// sibling is a link to another guide as the repository has it.
var sibling = regexp.MustCompile(`^([a-z-]+)\.md(#.*)?$`)

func address(destination []byte) []byte {
	return sibling.ReplaceAll(destination, []byte("/docs/guides/$1$2"))
}

// blocks renders what may be wider than the screen so that it scrolls by itself, by keyboard too.
type blocks struct{}

// RegisterFuncs implements goldmark's renderer.NodeRenderer.
func (blocks) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindFencedCodeBlock, fenced)
	r.Register(extast.KindTable, table)
}

// fenced writes a block of code; the second word behind the fence is the name of the file to save it in.
func fenced(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	n := node.(*ast.FencedCodeBlock)
	language, file, named := "", "", false
	if n.Info != nil {
		language, file, named = strings.Cut(string(n.Info.Segment.Value(source)), " ")
	}
	caption := map[string]string{"sh": "Run", "json": "Answers", "text": "Answers"}[language]
	if named {
		caption = file
	}
	_, _ = w.WriteString("<figure>") // a BufWriter keeps its error until it is flushed
	if caption != "" {
		_, _ = w.WriteString("<figcaption>" + html.EscapeString(caption) + "</figcaption>")
	}
	_, _ = w.WriteString(`<pre tabindex="0"><code>`)
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		_, _ = w.WriteString(html.EscapeString(string(line.Value(source))))
	}
	_, _ = w.WriteString("</code></pre></figure>\n")
	return ast.WalkContinue, nil
}

func table(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString("<div class=\"wide\" tabindex=\"0\"><table>\n")
	} else {
		_, _ = w.WriteString("</table></div>\n")
	}
	return ast.WalkContinue, nil
}
