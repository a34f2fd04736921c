package token

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Diagnose says what is wrong with a token, and which setting to change: for PowerSync at powersyncURL ("": the
// configured one), for /upload and for /token. Nothing is remembered and nothing is logged.
func (a *Authority) Diagnose(ctx context.Context, text, powersyncURL string) Diagnosis {
	d := Diagnosis{Kind: NoToken, PowerSync: Refused, Upload: Refused, Exchange: Refused, Findings: []Symptom{}}
	text, whole := pasted(text)
	if !whole {
		d.find(Symptom{Code: "blanks", Message: "The text has blanks or line breaks inside, which are left out here.", Fix: "If the app sends them, too, nobody takes the token: let it send the token as it was made.", Advice: true})
	}
	h, claims, ok := a.read(&d, text)
	if !ok {
		return d
	}
	d.Alg, d.KeyID = h.Alg, h.Kid
	d.describe(claims)
	if i := slices.IndexFunc(a.keys, func(k signer) bool { return k.ID == h.Kid && h.Kid != "" }); i >= 0 {
		d.Kind = OursKind
		a.checkURL(&d, powersyncURL)
		a.diagnoseOurs(ctx, &d, text, claims, i, powersyncURL)
		return d
	}
	a.diagnoseProvider(ctx, &d, text, h, claims)
	a.checkURL(&d, powersyncURL)
	return d
}

// pasted is the token in what somebody pasted: with the scheme of a header before it, in quotes, broken by a terminal.
func pasted(text string) (token string, whole bool) {
	text = strings.Trim(strings.TrimSpace(text), "\"'`")
	for _, scheme := range []string{"Bearer ", "Token "} {
		text = strings.TrimSpace(strings.TrimPrefix(text, scheme))
	}
	if strings.Count(text, ".") != 2 { // words, not a token
		return text, true
	}
	parts := strings.Fields(text)
	return strings.Join(parts, ""), len(parts) <= 1
}

// read takes a token apart; where it is none it says what it is.
func (a *Authority) read(d *Diagnosis, text string) (h header, claims map[string]any, ok bool) {
	parts := strings.Split(text, ".")
	var problem Symptom
	switch {
	case text == "":
		problem = Symptom{Code: "empty", Message: "There is no token.", Fix: "Paste the text after \"Bearer \" of the Authorization header."}
	case strings.HasPrefix(text, "tk_"):
		problem = Symptom{Code: "api_token", Message: "This is an API token of the dashboard, not a JWT.", Fix: "It is for this REST API only. Apps send a sign-in's token to /token."}
	case strings.HasPrefix(text, deviceSecretPrefix):
		problem = Symptom{Code: "device_secret", Message: "This is a device secret of an anonymous user, not a JWT.", Fix: "Send it to /token as device_secret; the answer has the token."}
	case len(parts) == 5:
		problem = Symptom{Code: "encrypted", Message: "The token is encrypted (JWE); nobody but its maker can read it.", Fix: "Let the sign-in give signed tokens (JWS). In Auth0, ask for your API's audience: without one it gives opaque or encrypted tokens."}
	case len(parts) != 3:
		problem = Symptom{Code: "not_a_jwt", Message: "This is not a JWT: it does not have three parts with dots between them.", Fix: "Paste the whole token, without line breaks; an opaque access token cannot be used, ask the sign-in for an id token."}
	}
	if problem.Code == "" {
		h, _, err := peek(text)
		if err == nil {
			claims, err = claimsOf(text)
		}
		if err == nil {
			return h, claims, true
		}
		problem = Symptom{Code: "malformed", Message: err.Error(), Fix: "Let the sign-in make an ordinary signed JWT, and paste all of it."}
	}
	problem.PowerSync = psMalformed
	d.find(problem)
	return h, nil, false
}

// claimsOf reads claims whoever signed them, to name what is wrong with them.
func claimsOf(text string) (map[string]any, error) {
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser(jwt.WithJSONNumber()).ParseUnverified(text, claims); err != nil && claims["sub"] == nil && len(claims) == 0 {
		return nil, refused("token_malformed", "The token's claims cannot be read.")
	}
	return claims, nil
}

// describe keeps what of the claims people need to see.
func (d *Diagnosis) describe(claims map[string]any) {
	short := func(v any) string {
		s, _ := v.(string)
		if len(s) > maxUserID {
			s = s[:maxUserID]
		}
		return strings.ToValidUTF8(s, "")
	}
	d.Issuer, d.Subject, d.Audience = short(claims["iss"]), short(claims["sub"]), audienceOf(claims)
	d.IssuedAt, d.Expires = instant(claims["iat"]), instant(claims["exp"])
}

// instant is a claim's time; zero for what is none that a calendar has.
func instant(claim any) time.Time {
	at, err := number(claim)
	if err != nil || at <= 0 || at > 253402300799 { // the year 9999
		return time.Time{}
	}
	return time.Unix(at, 0).UTC()
}

func audienceOf(claims map[string]any) (list []string) {
	switch v := claims["aud"].(type) {
	case string:
		return []string{v}
	case []any:
		for _, e := range v {
			if s, ok := e.(string); ok && len(list) < 20 {
				list = append(list, s)
			}
		}
	}
	return list
}

// checkURL compares the address that the app connects to with the configured one.
func (a *Authority) checkURL(d *Diagnosis, given string) {
	if given == "" {
		return
	}
	configured := a.config.PowerSyncURL
	trimmed := strings.TrimRight(given, "/")
	if trimmed != given {
		d.find(Symptom{Code: "trailing_slash", Message: "The PowerSync URL ends in a slash: PowerSync's SDKs refuse it, and no audience equals it.", Fix: "Write it without: " + trimmed, Setting: "auth.powersync_url"})
	}
	if trimmed != strings.TrimRight(configured, "/") {
		d.find(Symptom{Code: "other_powersync", Message: fmt.Sprintf("The configuration names another PowerSync: %s.", configured),
			Fix: "Set auth.powersync_url to the URL that your PowerSync dashboard shows, and deploy.", Setting: "auth.powersync_url"})
	}
}

// diagnoseOurs looks at a token that names one of our keys.
func (a *Authority) diagnoseOurs(ctx context.Context, d *Diagnosis, text string, claims map[string]any, key int, powersyncURL string) {
	now := a.deps.Now()
	k := &a.keys[key]
	if _, err := jwt.NewParser(jwt.WithValidMethods(k.verifier().algs), jwt.WithoutClaimsValidation()).Parse(text, func(*jwt.Token) (any, error) { return k.verifier().key, nil }); err != nil {
		d.find(Symptom{Code: "signature", Claim: "alg", Message: "The token names one of this instance's keys, but that key did not sign it.", Fix: "Paste all of it, or get a new one from /token: this one was cut off, changed on the way, or made by somebody else.", PowerSync: psMalformed})
	}
	if !k.published(now) {
		d.find(Symptom{Code: "key_retired", Claim: "kid", Message: "The key that signed the token is no longer published: it was revoked, or has retired.", Fix: "Get a new token from /token. PowerSync may accept the old one for up to an hour, until it forgets the key.", PowerSync: psMalformed})
	}
	want := a.config.Audiences
	if powersyncURL != "" {
		want = append([]string{strings.TrimRight(powersyncURL, "/")}, want...)
	}
	a.checkAudience(d, want)
	a.checkTimes(d, claims, true)
	if d.Subject == "" {
		d.find(Symptom{Code: "no_subject", Claim: "sub", Message: "The token has no sub, so PowerSync does not know whose it is.", Fix: "Get a new token from /token.", PowerSync: psMalformed})
	}
	if development, _ := claims[claimDevelopment].(bool); development {
		switch {
		case !a.development():
			d.find(Symptom{Code: "development_off", Claim: claimDevelopment, Message: "This is a development token, and they are switched off here.", Fix: "Use a sign-in's token, or set auth.development_tokens: true on a development instance.", Setting: "auth.development_tokens"})
		default:
			d.find(Symptom{Code: "development", Claim: claimDevelopment, Message: "This is a development token: nobody proved to be this user.", Fix: "Fine for now; production instances never give any.", Setting: "auth.development_tokens", Advice: true})
		}
	}
	_, err := a.Authenticate(ctx, "Bearer "+text) // what the app connects to is nothing to uploads
	d.PowerSync, d.Upload, d.Exchange = reception(!d.wrong()), reception(err == nil), Refused
}

// checkAudience wants the token to be meant for one of want.
func (a *Authority) checkAudience(d *Diagnosis, want []string) {
	for _, have := range d.Audience {
		if slices.Contains(want, have) {
			return
		}
	}
	for _, have := range d.Audience {
		if trimmed := strings.TrimRight(have, "/"); trimmed != have && slices.Contains(want, trimmed) {
			d.find(Symptom{Code: "audience_slash", Claim: "aud", Message: fmt.Sprintf("The audience %q has a slash at its end, which %q has not.", have, trimmed), Fix: "Remove the slash where the audience is set.", Setting: "auth.audiences", PowerSync: psAudience})
			return
		}
	}
	message := "The token has no aud."
	if len(d.Audience) > 0 {
		message = fmt.Sprintf("The token is meant for %s, not for %s.", strings.Join(d.Audience, ", "), strings.Join(want, " or "))
	}
	d.find(Symptom{Code: "audience", Claim: "aud", Message: message, Fix: "Set auth.powersync_url (or auth.audiences) to what PowerSync expects and deploy; or add the token's audience in PowerSync under Client Auth.",
		Setting: "auth.audiences", PowerSync: psAudience})
}

// noExpiry says why a token has no end that anybody understands.
func noExpiry(exp any) Symptom {
	s := Symptom{Code: "no_expiry", Claim: "exp", Message: "The token never expires (it has no exp); such tokens are refused.", Fix: "Let the sign-in set exp.", PowerSync: psMalformed}
	if _, text := exp.(string); text {
		s.Message, s.Fix = "The token's exp is text.", "Let whoever makes it write exp as a number: seconds since 1970."
	} else if at, err := number(exp); err == nil && at > 1e11 {
		s.Message, s.Fix = "The token's exp is in milliseconds.", "Let whoever makes it write exp in seconds since 1970: divide by 1000."
	} else if exp != nil {
		s.Message, s.Fix = "The token's exp is no time.", "Let whoever makes it write exp as a number: seconds since 1970."
	}
	return s
}

// checkTimes looks at iat and exp; strict is what PowerSync holds a token to, beyond what a sign-in's has to keep.
func (a *Authority) checkTimes(d *Diagnosis, claims map[string]any, strict bool) {
	now := a.deps.Now()
	switch {
	case d.Expires.IsZero():
		d.find(noExpiry(claims["exp"]))
	case now.Add(-skew).After(d.Expires):
		d.find(Symptom{Code: "expired", Claim: "exp", Message: fmt.Sprintf("The token expired at %s.", d.Expires.Format(time.RFC3339)), Fix: "Get a new one; a connector does so by itself when PowerSync asks. If new tokens are expired too, the clock of whoever makes them is wrong.", PowerSync: psExpired})
	}
	if d.IssuedAt.After(now.Add(skew)) {
		d.find(Symptom{Code: "future", Claim: "iat", Message: fmt.Sprintf("The token was issued in the future, at %s.", d.IssuedAt.Format(time.RFC3339)), Fix: "Set the clock of whoever makes the tokens.", PowerSync: psMalformed})
	}
	if nbf, err := number(claims["nbf"]); err == nil && time.Unix(nbf, 0).After(now.Add(skew)) {
		d.find(Symptom{Code: "not_yet", Claim: "nbf", Message: "The token is not valid yet (nbf).", Fix: "Set the clock of whoever makes the tokens.", PowerSync: psMalformed})
	}
	if !strict {
		return
	}
	life := d.Expires.Sub(d.IssuedAt)
	switch {
	case d.IssuedAt.IsZero():
		d.find(Symptom{Code: "no_issued_at", Claim: "iat", Message: "The token has no iat, which PowerSync requires.", Fix: "Let whoever makes it set iat.", PowerSync: psMalformed})
	case !d.Expires.IsZero() && life > longestForPowerSync:
		d.find(Symptom{Code: "too_long", Claim: "exp", Message: fmt.Sprintf("The token lives %s; PowerSync takes 24 hours at most.", life), Fix: "Shorten auth.token_ttl; 5 minutes are plenty, since connectors fetch new ones.", Setting: "auth.token_ttl", PowerSync: psTooLong})
	case !d.Expires.IsZero() && life > longestAdvised:
		d.find(Symptom{Code: "long", Claim: "exp", Message: fmt.Sprintf("The token lives %s. PowerSync advises 60 minutes at most: whoever loses access keeps it until then.", life), Fix: "Shorten auth.token_ttl.", Setting: "auth.token_ttl", Advice: true})
	}
}
