package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"turnkey/internal/devstack"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// randomText is for passwords and secrets: Crockford's alphabet, no look-alikes.
func randomText(n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(strings.ToLower(rand.Text()))
	}
	return b.String()[:n]
}

// createDatabase makes a database in the private cluster, if it is not there, and gives its URL.
func (s *devStack) createDatabase(ctx context.Context, name string) (redact.Secret, error) {
	if err := devstack.CreateDatabase(ctx, s.postgres.URL("postgres"), name); err != nil {
		return redact.Secret{}, err
	}
	return redact.New(s.postgres.URL(name)), nil
}

// seed makes the demo's tables and rows.
func (s *devStack) seed(ctx context.Context, todo redact.Secret) error {
	tables, err := demo.ReadFile("demo/postgres.sql")
	if err != nil {
		return err
	}
	if err := devstack.RunSQL(ctx, todo.Reveal(), string(tables)); err != nil {
		return err
	}
	err = devstack.SeedMongo(ctx, s.mongoURI, "todo")
	if err != nil && os.Getenv(mongoSetting) != "" {
		return fault.Wrap(err, fault.Invalid, "mongodb_uri", "The MongoDB server that "+mongoSetting+" names cannot be used.").
			WithHint("It has to be the mongodb:// or mongodb+srv:// address of a replica set that answers here, with a user who may write.")
	}
	return err
}

// demoSources are the databases of the demo's two instances.
var demoSources = []string{"mongodb", "postgres"}

// demoInstances gives the instances of the project "Todo". A new data folder gets them through the API,
// like anybody's; later starts only tell them where their databases are now. One that was deleted stays
// so, unless nothing is left of the demo.
func (s *devStack) demoInstances(ctx context.Context, f devFile, organization string) ([]devInstance, error) {
	todo, err := s.createDatabase(ctx, "todo")
	if err != nil {
		return nil, err
	}
	if err := s.seed(ctx, todo); err != nil {
		return nil, err
	}
	var out []devInstance
	for _, i := range f.Instances {
		there, err := s.refreshSource(ctx, f, i)
		if err != nil {
			return nil, err
		}
		if there {
			i.URL = s.base + "/i/" + i.Host // the port may be another one
			out = append(out, i)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	var project struct {
		ID string `json:"id"`
	}
	if err := s.ensure(ctx, f, "/orgs/"+url.PathEscape(organization)+"/projects", "Todo", map[string]any{"name": "Todo"}, &project); err != nil {
		return nil, err
	}
	for _, source := range demoSources {
		i, err := s.createDemo(ctx, f, project.ID, source)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, nil
}

// createDemo provisions one instance with one call.
func (s *devStack) createDemo(ctx context.Context, f devFile, project, source string) (i devInstance, err error) {
	document, err := demo.ReadFile("demo/" + source + ".yaml")
	if err != nil {
		return i, err
	}
	name := "todo-" + source
	err = s.ensure(ctx, f, "/projects/"+url.PathEscape(project)+"/instances", name, map[string]any{
		"name": name, "kind": "development", "config": string(document), "deploy": true,
		"secrets": map[string]string{demoSecret: f.SourceURLs[source]},
	}, &i)
	i.Source = source
	return i, err
}

// ensure gives what a list has under that name, and makes it when there is none: a start may have ended
// between two steps.
func (s *devStack) ensure(ctx context.Context, f devFile, path, name string, body, into any) error {
	var list struct {
		Data []json.RawMessage `json:"data"`
	}
	if err := s.call(ctx, http.MethodGet, path+"?limit=100", f.APIToken, nil, &list); err != nil {
		return err
	}
	for _, item := range list.Data {
		var named struct {
			Name string `json:"name"`
		}
		if err := json.Unmarshal(item, &named); err == nil && named.Name == name {
			return json.Unmarshal(item, into)
		}
	}
	return s.call(ctx, http.MethodPost, path, f.APIToken, body, into)
}

// demoSecret holds the connection string in the demo's configurations.
const demoSecret = "SOURCE_URI"

// refreshSource tells an instance where its database is, when that has changed, and activates its
// deployment again: the new place may lack our own tables. It reports whether the instance still exists.
func (s *devStack) refreshSource(ctx context.Context, f devFile, i devInstance) (there bool, err error) {
	path := "/instances/" + url.PathEscape(i.ID)
	var now struct {
		Deployment int64 `json:"deployment"`
	}
	if err := s.call(ctx, http.MethodGet, path, f.APIToken, nil, &now); isStatus(err, http.StatusNotFound) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	secret := path + "/secrets/" + demoSecret
	var known struct {
		Digest string `json:"digest"`
	}
	err = s.call(ctx, http.MethodGet, secret, f.APIToken, nil, &known)
	sum := sha256.Sum256([]byte(f.SourceURLs[i.Source]))
	if isStatus(err, http.StatusNotFound) || err == nil && known.Digest == hex.EncodeToString(sum[:])[:len(known.Digest)] {
		return true, nil // its owner has changed the demo, or nothing has changed
	} else if err != nil {
		return false, err
	}
	if err := s.call(ctx, http.MethodPut, secret, f.APIToken, map[string]any{"value": f.SourceURLs[i.Source]}, nil); err != nil {
		return false, err
	}
	if now.Deployment == 0 {
		return true, nil
	}
	return true, s.call(ctx, http.MethodPost, fmt.Sprintf("%s/deployments/%d/activate", path, now.Deployment), f.APIToken, map[string]any{}, nil)
}
