package stand

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// HTTP sends uploads to one of several runtimes, as a load balancer would.
type HTTP struct {
	bases  []string
	client *http.Client

	mu     sync.Mutex
	tokens map[string]string
}

// NewHTTP makes a transport over the runtimes' base URLs.
func NewHTTP(bases ...string) *HTTP {
	return &HTTP{bases: bases, tokens: map[string]string{}, client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second},
	}}
}

// Post implements client.Transport.
func (h *HTTP) Post(ctx context.Context, subject string, body []byte) (int, []byte, error) {
	base := h.bases[rand.IntN(len(h.bases))]
	token, err := h.token(ctx, base, subject)
	if err != nil {
		return 0, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/data", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	status, answer, err := h.do(request)
	if status == http.StatusUnauthorized { // a connector fetches a new token and tries again
		h.mu.Lock()
		delete(h.tokens, subject)
		h.mu.Unlock()
		return 0, nil, fmt.Errorf("the token was refused: %.200s", answer)
	}
	return status, answer, err
}

func (h *HTTP) do(request *http.Request) (int, []byte, error) {
	response, err := h.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

func (h *HTTP) token(ctx context.Context, base, subject string) (string, error) {
	h.mu.Lock()
	token := h.tokens[subject]
	h.mu.Unlock()
	if token != "" {
		return token, nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/token?user_id="+url.QueryEscape(subject), nil)
	if err != nil {
		return "", err
	}
	status, answer, err := h.do(request)
	if err != nil {
		return "", fmt.Errorf("fetching a token: %w", err)
	}
	var body struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(answer, &body); err != nil || body.Token == "" {
		return "", fmt.Errorf("fetching a token: status %d: %.200s", status, answer)
	}
	h.mu.Lock()
	h.tokens[subject] = body.Token
	h.mu.Unlock()
	return body.Token, nil
}
