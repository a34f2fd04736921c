package token

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/rule"
)

// Identity is a verified token of a provider, as the instance's own code is asked about it.
type Identity struct {
	Provider string
	UserID   string // what the configuration makes of it, with the prefix; "" if nothing
	Claims   map[string]any
}

// Resolved is what that code says. Claims go over those of the configuration; a nil takes one away.
type Resolved struct {
	UserID string
	Claims map[string]any
}

// Resolve asks the instance's own code (hooks/_auth.ts). Errors are faults: Forbidden when it refuses, in its own
// words; Unavailable when it could not be asked, or failed.
type Resolve func(ctx context.Context, i Identity) (Resolved, error)

// refusedFor is how long a refusal is remembered: a device that is refused asks again and again.
const refusedFor = 10 * time.Second

// decision is what was said of one token.
type decision struct {
	user  rule.User
	err   error
	until time.Time
}

// identify maps a verified provider's claims to the user: one decision for /token and /upload.
func (a *Authority) identify(ctx context.Context, p *provider, claims map[string]any) (rule.User, error) {
	id, err := a.configured(ctx, p, claims)
	if a.deps.Resolve != nil && fault.Is(err, "no_user_id") && !errors.Is(err, errUnverified) {
		id, err = "", nil // the code may know
	}
	if err != nil {
		return rule.User{}, err
	}
	mapped, err := a.mapClaims(claims)
	if err != nil {
		return rule.User{}, err
	}
	user := rule.User{ID: id, Claims: mapped, Provider: p.Name}
	if a.deps.Resolve == nil {
		return user, nil
	}
	said, err := a.deps.Resolve(ctx, Identity{Provider: p.Name, UserID: id, Claims: claims})
	if err != nil {
		return rule.User{}, err
	}
	return user, said.decide(&user)
}

// decide makes the user what the code says, as far as it may say so.
func (r *Resolved) decide(user *rule.User) error {
	if !usableID(r.UserID) {
		return nonsense("userId must be printable text of 1 to 512 bytes.")
	}
	user.ID = r.UserID
	for name, v := range r.Claims {
		switch {
		case reserved[name]:
		case v == nil:
			delete(user.Claims, name)
		default:
			user.Claims[name] = v
		}
	}
	text, err := json.Marshal(r.Claims)
	if err != nil || len(text) > maxMinted || depth(r.Claims) > maxClaimDepth+1 {
		return nonsense("claims have at most 4 KB and 5 levels.")
	}
	return nil
}

func nonsense(hint string) error {
	return fault.New(fault.Unavailable, "hook_invalid_result", "Who the user is could not be decided: hooks/_auth.ts of this instance failed.").WithHint("hooks/_auth.ts: " + hint)
}

// identifyAgain is identify for a token that comes with every upload: where code decides, what it said is
// remembered as long as a token minted then would live, so that an upload does not wait for it.
func (a *Authority) identifyAgain(ctx context.Context, token string, p *provider, claims map[string]any) (rule.User, error) {
	if a.deps.Resolve == nil {
		return a.identify(ctx, p, claims)
	}
	a.mu.Lock()
	d, ok := a.decisions[sha256.Sum256([]byte(token))]
	a.mu.Unlock()
	if ok && a.deps.Now().Before(d.until) {
		return d.user, d.err
	}
	user, err := a.identify(ctx, p, claims)
	a.decided(token, claims, user, err)
	return user, err
}

// decided remembers a decision. That nothing could be decided is not one.
func (a *Authority) decided(token string, claims map[string]any, user rule.User, err error) {
	if a.deps.Resolve == nil {
		return
	}
	now := a.deps.Now()
	d := decision{user, err, now.Add(a.config.TokenTTL)}
	switch {
	case fault.IsKind(err, fault.Forbidden):
		d.until = now.Add(refusedFor)
	case err != nil:
		return
	}
	if exp, err := number(claims["exp"]); err == nil {
		if end := time.Unix(exp, 0); end.Before(d.until) {
			d.until = end
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.decisions) >= mostVerified {
		clear(a.decisions)
	}
	a.decisions[sha256.Sum256([]byte(token))] = d
}
