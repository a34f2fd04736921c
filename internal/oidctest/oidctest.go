// Package oidctest is a mock identity provider: OpenID Connect as a customer's login system speaks it, for
// tests and for trying out. Its page says that it is a mock, and it signs in whoever types an address. It
// must not know who asks: it is driven over HTTP alone, by a browser or by SignIn.
package oidctest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Client is the one that the mock knows.
const (
	ClientID     = "turnkey"
	ClientSecret = "mock-client-secret"
)

// Provider is a mock at an address of its own. Its fields may be set before it is asked.
type Provider struct {
	// Issuer is its address: "http://127.0.0.1:1234".
	Issuer string
	// Now dates its tokens; nil: the clock.
	Now func() time.Time
	// Alter changes an ID token's claims before they are signed, to see what becomes of bad ones.
	Alter func(claims map[string]any)
	// Mute leaves the address out of ID tokens, so that it is asked for at userinfo.
	Mute bool

	key *rsa.PrivateKey

	mu     sync.Mutex
	codes  map[string]grant
	tokens map[string]Person // access tokens
}

// Person is who signs in.
type Person struct {
	Subject, Email, Name string
	EmailVerified        bool
}

// grant is what a code stands for.
type grant struct {
	person                     Person
	nonce, challenge, redirect string
}

// New makes a provider; serve it at issuer.
func New(issuer string) (*Provider, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return &Provider{Issuer: issuer, key: key, codes: map[string]grant{}, tokens: map[string]Person{}}, nil
}

// Listen serves a new provider on an address such as "127.0.0.1:0" until stop.
func Listen(address string) (p *Provider, stop func(), err error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, nil, err
	}
	if p, err = New("http://" + l.Addr().String()); err != nil {
		_ = l.Close()
		return nil, nil, err
	}
	server := &http.Server{Handler: p, ReadHeaderTimeout: 5 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with stop
	}()
	return p, func() { _ = server.Close(); <-done }, nil
}

// ServeHTTP implements http.Handler.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "GET /.well-known/openid-configuration":
		answer(w, http.StatusOK, map[string]any{
			"issuer": p.Issuer, "authorization_endpoint": p.Issuer + "/authorize", "token_endpoint": p.Issuer + "/token", "userinfo_endpoint": p.Issuer + "/userinfo",
			"jwks_uri": p.Issuer + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		})
	case "GET /keys":
		answer(w, http.StatusOK, map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "mock", "n": encode(p.key.N.Bytes()), "e": encode(big.NewInt(int64(p.key.E)).Bytes()),
		}}})
	case "GET /authorize":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Execute(w, "/authorize?"+r.URL.RawQuery) // the browser may have gone
	case "POST /authorize":
		p.authorize(w, r)
	case "POST /token":
		p.token(w, r)
	case "GET /userinfo":
		p.userinfo(w, r)
	default:
		http.NotFound(w, r)
	}
}

var page = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Mock identity provider</title>
<h1>Mock identity provider</h1><p>For tests: it believes whatever you type.</p>
<form method="post" action="{{.}}"><p><label>E-mail address <input name="email" type="email" required autofocus></label></p>
<p><label>Name <input name="name"></label></p><p><label><input name="unverified" type="checkbox"> has not verified the address</label></p>
<button name="act" value="allow">Sign in</button> <button name="act" value="deny" formnovalidate>Refuse</button></form></html>`))

// authorize sends the browser back with a code for whoever was typed in.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" {
		http.Error(w, "the mock does not know such a request", http.StatusBadRequest)
		return
	}
	out := url.Values{"state": {q.Get("state")}, "iss": {p.Issuer}, "session_state": {"a parameter that nobody asked for"}}
	if r.FormValue("act") == "deny" {
		out.Set("error", "access_denied")
	} else {
		email := r.FormValue("email")
		person := Person{Subject: "sub-" + strings.ToLower(email), Email: email, Name: r.FormValue("name"), EmailVerified: r.FormValue("unverified") == ""}
		out.Set("code", p.grant(grant{person, q.Get("nonce"), q.Get("code_challenge"), q.Get("redirect_uri")}))
	}
	back.RawQuery = out.Encode()
	http.Redirect(w, r, back.String(), http.StatusSeeOther)
}

func (p *Provider) grant(g grant) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	code := rand.Text()
	p.codes[code] = g
	return code
}

// token exchanges a code, once, for whoever has its verifier.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	p.mu.Lock()
	g, known := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	switch {
	case id != ClientID || secret != ClientSecret:
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	case !known || encode(sum[:]) != g.challenge || r.FormValue("redirect_uri") != g.redirect:
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	raw, err := p.sign(g)
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]any{"error": "server_error"})
		return
	}
	access := rand.Text()
	p.mu.Lock()
	p.tokens[access] = g.person
	p.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": raw})
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	person, known := p.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	p.mu.Unlock()
	if !known {
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
		return
	}
	answer(w, http.StatusOK, map[string]any{"sub": person.Subject, "email": person.Email, "email_verified": fmt.Sprint(person.EmailVerified), "name": person.Name})
}

// sign makes the ID token.
func (p *Provider) sign(g grant) (string, error) {
	now := time.Now()
	if p.Now != nil {
		now = p.Now()
	}
	claims := map[string]any{"iss": p.Issuer, "aud": ClientID, "sub": g.person.Subject, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "nonce": g.nonce}
	if !p.Mute {
		claims["email"], claims["email_verified"], claims["name"] = g.person.Email, g.person.EmailVerified, g.person.Name
	}
	if p.Alter != nil {
		p.Alter(claims)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := encode([]byte(`{"alg":"RS256","kid":"mock","typ":"JWT"}`)) + "." + encode(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	return text + "." + encode(signature), err
}

// SignIn does what a person does at the mock's page, for tests without a browser: it gives the address that
// the browser is sent back to. An empty address refuses.
func (p *Provider) SignIn(location, email string, verified bool) (back *url.URL, err error) {
	form := url.Values{"email": {email}, "name": {"Mock Person"}, "act": {"allow"}}
	if email == "" {
		form.Set("act", "deny")
	}
	if !verified {
		form.Set("unverified", "on")
	}
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.PostForm(location, form)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	return response.Location()
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller may have gone
}
