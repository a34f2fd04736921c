//go:build e2e

package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"turnkey/internal/devstack"
)

// process is a running command of the binary.
type process struct {
	name string
	cmd  *exec.Cmd
	log  *os.File
	done chan error
}

// startProcess starts a command and waits until url answers 200.
func startProcess(t *testing.T, name, url string, env []string, args ...string) *process {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	p := &process{name: name, log: log, done: make(chan error, 1), cmd: exec.Command(binary, args...)}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, p.said())
		}
		_ = log.Close()
	})
	eventually(t, name+" to be ready", func() bool {
		select {
		case err := <-p.done:
			p.done <- err
			t.Fatalf("%s ended: %v\n%s", name, err, p.said())
		default:
		}
		return statusOf(url) == http.StatusOK
	})
	return p
}

func (p *process) said() []byte {
	raw, err := os.ReadFile(p.log.Name())
	if err != nil {
		return []byte(err.Error())
	}
	return raw[max(0, len(raw)-6000):]
}

// kill ends the process as a crash does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	err := <-p.done
	p.done <- err
}

// stop ends it as a supervisor does, and wants a clean end.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
	select {
	case err := <-p.done:
		p.done <- err
		if err != nil || bytes.Contains(p.said(), []byte("goroutine ")) {
			t.Errorf("%s ended badly: %v\n%s", p.name, err, p.said())
		}
	case <-time.After(2 * time.Minute):
		t.Fatalf("%s did not end within two minutes of SIGTERM", p.name)
	}
}

func statusOf(url string) int {
	response, err := (&http.Client{Timeout: 30 * time.Second}).Get(url)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// eventually polls until ok, for at most two minutes.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(2 * time.Minute); !ok(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("never: " + what)
		}
	}
}

// installation is both planes as processes of their own: the control plane with a Postgres cluster that
// is not the sources', and runtimes that share nothing with it but keys and two listeners.
type installation struct {
	*testing.T
	dir, keys  string
	cluster    *devstack.Postgres
	database   string // the control plane's, in the cluster
	control    *process
	api, pool  string // addresses, host:port
	front      string // where apps reach the first runtime
	token, org string
}

func install(t *testing.T) *installation {
	t.Helper()
	in := &installation{T: t, dir: passable(t), database: "postgres", front: freeAddress(t), api: freeAddress(t), pool: freeAddress(t)}
	in.keys = filepath.Join(in.dir, "keys")
	in.turnkey("keys", "generate", in.keys)
	in.startCluster()
	t.Cleanup(func() { _ = in.cluster.Stop() })
	in.startControl()
	in.signUp()
	return in
}

func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// startCluster starts the control plane's own PostgreSQL, also after it was killed.
func (in *installation) startCluster() {
	in.Helper()
	var err error
	if in.cluster, err = devstack.StartPostgres(in.Context(), devstack.PostgresConfig{Dir: filepath.Join(in.dir, "postgres")}); err != nil {
		in.Fatal(err)
	}
}

// environment of every command that opens the control plane.
func (in *installation) environment() []string {
	return []string{"TURNKEY_KEYS_DIR=" + filepath.Join(in.keys, "controlplane"), "TURNKEY_DATABASE_URL=" + in.cluster.URL(in.database)}
}

func (in *installation) startControl() {
	in.Helper()
	env := append(in.environment(), "TURNKEY_LISTEN="+in.api, "TURNKEY_POOL_LISTEN="+in.pool, "TURNKEY_BASE_URL=http://"+in.api,
		"TURNKEY_RUNTIME_URL=http://"+in.front+"/i/{host}", "TURNKEY_DEVELOPMENT=true", "TURNKEY_SIGNUP=open", "TURNKEY_DRAIN_DELAY=0s")
	in.control = startProcess(in.T, "turnkey controlplane", "http://"+in.pool+"/readyz", env, "controlplane")
}

// turnkey runs a command of the binary to its end.
func (in *installation) turnkey(args ...string) string {
	in.Helper()
	cmd := exec.CommandContext(in.Context(), binary, args...)
	if in.cluster != nil {
		cmd.Env = append(os.Environ(), in.environment()...)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		in.Fatalf("turnkey %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// signUp makes an account and an API token.
func (in *installation) signUp() {
	in.Helper()
	post := func(path string, cookies []*http.Cookie, body string, into any) []*http.Cookie {
		req, err := http.NewRequestWithContext(in.Context(), http.MethodPost, "http://"+in.api+"/api/v1"+path, strings.NewReader(body))
		if err != nil {
			in.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		for _, c := range cookies {
			req.AddCookie(c)
		}
		response, err := http.DefaultClient.Do(req)
		if err != nil {
			in.Fatal(err)
		}
		defer response.Body.Close()
		if err := json.NewDecoder(response.Body).Decode(into); err != nil || response.StatusCode >= 300 {
			in.Fatalf("%s: %d %v", path, response.StatusCode, err)
		}
		return response.Cookies()
	}
	var ignored map[string]any
	cookies := post("/auth/signup", nil, `{"email":"ann@example.com","password":"correct horse battery","name":"Ann"}`, &ignored)
	in.verify("ann@example.com")
	var list struct{ Data []struct{ ID string } }
	req, err := http.NewRequestWithContext(in.Context(), http.MethodGet, "http://"+in.api+"/api/v1/orgs", nil)
	if err != nil {
		in.Fatal(err)
	}
	for _, c := range cookies {
		req.AddCookie(c)
	}
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		in.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil || len(list.Data) != 1 {
		in.Fatalf("organizations: %v %v", list, err)
	}
	in.org = list.Data[0].ID
	var made struct{ Token string }
	post("/orgs/"+in.org+"/tokens", cookies, `{"name":"e2e","role":"owner"}`, &made)
	in.token = made.Token
}

// verify opens the link in the mail that a new account is sent; in development mails are shown by the API.
func (in *installation) verify(email string) {
	in.Helper()
	var mails struct {
		Data []struct{ Kind, To, Link string }
	}
	api := "http://" + in.api + "/api/v1"
	status, raw := call(in.T, http.MethodGet, api+"/development/mails", "", "")
	if err := json.Unmarshal(raw, &mails); err != nil || status != http.StatusOK || len(mails.Data) == 0 || mails.Data[0].To != email {
		in.Fatalf("the mailbox: %d %s, %v", status, raw, err)
	}
	_, token, _ := strings.Cut(mails.Data[0].Link, "?token=")
	if status, raw := call(in.T, http.MethodPost, api+"/auth/verify", "", `{"token":"`+token+`"}`); status != http.StatusOK {
		in.Fatalf("verify: %d %s", status, raw)
	}
}

// call calls the API and gives the answer's status and members.
func (in *installation) call(method, path string, body any) (int, map[string]any) {
	in.Helper()
	text := []byte{}
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			in.Fatal(err)
		}
	}
	status, raw := call(in.T, method, "http://"+in.api+"/api/v1"+path, in.token, string(text))
	for status == http.StatusTooManyRequests { // who polls for long uses up a minute's calls
		<-time.After(time.Second)
		status, raw = call(in.T, method, "http://"+in.api+"/api/v1"+path, in.token, string(text))
	}
	out := map[string]any{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			in.Fatalf("%s %s: %d %s", method, path, status, raw)
		}
	}
	return status, out
}

// must is call for what has to succeed, and what it changed to be served. The API waits for ten seconds, which a busy machine may need longer
// than; then it is the instance's status that says so.
func (in *installation) must(method, path string, body any) map[string]any {
	in.Helper()
	status, out := in.call(method, path, body)
	if status >= 300 {
		in.Fatalf("%s %s: %d %v", method, path, status, out)
	}
	if out["pending"] == true {
		in.ready(fmt.Sprint(out["instance_id"]))
	}
	return out
}

// runtimeNode is one runtime's process with what survives it.
type runtimeNode struct {
	*process
	in               *installation
	cache            string
	public, internal string
	drain            time.Duration
}

// startRuntime starts a runtime that nobody has seen before, and waits until the control plane knows it.
func (in *installation) startRuntime() *runtimeNode {
	in.Helper()
	n := &runtimeNode{in: in, cache: in.TempDir(), public: in.front, internal: freeAddress(in.T)}
	in.front = freeAddress(in.T)
	n.start()
	conn, err := pgx.Connect(in.Context(), in.cluster.URL(in.database))
	if err != nil {
		in.Fatal(err)
	}
	defer conn.Close(in.Context())
	eventually(in.T, "the runtime registers", func() bool {
		var known bool
		err := conn.QueryRow(in.Context(), `SELECT EXISTS (SELECT FROM runtimes WHERE address = $1)`, "http://"+n.internal).Scan(&known)
		return err == nil && known
	})
	return n
}

// start starts it, also again on the same disk.
func (n *runtimeNode) start() {
	n.in.Helper()
	n.process = startProcess(n.in.T, "turnkey runtime", "http://"+n.internal+"/readyz", []string{
		"TURNKEY_KEYS_DIR=" + filepath.Join(n.in.keys, "runtime"), "TURNKEY_CACHE_DIR=" + n.cache, "TURNKEY_CONTROL_PLANE=http://" + n.in.pool,
		"TURNKEY_LISTEN=" + n.public, "TURNKEY_INTERNAL_LISTEN=" + n.internal, "TURNKEY_ALLOW_PRIVATE_NETWORKS=true", "TURNKEY_DRAIN_DELAY=" + n.drain.String(),
	}, "runtime")
}

// url is where an instance answers at this runtime.
func (n *runtimeNode) url(host string) string { return "http://" + n.public + "/i/" + host }

// health is what an instance says of itself here.
func (n *runtimeNode) health(host string) (out struct {
	Status     string
	Deployment int
	Revision   int64
	Failed     string `json:"newest_revision_failed"`
}) {
	response, err := http.Get(n.url(host) + "/health")
	if err != nil {
		return out
	}
	defer response.Body.Close()
	_ = json.NewDecoder(response.Body).Decode(&out) // an empty answer is none that anybody waits for
	return out
}

// load is clients that mint a token and upload with it, over and over.
type load struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	done   int
	wrong  []string
}

// startLoad begins with a token that stays in use, beside new ones.
func startLoad(t *testing.T, url, source string) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel}
	kept, err := mint(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	for worker := range 3 {
		l.wg.Go(func() {
			pace := time.NewTicker(10 * time.Millisecond) // leave the machine to those who restart
			defer pace.Stop()
			for n := 0; ctx.Err() == nil; n++ {
				<-pace.C
				fresh, err := mint(ctx, url)
				if err == nil {
					err = put(ctx, url, []string{kept, fresh}[n%2], rowID(source, worker, n%500))
				}
				l.note(ctx, err)
			}
		})
	}
	t.Cleanup(func() { l.stop() })
	return l
}

func (l *load) note(ctx context.Context, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.done++
	} else if ctx.Err() == nil {
		l.wrong = append(l.wrong, err.Error())
	}
}

// count is how many tokens and uploads have succeeded.
func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.done
}

// stop ends it and tells what went wrong.
func (l *load) stop() (done int, wrong []string) {
	l.cancel()
	l.wg.Wait()
	return l.done, l.wrong
}

func rowID(source string, worker, n int) string {
	if source == "mongodb" {
		return fmt.Sprintf("7e57%04x%016x", worker, n)
	}
	return fmt.Sprintf("7e57%04x-0000-7000-8000-%012x", worker, n)
}

// mint asks for a development token.
func mint(ctx context.Context, url string) (string, error) {
	var answer struct{ Token string }
	err := fetch(ctx, http.MethodGet, url+"/token?user_id=e2e", "", "", &answer)
	if err == nil && answer.Token == "" {
		err = fmt.Errorf("no token")
	}
	return answer.Token, err
}

// put uploads one list; anything but success is an error.
func put(ctx context.Context, url, token, id string) error {
	var answer struct {
		Results []struct{ Status, Message string }
	}
	err := fetch(ctx, http.MethodPost, url+"/api/data", token,
		`{"transactions":[{"crud":[{"op":"PUT","table":"lists","id":"`+id+`","op_data":{"name":"e2e","owner_id":"e2e"}}]}]}`, &answer)
	if err == nil && (len(answer.Results) != 1 || answer.Results[0].Status != "success") {
		err = fmt.Errorf("the upload of %s: %+v", id, answer)
	}
	return err
}

func fetch(ctx context.Context, method, url, bearer, body string, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s answered %d", method, url, response.StatusCode)
	}
	return json.NewDecoder(response.Body).Decode(into)
}
