//go:build e2e

package main_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// devProcess is a running `turnkey dev`.
type devProcess struct {
	cmd  *exec.Cmd
	log  *bytes.Buffer
	done chan error
	file struct {
		DashboardURL, APIURL, Email, Password, APIToken string
		SourceURLs                                      map[string]string
		Instances                                       []struct{ Name, ID, Host, URL, Source string }
	}
	took time.Duration
}

// passable is a folder for the data of a PostgreSQL server. Root's runs under another account: where that cannot pass, the
// data lies elsewhere, and stays when the test's folder goes.
func passable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func startDev(t *testing.T, dir string, port int) *devProcess {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p := &devProcess{log: &bytes.Buffer{}, done: make(chan error, 1)}
	p.cmd = exec.Command(binary, "dev")
	p.cmd.Env = append(os.Environ(), "TURNKEY_DIR="+dir, fmt.Sprintf("TURNKEY_PORT=%d", port))
	p.cmd.Stdout, p.cmd.Stderr = out, out
	started := time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	for time.Since(started) < 5*time.Minute {
		said, err := os.ReadFile(out.Name())
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(said, []byte("Ctrl-C ends everything")) {
			p.took = time.Since(started)
			p.log.Write(said)
			p.read(t, dir)
			return p
		}
		select {
		case err := <-p.done:
			t.Fatalf("turnkey dev ended: %v\n%s", err, said)
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatal("turnkey dev is not ready after five minutes")
	return nil
}

// read takes dev.json, whose names are part of the contract.
func (p *devProcess) read(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "dev.json")
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("dev.json: %v %v", st, err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"dashboard_url", "api_url", "email", "password", "api_token", "source_urls", "instances"} {
		if !bytes.Contains(raw, []byte(`"`+name+`"`)) {
			t.Errorf("dev.json lacks %s", name)
		}
	}
	if err := json.Unmarshal(regexp.MustCompile(`"(dashboard|api|source)_(url|urls|token)"`).ReplaceAllFunc(raw, func(b []byte) []byte {
		return bytes.ReplaceAll(b, []byte("_"), nil)
	}), &p.file); err != nil {
		t.Fatal(err)
	}
}

func (p *devProcess) stop(t *testing.T) {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case err := <-p.done:
		if err != nil {
			t.Errorf("turnkey dev ended badly: %v", err)
		}
	case <-time.After(2 * time.Minute):
		_ = p.cmd.Process.Kill()
		t.Error("turnkey dev did not end within two minutes of Ctrl-C")
	}
}

func TestDev(t *testing.T) {
	dir := filepath.Join(passable(t), "data folder")
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	first := startDev(t, dir, port)
	if len(first.file.Instances) != 2 || first.file.SourceURLs["mongodb"] == "" || first.file.SourceURLs["postgres"] == "" {
		t.Fatalf("dev.json: %+v", first.file)
	}

	// The two printed lines work as they are.
	lines := regexp.MustCompile(`(?m)^  (TOKEN=.*|curl .*)$`).FindAllStringSubmatch(first.log.String(), -1)
	if len(lines) != 2 {
		t.Fatalf("want two lines to copy:\n%s", first.log)
	}
	said, err := exec.CommandContext(t.Context(), "sh", "-c", lines[0][1]+"\n"+lines[1][1]).CombinedOutput()
	if err != nil || !strings.Contains(string(said), `"status":"success"`) {
		t.Errorf("the printed lines: %v %s", err, said)
	}
	for _, path := range []string{"/", "/docs", "/api/v1/openapi.json"} {
		if status, _ := call(t, http.MethodGet, first.file.DashboardURL+path, "", ""); status != http.StatusOK {
			t.Errorf("%s answers %d", path, status)
		}
	}
	if status, body := call(t, http.MethodGet, first.file.APIURL+"/auth/me", first.file.APIToken, ""); status != http.StatusOK {
		t.Errorf("the API token: %d %s", status, body)
	}

	sameInstances(t, first)
	own := ownInstances(t, first)
	wantWrites(t, own, "before the restart")

	// A second one says clearly why it does not start, whether by port or by folder.
	for _, other := range []int{port, port + 1} {
		cmd := exec.CommandContext(t.Context(), binary, "dev")
		cmd.Env = append(os.Environ(), "TURNKEY_DIR="+dir, fmt.Sprintf("TURNKEY_PORT=%d", other))
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 || !regexp.MustCompile(`TURNKEY_(PORT|DIR)`).Match(out) || bytes.Contains(out, []byte("goroutine")) {
			t.Errorf("a second start: %v\n%s", err, out)
		}
	}
	first.stop(t)

	// State survives, and the second start is quick.
	second := startDev(t, dir, port)
	for try := 0; second.took > 3*time.Second && try < 4; try++ { // the machine may do other things as well
		second.stop(t)
		second = startDev(t, dir, port)
	}
	defer second.stop(t)
	if second.took > 3*time.Second {
		t.Errorf("the second start took %s", second.took)
	}
	if second.file.Password != first.file.Password || second.file.APIToken != first.file.APIToken {
		t.Error("the account changed")
	}
	sameInstances(t, second)
	if fmt.Sprint(second.file.SourceURLs) != fmt.Sprint(first.file.SourceURLs) {
		t.Errorf("the databases were at %v, and are at %v", first.file.SourceURLs, second.file.SourceURLs)
	}
	wantWrites(t, own, "after the restart")
	for n, i := range second.file.Instances {
		if before := first.file.Instances[n]; before.ID != i.ID || before.Host != i.Host {
			t.Errorf("the instance changed from %+v to %+v", before, i)
		}
		if status, body := call(t, http.MethodGet, i.URL+"/health", "", ""); status != http.StatusOK || !bytes.Contains(body, []byte(`"status":"ok"`)) {
			t.Errorf("%s: %d %s", i.Name, status, body)
		}
	}
}

// sameInstances: the API lists exactly the instances that serve, and the secret of each is where its
// database is now.
func sameInstances(t *testing.T, p *devProcess) {
	t.Helper()
	read := func(path string, into any) {
		t.Helper()
		status, body := call(t, http.MethodGet, p.file.APIURL+path, p.file.APIToken, "")
		if err := json.Unmarshal(body, into); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, status, body)
		}
	}
	type list struct {
		Data []struct{ ID, Name, Host, URL string }
	}
	var orgs, projects list
	read("/orgs", &orgs)
	read("/orgs/"+orgs.Data[0].ID+"/projects", &projects)
	at := slices.IndexFunc(projects.Data, func(p struct{ ID, Name, Host, URL string }) bool { return p.Name == "Todo" })
	if at < 0 {
		t.Fatalf("projects: %+v", projects)
	}
	var listed list
	read("/projects/"+projects.Data[at].ID+"/instances", &listed)
	if len(listed.Data) != len(p.file.Instances) {
		t.Fatalf("listed %+v, in dev.json %+v", listed.Data, p.file.Instances)
	}
	for n, i := range listed.Data {
		if got := p.file.Instances[n]; got.ID != i.ID || got.Host != i.Host || got.URL != i.URL || got.Name != i.Name {
			t.Errorf("listed %+v, in dev.json %+v", i, got)
		}
		var secret struct{ Digest string }
		read("/instances/"+i.ID+"/secrets/SOURCE_URI", &secret)
		sum := sha256.Sum256([]byte(p.file.SourceURLs[p.file.Instances[n].Source]))
		if secret.Digest != hex.EncodeToString(sum[:])[:8] {
			t.Errorf("%s does not know where its database is", i.Name)
		}
		var report struct{ OK bool }
		status, body := call(t, http.MethodPost, p.file.APIURL+"/instances/"+i.ID+"/source/test", p.file.APIToken, "{}")
		if err := json.Unmarshal(body, &report); err != nil || status != http.StatusOK || !report.OK {
			t.Errorf("source test of %s: %d %s", i.Name, status, body)
		}
	}
}
