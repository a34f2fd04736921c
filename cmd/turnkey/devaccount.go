package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// callPatience is above what a deployment may take.
const callPatience = 45 * time.Second

// account reuses the account of an earlier start, or makes one through the API, as a person would.
func (s *devStack) account(ctx context.Context) (f devFile, organization string, err error) {
	var me struct {
		EmailVerified bool `json:"email_verified"`
		Organizations []struct {
			Organization string `json:"organization"`
		} `json:"organizations"`
	}
	f = s.readDevFile()
	if f.APIToken != "" {
		err := s.call(ctx, http.MethodGet, "/auth/me", f.APIToken, nil, &me)
		if err == nil && len(me.Organizations) > 0 {
			if !me.EmailVerified { // made before addresses were verified
				err = s.verifyAgain(ctx, f)
			}
			return f, me.Organizations[0].Organization, err
		}
	}
	f = devFile{Email: "demo@turnkey.localhost", Password: randomText(16)}
	cookie, err := s.signUp(ctx, f)
	if err != nil {
		f.Email = "demo-" + randomText(4) + "@turnkey.localhost" // the old password is lost with the old file
		if cookie, err = s.signUp(ctx, f); err != nil {
			return f, "", err
		}
	}
	if err := s.verify(ctx, f.Email); err != nil {
		return f, "", err
	}
	if err := s.callWith(ctx, http.MethodGet, "/auth/me", cookie, nil, &me); err != nil {
		return f, "", err
	}
	if len(me.Organizations) == 0 {
		return f, "", errors.New("the demo account has no organization")
	}
	organization = me.Organizations[0].Organization
	var token struct {
		Token string `json:"token"`
	}
	err = s.callWith(ctx, http.MethodPost, "/orgs/"+url.PathEscape(organization)+"/tokens", cookie,
		map[string]any{"name": "turnkey dev", "role": "owner", "expires_in": 365 * 24 * 3600}, &token)
	f.APIToken = token.Token
	return f, organization, err
}

// verify opens the link in the newest mail to an address, as a person would.
func (s *devStack) verify(ctx context.Context, email string) error {
	nobody := func(*http.Request) {}
	var mails struct {
		Data []struct{ Kind, To, Link string }
	}
	if err := s.callWith(ctx, http.MethodGet, "/development/mails", nobody, nil, &mails); err != nil {
		return err
	}
	for _, m := range mails.Data {
		link, err := url.Parse(m.Link)
		if m.To == email && m.Kind == "verification" && err == nil {
			return s.callWith(ctx, http.MethodPost, "/auth/verify", nobody, map[string]any{"token": link.Query().Get("token")}, nil)
		}
	}
	return errors.New("the demo account was sent no mail")
}

// verifyAgain asks for another mail and opens its link. An account whose password was changed is its owner's business.
func (s *devStack) verifyAgain(ctx context.Context, f devFile) error {
	cookie, err := s.enter(ctx, "/auth/login", map[string]string{"email": f.Email, "password": f.Password})
	if err != nil {
		return nil
	}
	if err := s.callWith(ctx, http.MethodPost, "/auth/verify/resend", cookie, nil, nil); err != nil {
		return err
	}
	return s.verify(ctx, f.Email)
}

// signUp gives the session cookie of a new account.
func (s *devStack) signUp(ctx context.Context, f devFile) (func(*http.Request), error) {
	return s.enter(ctx, "/auth/signup", map[string]string{"email": f.Email, "password": f.Password, "name": "Demo", "organization": "Demo"})
}

// enter gives the session cookie that signing in or up answers with.
func (s *devStack) enter(ctx context.Context, path string, input map[string]string) (func(*http.Request), error) {
	client := &http.Client{Timeout: callPatience}
	body, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	response, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 || len(response.Cookies()) == 0 {
		return nil, fmt.Errorf("the demo account: %s answered %d", path, response.StatusCode)
	}
	cookies := response.Cookies()
	return func(r *http.Request) {
		for _, c := range cookies {
			r.AddCookie(c)
		}
	}, nil
}

func (s *devStack) call(ctx context.Context, method, path, token string, body, into any) error {
	return s.callWith(ctx, method, path, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }, body, into)
}

// callWith calls our own API over HTTP.
func (s *devStack) callWith(ctx context.Context, method, path string, as func(*http.Request), body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		raw = nil
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	as(req)
	response, err := (&http.Client{Timeout: callPatience}).Do(req)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return refusal{method, path, response.StatusCode, answer}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// refusal is an answer of our API that is no success.
type refusal struct {
	method, path string
	status       int
	problem      []byte
}

// Error implements error.
func (r refusal) Error() string {
	return fmt.Sprintf("%s %s answered %d: %s", r.method, r.path, r.status, r.problem)
}

func isStatus(err error, status int) bool {
	var r refusal
	return errors.As(err, &r) && r.status == status
}
