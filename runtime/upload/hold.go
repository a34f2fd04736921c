package upload

import (
	"net/http"
	"time"
)

// Hold says why uploads are not worked on for the moment.
type Hold struct {
	Code       string // stable, for the result
	Message    string
	RetryAfter time.Duration
}

// Answer tells the client to come back, in the dialect of its upload, without looking at a single
// operation: the body is only scanned, in constant memory, to count its transactions. The first
// result is retryable, the rest are not attempted. problem answers a body that is no upload.
func (h Hold) Answer(w http.ResponseWriter, r *http.Request, problem func(http.ResponseWriter, *http.Request, error)) {
	form, n := Single, 1
	if r.Method == http.MethodPost {
		var err error
		if form, n, err = scanBody(r.Body); err != nil {
			problem(w, r, err)
			return
		}
	}
	results := make([]result, n)
	for i := range results {
		results[i] = result{Status: notAttempted}
	}
	results[0] = retryResult(h.Code, h.Message, h.RetryAfter)
	respond(w, form, results)
}
