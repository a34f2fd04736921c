package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

const (
	maxPage   = 4 << 20
	maxBundle = 16 << 20
	// callTimeout bounds every call but the one that waits.
	callTimeout = 10 * time.Second
)

// Client reaches a control plane's internal listener. Safe for concurrent use.
type Client struct {
	base  string
	token redact.Secret
	http  *http.Client
}

// NewClient takes the listener's address ("http://control-plane:8081") and the pool's token. The
// address is the operator's own, so it is not guarded like those that tenants name.
func NewClient(address string, token redact.Secret) *Client {
	return &Client{base: strings.TrimSuffix(address, "/"), token: token, http: &http.Client{
		// Never through a proxy from the environment, never along a redirect: the token is in the header.
		Transport:     &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: 90 * time.Second, ResponseHeaderTimeout: WaitFor + callTimeout},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// List gives what was published since a cursor.
func (c *Client) List(ctx context.Context, since int64) (Page, error) {
	var p Page
	raw, err := c.call(ctx, callTimeout, http.MethodGet, PathChanges+"?since="+strconv.FormatInt(since, 10), nil, maxPage)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, unreachable(fmt.Errorf("reading a page of changes: %w", err))
	}
	return p, nil
}

// Wait returns when something after the cursor may exist; it may also return early.
func (c *Client) Wait(ctx context.Context, since int64) error {
	_, err := c.call(ctx, WaitFor+callTimeout, http.MethodGet, PathWait+"?since="+strconv.FormatInt(since, 10), nil, 1<<10)
	return err
}

// Fetch gives an instance's newest sealed bundle.
func (c *Client) Fetch(ctx context.Context, instance string) ([]byte, error) {
	return c.call(ctx, callTimeout, http.MethodGet, PathBundles+"/"+url.PathEscape(instance), nil, maxBundle)
}

// Report sends a heartbeat.
func (c *Client) Report(ctx context.Context, r Report) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("writing a report: %w", err)
	}
	_, err = c.call(ctx, callTimeout, http.MethodPost, PathReports, body, 1<<16)
	return err
}

func (c *Client) call(ctx context.Context, timeout time.Duration, method, path string, body []byte, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fault.New(fault.Invalid, "control_plane_address", "The control plane's address is not a URL.").
			WithHint("Set TURNKEY_CONTROL_PLANE to something like http://control-plane:8081.")
	}
	r.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, unreachable(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	switch {
	case err != nil:
		return nil, unreachable(err)
	case int64(len(raw)) > limit:
		return nil, unreachable(fmt.Errorf("%s answered more than %d bytes", path, limit))
	case answer.StatusCode == http.StatusUnauthorized:
		return nil, fault.New(fault.Unauthenticated, "pool_token", "The control plane does not accept this runtime's pool token.").
			WithHint("Give both the same token: TURNKEY_POOL_TOKEN_FILE.")
	case answer.StatusCode == http.StatusNotFound:
		return nil, fault.New(fault.NotFound, "no_bundle", "The control plane has no such bundle.")
	case answer.StatusCode >= 300:
		return nil, unreachable(fmt.Errorf("%s answered %s", path, answer.Status))
	}
	return raw, nil
}

func unreachable(err error) error {
	return fault.Wrap(err, fault.Unavailable, "control_plane_unreachable", "The control plane does not answer.")
}
