package connect

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
)

//go:embed templates
var sources embed.FS

// Snippet is a file that a developer copies.
type Snippet struct {
	Name     string `json:"name"`
	Language string `json:"language"`
	Text     string `json:"text"`
}

// SDK is what one of PowerSync's client SDKs needs.
type SDK struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Install     string    `json:"install" doc:"How the packages are added"`
	Checked     Checked   `json:"checked" enum:"wire,requests,not run" doc:"wire: our tests run the files with the SDK against an instance; requests: compiled and run against a double of the SDK, every request compared; not run: written from the SDK's published interface"`
	CheckedWith string    `json:"checked_with,omitempty" doc:"By which tools, and what stands in for what; absent for not run"`
	Note        string    `json:"note,omitempty"`
	Files       []Snippet `json:"files" nullable:"false"`
}

// kit is how an SDK's files are made.
type kit struct {
	SDK
	language, suffix string
	pkg              string // of JavaScript
	names            [2]string
}

// ourConnector stands in an install line for the address of our package.
const ourConnector = "{connector}"

var kits = []kit{
	js("web", "JavaScript web", "@powersync/web", "npm install @powersync/web @journeyapps/wa-sqlite "+ourConnector, ""),
	js("react-native", "React Native and Expo", "@powersync/react-native", "npm install @powersync/react-native @powersync/op-sqlite @op-engineering/op-sqlite "+ourConnector,
		"In an Expo app, `npx expo install` picks the versions."),
	js("node", "Node.js", "@powersync/node", "npm install @powersync/node "+ourConnector,
		"Needs Node 24, whose own SQLite it uses; on older versions install better-sqlite3 and leave the implementation out."),
	{SDK: SDK{ID: "dart", Name: "Dart and Flutter", Install: "flutter pub add powersync http"}, language: "dart", suffix: "dart", names: [2]string{"schema.dart", "turnkey_connector.dart"}},
	{SDK: SDK{ID: "kotlin", Name: "Kotlin", Install: "implementation(\"com.powersync:core:<version>\")\nimplementation(\"io.ktor:ktor-client-core:<version>\")\nimplementation(\"org.jetbrains.kotlinx:kotlinx-serialization-json:<version>\")",
		Note: "Add the Ktor engine of your platform, such as ktor-client-okhttp."}, language: "kotlin", suffix: "kt", names: [2]string{"AppSchema.kt", "TurnkeyConnector.kt"}},
	{SDK: SDK{ID: "swift", Name: "Swift", Install: ".package(url: \"https://github.com/powersync-ja/powersync-swift\", from: \"1.6.0\")"}, language: "swift", suffix: "swift", names: [2]string{"AppSchema.swift", "TurnkeyConnector.swift"}},
	{SDK: SDK{ID: "dotnet", Name: ".NET", Install: "dotnet add package PowerSync.Common --prerelease", Note: "The SDK is in beta."}, language: "csharp", suffix: "cs", names: [2]string{"AppSchema.cs", "TurnkeyConnector.cs"}},
	{SDK: SDK{ID: "rust", Name: "Rust", Install: "cargo add powersync@0.1 async-trait futures-lite serde serde_json reqwest\ncargo add tokio --features time",
		Note: "Written for 0.1 of the SDK, which is in beta. Later versions split BackendConnector into Authenticator and MutationUploader: stay on 0.1, or move its two methods there."}, language: "rust", suffix: "rs",
		names: [2]string{"schema.rs", "turnkey_connector.rs"}},
}

func js(id, name, pkg, install, note string) kit {
	return kit{SDK: SDK{ID: id, Name: name, Install: install, Note: note}, language: "typescript", suffix: "js", pkg: pkg, names: [2]string{"schema.ts", "turnkey.ts"}}
}

// material is what templates see.
type material struct {
	URL, Package          string
	Connector             string // where npm finds ours
	Development           bool
	Tables                []table
	Rejections, Conflicts []column
	Providers             []provider
}

// write makes an SDK's files.
func (k kit) write(m material) (SDK, error) {
	m.Package = k.pkg
	out := k.SDK
	out.Install = strings.ReplaceAll(out.Install, ourConnector, m.Connector)
	checked := checks[k.ID]
	out.Checked, out.CheckedWith = checked.how, checked.with
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

// pascal is how C# spells a column's type: text, Text.
func pascal(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
