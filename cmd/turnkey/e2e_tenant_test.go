//go:build e2e

package main_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// tenant is one instance of a `turnkey dev`, with the REST API as its owner uses it and the database
// behind it as its own driver shows it.
type tenant struct {
	*testing.T
	dev          *devProcess
	source       string
	org, id, url string
	mongo        *mongo.Database
	postgres     *pgx.Conn
}

// newTenants makes an instance on each database whose position and priority are counters, unless the demo's
// configuration is to be changed otherwise: pairs of old and new.
func newTenants(t *testing.T, changes ...string) []*tenant {
	t.Helper()
	out := newSources(t)
	for _, in := range out {
		in.provision(changes)
		in.connect()
	}
	return out
}

// newSources starts a `turnkey dev` and gives its databases, without an instance yet.
func newSources(t *testing.T) []*tenant {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	dev := startDev(t, filepath.Join(passable(t), "data"), port)
	t.Cleanup(func() { dev.stop(t) })
	return []*tenant{{T: t, dev: dev, source: "mongodb"}, {T: t, dev: dev, source: "postgres"}}
}

func (in *tenant) provision(changes []string) {
	in.Helper()
	document, err := os.ReadFile(filepath.Join("demo", in.source+".yaml"))
	if err != nil {
		in.Fatal(err)
	}
	changes = append(changes, "position: {type: int32}", "position: {type: int32, merge: counter}", "priority: {type: int32}", "priority: {type: int32, merge: counter}")
	config := strings.NewReplacer(changes...).Replace(string(document))
	in.create("Stuck on "+in.source, config, nil)
}

// create makes the instance, with a configuration and hook files, and waits until it serves.
func (in *tenant) create(name, config string, files map[string]string) {
	in.Helper()
	var orgs struct{ Data []struct{ ID string } }
	in.api("GET", "/orgs", nil, &orgs)
	in.org = orgs.Data[0].ID
	var project struct{ ID string }
	in.api("POST", "/orgs/"+in.org+"/projects", map[string]any{"name": name}, &project)
	var made struct {
		ID, URL string
		Pending bool
	}
	in.api("POST", "/projects/"+project.ID+"/instances", map[string]any{
		"name": "e2e", "kind": "development", "config": config, "files": files, "deploy": true, "secrets": map[string]string{"SOURCE_URI": in.dev.file.SourceURLs[in.source]},
	}, &made)
	in.id, in.url = made.ID, made.URL
	if made.Pending {
		in.ready()
	}
}

// ready waits until the instance serves what was deployed.
func (in *tenant) ready() {
	in.Helper()
	served(in.T, in.dev.file.APIURL+"/instances/"+in.id, in.dev.file.APIToken)
}

// served waits until an instance serves what was deployed. The API's own ten seconds are few for a busy machine.
func served(t *testing.T, instance, token string) {
	t.Helper()
	eventually(t, "the deployment serves", func() bool {
		var now struct{ Status struct{ Ready bool } }
		_, body := call(t, http.MethodGet, instance, token, "")
		return json.Unmarshal(body, &now) == nil && now.Status.Ready
	})
}

// answered is the status of a deployment's answer: the usual one where it is served by then.
func answered(usual int, pending bool) int {
	if pending {
		return http.StatusAccepted
	}
	return usual
}

// as is the tenant in a test of its own.
func (in *tenant) as(t *testing.T) *tenant {
	c := *in
	c.T = t
	return &c
}

// api calls the REST API and wants success.
func (in *tenant) api(method, path string, body, into any) {
	in.Helper()
	status, raw := in.ask(in.dev.file.APIToken, method, path, body)
	if status >= 300 {
		in.Fatalf("%s %s: %d %s", method, path, status, raw)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(raw, into); err != nil {
		in.Fatalf("%s %s: %v: %s", method, path, err, raw)
	}
}

func (in *tenant) ask(token, method, path string, body any) (int, []byte) {
	in.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			in.Fatal(err)
		}
	}
	status, raw := call(in.T, method, in.dev.file.APIURL+path, token, string(text))
	for status == http.StatusTooManyRequests { // who polls for long uses up a minute's calls
		<-time.After(time.Second)
		status, raw = call(in.T, method, in.dev.file.APIURL+path, token, string(text))
	}
	return status, raw
}
