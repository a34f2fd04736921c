package redact_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"turnkey/internal/redact"
)

func TestNothingPrintsASecret(t *testing.T) {
	const canary = "hunter2-canary"
	type holder struct {
		URI redact.Secret
		P   *redact.Secret
	}
	s := redact.New(canary)
	h := holder{URI: s, P: &s}

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+"\n", s, h, &h)
	}
	fmt.Fprintln(&out, s, h, errors.Join(fmt.Errorf("at %v", s)))
	for _, l := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(l).Info("x", "s", s, "h", h)
	}
	b, err := json.Marshal(map[string]any{"s": s, "h": h})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)

	for _, leak := range []string{canary, fmt.Sprintf("%x", canary)} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the secret leaked: %s", out.String())
		}
	}
	if s.Reveal() != canary {
		t.Error("Reveal must give the text")
	}
}
