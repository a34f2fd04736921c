package controlplane

import (
	"cmp"
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// PasswordCost is what one hash costs; zero fields take the production values.
type PasswordCost struct {
	MemoryKiB   uint32 // 64 MiB
	Iterations  uint32 // 2
	Parallelism uint8  // 1
	// Concurrent is how many hashes run at once; the others wait. It bounds memory: Concurrent × MemoryKiB.
	Concurrent int // 2
}

const (
	minPassword = 10  // characters
	maxPassword = 256 // bytes
)

// passwords hashes and compares passwords with argon2id, a few at a time.
type passwords struct {
	params argon2id.Params
	turns  chan struct{}
	// dummy is compared against when there is no such account, so that both take the same time.
	dummy string
}

func newPasswords(c PasswordCost) (*passwords, error) {
	p := &passwords{
		params: argon2id.Params{
			Memory: cmp.Or(c.MemoryKiB, 64*1024), Iterations: cmp.Or(c.Iterations, 2), Parallelism: cmp.Or(c.Parallelism, 1),
			SaltLength: 16, KeyLength: 32,
		},
		turns: make(chan struct{}, cmp.Or(c.Concurrent, 2)),
	}
	var err error
	if p.dummy, err = argon2id.CreateHash("nobody has this password", &p.params); err != nil {
		return nil, fmt.Errorf("hash with the configured cost: %w", err)
	}
	return p, nil
}

// turn waits for one of the places; done gives it back.
func (p *passwords) turn(ctx context.Context) (done func(), err error) {
	select {
	case p.turns <- struct{}{}:
		return func() { <-p.turns }, nil
	case <-ctx.Done():
		return nil, fault.Wrap(ctx.Err(), fault.Unavailable, "busy", "Too many sign-ins at once. Try again in a moment.")
	}
}

func (p *passwords) hash(ctx context.Context, password redact.Secret) (string, error) {
	text := password.Reveal()
	if utf8.RuneCountInString(text) < minPassword || len(text) > maxPassword {
		return "", fault.Newf(fault.Invalid, "weak_password", "A password has at least %d characters and at most %d bytes.", minPassword, maxPassword).
			WithDetails(fault.Detail{Path: "password", Code: "weak_password", Message: "too short or too long"})
	}
	done, err := p.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return argon2id.CreateHash(text, &p.params)
}

// matches compares; hash "" stands for an account that does not exist and never matches.
func (p *passwords) matches(ctx context.Context, password redact.Secret, hash string) (bool, error) {
	if len(password.Reveal()) > maxPassword {
		return false, nil
	}
	done, err := p.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	if hash == "" {
		_, err := argon2id.ComparePasswordAndHash(password.Reveal(), p.dummy)
		return false, err
	}
	return argon2id.ComparePasswordAndHash(password.Reveal(), hash)
}
