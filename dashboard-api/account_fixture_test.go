package dashboardapi

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"turnkey/controlplane"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// browserSession signs somebody in once more and gives the session's string and id.
func (h *house) browserSession(p *person) (session, id string) {
	h.Helper()
	_, secret, err := h.plane.Accounts.LogIn(h.Context(), controlplane.Actor{IP: "203.0.113.9"},
		controlplane.LogIn{Email: p.email, Password: redact.New(testPassword), Browser: controlplane.Browser{UserAgent: "Another browser"}})
	if err != nil {
		h.Fatalf("sign %s in: %v", p.name, err)
	}
	actor, err := h.plane.Accounts.BySession(h.Context(), secret.Reveal())
	if err != nil {
		h.Fatal(err)
	}
	return secret.Reveal(), actor.SessionID
}

// mailTo gives the link's token of the newest mail of a kind to an address.
func (h *house) mailTo(email, kind string) (text, token string) {
	h.Helper()
	list, err := h.plane.Mails.Mailbox(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	for _, m := range list {
		if m.To == email && m.Kind == kind {
			_, token, _ = strings.Cut(m.Text, "?token=")
			token, _, _ = strings.Cut(token, "\n")
			return m.Text, token
		}
	}
	h.Fatalf("there is no mail %s to %s among %d", kind, email, len(list))
	return "", ""
}

// code is what the authenticator app of a secret shows after a while.
func (h *house) code(secret string, later time.Duration) string {
	h.Helper()
	code, err := totp.GenerateCode(secret, h.clock.now().Add(later))
	if err != nil {
		h.Fatal(err)
	}
	return code
}

// withTOTP gives a person an authenticator app; its next code is that of half a minute later.
func (h *house) withTOTP(p *person) (secret string, recovery []string) {
	h.Helper()
	text, _, err := h.plane.Accounts.BeginTOTP(h.Context(), p.Actor, redact.New(testPassword))
	if err != nil {
		h.Fatalf("begin a TOTP: %v", err)
	}
	codes, err := h.plane.Accounts.EnableTOTP(h.Context(), p.Actor, h.code(text.Reveal(), 0))
	if err != nil {
		h.Fatalf("enable a TOTP: %v", err)
	}
	for _, c := range codes {
		recovery = append(recovery, c.Reveal())
	}
	return text.Reveal(), recovery
}

// who is the asker where one can be themself, and somebody new for those that are refused anyway.
func (h *house) self(as *person) *person {
	if as == nil || as.session == "" {
		return h.signUp("nobody in particular")
	}
	return as
}

// withIdentity lets a provider sign a person in, and gives the identity's id.
func (h *house) withIdentity(p *person) string {
	h.Helper()
	i, err := h.plane.Accounts.Link(h.Context(), p.Actor, outsider(), controlplane.Proof{Password: redact.New(testPassword)})
	if err != nil {
		h.Fatalf("link a provider: %v", err)
	}
	return i.ID()
}

// outsider is somebody at a provider whom nobody knows here.
func outsider() controlplane.Identity {
	return controlplane.Identity{Provider: "mock", Issuer: "https://mock.example", Subject: rand.Text(), Email: "elsewhere@example.com", EmailVerified: true}
}

// accountFixture is what people do about themselves: each asker to their own account.
var accountFixture = fixture{
	build: func(h *house, t *tenant) {
		_, t.ids["session"] = h.browserSession(t.owner)
		t.ids["provider"] = "none"
		_, t.ids["passkey"] = h.withPasskey(t.owner, "Phone")
		t.ids["identity"] = h.withIdentity(t.owner)
	},
	bodies: map[string]func(h *house, t *tenant, as *person) any{
		"POST /auth/login/code": func(h *house, _ *tenant, _ *person) any {
			p := h.signUp("careful")
			secret, _ := h.withTOTP(p)
			r := h.do(logInAs(p.email, testPassword))
			return map[string]any{"challenge": r.text("challenge"), "code": h.code(secret, 30*time.Second)}
		},
		"PATCH /auth/me": func(*house, *tenant, *person) any { return map[string]any{"name": "Renamed"} },
		"POST /auth/verify": func(h *house, _ *tenant, _ *person) any {
			_, token := h.mailTo(h.signUp("new").email, "verification")
			return map[string]any{"token": token}
		},
		"POST /auth/verify/resend": nil,
		"POST /auth/email": func(*house, *tenant, *person) any {
			return map[string]any{"email": strings.ToLower(rand.Text()) + "@example.com", "password": testPassword}
		},
		"POST /auth/email/confirm": func(h *house, _ *tenant, _ *person) any {
			p, wanted := h.signUp("moving"), strings.ToLower(rand.Text())+"@example.com"
			if err := h.plane.Accounts.AskForEmail(h.Context(), p.Actor, wanted, controlplane.Proof{Password: redact.New(testPassword)}); err != nil {
				h.Fatal(err)
			}
			_, token := h.mailTo(wanted, "email_change")
			return map[string]any{"token": token}
		},
		"POST /auth/identities": func(h *house, _ *tenant, as *person) any {
			sent, err := h.api.propose(h.self(as).session, outsider())
			if err != nil {
				h.Fatal(err)
			}
			return map[string]any{"identity": proposed(h.T, sent.Location), "password": testPassword}
		},
		"POST /auth/identities/{identity}/unlink": func(h *house, t *tenant, as *person) any {
			t.ids["identity"] = h.withIdentity(h.self(as))
			return map[string]any{"password": testPassword}
		},
		"POST /auth/forgot": func(h *house, _ *tenant, _ *person) any { return map[string]any{"email": h.signUp("forgetful").email} },
		"POST /auth/reset": func(h *house, _ *tenant, _ *person) any {
			p := h.signUp("forgetful")
			if err := h.plane.Accounts.ForgetPassword(h.Context(), controlplane.Actor{}, p.email); err != nil {
				h.Fatal(err)
			}
			_, token := h.mailTo(p.email, "reset")
			return map[string]any{"token": token, "password": testPassword + " 2"}
		},
		"POST /auth/password": func(*house, *tenant, *person) any {
			return map[string]any{"password": testPassword, "new_password": testPassword + " 2"}
		},
		"DELETE /auth/sessions/{session}": func(h *house, t *tenant, as *person) any {
			_, t.ids["session"] = h.browserSession(h.self(as))
			return nil
		},
		"POST /auth/totp": func(h *house, _ *tenant, _ *person) any { return map[string]any{"password": testPassword} },
		"POST /auth/totp/confirm": func(h *house, _ *tenant, as *person) any {
			secret, _, err := h.plane.Accounts.BeginTOTP(h.Context(), h.self(as).Actor, redact.New(testPassword))
			if err != nil {
				h.Fatal(err)
			}
			return map[string]any{"code": h.code(secret.Reveal(), 0)}
		},
		"POST /auth/login/passkey/begin": nil,
		"POST /auth/login/passkey": func(h *house, _ *tenant, _ *person) any {
			device, _ := h.withPasskey(h.signUp("modern"), "Phone")
			ceremony := h.beginPasskeyLogIn()
			return passkeyLogIn(ceremony, device.get(ceremony)).body
		},
		"POST /auth/passkeys/begin": func(*house, *tenant, *person) any { return map[string]any{"password": testPassword} },
		"POST /auth/passkeys": func(h *house, _ *tenant, as *person) any {
			p := h.self(as)
			ceremony := h.beginPasskey(p)
			return addPasskey(p, ceremony, "Phone", newAuthenticator(h.T).create(ceremony)).body
		},
		"PATCH /auth/passkeys/{passkey}": func(h *house, t *tenant, as *person) any {
			_, t.ids["passkey"] = h.withPasskey(h.self(as), "Phone")
			return map[string]any{"name": "Renamed"}
		},
		"DELETE /auth/passkeys/{passkey}": func(h *house, t *tenant, as *person) any {
			_, t.ids["passkey"] = h.withPasskey(h.self(as), "Phone")
			return nil
		},
		"POST /auth/totp/remove":         totpProof,
		"POST /auth/totp/recovery-codes": totpProof,
	},
}

// totpProof gives the asker an authenticator app, if there is none yet.
func totpProof(h *house, _ *tenant, as *person) any {
	p := h.self(as)
	if _, err := h.plane.Accounts.TOTP(h.Context(), p.Actor); fault.IsKind(err, fault.NotFound) {
		h.withTOTP(p)
	}
	return map[string]any{"password": testPassword}
}
