package signature_test

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"pgregory.net/rapid"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/outbox/signature"
)

// The library of the scheme, which receivers use, accepts every signature, and none of another body,
// id, time or key.
func TestTheSchemesOwnLibraryVerifies(t *testing.T) {
	now := time.Now()
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.Byte(), 24, 64).Draw(t, "key")
		id := rapid.StringMatching(`dlv_[0-9a-z]{26}`).Draw(t, "id")
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		text := "whsec_" + base64.StdEncoding.EncodeToString(raw)
		key, err := signature.ParseKey(redact.New(text))
		if err != nil {
			t.Fatal(err)
		}
		receiver, err := standardwebhooks.NewWebhook(text)
		if err != nil {
			t.Fatal(err)
		}
		h := http.Header{}
		h.Set("webhook-id", id)
		h.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
		h.Set("webhook-signature", key.Sign(id, now, body))
		if err := receiver.Verify(body, h); err != nil {
			t.Fatalf("refused: %v", err)
		}
		if receiver.Verify(append([]byte("x"), body...), h) == nil {
			t.Fatal("another body is accepted")
		}
		for name, other := range map[string]string{"webhook-id": id + "x", "webhook-timestamp": strconv.FormatInt(now.Unix()-1, 10)} {
			forged := h.Clone()
			forged.Set(name, other)
			if receiver.Verify(body, forged) == nil {
				t.Fatalf("another %s is accepted", name)
			}
		}
	})
}

func TestOnlyKeysOfTheSchemeAreTaken(t *testing.T) {
	encode := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for text, ok := range map[string]bool{
		"": false, encode(32): false, "whsec_": false, "whsec_!!": false, "whsec_" + encode(23): false, "whsec_" + encode(24): true, "whsec_" + encode(64): true, "whsec_" + encode(65): false,
	} {
		if _, err := signature.ParseKey(redact.New(text)); (err == nil) != ok || err != nil && !fault.Is(err, "outbox_secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
	b := &bundle.Bundle{Secrets: map[string]redact.Secret{"CRM_KEY": redact.New("hunter2")}, Config: bundle.Config{Outbox: map[string]bundle.Outbox{"crm": {Secret: bundle.SecretRef{Secret: "CRM_KEY"}}}}}
	if _, err := signature.Keys(b); err == nil || !strings.Contains(err.Error(), "CRM_KEY of the outbox crm") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	b.Secrets["CRM_KEY"] = redact.New("whsec_" + encode(32))
	if keys, err := signature.Keys(b); err != nil || len(keys) != 1 {
		t.Errorf("%v %v", keys, err)
	}
}
