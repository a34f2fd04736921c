//go:build e2e

package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

// ownInstances makes what a developer makes by hand: a project with an instance on each development database, by the
// addresses that dev.json and the guide give. It gives their URLs, by source.
func ownInstances(t *testing.T, p *devProcess) map[string]string {
	t.Helper()
	send := func(method, path string, body, into any) {
		t.Helper()
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		status, said := call(t, method, p.file.APIURL+path, p.file.APIToken, string(raw))
		if err := json.Unmarshal(said, into); err != nil || status >= 300 {
			t.Fatalf("%s %s: %d %s", method, path, status, said)
		}
	}
	var orgs struct{ Data []struct{ ID string } }
	send(http.MethodGet, "/orgs", nil, &orgs)
	var project struct{ ID string }
	send(http.MethodPost, "/orgs/"+orgs.Data[0].ID+"/projects", map[string]any{"name": "Own"}, &project)
	urls := map[string]string{}
	for source, uri := range p.file.SourceURLs {
		document, err := os.ReadFile("demo/" + source + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		var made struct{ URL string }
		send(http.MethodPost, "/projects/"+project.ID+"/instances", map[string]any{
			"name": "own-" + source, "kind": "development", "config": string(document), "deploy": true, "secrets": map[string]string{"SOURCE_URI": uri},
		}, &made)
		urls[source] = made.URL
	}
	return urls
}

// wantWrites: each instance applies a write.
func wantWrites(t *testing.T, urls map[string]string, name string) {
	t.Helper()
	for source, url := range urls {
		id := map[string]string{"mongodb": "65f0c0ffee0000000000aaaa", "postgres": "0190a6b0-0000-7000-8000-00000000aaaa"}[source]
		var token struct{ Token string }
		status, said := call(t, http.MethodGet, url+"/token?user_id=own", "", "")
		if err := json.Unmarshal(said, &token); err != nil || status != http.StatusOK {
			t.Fatalf("%s: a token: %d %s", source, status, said)
		}
		body := fmt.Sprintf(`{"transactions":[{"crud":[{"op":"PUT","table":"lists","id":%q,"op_data":{"name":%q,"owner_id":"own"}}]}]}`, id, name)
		if status, said := call(t, http.MethodPost, url+"/api/data", token.Token, body); status != http.StatusOK || !strings.Contains(string(said), `"status":"success"`) {
			t.Errorf("%s: a write of %s: %d %s", source, name, status, said)
		}
	}
}
