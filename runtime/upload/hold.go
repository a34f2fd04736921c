package upload

import (
	"bytes"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Hold says why uploads are not worked on for the moment.
type Hold struct {
	Code       string // stable, for the result
	Message    string
	RetryAfter time.Duration
}

// Answer tells the client to come back, in the dialect of its upload, without looking at a single
// operation: the body is only scanned to count its transactions. The first result is retryable, the
// rest are not attempted. problem answers a body that is no upload.
func (h Hold) Answer(w http.ResponseWriter, r *http.Request, problem func(http.ResponseWriter, *http.Request, error)) {
	form, n := Single, 1
	if r.Method == http.MethodPost {
		buf := bodies.Get().(*bytes.Buffer)
		defer func() {
			if buf.Cap() <= keepBuffer {
				buf.Reset()
				bodies.Put(buf)
			}
		}()
		err := readBody(r, buf)
		if err == nil {
			form, n, err = count(buf.Bytes())
		}
		if err != nil {
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

// count finds the dialect and how many transactions a body has, skipping what is in them.
func count(body []byte) (Form, int, error) {
	d := &decoder{body: body, dec: jsontext.NewDecoder(bytes.NewBuffer(body), lenient...)}
	if d.dec.PeekKind() != '{' {
		return 0, 0, notUpload("The body is not a JSON object.")
	}
	form, n := Form(0), 0
	err := d.object(func(name string) error {
		if name != "transactions" && name != "batch" || d.dec.PeekKind() != '[' {
			return d.skip()
		}
		if form = Batch; name == "transactions" {
			form = Transactions
		}
		n = 0
		if _, err := d.dec.ReadToken(); err != nil {
			return malformed(err)
		}
		for ; d.dec.PeekKind() != ']'; n++ {
			if err := d.skip(); err != nil {
				return err
			}
		}
		_, err := d.dec.ReadToken()
		return err
	})
	switch {
	case err != nil:
		return 0, 0, err
	case !d.atEnd():
		return 0, 0, notUpload("There is something after the JSON object.")
	case form == Batch:
		return Batch, 1, nil
	case form == 0 || n < 1 || n > MaxTransactions:
		return 0, 0, notUpload("The body has neither 1 to 50 transactions nor a batch.")
	}
	return form, n, nil
}
