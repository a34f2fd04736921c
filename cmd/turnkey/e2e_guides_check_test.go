//go:build e2e

package main_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"

	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
)

const connector = "../../web/connector"

// compile checks TypeScript files with the compiler that the connector is built with.
func compile(t *testing.T, folder string, options map[string]any, files ...string) {
	t.Helper()
	home, err := filepath.Abs(connector)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{
		"strict": true, "noEmit": true, "target": "ES2022", "lib": []string{"ES2022"}, "module": "ESNext", "moduleResolution": "Bundler", "types": []string{}, "skipLibCheck": true,
	}
	maps.Copy(all, options)
	project, err := json.Marshal(map[string]any{"compilerOptions": all, "files": files})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "tsconfig.json")
	if err := os.WriteFile(path, project, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "node", filepath.Join(home, "node_modules/typescript/bin/tsc"), "-p", path).CombinedOutput(); err != nil {
		t.Errorf("tsc: %v\n%s", err, out)
	}
}

// checkHooks compiles the hooks that a guide has its reader write, with the types of the instance that they are for.
func checkHooks(t *testing.T, dev *devProcess, folder, instance string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "hooks", "*.ts"))
	if err != nil || len(files) == 0 {
		return
	}
	status, types := call(t, http.MethodGet, dev.file.APIURL+"/instances/"+instance+"/hooks/types.d.ts", dev.file.APIToken, "")
	if status != http.StatusOK {
		t.Fatalf("types.d.ts: %d %s", status, types)
	}
	declared := filepath.Join(folder, "turnkey.d.ts")
	if err := os.WriteFile(declared, types, 0o600); err != nil {
		t.Fatal(err)
	}
	compile(t, folder, nil, append(files, declared)...)
}

// checkExcerpts compiles each excerpt of an app's code and validates each excerpt of a configuration.
func checkExcerpts(t *testing.T, blocks []guideBlock) {
	t.Helper()
	folder := t.TempDir()
	root, err := filepath.Abs(connector)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		switch {
		case b.language == "yaml":
			validate(t, b)
		case b.language == "ts" && b.file == "":
			path := filepath.Join(folder, "excerpt.ts")
			if err := os.WriteFile(path, []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
			compile(t, folder, map[string]any{"lib": []string{"ES2022", "DOM"}, "paths": map[string][]string{
				"@turnkey/powersync-connector": {filepath.Join(root, "src/index.ts")}, "@powersync/common": {filepath.Join(root, "node_modules/@powersync/common")},
			}}, path)
		case b.language != "sh" && b.language != "json" && b.language != "text" && b.file == "":
			t.Errorf("line %d: nothing checks blocks of %q", b.line, b.language)
		}
	}
}

// validate reads a block as a whole turnkey.yaml, or as the part of one that it is.
func validate(t *testing.T, b guideBlock) {
	t.Helper()
	var part, whole map[string]any
	if err := yaml.Unmarshal([]byte(b.text), &part); err != nil {
		t.Errorf("line %d: %v", b.line, err)
		return
	}
	const rest = "{source: {type: mongodb, uri: {secret: SOURCE_URI}, database: app}, auth: {powersync_url: https://app.powersync.example}, tables: {}}"
	if err := yaml.Unmarshal([]byte(rest), &whole); err != nil {
		t.Fatal(err)
	}
	for name, v := range part {
		if old, ok := whole[name].(map[string]any); ok && b.file == "" {
			if members, ok := v.(map[string]any); ok {
				maps.Copy(old, members)
				continue
			}
		}
		whole[name] = v
	}
	document, err := yaml.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	kind := bundle.Production
	if auth, ok := whole["auth"].(map[string]any); ok && auth["development_tokens"] == true {
		kind = bundle.Development
	}
	if _, findings := config.Parse(document, config.Options{Kind: kind}); findings.Fault() != nil {
		t.Errorf("line %d: %v", b.line, findings.Errors)
	}
}
