package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/admission"
	"turnkey/runtime/upload"
)

// token serves /token by POST with a JSON body and, for older clients, by GET with a query. Over a
// limit it is 429: whoever fetches a token has no queue that could stick, and can read a status.
func (g *Gateway) token(w http.ResponseWriter, r *http.Request, in *live) {
	if in.bundle.Deployment == 0 {
		g.fail(w, r, notDeployed())
		return
	}
	id := in.bundle.Instance.ID
	if !g.rates.tokenAddress.allow(g.clientAddress(r)) {
		g.limited(w, r, "limit_address", "Too many token requests from this address.", g.jitter(time.Second))
		return
	}
	if !g.rates.tokenInstance.allow(id) {
		g.limited(w, r, "limit_instance", "Too many token requests to this instance.", g.jitter(time.Second))
		return
	}
	q, client, err := tokenRequest(w, r)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	ticket, refusal := g.tokens.Enter(r.Context(), keyOf(in, ""))
	if refusal != nil {
		g.limited(w, r, "overloaded", "The server has too many token requests under way.", refusal.After)
		return
	}
	began := g.cfg.Now()
	token, user, err := in.authority.Exchange(admission.With(r.Context(), ticket), q)
	ticket.Done()
	g.observeToken(w, in, exchange{began, q.Authorization, client, token, err})
	switch {
	case err != nil:
		g.fail(w, r, err)
	case !g.rates.tokenUser.allow(id + "\x00" + user): // only now is it proven who asks
		g.limited(w, r, "limit_user", "Too many token requests for this user.", g.jitter(time.Second))
	default:
		answer(w, http.StatusOK, token)
	}
}

// limited answers 429.
func (g *Gateway) limited(w http.ResponseWriter, r *http.Request, code, message string, after time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	g.fail(w, r, fault.New(fault.Limited, code, message).WithHint("Wait as long as Retry-After says, and keep a token until it expires."))
}

// tokenRequest reads a request, and what its connector says of itself.
func tokenRequest(w http.ResponseWriter, r *http.Request) (TokenRequest, *device, error) {
	q := TokenRequest{Authorization: r.Header.Get("Authorization")}
	if r.Method == http.MethodGet {
		q.UserID = r.URL.Query().Get("user_id") // a device secret in a URL would end up in logs
		return q, nil, nil
	}
	if err := uncompressed(r); err != nil {
		return q, nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxTokenBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return q, nil, fault.New(fault.TooLarge, "token_request_too_large", "The request is larger than 64 KB.")
	} else if err != nil {
		return q, nil, upload.Unreadable(err)
	}
	if len(body) == 0 {
		return q, nil, nil
	}
	var sent struct {
		UserID       string          `json:"user_id"`
		Claims       map[string]any  `json:"claims"`
		DeviceSecret string          `json:"device_secret"`
		Client       json.RawMessage `json:"client"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // claims of a customer's server keep every digit
	if err := decoder.Decode(&sent); err != nil || decoder.More() {
		return q, nil, fault.Wrap(err, fault.Invalid, "not_json", "The body is not a JSON object with user_id, claims or device_secret.")
	}
	q.UserID, q.Claims, q.DeviceSecret = sent.UserID, sent.Claims, sent.DeviceSecret
	return q, readDevice(sent.Client), nil
}
