package gateway

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"turnkey/runtime/telemetry"
)

// device is what a connector says of itself, with uploads and with token requests alike.
type device struct {
	ID         string
	SDK        string
	AppVersion string
	said       telemetry.Report
	speaks     bool // of its queue
}

// readDevice reads a report; nil when there is none. It is for people who look for trouble, so one that is of
// another form changes nothing: what can be read is read, member by member.
func readDevice(raw json.RawMessage) *device {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || len(members) == 0 {
		return nil
	}
	d := &device{}
	for name, into := range map[string]any{"id": &d.ID, "sdk": &d.SDK, "app_version": &d.AppVersion, "last_error": &d.said.Error} {
		_ = json.Unmarshal(members[name], into)
	}
	d.speaks = json.Unmarshal(members["queue_count"], &d.said.Queue) == nil
	var oldest time.Time
	if json.Unmarshal(members["oldest_op_at"], &oldest) == nil {
		d.said.Oldest = oldest.UTC()
	}
	return d
}

func (d *device) report() *telemetry.Report {
	if !d.speaks {
		return nil
	}
	return &d.said
}

// mostReadable is the longest token whose claims are looked at, in bytes; longer ones are refused unread, too.
const mostReadable = 16 << 10

// readable is what a refused credential says of itself, nothing of it proven. What is no JWT says nothing:
// it may be an API key or a password.
func readable(authorization string) *telemetry.Credential {
	_, token, _ := strings.Cut(authorization, " ")
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(token) > mostReadable || len(parts) != 3 {
		return nil
	}
	var header struct {
		KeyID string `json:"kid"`
	}
	var claims struct {
		Issuer   any `json:"iss"`
		Audience any `json:"aud"`
	}
	if !decodePart(parts[0], &header) || !decodePart(parts[1], &claims) {
		return nil
	}
	out := &telemetry.Credential{KeyID: header.KeyID}
	out.Issuer, _ = claims.Issuer.(string)
	switch aud := claims.Audience.(type) {
	case string:
		out.Audience = aud
	case []any:
		var all []string
		for _, a := range aud {
			if text, ok := a.(string); ok {
				all = append(all, text)
			}
		}
		out.Audience = strings.Join(all, ", ")
	}
	return out
}

func decodePart(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, into) == nil
}
