package controlplane

import (
	"context"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// Session is one browser that signed in. We keep sessions ourselves rather than with a session library:
// a session starts and ends in the transaction of its audit event, which a library's middleware,
// writing after the handler, cannot do.
type Session struct {
	ID, UserID                       string
	IP, UserAgent                    string
	TokenHash                        []byte
	CreatedAt, LastSeenAt, ExpiresAt time.Time
}

const (
	// sessionIdle ends a session that nobody used; sessionLife ends it in any case.
	sessionIdle = 30 * time.Minute
	sessionLife = 7 * 24 * time.Hour
	// touchEvery is how precisely "last used" is kept: not each request may cost a write.
	touchEvery = time.Minute
)

type sessionTx interface {
	InsertSession(ctx context.Context, s Session) error
	// FindSession gives the session and its user, unless the account is disabled.
	FindSession(ctx context.Context, tokenHash []byte) (Session, User, error)
	TouchSession(ctx context.Context, id string, at time.Time) error
	DeleteSession(ctx context.Context, tokenHash []byte) error
	// ListSessions gives a user's living sessions, the last used first.
	ListSessions(ctx context.Context, userID string, now, idleSince time.Time) ([]Session, error)
	// DeleteSessionByID reports whether the user had that session.
	DeleteSessionByID(ctx context.Context, userID, id string) (bool, error)
	// DeleteSessionsBut ends all of a user's sessions but one; "" keeps none.
	DeleteSessionsBut(ctx context.Context, userID, kept string) (int64, error)
	// DeleteDeadSessions removes what expired before now or idled since before idleSince.
	DeleteDeadSessions(ctx context.Context, now, idleSince time.Time) (int64, error)
}

// unauthenticated is the one answer for every credential that does not verify.
func unauthenticated() *fault.Error {
	return fault.New(fault.Unauthenticated, "unauthenticated", "Sign in, or send a valid API token.")
}

// startSession writes a new session; its string is shown to the browser once.
func (s *Accounts) startSession(ctx context.Context, tx Tx, actor Actor, userID, userAgent string, secret redact.Secret) error {
	id, err := s.ids.New(prefixSession)
	if err != nil {
		return err
	}
	now := s.now()
	return tx.InsertSession(ctx, Session{
		ID: id, UserID: userID, IP: actor.IP, UserAgent: cutText(userAgent, 256), TokenHash: digest(secret.Reveal()),
		CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(sessionLife),
	})
}

// BySession gives the actor that a session's string proves.
func (s *Accounts) BySession(ctx context.Context, secret string) (Actor, error) {
	if !wellFormed(sessionPrefix, secret) {
		return Actor{}, unauthenticated()
	}
	var actor Actor
	err := s.read(ctx, func(tx Tx) error {
		session, user, err := tx.FindSession(ctx, digest(secret))
		if err != nil {
			return err
		}
		now := s.now()
		if !now.Before(session.ExpiresAt) || now.Sub(session.LastSeenAt) >= sessionIdle {
			return unauthenticated()
		}
		if now.Sub(session.LastSeenAt) >= touchEvery {
			if err := tx.TouchSession(ctx, session.ID, now); err != nil {
				return err
			}
		}
		actor = Actor{UserID: user.ID, Email: user.Email, SessionID: session.ID, Unverified: s.verifyEmail && user.EmailVerifiedAt == nil}
		actor.Grants, err = tx.ListGrants(ctx, user.ID)
		return err
	})
	if fault.IsKind(err, fault.NotFound) {
		return Actor{}, unauthenticated()
	}
	return actor, err
}

// Sessions gives the actor's own living sessions.
func (s *Accounts) Sessions(ctx context.Context, actor Actor) (list []Session, err error) {
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListSessions(ctx, actor.UserID, s.now(), s.now().Add(-sessionIdle))
		return err
	})
	return list, err
}

// EndSession ends one of the actor's own sessions.
func (s *Accounts) EndSession(ctx context.Context, actor Actor, id string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		had, err := tx.DeleteSessionByID(ctx, actor.UserID, id)
		if err == nil && !had {
			err = notFound("session")
		}
		return Event{Kind: SessionEnded, Target: actor.UserID, Changes: Changes{"session": {From: id}}}, err
	})
}

// EndOtherSessions ends all of the actor's sessions but the one that asks; it returns how many.
func (s *Accounts) EndOtherSessions(ctx context.Context, actor Actor) (n int64, err error) {
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		n, err = tx.DeleteSessionsBut(ctx, actor.UserID, actor.SessionID)
		return Event{Kind: SessionEnded, Target: actor.UserID, Changes: Changes{"other_sessions": {From: n}}}, err
	})
	return n, err
}

// Sweep removes dead sessions, and what was given out and can be used no more; it returns how many sessions.
func (s *Accounts) Sweep(ctx context.Context) (n int64, err error) {
	err = s.store.InTx(ctx, func(tx Tx) error {
		if err := tx.DeleteDeadAccountTokens(ctx, s.now()); err != nil {
			return err
		}
		if err := tx.DeleteDeadPasskeyChallenges(ctx, s.now()); err != nil {
			return err
		}
		n, err = tx.DeleteDeadSessions(ctx, s.now(), s.now().Add(-sessionIdle))
		return err
	})
	return n, err
}

// cutText shortens text from strangers to n bytes without splitting a character, and drops what
// PostgreSQL cannot keep.
func cutText(text string, n int) string {
	if len(text) > n {
		text = text[:n]
	}
	out := make([]rune, 0, len(text))
	for _, r := range text {
		if r >= ' ' && r != 0x7f && r != 0xfffd {
			out = append(out, r)
		}
	}
	return string(out)
}
