package upload

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// status of one transaction, as PowerSync's reference contract spells it.
type status string

const (
	success      status = "success"
	retryable    status = "retryable_error"
	fatal        status = "fatal_error"
	notAttempted status = "not_attempted"
)

// result answers one transaction. Which members are present depends on Status, as in the contract.
type result struct {
	Status status `json:"status"`
	// RequiresClientHandling is present for fatal results only.
	RequiresClientHandling *bool            `json:"requires_client_handling,omitempty"`
	Message                string           `json:"message,omitempty"`
	RetryAfterMS           int64            `json:"retry_after_ms,omitempty"`
	ErrorCode              string           `json:"error_code,omitempty"` // retryable: the cause
	FailedOperation        *failedOperation `json:"failed_operation,omitempty"`
	RejectionID            string           `json:"rejection_id,omitempty"`
}

type failedOperation struct {
	ErrorCode      string `json:"error_code"`
	Message        string `json:"message,omitempty"`
	Hint           string `json:"hint,omitempty"`
	Details        any    `json:"details,omitempty"`
	OperationIndex *int   `json:"operation_index,omitempty"`
}

// stops reports whether nothing after this result may be attempted.
func (r result) stops() bool { return r.Status == retryable || r.Status == notAttempted }

func retryResult(code, message string, after time.Duration) result {
	return result{Status: retryable, ErrorCode: code, Message: message, RetryAfterMS: after.Milliseconds()}
}

func fatalResult(no *Refusal, clientHandles bool) result {
	failed := &failedOperation{ErrorCode: no.Code, Message: no.Message, Hint: no.Hint, Details: no.Details}
	if no.Operation >= 0 {
		failed.OperationIndex = &no.Operation
	}
	return result{Status: fatal, RequiresClientHandling: &clientHandles, Message: no.Message, FailedOperation: failed}
}

// answer is the body for every form; stock clients of the reference contract ignore Message, clients
// of the older ones ignore Results.
type answer struct {
	Message string   `json:"message,omitempty"`
	Results []result `json:"results"`
}

// respond writes the results in the upload's dialect: the reference contract is always 200; the
// older ones know only the status code, so theirs is 200 only when the queue may move on.
func respond(w http.ResponseWriter, form Form, results []result) {
	body := answer{Results: results}
	code := http.StatusOK
	if form != Transactions {
		body.Message = "Batch completed"
		for _, r := range results {
			if r.stops() {
				code, body.Message = http.StatusServiceUnavailable, r.Message
				after := max(1, (r.RetryAfterMS+999)/1000)
				w.Header().Set("Retry-After", strconv.FormatInt(after, 10))
				break
			}
		}
	}
	out, err := json.Marshal(body)
	if err != nil { // details come from us; this cannot happen with what we put in
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(out) // a client that went away sends the upload again
}
