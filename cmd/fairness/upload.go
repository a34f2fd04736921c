package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// users of each instance.
const users = 8

// upload writes one new row as one of the users and tells what became of it.
func (t *target) upload(ctx context.Context, host string) (r result, err error) {
	token, err := t.token(ctx, host, "u"+strconv.Itoa(rand.IntN(users)))
	if err != nil {
		return r, err
	}
	body := `{"transactions":[{"crud":[{"op":"PUT","type":"notes","id":"` + uuid.NewString() + `","op_data":{"title":"Water the plants","done":0}}]}]}`
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, t.instance(host)+"/upload", strings.NewReader(body))
	if err != nil {
		return r, err
	}
	q.Header.Set("Authorization", "Bearer "+token)
	response, err := t.client.Do(q)
	if err != nil {
		return r, err
	}
	defer response.Body.Close()
	var answer struct{ Results []result }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || len(answer.Results) != 1 {
		return r, fmt.Errorf("answer %d without one result: %w", response.StatusCode, err)
	}
	if r = answer.Results[0]; r.Status == success {
		t.written.Add(1)
	}
	return r, nil
}

// result is what became of a transaction.
type result struct {
	Status    string `json:"status"`
	Message   string `json:"message"`
	ErrorCode string `json:"error_code"`
}

const success = "success"

func (t *target) instance(host string) string { return "http://" + t.public + "/i/" + host }

// token gets a user's token, once.
func (t *target) token(ctx context.Context, host, user string) (string, error) {
	if kept, ok := t.tokens.Load(host + "/" + user); ok {
		return kept.(string), nil
	}
	body, err := t.get(ctx, t.instance(host)+"/token?user_id="+user)
	if err != nil {
		return "", err
	}
	var answer struct{ Token string }
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", err
	}
	t.tokens.Store(host+"/"+user, answer.Token)
	return answer.Token, nil
}

func (t *target) get(ctx context.Context, url string) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := t.client.Do(q)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %d: %s", url, response.StatusCode, body)
	}
	return body, err
}
