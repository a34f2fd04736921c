package token

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"turnkey/internal/fault"
	"turnkey/runtime/value"
)

// maxUserID bounds a user id, in bytes.
const maxUserID = 512

// configured is the user's id by the configuration alone.
func (a *Authority) configured(ctx context.Context, p *provider, claims map[string]any) (id string, err error) {
	if p.needsEmail && !emailVerified(claims) {
		return "", unverified(p)
	}
	if p.match != nil {
		id, err = a.lookup(ctx, p, claims)
	} else {
		id, err = evalID(p, claims)
	}
	if err != nil {
		return "", err
	}
	return p.UserIDPrefix + id, nil
}

func evalID(p *provider, claims map[string]any) (string, error) {
	v, err := p.userID.Eval(claims)
	if err != nil {
		return "", noUser("The token has no claim that says who the user is.", "auth.providers."+p.Name+".user_id could not be evaluated for this token.")
	}
	id, err := userID(v, "auth.providers."+p.Name+".user_id")
	if err == nil && isEmail(id, claims) && !emailVerified(claims) {
		return "", unverified(p)
	}
	return id, err
}

// An address that nobody has verified is a name that anybody can claim.
func emailVerified(claims map[string]any) bool {
	verified, _ := claims["email_verified"].(bool)
	return verified
}

// isEmail tells whether text is the token's e-mail address, whichever claim it was taken from.
func isEmail(text string, claims map[string]any) bool {
	email, _ := claims["email"].(string)
	return email != "" && strings.EqualFold(text, email)
}

// errUnverified marks the refusal that nothing lifts.
var errUnverified = errors.New("the address is not verified")

func unverified(p *provider) error {
	return fault.Wrap(errUnverified, fault.Unauthenticated, "no_user_id", "The user's e-mail address is not verified.").WithHint("auth.providers." + p.Name + " knows users by e-mail address, which counts only when the token says email_verified: true.")
}

// userID takes text and whole numbers, and nothing empty or endless.
func userID(v any, setting string) (string, error) {
	var id string
	switch v := v.(type) {
	case string:
		id = v
	case int64:
		id = strconv.FormatInt(v, 10)
	default:
		if text, ok := value.ClientForm(v).(string); ok { // ids from a look-up: ObjectId, UUID
			id = text
		}
	}
	if !usableID(id) {
		return "", noUser("The user's id is missing or is not text.", setting+" must give printable text of 1 to 512 bytes.")
	}
	return id, nil
}

// usableID holds user ids to what every database and log can keep: bounded, valid UTF-8, no control
// characters. The replacement character stands for text that was lost on the way, so two users could
// share it.
func usableID(id string) bool {
	return id != "" && len(id) <= maxUserID && utf8.ValidString(id) &&
		!strings.ContainsFunc(id, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError })
}

func noUser(message, hint string) error {
	return fault.New(fault.Unauthenticated, "no_user_id", message).WithHint(hint)
}

// lookup finds the user's id in the source, which is how migrated users keep theirs.
func (a *Authority) lookup(ctx context.Context, p *provider, claims map[string]any) (string, error) {
	setting := "auth.providers." + p.Name + ".user_id.lookup"
	match := make(map[string]value.Value, len(p.match))
	for field, expr := range p.match {
		v, err := expr.Eval(claims)
		if err != nil {
			return "", noUser("The token lacks a claim that the user is looked up by.", setting+".match."+field+" could not be evaluated.")
		}
		switch v := v.(type) {
		case string:
			if v == "" {
				return "", noUser("The token's claim that the user is looked up by is empty.", setting+".match."+field+" is empty.")
			}
			if isEmail(v, claims) && !emailVerified(claims) {
				return "", unverified(p)
			}
			match[field] = v
		case int64, bool:
			match[field] = v
		default:
			return "", noUser("The token's claim that the user is looked up by is not text.", setting+".match."+field+" must give text or a whole number.")
		}
	}
	v, found, err := a.deps.Lookup(ctx, p.Lookup.Collection, match, p.Lookup.Take)
	if err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "lookup_failed", "The user cannot be looked up at the moment.").
			WithHint(setting + " needs the source database to answer and to know exactly one such user.")
	}
	if !found {
		return "", noUser("There is no such user.", setting+" found no row for this token.")
	}
	return userID(v, setting+".take")
}

// mapClaims evaluates auth.claims. A claim that cannot be evaluated is left out: tokens of one
// provider may lack what another's have.
func (a *Authority) mapClaims(claims map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(a.mapped))
	for name, expr := range a.mapped {
		v, err := expr.Eval(claims)
		if err != nil || v == nil {
			continue
		}
		out[name] = v
	}
	return out, nil
}
