package dashboardapi

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"turnkey/controlplane"
	"turnkey/internal/redact"
)

// box seals what we hand out or keep: a sealed text opens only with our key and for its purpose.
type box struct{ aead cipher.AEAD }

func newBox(key redact.Secret) (*box, error) {
	derived, err := hkdf.Key(sha256.New, []byte(key.Reveal()), nil, "turnkey dashboard-api box v1", 32)
	if err != nil {
		return nil, fmt.Errorf("derive the sealing key: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("prepare the sealing key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("prepare the sealing key: %w", err)
	}
	return &box{aead}, nil
}

func (b *box) seal(purpose string, text []byte) []byte {
	return b.aead.Seal(nil, nil, text, []byte(purpose))
}

func (b *box) open(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) < b.aead.Overhead() {
		return nil, errors.New("too short to be sealed")
	}
	return b.aead.Open(nil, nil, sealed, []byte(purpose))
}

// PageInput is part of every list's input. Types that inputs embed are exported because huma does not
// see the fields of others.
type PageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"How many items at most"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"next_cursor of the page before"`
}

// page is the body of every list.
type page[T any] struct {
	Data       []T     `json:"data" nullable:"false"`
	NextCursor *string `json:"next_cursor" doc:"Ask for the next page with it; null on the last one"`
}

type pageOutput[T any] struct{ Body page[T] }

// open reads the cursor, which is good only for the list that gave it, for the same actor.
func (in PageInput) open(ctx context.Context, a *api) (controlplane.Page, error) {
	q := requestOf(ctx)
	p := controlplane.Page{Limit: in.Limit}
	if in.Cursor == "" {
		return p, nil
	}
	bad := statusProblem(ctx, http.StatusBadRequest, "invalid_cursor", "That is not a cursor of this list.")
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(in.Cursor)
	if err != nil {
		return p, bad
	}
	after, err := a.box.open(cursorPurpose(q), sealed)
	if err != nil {
		return p, bad
	}
	p.After = string(after)
	return p, nil
}

func cursorPurpose(q *request) string { return "cursor/" + q.actor.UserID + q.http.URL.Path }

// paged makes a list's answer. next is the id to continue after.
func paged[V, T any](ctx context.Context, a *api, list []V, next string, shape func(V) T) *pageOutput[T] {
	out := &pageOutput[T]{Body: page[T]{Data: make([]T, len(list))}}
	for i, v := range list {
		out.Body.Data[i] = shape(v)
	}
	if next != "" {
		sealed := a.box.seal(cursorPurpose(requestOf(ctx)), []byte(next))
		text := base64.RawURLEncoding.EncodeToString(sealed)
		out.Body.NextCursor = &text
	}
	return out
}
