// Package signature signs webhooks by the scheme of Standard Webhooks, version 1: an HMAC with SHA-256
// over the delivery's id, the time and the body. It knows keys and bytes; it must not know how a
// webhook is sent, nor do I/O.
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
)

const (
	prefix = "whsec_"
	// leastKey and mostKey bound a key in bytes, as the scheme does.
	leastKey, mostKey = 24, 64
)

// Key signs one outbox's webhooks.
type Key struct{ secret redact.Secret }

// ParseKey reads the usual form of a key: whsec_ and base64.
func ParseKey(text redact.Secret) (Key, error) {
	encoded, ok := strings.CutPrefix(text.Reveal(), prefix)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(raw) < leastKey || len(raw) > mostKey {
		return Key{}, fault.Newf(fault.Invalid, "outbox_secret", "This is no key for webhooks: %s and %d to %d bytes in base64.", prefix, leastKey, mostKey).
			WithHint(`Make one: printf 'whsec_%s' "$(openssl rand -base64 32)".`)
	}
	return Key{redact.New(string(raw))}, nil
}

// Keys gives the keys of a bundle's outboxes, by outbox.
func Keys(b *bundle.Bundle) (map[string]Key, error) {
	out := make(map[string]Key, len(b.Config.Outbox))
	for name, o := range b.Config.Outbox {
		key, err := ParseKey(b.Secrets[o.Secret.Secret])
		if err != nil {
			f := fault.Of(err)
			return nil, fault.Newf(f.Kind, f.Code, "The secret %s of the outbox %s cannot be used. %s", o.Secret.Secret, name, f.Message).WithHint(f.Hint)
		}
		out[name] = key
	}
	return out, nil
}

// Sign gives the value of webhook-signature for a body that is sent at a time.
func (k Key) Sign(id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(k.secret.Reveal()))
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
