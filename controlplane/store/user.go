package store

import (
	"context"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

func user(r db.User) controlplane.User {
	return controlplane.User{ID: r.ID, Email: r.Email, Name: r.Name, PasswordHash: r.PasswordHash, CreatedAt: r.CreatedAt, DisabledAt: r.DisabledAt, EmailVerifiedAt: r.EmailVerifiedAt}
}

// InsertUser implements controlplane.Tx.
func (t tx) InsertUser(ctx context.Context, u controlplane.User) error {
	return translate(t.q.InsertUser(ctx, db.InsertUserParams{ID: u.ID, Email: u.Email, Name: u.Name, PasswordHash: u.PasswordHash, CreatedAt: u.CreatedAt}))
}

// GetUser implements controlplane.Tx.
func (t tx) GetUser(ctx context.Context, id string) (controlplane.User, error) {
	r, err := t.q.GetUser(ctx, id)
	return user(r), translate(err)
}

// FindUserByEmail implements controlplane.Tx.
func (t tx) FindUserByEmail(ctx context.Context, email string) (controlplane.User, error) {
	r, err := t.q.FindUserByEmail(ctx, email)
	return user(r), translate(err)
}

// LockUser implements controlplane.Tx.
func (t tx) LockUser(ctx context.Context, id string) (controlplane.User, error) {
	r, err := t.q.LockUser(ctx, id)
	return user(r), translate(err)
}

// UpdateUser implements controlplane.Tx.
func (t tx) UpdateUser(ctx context.Context, u controlplane.User) error {
	return translate(t.q.UpdateUser(ctx, db.UpdateUserParams{ID: u.ID, Email: u.Email, Name: u.Name, PasswordHash: u.PasswordHash, EmailVerifiedAt: u.EmailVerifiedAt}))
}
