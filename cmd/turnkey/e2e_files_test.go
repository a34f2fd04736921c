//go:build e2e

package main_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
)

// tenantFiles are a folder's configuration and hooks for a database. They are written for MongoDB; for PostgreSQL, places
// and ids have other names.
func tenantFiles(t *testing.T, folder, source string) (document string, files map[string]string) {
	t.Helper()
	read := func(path string) string {
		raw, err := os.ReadFile(filepath.Join("testdata", folder, path))
		if err != nil {
			t.Fatal(err)
		}
		if source == "mongodb" {
			return string(raw)
		}
		return strings.NewReplacer("type: mongodb", "type: postgres", "database: todo", "database: turnkey", "collection: ", "table: public.",
			"id: objectid", "id: uuid", "type: objectid", "type: uuid", "{ _id:", "{ id:").Replace(string(raw))
	}
	names, err := filepath.Glob(filepath.Join("testdata", folder, "hooks", "*.ts"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	files = map[string]string{}
	for _, name := range names {
		path := "hooks/" + filepath.Base(name)
		files[path] = read(path)
	}
	return read("turnkey.yaml"), files
}

// createTables reads a configuration and makes its tables in PostgreSQL, as an app's developer would have them. MongoDB
// makes its own.
func (in *tenant) createTables(document string) *bundle.Config {
	in.Helper()
	cfg, findings := config.Parse([]byte(document), config.Options{Kind: bundle.Development})
	if err := findings.Fault(); err != nil {
		in.Fatal(err)
	}
	if in.source == "mongodb" {
		return cfg
	}
	types := map[bundle.TypeName]string{
		bundle.TypeString: "text", bundle.TypeInt32: "integer", bundle.TypeInt64: "bigint", bundle.TypeBool: "boolean", bundle.TypeDate: "timestamptz",
		bundle.TypeArray: "jsonb", bundle.TypeObject: "jsonb", bundle.TypeJSON: "jsonb", bundle.TypeUUID: "uuid",
	}
	for _, table := range cfg.Tables {
		ddl := "CREATE TABLE " + table.Collection + " (id uuid PRIMARY KEY"
		for name, f := range table.Fields {
			ddl += fmt.Sprintf(", %q %s", name, types[f.Type.Name])
		}
		if _, err := in.postgres.Exec(in.Context(), ddl+")"); err != nil {
			in.Fatal(ddl, err)
		}
	}
	return cfg
}

// deploy saves the configuration and hook files, and waits until the deployment serves.
func (in *tenant) deploy(document string, files map[string]string) {
	in.Helper()
	in.saveConfig(document)
	for path, content := range files {
		in.api(http.MethodPut, "/instances/"+in.id+"/files/"+path, map[string]any{"content": content}, nil)
	}
	var said struct{ Pending bool }
	in.api(http.MethodPost, "/instances/"+in.id+"/deployments", map[string]any{}, &said)
	if said.Pending {
		in.ready()
	}
}

func (in *tenant) saveConfig(document string) {
	in.Helper()
	url := in.dev.file.APIURL + "/instances/" + in.id + "/config"
	ask := func(method, etag, body string) *http.Response {
		req, err := http.NewRequestWithContext(in.Context(), method, url, strings.NewReader(body))
		if err != nil {
			in.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+in.dev.file.APIToken)
		req.Header.Set("Content-Type", "application/json")
		if etag != "" {
			req.Header.Set("If-Match", etag)
		}
		response, err := http.DefaultClient.Do(req)
		if err != nil {
			in.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			in.Fatalf("%s %s: %d", method, url, response.StatusCode)
		}
		return response
	}
	ask(http.MethodPut, ask(http.MethodGet, "", "").Header.Get("ETag"), fmt.Sprintf(`{"config":%q}`, document))
}
