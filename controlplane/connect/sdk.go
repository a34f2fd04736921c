package connect

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
	"unicode"
)

//go:embed templates
var sources embed.FS

// Checked says how far an SDK's files are checked by our tests.
type Checked string

// How far: see the package's comment.
const (
	CheckedWire     Checked = "wire"
	CheckedCompiled Checked = "compiled"
	NotRun          Checked = "not run"
)

// Snippet is a file that a developer copies.
type Snippet struct {
	Name     string `json:"name"`
	Language string `json:"language"`
	Text     string `json:"text"`
}

// SDK is what one of PowerSync's client SDKs needs.
type SDK struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Install string    `json:"install" doc:"How the packages are added"`
	Checked Checked   `json:"checked" enum:"wire,compiled,not run" doc:"wire: run with the real SDK against an instance by our tests; compiled; not run: written from the SDK's published interface"`
	Note    string    `json:"note,omitempty"`
	Files   []Snippet `json:"files" nullable:"false"`
}

// kit is how an SDK's files are made.
type kit struct {
	SDK
	language, suffix string
	pkg              string // of JavaScript
	names            [2]string
}

var kits = []kit{
	js("web", "JavaScript web", "@powersync/web", "npm install @powersync/web @journeyapps/wa-sqlite @turnkey/powersync-connector", CheckedCompiled, sameConnector),
	js("react-native", "React Native and Expo", "@powersync/react-native", "npm install @powersync/react-native @powersync/op-sqlite @op-engineering/op-sqlite @turnkey/powersync-connector", CheckedCompiled,
		sameConnector+" In an Expo app, `npx expo install` picks the versions."),
	js("node", "Node.js", "@powersync/node", "npm install @powersync/node @turnkey/powersync-connector", CheckedWire,
		"Needs Node 24, whose own SQLite it uses; on older versions install better-sqlite3 and leave the implementation out."),
	{SDK: SDK{ID: "dart", Name: "Dart and Flutter", Install: "flutter pub add powersync http", Checked: NotRun}, language: "dart", suffix: "dart", names: [2]string{"schema.dart", "turnkey_connector.dart"}},
	{SDK: SDK{ID: "kotlin", Name: "Kotlin", Checked: NotRun, Install: "implementation(\"com.powersync:core:<version>\")\nimplementation(\"io.ktor:ktor-client-core:<version>\")\nimplementation(\"org.jetbrains.kotlinx:kotlinx-serialization-json:<version>\")",
		Note: "Add the Ktor engine of your platform, such as ktor-client-okhttp."}, language: "kotlin", suffix: "kt", names: [2]string{"AppSchema.kt", "TurnkeyConnector.kt"}},
	{SDK: SDK{ID: "swift", Name: "Swift", Checked: NotRun, Install: ".package(url: \"https://github.com/powersync-ja/powersync-swift\", from: \"1.6.0\")"}, language: "swift", suffix: "swift", names: [2]string{"AppSchema.swift", "TurnkeyConnector.swift"}},
	{SDK: SDK{ID: "dotnet", Name: ".NET", Checked: NotRun, Install: "dotnet add package PowerSync.Common --prerelease", Note: "The SDK is in beta."}, language: "csharp", suffix: "cs", names: [2]string{"AppSchema.cs", "TurnkeyConnector.cs"}},
	{SDK: SDK{ID: "rust", Name: "Rust", Checked: NotRun, Install: "cargo add powersync async-trait futures-lite serde serde_json reqwest tokio --features tokio/time", Note: "The SDK is in alpha: its interface still moves."}, language: "rust", suffix: "rs",
		names: [2]string{"schema.rs", "turnkey_connector.rs"}},
}

// sameConnector is why compiling is most of it: what talks to the instance is one package, run on Node.
const sameConnector = "The connector is the package that our tests run on Node."

func js(id, name, pkg, install string, checked Checked, note string) kit {
	return kit{SDK: SDK{ID: id, Name: name, Install: install, Checked: checked, Note: note}, language: "typescript", suffix: "js", pkg: pkg, names: [2]string{"schema.ts", "turnkey.ts"}}
}

// material is what templates see.
type material struct {
	URL, Package          string
	Development           bool
	Tables                []table
	Rejections, Conflicts []column
	Providers             []provider
}

// write makes an SDK's files.
func (k kit) write(m material) (SDK, error) {
	m.Package = k.pkg
	out := k.SDK
	out.Files = nil
	for i, part := range []string{"schema", "connector"} {
		name := part + "." + k.suffix + ".tmpl"
		t, err := template.New(name).Delims("<%", "%>").Funcs(spellings).ParseFS(sources, "templates/"+name)
		if err != nil {
			return out, fmt.Errorf("reading the template %s: %w", name, err)
		}
		var b strings.Builder
		if err := t.Execute(&b, m); err != nil {
			return out, fmt.Errorf("writing %s for %s: %w", k.names[i], k.ID, err)
		}
		out.Files = append(out.Files, Snippet{Name: k.names[i], Language: k.language, Text: b.String()})
	}
	return out, nil
}

// spellings write texts and names as each language has them.
var spellings = template.FuncMap{
	"js": func(s string) string { return "'" + strings.Trim(escaped(s, `'`), `"`) + "'" },
	"dart": func(s string) string {
		return "'" + strings.ReplaceAll(strings.Trim(escaped(s, `'`), `"`), "$", `\$`) + "'"
	},
	"kotlin": func(s string) string { return strings.ReplaceAll(escaped(s, ""), "$", `\$`) },
	"swift":  func(s string) string { return escaped(s, "") }, // an interpolation begins with a backslash, which is escaped
	"csharp": func(s string) string { return escaped(s, "") },
	"rust":   func(s string) string { return escaped(s, "") },
	"jskey": func(s string) string {
		if strings.Contains(s, "-") {
			return "'" + s + "'"
		}
		return s
	},
	"pascal": pascal,
}

// escaped is a text as JSON writes it, with more characters behind a backslash.
func escaped(s, also string) string {
	raw, _ := json.Marshal(s) // a string always can be written
	text := string(raw)
	for _, c := range also {
		text = strings.ReplaceAll(text, string(c), `\`+string(c))
	}
	return text
}

// pascal is a name for C#: order_lines, OrderLines.
func pascal(name string) string {
	var b strings.Builder
	up := true
	for _, c := range name {
		if c == '_' || c == '-' {
			up = true
			continue
		}
		if up {
			c = unicode.ToUpper(c)
		}
		b.WriteRune(c)
		up = false
	}
	return b.String()
}
