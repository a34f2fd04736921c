//go:build e2e

package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
)

// sql is one statement with its values; transaction is what the device commits at once.
type (
	sql         []any
	transaction []sql
)

// one is a transaction of a single statement.
func one(statement string, values ...any) transaction {
	return transaction{append(sql{statement}, values...)}
}

// device is a client with the real SDK. Its database outlives its processes.
type device struct {
	in         *tenant
	user, kind string
	dir        string
	url        string // of the instance, or of a proxy before it
}

// toldRejection is what a connector told the app.
type toldRejection struct {
	Code, Message, Hint, Rejection string
	Operation, Operations          int
}

// session is what one run of a device came to.
type session struct {
	Queue    int
	Error    string
	Rejected []toldRejection
}

func (in *tenant) device(kind, user string) *device {
	return &device{in: in, kind: kind, user: user, dir: in.TempDir(), url: in.url}
}

func (d *device) argument(list []transaction) map[string]any {
	return map[string]any{"url": d.url, "user": d.user, "connector": d.kind, "dir": d.dir, "transactions": list}
}

// run writes and uploads.
func (d *device) run(list ...transaction) (s session) {
	d.in.Helper()
	out := node(d.in.T, "device.mjs", d.argument(list))
	if err := json.Unmarshal(out, &s); err != nil {
		d.in.Fatalf("%v: %s", err, out)
	}
	return s
}

// drained is run, and wants an empty queue.
func (d *device) drained(list ...transaction) session {
	d.in.Helper()
	s := d.run(list...)
	if s.Queue != 0 || s.Error != "" {
		d.in.Fatalf("the queue stands at %d: %s", s.Queue, s.Error)
	}
	return s
}

// killed is run by a process that is killed before it knows how its upload went.
func (d *device) killed(ctx context.Context, list ...transaction) {
	d.in.Helper()
	cmd := nodeCommand(ctx, d.in.T, "device.mjs", d.argument(list))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err == nil || ctx.Err() == nil {
		d.in.Fatalf("the process was not killed: %v %s", err, out.String())
	}
}

// lossy stands before an instance. It hands uploads on and loses the first answers: done is called when
// the instance has answered, in place of the answer.
func (in *tenant) lossy(answers int, done func()) string {
	to, err := url.Parse(in.url)
	if err != nil {
		in.Fatal(err)
	}
	errLost := errors.New("the answer is lost")
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: to.Scheme, Host: to.Host})
	proxy.ModifyResponse = func(r *http.Response) error {
		if !strings.HasSuffix(r.Request.URL.Path, "/api/data") || answers == 0 {
			return nil
		}
		answers--
		done()
		return errLost
	}
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	server := httptest.NewServer(proxy)
	in.Cleanup(server.Close)
	return server.URL + to.Path
}
