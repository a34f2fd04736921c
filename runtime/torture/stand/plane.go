package stand

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"turnkey/internal/devstack"
)

// Plane is a control plane as a process of its own, with a PostgreSQL cluster of its own, driven by
// its REST API alone.
type Plane struct {
	Control *Process

	dir, keys string
	cluster   *devstack.Postgres
	api, pool string // addresses
	client    *http.Client
	token     string
	instance  string // its path in the API
	host      string
	document  string
	version   atomic.Int64 // of the configuration
}

// startPlane makes keys, a database and an account, and serves the API.
func startPlane(ctx context.Context, dir, binary string, log *os.File) (p *Plane, err error) {
	p = &Plane{dir: dir, keys: filepath.Join(dir, "keys")}
	if out, err := exec.CommandContext(ctx, binary, "keys", "generate", p.keys).CombinedOutput(); err != nil {
		return p, fmt.Errorf("making keys: %w: %s", err, out)
	}
	if p.cluster, err = devstack.StartPostgres(ctx, devstack.PostgresConfig{Dir: filepath.Join(dir, "controlplane-postgres")}); err != nil {
		return p, devstack.Explain(err)
	}
	if p.api, err = freeAddr(); err != nil {
		return p, err
	}
	if p.pool, err = freeAddr(); err != nil {
		return p, err
	}
	p.Control = &Process{
		Name: "control plane", binary: binary, args: []string{"controlplane"}, log: log, ready: answers("http://" + p.pool + "/readyz"),
		env: []string{
			"TURNKEY_KEYS_DIR=" + filepath.Join(p.keys, "controlplane"), "TURNKEY_DATABASE_URL=" + p.cluster.URL("postgres"), "TURNKEY_LISTEN=" + p.api,
			"TURNKEY_POOL_LISTEN=" + p.pool, "TURNKEY_BASE_URL=http://" + p.api, "TURNKEY_RUNTIME_URL=http://127.0.0.1:1/i/{host}",
			"TURNKEY_DEVELOPMENT=true", "TURNKEY_SIGNUP=open", "TURNKEY_DRAIN_DELAY=0s", "TURNKEY_KEY_OVERLAP=2s",
		},
	}
	if err := p.Control.Start(ctx); err != nil {
		return p, err
	}
	return p, p.signUp(ctx)
}

// Restart kills the control plane and its database, and starts both again.
func (p *Plane) Restart(ctx context.Context) error {
	p.Control.Kill()
	port := p.cluster.Port
	if err := p.cluster.Kill(); err != nil {
		return err
	}
	cluster, err := devstack.StartPostgres(ctx, devstack.PostgresConfig{Dir: filepath.Join(p.dir, "controlplane-postgres"), Port: port})
	if err != nil {
		return devstack.Explain(err)
	}
	p.cluster = cluster
	return p.Control.Start(ctx)
}

func (p *Plane) close() error {
	if p.Control != nil {
		p.Control.Thaw()
		p.Control.Stop()
	}
	if p.cluster == nil {
		return nil
	}
	return p.cluster.Stop()
}

// call is one request of the API; into may be nil.
func (p *Plane) call(ctx context.Context, method, path string, header http.Header, body, into any) (*http.Response, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://"+p.api+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer json.RawMessage
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil && response.StatusCode < 300 && into != nil {
		return response, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if response.StatusCode >= 300 {
		return response, fmt.Errorf("%s %s: %s: %.300s", method, path, response.Status, answer)
	}
	if into == nil {
		return response, nil
	}
	return response, json.Unmarshal(answer, into)
}

// signUp makes an account and keeps an API token of its organization.
func (p *Plane) signUp(ctx context.Context) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	p.client = &http.Client{Jar: jar}
	account := map[string]any{"email": "torture@example.com", "password": "correct horse battery", "name": "Torture"}
	if _, err := p.call(ctx, http.MethodPost, "/auth/signup", nil, account, nil); err != nil {
		return err
	}
	var mails struct{ Data []struct{ Link string } } // a plane in development shows its mails
	if _, err := p.call(ctx, http.MethodGet, "/development/mails", nil, nil, &mails); err != nil {
		return err
	}
	if len(mails.Data) != 1 {
		return errors.New("the new account was not sent one mail")
	}
	_, token, _ := strings.Cut(mails.Data[0].Link, "?token=")
	if _, err := p.call(ctx, http.MethodPost, "/auth/verify", nil, map[string]any{"token": token}, nil); err != nil {
		return err
	}
	var orgs struct{ Data []struct{ ID string } }
	if _, err := p.call(ctx, http.MethodGet, "/orgs", nil, nil, &orgs); err != nil {
		return err
	}
	if len(orgs.Data) != 1 {
		return errors.New("the new account has no organization of its own")
	}
	var made struct{ Token string }
	if _, err := p.call(ctx, http.MethodPost, "/orgs/"+orgs.Data[0].ID+"/tokens", nil, map[string]any{"name": "torture", "role": "owner"}, &made); err != nil {
		return err
	}
	p.client, p.token = &http.Client{}, made.Token
	var project struct{ ID string }
	if _, err := p.call(ctx, http.MethodPost, "/orgs/"+orgs.Data[0].ID+"/projects", nil, map[string]any{"name": "torture"}, &project); err != nil {
		return err
	}
	p.instance = "/projects/" + project.ID + "/instances"
	return nil
}

// provision makes the instance, and deploys its hook files; a runtime must be there. What is done is not done again by
// another try.
func (p *Plane) provision(ctx context.Context, document, uri string, hooks map[string]string) error {
	if p.host == "" {
		if err := p.create(ctx, document, uri); err != nil {
			return err
		}
	}
	if len(hooks) == 0 {
		return nil
	}
	for path, text := range hooks {
		if _, err := p.call(ctx, http.MethodPut, p.instance+"/files/"+path, nil, map[string]any{"content": text}, nil); err != nil {
			return err
		}
	}
	_, err := p.call(ctx, http.MethodPost, p.instance+"/deployments", nil, map[string]any{}, nil)
	return err
}

func (p *Plane) create(ctx context.Context, document, uri string) error {
	var made struct {
		ID, Host string
		Pending  bool
	}
	_, err := p.call(ctx, http.MethodPost, p.instance, nil, map[string]any{
		"name": "torture", "kind": "development", "config": document, "deploy": true, "secrets": map[string]string{"SOURCE_URI": uri, receiverSecret: receiverKey},
	}, &made)
	if err != nil {
		return err
	}
	p.instance, p.host, p.document = "/instances/"+made.ID, made.Host, document
	return nil
}

// runtimeEnv configures a runtime of this control plane.
func (p *Plane) runtimeEnv(cache, listen, internal string) []string {
	return []string{
		"TURNKEY_KEYS_DIR=" + filepath.Join(p.keys, "runtime"), "TURNKEY_CACHE_DIR=" + cache, "TURNKEY_CONTROL_PLANE=http://" + p.pool,
		"TURNKEY_LISTEN=" + listen, "TURNKEY_INTERNAL_LISTEN=" + internal, "TURNKEY_ALLOW_PRIVATE_NETWORKS=true", "TURNKEY_DRAIN_DELAY=100ms",
	}
}

// Deploy changes the configuration in a way that means nothing to the devices, and deploys it. An
// error is no finding: the control plane, or the runtimes, may be down.
func (p *Plane) Deploy(ctx context.Context) error {
	response, err := p.call(ctx, http.MethodGet, p.instance+"/config", nil, nil, nil)
	if err != nil {
		return err
	}
	document := fmt.Sprintf("# version %d\n%s", p.version.Add(1), p.document)
	header := http.Header{"If-Match": {response.Header.Get("ETag")}}
	if _, err := p.call(ctx, http.MethodPut, p.instance+"/config", header, map[string]any{"config": document}, nil); err != nil {
		return err
	}
	// The answer waits up to 10 s for runtimes that may be dead; the deployment is made before.
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err = p.call(ctx, http.MethodPost, p.instance+"/deployments", nil, map[string]any{}, nil)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// Rotate makes a new signing key. An error is no finding: one rotation at a time is allowed.
func (p *Plane) Rotate(ctx context.Context) error {
	_, err := p.call(ctx, http.MethodPost, p.instance+"/signing-keys/rotate", nil, map[string]any{}, nil)
	return err
}
