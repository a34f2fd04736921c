package engine

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/evanw/esbuild/pkg/api"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/hook"
)

// ours begins the names of files that we add to the users', who cannot have such a name; they are never shown.
const ours = "turnkey:"

// entryName is the file that imports the users' files.
const entryName = ours + "entry"

// namespace is where esbuild is told the users' files are: anywhere but on disk.
const namespace = "user"

// lastCharacter is what esbuild writes for the last character of Unicode, the end of many a range of texts; goja's parser panics at it.
const lastCharacter = `\u{10FFFF}`

// built is a script fresh from esbuild.
type built struct {
	code, sourceMap string
	metafile        string
	tree            *ast.Program
	program         *goja.Program
	positions       *positions
	findings        []hook.Diagnostic
}

// failed tells whether a finding stops the deployment.
func (b *built) failed() bool {
	return slices.ContainsFunc(b.findings, func(d hook.Diagnostic) bool { return d.Severity == hook.SeverityError })
}

// Bundle compiles hook files to a program.
func (e *Engine) Bundle(in hook.Bundle) hook.Bundled {
	files, findings := checkFiles(in.Files)
	if len(findings) > 0 {
		return hook.Bundled{Diagnostics: findings}
	}
	entries := hookFiles(files)
	b := buildHooks(files, entries)
	if b.failed() {
		return hook.Bundled{Diagnostics: b.findings}
	}
	p := &hook.Program{Hash: hook.HashOf(b.code, b.sourceMap), Code: b.code, Map: b.sourceMap}
	for _, file := range entries {
		p.Hooks = append(p.Hooks, hook.Exports{File: file, Name: hook.Name(file), Functions: []hook.Function{}, Lines: map[hook.Function]int{}})
	}
	b.findings = append(append(b.findings, e.shapes(p, b)...), misplaced(files, b.modules())...)
	hook.SortDiagnostics(b.findings)
	if b.failed() {
		return hook.Bundled{Diagnostics: b.findings}
	}
	return hook.Bundled{Program: p, Diagnostics: b.findings}
}

// checkFiles holds the files to the limits, and makes them a map.
func checkFiles(list []hook.File) (map[string]string, []hook.Diagnostic) {
	var findings []hook.Diagnostic
	refuse := func(file, message, hint string) {
		findings = append(findings, hook.Diagnostic{Severity: hook.SeverityError, File: file, Message: message, Hint: hint})
	}
	files, total := make(map[string]string, len(list)), 0
	names := map[string]string{}
	for _, f := range list {
		_, twice := files[f.Path]
		switch {
		case f.Path == "" || path.Clean(f.Path) != f.Path || path.IsAbs(f.Path) || strings.HasPrefix(f.Path, "../") || strings.ContainsAny(f.Path, ":\\\x00\n"):
			refuse(f.Path, "The path is not one of a hook file.", "Hook files are hooks/<table>.ts or .js, shared code is below lib/.")
		case twice:
			refuse(f.Path, "The file is there twice.", "")
		case len(f.Text) > hook.MaxSourceBytes:
			refuse(f.Path, "The file is larger than "+bytesText(hook.MaxSourceBytes)+".", "Split it.")
		}
		if hook.IsHook(f.Path) {
			if other := names[hook.Name(f.Path)]; other != "" {
				refuse(f.Path, "There is also "+other+": one table has one hook file.", "Remove one of them.")
			}
			names[hook.Name(f.Path)] = f.Path
			if hook.FunctionsOf(hook.Name(f.Path)) == nil {
				refuse(f.Path, "There is no hook file of this name.", "Names with an underscore are ours: hooks/_transaction.ts and hooks/_auth.ts.")
			}
		}
		files[f.Path] = f.Text
		total += len(f.Text)
	}
	if len(list) > hook.MaxFiles || total > hook.MaxTotalBytes {
		refuse("", fmt.Sprintf("There are %d files of %d bytes; at most %d of %d bytes are taken.", len(list), total, hook.MaxFiles, hook.MaxTotalBytes), "")
	}
	hook.SortDiagnostics(findings)
	return files, findings
}

// misplaced are files that look like hooks in a folder below hooks/, where nothing calls them.
func misplaced(files map[string]string, used map[string]bool) (findings []hook.Diagnostic) {
	for name, text := range files {
		if _, imported := used[name]; imported || !strings.HasPrefix(name, "hooks/") || path.Dir(name) == "hooks" || !strings.Contains(text, "export default") || !hook.IsHook("hooks/"+path.Base(name)) {
			continue
		}
		findings = append(findings, hook.Diagnostic{Severity: hook.SeverityWarning, File: name, Message: "Nothing calls this file.",
			Hint: "Hook files are directly in hooks/, one for each table; shared code is below lib/."})
	}
	return findings
}

func hookFiles(files map[string]string) []string { return filesWhere(files, hook.IsHook) }

func filesWhere(files map[string]string, is func(string) bool) []string {
	var list []string
	for name := range files {
		if is(name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// build bundles the entries (files of the users, or doors to them) and what they import, parses the result and looks for what goja would get wrong.
func build(files map[string]string, entries []string) *built {
	how := options(files, entries)
	result := api.Build(how)
	if slices.ContainsFunc(result.OutputFiles, func(f api.OutputFile) bool { return bytes.Contains(f.Contents, []byte(lastCharacter)) }) {
		how.Supported["unicode-escapes"] = false // two escapes of four digits take its place; names of variables beyond U+FFFF are refused then
		result = api.Build(how)
	}
	b := &built{metafile: result.Metafile}
	for i := range result.Warnings {
		if l := result.Warnings[i].Location; l == nil || !strings.HasPrefix(l.File, namespace+":"+ours) {
			b.findings = append(b.findings, finding(&result.Warnings[i], hook.SeverityWarning))
		}
	}
	for i := range result.Errors {
		b.findings = append(b.findings, finding(&result.Errors[i], hook.SeverityError))
	}
	for i := range result.OutputFiles {
		if f := &result.OutputFiles[i]; strings.HasSuffix(f.Path, ".map") {
			b.sourceMap = cleanMap(f.Contents)
		} else {
			b.code = string(f.Contents)
		}
	}
	if !b.failed() {
		b.positions = newPositions(b.sourceMap)
		b.read()
	}
	hook.SortDiagnostics(b.findings)
	return b
}

// options: goja speaks ES2022 but for what is listed as not supported, which esbuild rewrites.
func options(files map[string]string, entries []string) api.BuildOptions {
	return api.BuildOptions{
		Stdin:    &api.StdinOptions{Contents: entry(entries), Sourcefile: entryName, Loader: api.LoaderJS},
		Bundle:   true,
		Format:   api.FormatCommonJS,
		Platform: api.PlatformNeutral,
		Target:   api.ES2022,
		Supported: map[string]bool{
			"async-generator": false, "for-await": false, "top-level-await": false, "using": false, "regexp-unicode-property-escapes": true, "dynamic-import": false,
		},
		Metafile: true, Sourcemap: api.SourceMapExternal, SourcesContent: api.SourcesContentExclude,
		Banner: map[string]string{"js": "(function (module, exports) {"}, Footer: map[string]string{"js": "})"},
		Charset: api.CharsetASCII, LegalComments: api.LegalCommentsNone, TreeShaking: api.TreeShakingTrue,
		TsconfigRaw: `{"compilerOptions":{"target":"es2022","useDefineForClassFields":true,"strict":true}}`,
		LogLevel:    api.LogLevelSilent, LogLimit: 100, LogOverride: map[string]api.LogLevel{"empty-import-meta": api.LogLevelError},
		AbsWorkingDir: "/", Outfile: "/script.js", Write: false,
		Plugins: []api.Plugin{{Name: "turnkey", Setup: func(b api.PluginBuild) { resolver{files}.install(b) }}},
	}
}

// entry gives each file as a function, so that a transaction runs only the files of the tables that it touches.
func entry(entries []string) string {
	var s strings.Builder
	s.WriteString("module.exports = {\n")
	for _, name := range entries {
		fmt.Fprintf(&s, "%s: () => require(%s),\n", jsonText(strings.TrimPrefix(name, ours)), jsonText(name))
	}
	s.WriteString("};\n")
	return s.String()
}

func jsonText(s string) string {
	text, _ := jsontext.AppendQuote(nil, s) // a path that is no UTF-8 names no file
	return string(text)
}

// cleanMap takes our namespace out of a source map's file names.
func cleanMap(raw []byte) string {
	var m struct {
		Version  int      `json:"version"`
		Sources  []string `json:"sources"`
		Mappings string   `json:"mappings"`
		Names    []string `json:"names"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return ""
	}
	for i := range m.Sources {
		m.Sources[i] = strings.TrimPrefix(m.Sources[i], namespace+":")
	}
	m.Names = nil // names of the script are those of the source
	out, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	return string(out)
}

func finding(m *api.Message, severity hook.Severity) hook.Diagnostic {
	d := hook.Diagnostic{Severity: severity, Message: ownNames(m.Text)}
	if l := m.Location; l != nil {
		d.File, d.Line, d.Column = strings.TrimPrefix(l.File, namespace+":"), l.Line, l.Column+1
		if s := clean(l.Suggestion, 200); len(s) > 1 { // one character is punctuation that the message names
			d.Hint = "Did you mean " + s + "?"
		}
	}
	for _, n := range m.Notes {
		if d.Hint == "" {
			d.Hint = ownNames(n.Text)
			if l := n.Location; l != nil && strings.HasSuffix(d.Hint, ":") { // "The original key is here:"
				d.Hint += fmt.Sprintf(" %s:%d:%d", strings.TrimPrefix(l.File, namespace+":"), l.Line, l.Column+1)
			}
		}
	}
	switch { // esbuild goes on about its targets and options, which are ours
	case strings.HasPrefix(d.Message, "Top-level await is not available"):
		d.Message, d.Hint = "Top-level await is not available in hooks.", "Await inside of the hook's function."
	case strings.HasPrefix(d.Message, `"import.meta" is not available`):
		d.Message, d.Hint = "import.meta is not available in hooks.", ""
	case strings.Contains(d.Hint, "<tsconfig.json>"):
		d.Hint = ""
	}
	return d
}

// ownNames takes our namespace out of a message.
func ownNames(text string) string {
	return clean(strings.ReplaceAll(text, `"`+namespace+":", `"`), maxText)
}
