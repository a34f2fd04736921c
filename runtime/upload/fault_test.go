package upload_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/source/mongo"
	"turnkey/runtime/source/postgres"
	"turnkey/runtime/upload"
)

// unreachable opens a source of the world's kind whose server does not answer.
func (w *world) unreachable() source.Source {
	w.t.Helper()
	var d net.Dialer
	log := slog.New(slog.DiscardHandler)
	var src source.Source
	var err error
	if w.kind == bundle.MongoDB {
		src, err = mongo.Open(w.t.Context(), mongo.Options{URI: redact.New("mongodb://127.0.0.1:1/?replicaSet=rs0"), Database: "x", Dial: d.DialContext, AllowPrivate: true, Now: time.Now, Log: log})
	} else {
		src, err = postgres.Open(w.t.Context(), postgres.Options{URI: redact.New("postgres://u:p@127.0.0.1:1/x?sslmode=disable"), Dial: d.DialContext, AllowPrivate: true, Now: time.Now, Log: log})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = src.Close() })
	return src
}

func TestASourceThatIsDownLosesNothing(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		e := w.newEngine(w.unreachable())
		good := crud(`{"op":"PUT","table":"lists","id":"{1}","data":{"name":"x"}}`)
		for name, body := range map[string]string{
			"a good write": transactions(good, good), "one that would be refused": transactions(crud(`{"op":"PUT","table":"nope","id":"{1}","data":{}}`), good),
		} {
			code, answer := w.send(e, http.MethodPost, body)
			got := outcomes(t, answer)
			if code != http.StatusOK || !strings.HasPrefix(got[0], "retryable_error ") || got[1] != "not_attempted" || !strings.Contains(answer, `"retry_after_ms":`) {
				t.Errorf("%s: %d %s", name, code, answer)
			}
		}
		code, answer := w.send(e, http.MethodPost, `{"batch":[{"op":"PUT","table":"lists","id":"{1}","data":{"name":"x"}}]}`)
		if code != http.StatusServiceUnavailable || !strings.Contains(answer, `"message"`) {
			t.Errorf("the older dialect: %d %s", code, answer)
		}
		if cause := e.Degraded(); cause == nil || cause.Code == "" {
			t.Error("the instance does not show as degraded")
		}
	})
}

// A hot row under many clients: conflicts are settled inside the request, nothing is lost and nobody
// is told to come back.
func TestConflictsAreSettledInsideTheRequest(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		w.want(transactions(crud(`{"op":"PUT","table":"lists","id":"{1}","data":{"name":"start"}}`)), "success")
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for n := range 10 {
					entries := []string{`{"op":"PATCH","table":"lists","id":"{1}","data":{"name":"` + string(rune('a'+i)) + string(rune('0'+n)) + `"}}`}
					if n%2 == 1 { // another way through the sources: two rows
						entries = append(entries, `{"op":"PUT","table":"lists","id":"{2}","data":{"name":"`+string(rune('a'+i))+`"}}`)
					}
					code, answer := w.upload(transactions(crud(entries...)))
					if code != 200 || !strings.Contains(answer, `"success"`) {
						t.Errorf("%d %s", code, answer)
					}
				}
			})
		}
		wg.Wait()
	})
}

// What a hold answers: every transaction is accounted for, no operation is looked at.
func TestHold(t *testing.T) {
	problem := func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	h := upload.Hold{Code: "instance_paused", Message: "Paused.", RetryAfter: 30 * time.Second}
	send := func(method, body string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		h.Answer(rec, httptest.NewRequest(method, "/", strings.NewReader(body)), problem)
		return rec
	}
	rec := send("POST", `{"transactions":[{"crud":[{"op":"nonsense"}]},{"nothing":1},{"crud":[]}]}`)
	if got := outcomes(t, rec.Body.String()); rec.Code != 200 || strings.Join(got, ",") != "retryable_error instance_paused,not_attempted,not_attempted" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	for method, body := range map[string]string{"POST": `{"batch":[{},{}]}`, "DELETE": `{"table":"x"}`} {
		if rec := send(method, body); rec.Code != 503 || rec.Header().Get("Retry-After") != "30" {
			t.Errorf("%s: %d %v", method, rec.Code, rec.Header())
		}
	}
	for _, body := range []string{``, `[]`, `{"transactions":[]}`, `{"transactions":[{}]} x`} {
		if rec := send("POST", body); rec.Code != 400 {
			t.Errorf("%q: %d", body, rec.Code)
		}
	}
}

func TestTheInstancesLimitHoldsTransactions(t *testing.T) {
	w := mongoWorld(t, "limits: {transactions_per_minute: 1}\n")
	one := transactions(strings.TrimSuffix(strings.Repeat(crud()+",", 50), ","))
	if _, answer := w.upload(one); strings.Contains(answer, "retryable") {
		t.Fatalf("the burst is one upload: %.300s", answer)
	}
	code, answer := w.upload(transactions(crud(), crud()))
	if got := outcomes(t, answer); code != 200 || strings.Join(got, ",") != "retryable_error limit_transactions_per_minute,not_attempted" {
		t.Errorf("%d %s", code, answer)
	}
}

// The rejection cannot be stored: then the write is not refused, it waits.
func TestARejectionThatCannotBeKeptIsNotARefusal(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		e := w.newEngine(unkeeping{w.src})
		_, answer := w.send(e, http.MethodPost, transactions(crud(`{"op":"PUT","table":"nope","id":"{1}","data":{}}`)))
		if got := outcomes(t, answer); !strings.HasPrefix(got[0], "retryable_error") {
			t.Errorf("got %s", answer)
		}
	})
}

// unkeeping is a source whose disk is full when a rejection is to be kept.
type unkeeping struct{ source.Source }

func (u unkeeping) Begin(ctx context.Context, as source.Session) (source.Tx, error) {
	tx, err := u.Source.Begin(ctx, as)
	return unkeepingTx{tx}, err
}

type unkeepingTx struct{ source.Tx }

func (t unkeepingTx) Apply(ctx context.Context, changes []source.Change, finish *source.Finish) error {
	if finish != nil && finish.Rejection != nil {
		return &source.Failure{Class: source.Down, Code: "source_down", Message: "The disk is full.", Change: -1}
	}
	return t.Tx.Apply(ctx, changes, finish)
}

// A commit whose outcome is unknown is tried again, and the row is written once.
func TestAnUnknownCommitIsTriedAgain(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		lossy := &forgetful{Source: w.src}
		e := w.newEngine(lossy)
		_, answer := w.send(e, http.MethodPost, transactions(crud(`{"op":"PUT","table":"lists","id":"{1}","data":{"name":"x"}}`, `{"op":"PUT","table":"lists","id":"{2}","data":{"name":"y"}}`)))
		if got := outcomes(t, answer); got[0] != "success" || lossy.lost != 1 {
			t.Errorf("got %s after %d lost replies", answer, lossy.lost)
		}
		if w.row("lists", 1) != "name=x" || w.row("lists", 2) != "name=y" {
			t.Error("the rows are not there")
		}
	})
}

// forgetful commits, and loses the first reply. It hides the Creator shortcut of what it wraps.
type forgetful struct {
	source.Source
	lost    int
	between func() // runs after the lost commit; may be nil
}

func (f *forgetful) Begin(ctx context.Context, as source.Session) (source.Tx, error) {
	tx, err := f.Source.Begin(ctx, as)
	return &forgetfulTx{tx, f}, err
}

type forgetfulTx struct {
	source.Tx
	of *forgetful
}

func (t *forgetfulTx) Apply(ctx context.Context, changes []source.Change, finish *source.Finish) error {
	err := t.Tx.Apply(ctx, changes, finish)
	if err == nil && finish != nil && t.of.lost == 0 {
		t.of.lost++
		if t.of.between != nil {
			t.of.between()
		}
		return &source.Failure{Class: source.Unknown, Code: "commit_unknown", Message: "No answer.", Change: -1}
	}
	return err
}
