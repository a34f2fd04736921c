package effect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/telemetry"
	"turnkey/runtime/token"
)

// Resolves tells whether a bundle has a hook that decides who users are.
func Resolves(b *bundle.Bundle) bool {
	return b.Program != nil && b.Program.Has("_auth", hook.ResolveUser)
}

// ResolveUser asks hooks/_auth.ts who a verified identity is. Errors are faults: Forbidden with the hook's own code and
// message when it refuses, Unavailable when it could not be asked or failed.
func (h *Hooks) ResolveUser(ctx context.Context, b *bundle.Bundle, i hook.Identity) (hook.UserIdentity, error) {
	call, err := hook.CallResolveUser(hook.Moment{NowMS: h.cfg.Now().UnixMilli(), Seed: h.cfg.NewSeed()}, i)
	if err != nil {
		return hook.UserIdentity{}, err
	}
	o, err := h.run(ctx, b, &h.auth, call, nil)
	if death(err) != nil { // it may have been the world; the second one is believed
		o, err = h.run(ctx, b, &h.auth, call, nil)
	}
	if err != nil {
		if f := death(err); f != nil {
			h.tell(b, &call, &hook.Outcome{Failure: f}, telemetry.Entry{})
		}
		return hook.UserIdentity{}, unresolved(err)
	}
	h.tell(b, &call, o, telemetry.Entry{})
	switch o.Result {
	case hook.Resolved:
		u, err := hook.Decode[hook.UserIdentity](o.Value)
		if err != nil {
			return hook.UserIdentity{}, hookFailed(hook.ClassInvalidResult, err)
		}
		return *u, nil
	case hook.Rejected:
		code := cmp.Or(telemetry.Clean(o.Rejection.Code, maxCode), string(hook.ClassRejected))
		return hook.UserIdentity{}, fault.New(fault.Forbidden, code, telemetry.Clean(o.Rejection.Message, maxMessage))
	case hook.Failed:
		return hook.UserIdentity{}, hookFailed(o.Failure.Class, nil)
	}
	return hook.UserIdentity{}, hookFailed(hook.ClassInvalidResult, nil)
}

// Bounds of a refusal's text, in bytes.
const (
	maxCode    = 100
	maxMessage = 2000
)

// unresolved is why the hook gave no answer, in words for the app's users.
func unresolved(err error) error {
	f := worker.FailureOf(err)
	switch {
	case f == nil:
		return fault.Wrap(err, fault.Internal, "internal", "Something went wrong on our side.")
	case f.Again():
		return hookFailed(f.Class, err)
	}
	return fault.Wrap(err, fault.Unavailable, string(hook.ClassUnavailable), "Who the user is cannot be decided at the moment; try again.")
}

// hookFailed tells strangers the class, and nothing that the code said.
func hookFailed(class hook.Class, err error) error {
	return fault.Wrap(err, fault.Unavailable, string(class), "Who the user is could not be decided: hooks/_auth.ts of this instance failed.").
		WithHint("The instance's log says where.")
}

// resolveWithin bounds what a request waits for the hook, the second try included: an upload has time left then.
const resolveWithin = 8 * time.Second

// Resolve gives what decides a bundle's users, for package token; nil: nothing but its configuration.
func (h *Hooks) Resolve(b *bundle.Bundle) token.Resolve {
	if !Resolves(b) {
		return nil
	}
	return func(ctx context.Context, i token.Identity) (out token.Resolved, err error) {
		claims, err := json.Marshal(i.Claims)
		if err != nil {
			return out, err
		}
		ctx, cancel := context.WithTimeout(ctx, resolveWithin)
		defer cancel()
		said, err := h.ResolveUser(ctx, b, hook.Identity{Provider: i.Provider, UserID: i.UserID, Claims: claims})
		if err != nil {
			return out, err
		}
		out.UserID = said.UserID
		if len(said.Claims) == 0 {
			return out, nil
		}
		exact := json.NewDecoder(bytes.NewReader(said.Claims))
		exact.UseNumber() // every digit goes into the token
		if err := exact.Decode(&out.Claims); err != nil {
			return out, hookFailed(hook.ClassInvalidResult, err)
		}
		return out, nil
	}
}
