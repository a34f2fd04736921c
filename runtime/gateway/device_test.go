package gateway

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/telemetry"
)

func part(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// TestWhatARefusedCredentialSays: of a JWT what helps to find the setting, of everything else nothing.
func TestWhatARefusedCredentialSays(t *testing.T) {
	for name, c := range map[string]struct {
		authorization string
		want          *telemetry.Credential
	}{
		"all":          {"Bearer " + part(`{"alg":"RS256","kid":"k1"}`) + "." + part(`{"iss":"https://i","aud":"app","sub":"u"}`) + ".sig", &telemetry.Credential{Issuer: "https://i", KeyID: "k1", Audience: "app"}},
		"audiences":    {"Token " + part(`{}`) + "." + part(`{"aud":["a",7,"b"]}`) + ".", &telemetry.Credential{Audience: "a, b"}},
		"odd claims":   {"Bearer " + part(`{"kid":"k"}`) + "." + part(`{"iss":7,"aud":{}}`) + ".x", &telemetry.Credential{KeyID: "k"}},
		"api key":      {"Bearer tk_secret", nil},
		"nothing":      {"", nil},
		"no JSON":      {"Bearer a.b.c", nil},
		"not a header": {part(`{}`) + "." + part(`{}`) + ".x", nil},
		"endless":      {"Bearer " + part(`{}`) + "." + part(`{"iss":"`+strings.Repeat("x", 20<<10)+`"}`) + ".x", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := readable(c.authorization)
			if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
				t.Errorf("says %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestReports: what can be read of a connector's report is read, member by member.
func TestReports(t *testing.T) {
	oldest := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	for text, want := range map[string]device{
		`{"id":"c","sdk":"s","app_version":"1","queue_count":3,"oldest_op_at":"2026-11-26T10:00:00+01:00","last_error":"offline"}`: {"c", "s", "1", telemetry.Report{Queue: 3, Oldest: oldest, Error: "offline"}, true},
		`{"id":7,"sdk":"s","queue_count":"many","oldest_op_at":"yesterday"}`:                                                       {SDK: "s"},
		`{"queue_count":0}`: {speaks: true},
	} {
		if got := readDevice(json.RawMessage(text)); got == nil || *got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
	for _, text := range []string{``, `null`, `[]`, `{}`, `7`} {
		if got := readDevice(json.RawMessage(text)); got != nil {
			t.Errorf("%s is read as %+v", text, got)
		}
	}
}
