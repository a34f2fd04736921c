package pool_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"turnkey/controlplane/pool"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/feed"
	"turnkey/runtime/telemetry"
)

// fake is a Feed that answers what a test wants and keeps what it was told.
type fake struct {
	err      error
	since    int64
	reported feed.Report
	shipped  telemetry.Batch
}

func (f *fake) List(_ context.Context, since int64) (feed.Page, error) {
	f.since = since
	return feed.Page{Changes: []feed.Change{{Instance: "ins_1", Revision: 3}}, Cursor: 9, More: true}, f.err
}
func (f *fake) Wait(_ context.Context, since int64) error { f.since = since; return f.err }
func (f *fake) Fetch(_ context.Context, instance string) ([]byte, error) {
	if instance != "ins_1" {
		return nil, fault.New(fault.NotFound, "not_found", "No.")
	}
	return []byte("sealed\x00bytes"), f.err
}
func (f *fake) Ship(_ context.Context, b telemetry.Batch) error { f.shipped = b; return f.err }
func (f *fake) Report(_ context.Context, r feed.Report) error   { f.reported = r; return f.err }

const token = "0123456789abcdef0123456789abcdef"

func serve(t *testing.T, f *fake) (url string, log *bytes.Buffer) {
	log = &bytes.Buffer{}
	h, err := pool.New(f, f, redact.New(token), slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL, log
}

func client(t *testing.T, url, token string) *feed.Client {
	c := feed.NewClient(url+"/", redact.New(token))
	t.Cleanup(c.Close)
	return c
}

func TestARuntimeReachesTheFeedOverHTTP(t *testing.T) {
	ctx := t.Context()
	f := &fake{}
	url, _ := serve(t, f)
	c := client(t, url, token)
	page, err := c.List(ctx, 7)
	if err != nil || f.since != 7 || page.Cursor != 9 || !page.More || !reflect.DeepEqual(page.Changes, []feed.Change{{Instance: "ins_1", Revision: 3}}) {
		t.Errorf("list: %+v, %v", page, err)
	}
	if err := c.Wait(ctx, 8); err != nil || f.since != 8 {
		t.Errorf("wait: %v", err)
	}
	if sealed, err := c.Fetch(ctx, "ins_1"); err != nil || string(sealed) != "sealed\x00bytes" {
		t.Errorf("fetch: %q, %v", sealed, err)
	}
	if _, err := c.Fetch(ctx, "../reports"); !fault.IsKind(err, fault.NotFound) {
		t.Errorf("fetch of another path: %v", err)
	}
	report := feed.Report{
		Runtime: feed.Runtime{ID: "rt_1", Address: "http://x", Format: 1, Capabilities: []string{"prepare"}, StartedAt: time.Unix(5, 0).UTC()},
		Acks:    []feed.Ack{{Instance: "ins_1", Revision: 3, Code: "c", Message: "m"}}, Leaving: true,
	}
	if err := c.Report(ctx, report); err != nil || !reflect.DeepEqual(f.reported, report) {
		t.Errorf("report: %+v, %v", f.reported, err)
	}
}

func TestNobodyElseDoes(t *testing.T) {
	f := &fake{}
	url, log := serve(t, f)
	for _, wrong := range []string{"", "x", token + "x", token[1:]} {
		c := client(t, url, wrong)
		_, list := c.List(t.Context(), 0)
		_, fetch := c.Fetch(t.Context(), "ins_1")
		for _, err := range []error{list, fetch, c.Wait(t.Context(), 0), c.Report(t.Context(), feed.Report{Runtime: feed.Runtime{ID: "evil"}})} {
			if !fault.Is(err, "pool_token") {
				t.Errorf("token %q: %v", wrong, err)
			}
		}
	}
	if f.reported.Runtime.ID != "" {
		t.Error("a stranger registered")
	}
	if strings.Contains(log.String(), token) {
		t.Error("the log holds a token")
	}
	if _, err := pool.New(f, f, redact.New("short"), slog.Default()); !fault.Is(err, "pool_token") {
		t.Errorf("a short token: %v", err)
	}
}

func TestTroubleLooksLikeTroubleNotLikeAnswers(t *testing.T) {
	f := &fake{err: fault.New(fault.Unavailable, "database_unavailable", "raw text of the database")}
	url, _ := serve(t, f)
	c := client(t, url, token)
	if _, err := c.List(t.Context(), 0); !fault.Is(err, "control_plane_unreachable") {
		t.Errorf("got %v", err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+feed.PathChanges, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %v, %v", answer, err)
	}
	answer.Body.Close()
	if _, err := client(t, "http://127.0.0.1:1", token).List(t.Context(), 0); !fault.IsKind(err, fault.Unavailable) {
		t.Errorf("nobody there: %v", err)
	}
}
