//go:build connectors

package toolchain

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"turnkey/controlplane/connect"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
)

// language is how one language's files become a program.
type language struct {
	sdk string
	// most is how many transactions its connector sends at once.
	most int
	// build puts the program together in a folder that has the double and the driver of testdata, and the generated files
	// in the folder generated. It gives the command.
	build func(t *testing.T, dir string) []string
}

// generated writes an SDK's files for an instance at an address.
func generated(t *testing.T, sdk, document, base, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", document))
	if err != nil {
		t.Fatal(err)
	}
	kind := bundle.Development
	if strings.HasPrefix(base, "https:") {
		kind = bundle.Production
	}
	cfg, found := config.Parse(text, config.Options{Kind: kind})
	if cfg == nil {
		t.Fatal(found.Fault())
	}
	doc, err := connect.Make(connect.Input{URLs: connect.URLs{Base: base, JWKS: base + "/jwks"}, Development: kind == bundle.Development, Config: cfg, KeySet: json.RawMessage(`{"keys":[]}`)})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range doc.SDKs {
		if s.ID != sdk {
			continue
		}
		for _, f := range s.Files {
			if err := os.WriteFile(filepath.Join(dir, f.Name), []byte(f.Text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// workshop copies a language's double and driver into a folder of its own, with the generated files beside them.
func workshop(t *testing.T, l language, document, base string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", l.sdk))); err != nil {
		t.Fatal(err)
	}
	generated(t, l.sdk, document, base, filepath.Join(dir, "generated"))
	return dir
}

// tool runs a compiler.
func tool(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// driver is a running program: it takes scenarios and says what the connector concluded, a line each.
type driver struct {
	*testing.T
	in  io.WriteCloser
	out *bufio.Scanner
}

// conclusion is what a connector made of one scenario.
type conclusion struct {
	Steps []struct {
		Error           *string
		Left            []int
		Endpoint, Token string
	}
	Rejected []string
}

func start(t *testing.T, command []string, dir string) *driver {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...) // it ends with its input
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the driver ended: %v", err)
		}
	})
	d := &driver{T: t, in: in, out: bufio.NewScanner(out)}
	d.out.Buffer(nil, 4<<20)
	return d
}

func (d *driver) play(s scenario) (c conclusion) {
	d.Helper()
	steps := []string{}
	for _, st := range s.steps {
		steps = append(steps, st.do)
	}
	queue := s.queue
	if queue == nil {
		queue = []row{}
	}
	order, err := json.Marshal(map[string]any{"user": s.user, "token": s.token, "queue": queue, "steps": steps})
	if err != nil {
		d.Fatal(err)
	}
	if _, err := d.in.Write(append(order, '\n')); err != nil {
		d.Fatal(err)
	}
	if !d.out.Scan() {
		d.Fatalf("the driver said nothing: %v", d.out.Err())
	}
	if err := json.Unmarshal(d.out.Bytes(), &c); err != nil {
		d.Fatalf("%v: %s", err, d.out.Bytes())
	}
	return c
}

// check holds one language to every scenario.
func check(t *testing.T, l language) {
	t.Run("production", func(t *testing.T) { // other names, other sign-ins, no development user
		dir := workshop(t, l, "shop.yaml", "https://shop.example.com")
		if err := os.RemoveAll(filepath.Join(dir, "driver")); err != nil {
			t.Fatal(err)
		}
		l.build(t, dir)
	})
	server := newRecorder(t)
	dir := workshop(t, l, "todo.yaml", server.URL)
	d := start(t, l.build(t, dir), dir)
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			d.T, server.T = t, t
			server.begin(s)
			s.wantConcluded(t, d.play(s))
			s.wantSent(t, server.sent(), s.expected(t, l.most))
		})
	}
}

func (s scenario) wantConcluded(t *testing.T, c conclusion) {
	t.Helper()
	if len(c.Steps) != len(s.steps) {
		t.Fatalf("%d steps of %d", len(c.Steps), len(s.steps))
	}
	for n, want := range s.steps {
		got := c.Steps[n]
		if (got.Error != nil) != (want.fails != "") || got.Error != nil && want.fails != "*" && !strings.Contains(*got.Error, want.fails) {
			t.Errorf("step %d (%s): the error is %s, want %q", n, want.do, text(got.Error), want.fails)
		}
		if !slices.Equal(got.Left, want.left) {
			t.Errorf("step %d (%s): the queue is %v, want %v", n, want.do, got.Left, want.left)
		}
		if got.Endpoint != want.endpoint || got.Token != want.token {
			t.Errorf("step %d (%s): credentials %q %q, want %q %q", n, want.do, got.Endpoint, got.Token, want.endpoint, want.token)
		}
	}
	if !slices.Equal(c.Rejected, s.rejected) {
		t.Errorf("the app was told %q, want %q", c.Rejected, s.rejected)
	}
}

func (s scenario) wantSent(t *testing.T, got []request, want []sending) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d requests, want %d: %+v", len(got), len(want), got)
	}
	minted := 0
	for n, w := range want {
		q := got[n]
		if q.Method+" "+q.Path != w.address || !strings.HasPrefix(q.Type, "application/json") {
			t.Fatalf("request %d is %s %s (%s), want %s", n, q.Method, q.Path, q.Type, w.address)
		}
		if w.address == token {
			minted++
			s.wantExchange(t, n, q)
			continue
		}
		if want := "Bearer minted-" + number(minted).String(); q.Bearer != want {
			t.Errorf("request %d: Authorization is %q, want %q", n, q.Bearer, want)
		}
		s.wantUpload(t, n, q, w)
	}
}

// wantExchange: a development user is named, a provider's token is carried, and nothing else.
func (s scenario) wantExchange(t *testing.T, n int, q request) {
	t.Helper()
	want, bearer := map[string]any{}, ""
	if s.user != "" {
		want["user_id"] = s.user
	} else {
		bearer = "Bearer " + s.token
	}
	if !same(q.Body, want) || q.Bearer != bearer {
		t.Errorf("request %d: the exchange is %v with %q, want %v with %q", n, q.Body, q.Bearer, want, bearer)
	}
}

// wantUpload: whole transactions to the letter, and who the device is.
func (s scenario) wantUpload(t *testing.T, n int, q request, w sending) {
	t.Helper()
	wire := []any{}
	for _, tx := range w.with {
		wire = append(wire, tx.wire)
	}
	if !same(q.Body["transactions"], wire) || len(q.Body) != 2 {
		t.Errorf("request %d sends %v\nwant %v", n, q.Body, wire)
	}
	client, _ := q.Body["client"].(map[string]any)
	sdk, _ := client["sdk"].(string)
	if client["id"] != "device-1" || !strings.HasPrefix(sdk, "turnkey-") || client["queue_count"] == nil {
		t.Errorf("request %d: the device says of itself %v", n, client)
	}
	if said, has := client["last_error"].(string); has != w.again || has && s.steps[0].fails != "*" && !strings.Contains(said, s.steps[0].fails) {
		t.Errorf("request %d: the last error is %q", n, said)
	}
}

func text(s *string) string {
	if s == nil {
		return "none"
	}
	return *s
}
