package gateway_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

// What becomes of a connection on the way says nothing of the writes, so it is no 4xx: some clients drop what was
// answered with one.
func TestBodiesThatDoNotArrive(t *testing.T) {
	r := newRig(t, nil)
	for name, body := range map[string]io.Reader{
		"body_cut":        io.MultiReader(strings.NewReader(`{"transactions":`), iotest.ErrReader(io.ErrUnexpectedEOF)),
		"body_unreadable": iotest.ErrReader(errors.New("connection reset by peer")),
	} {
		for _, path := range []string{"/upload", "/api/data", "/token"} {
			q := httptest.NewRequest("POST", "http://localhost/i/acme"+path, body)
			q.Header.Set("Authorization", "Bearer good")
			rec := httptest.NewRecorder()
			r.ServeHTTP(rec, q)
			if rec.Code != 503 || !strings.Contains(rec.Body.String(), name) || rec.Header().Get("Retry-After") == "" {
				t.Errorf("%s at %s: %d %s", name, path, rec.Code, rec.Body)
			}
		}
	}
}

func TestCompressedBodies(t *testing.T) {
	r := newRig(t, nil)
	for path, body := range map[string]string{"/upload": "{}", "/token": `{"user_id":"u1"}`} {
		for encoding, want := range map[string]int{"gzip": 400, "br, gzip": 400, "Identity": 200, "": 200} {
			rec := r.do("POST", "http://localhost/i/acme"+path, map[string]string{"Authorization": "Bearer good", "Content-Encoding": encoding}, body)
			if rec.Code != want || want == 400 && !strings.Contains(rec.Body.String(), "content_encoding") {
				t.Errorf("%q at %s: %d %s", encoding, path, rec.Code, rec.Body)
			}
		}
	}
}
