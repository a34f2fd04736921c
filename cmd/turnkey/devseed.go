package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sort"
	"strings"
	"time"

	"turnkey/internal/devstack"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
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
	return devstack.SeedMongo(ctx, s.mongoURI, "todo")
}

// announce makes the account, writes dev.json and prints what to open and two curl lines.
func (s *devStack) announce(ctx context.Context, term terminal, demo demoSet, lan bool, port int) error {
	f, err := s.account(ctx)
	if err != nil {
		return err
	}
	f.DashboardURL, f.APIURL = s.base, s.base+"/api/v1"
	f.SourceURLs = map[string]string{"mongodb": s.mongoURI, "postgres": s.postgres.URL("todo")}
	f.Instances = nil
	for _, b := range demo {
		f.Instances = append(f.Instances, devInstance{
			Name: b.Instance.Host, ID: b.Instance.ID, Host: b.Instance.Host, URL: s.base + "/i/" + b.Instance.Host, Source: string(b.Config.Source.Type),
		})
	}
	sort.Slice(f.Instances, func(i, j int) bool { return f.Instances[i].Source < f.Instances[j].Source })
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	if err := writeWhole(s.devFilePath(), append(raw, '\n')); err != nil {
		return fault.Wrap(err, fault.Invalid, "data_folder", "The data folder cannot be written.")
	}
	first := f.Instances[0]
	fmt.Fprintf(term.out, "\nTurnkey is ready.\n  open      %s\n  sign in   %s  %s\n  API       %s  (token in %s)\n", f.DashboardURL, f.Email, f.Password, f.APIURL, s.devFilePath())
	for _, i := range f.Instances {
		fmt.Fprintf(term.out, "  instance  %s  on %s: its files are in %s\n", i.URL, i.Source, s.dir+"/instances/"+i.Name)
	}
	fmt.Fprintf(term.out, "\nGet a token, then upload a write:\n\n  TOKEN=$(curl -s '%s/token?user_id=demo' | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')\n", first.URL)
	fmt.Fprintf(term.out, "  curl -s %s/api/data -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{\"transactions\":[{\"crud\":[{\"op\":\"PUT\",\"table\":\"lists\",\"id\":\"%s\",\"op_data\":{\"name\":\"From curl\",\"owner_id\":\"demo\"}}]}]}'\n\n",
		first.URL, exampleID(first.Source))
	if lan {
		printLAN(term.out, first, port)
	}
	fmt.Fprintln(term.out, "Ctrl-C ends everything.")
	return nil
}

func exampleID(source string) string {
	if source == string(bundle.MongoDB) {
		return "65f0c0ffee0000000000cafe"
	}
	return "0190a6b0-0000-7000-8000-00000000cafe"
}

// printLAN says how simulators and phones reach an instance.
func printLAN(w io.Writer, i devInstance, port int) {
	path := "/i/" + i.Host
	fmt.Fprintf(w, "From an iOS simulator  http://localhost:%d%s\nFrom an Android emulator  http://10.0.2.2:%d%s\n", port, path, port, path)
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return
	}
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && ip.IP.To4() != nil {
			fmt.Fprintf(w, "From a phone  http://%s:%d%s\n", ip.IP, port, path)
		}
	}
}

// account reuses the account of an earlier start, or makes one through the API, as a person would.
func (s *devStack) account(ctx context.Context) (devFile, error) {
	f := s.readDevFile()
	if f.APIToken != "" {
		if err := s.call(ctx, http.MethodGet, "/auth/me", f.APIToken, nil, nil); err == nil {
			return f, nil
		}
	}
	f = devFile{Email: "demo@turnkey.localhost", Password: randomText(16)}
	client := &http.Client{Timeout: 20 * time.Second}
	cookie, err := s.signUp(ctx, client, f)
	if err != nil {
		f.Email = "demo-" + randomText(4) + "@turnkey.localhost" // the old password is lost with the old file
		if cookie, err = s.signUp(ctx, client, f); err != nil {
			return f, err
		}
	}
	var me struct {
		Organizations []struct {
			Organization string `json:"organization"`
		} `json:"organizations"`
	}
	if err := s.callWith(ctx, http.MethodGet, "/auth/me", cookie, nil, &me); err != nil || len(me.Organizations) == 0 {
		return f, fmt.Errorf("reading the demo account: %w", err)
	}
	var token struct {
		Token string `json:"token"`
	}
	err = s.callWith(ctx, http.MethodPost, "/orgs/"+url.PathEscape(me.Organizations[0].Organization)+"/tokens", cookie,
		map[string]any{"name": "turnkey dev", "role": "owner", "expires_in": 365 * 24 * 3600}, &token)
	f.APIToken = token.Token
	return f, err
}

// signUp gives the session cookie of a new account.
func (s *devStack) signUp(ctx context.Context, client *http.Client, f devFile) (func(*http.Request), error) {
	body, err := json.Marshal(map[string]string{"email": f.Email, "password": f.Password, "name": "Demo", "organization": "Demo"})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/api/v1/auth/signup", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	response, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 || len(response.Cookies()) == 0 {
		return nil, fmt.Errorf("signing up the demo account: the API answered %d", response.StatusCode)
	}
	cookies := response.Cookies()
	return func(r *http.Request) {
		for _, c := range cookies {
			r.AddCookie(c)
		}
	}, nil
}

func (s *devStack) call(ctx context.Context, method, path, token string, body, into any) error {
	return s.callWith(ctx, method, path, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }, body, into)
}

// callWith calls our own API over HTTP.
func (s *devStack) callWith(ctx context.Context, method, path string, as func(*http.Request), body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		raw = nil
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	as(req)
	response, err := (&http.Client{Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s answered %d", method, path, response.StatusCode)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// writeWhole replaces a file in one step, readable by its owner only.
func writeWhole(path string, content []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		return err
	}
	return errors.Join(os.Rename(temporary, path))
}
