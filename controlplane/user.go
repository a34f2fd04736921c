package controlplane

import (
	"context"
	"net/mail"
	"strings"
	"time"

	"turnkey/internal/fault"
)

// User is a person with an account.
type User struct {
	ID, Email, Name string
	PasswordHash    string
	CreatedAt       time.Time
	// DisabledAt is nil for a living account.
	DisabledAt *time.Time
	// EmailVerifiedAt is nil until somebody proved to read mail to Email.
	EmailVerifiedAt *time.Time
}

type userTx interface {
	// InsertUser returns Conflict email_taken when the address has an account.
	InsertUser(ctx context.Context, u User) error
	GetUser(ctx context.Context, id string) (User, error)
	// FindUserByEmail ignores case.
	FindUserByEmail(ctx context.Context, email string) (User, error)
	// LockUser is GetUser for an edit.
	LockUser(ctx context.Context, id string) (User, error)
	// UpdateUser writes address, name, password and whether the address is verified. Conflict email_taken
	// when another account has the address.
	UpdateUser(ctx context.Context, u User) error
}

// maxEmail is the longest address that mail can be sent to.
const maxEmail = 254

// checkEmail accepts one bare address.
func checkEmail(email string) (string, error) {
	email = strings.TrimSpace(email)
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > maxEmail || strings.ContainsAny(email, "\" \t\r\n<>") {
		return "", fault.New(fault.Invalid, "invalid_email", "That is not an e-mail address.").
			WithDetails(fault.Detail{Path: "email", Code: "invalid_email", Message: "not an e-mail address"})
	}
	return email, nil
}
