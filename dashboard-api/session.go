package dashboardapi

import (
	"context"
	"time"
)

type session struct {
	ID        string    `json:"id"`
	Current   bool      `json:"current" doc:"The one that asks"`
	UserAgent string    `json:"user_agent" doc:"What the browser calls itself"`
	IP        string    `json:"ip" doc:"Where it signed in from"`
	CreatedAt time.Time `json:"created_at"`
	LastUsed  time.Time `json:"last_used_at" doc:"To the minute"`
	ExpiresAt time.Time `json:"expires_at"`
}

type sessionsOutput struct {
	Body struct {
		Data []session `json:"data" nullable:"false" doc:"The last used first"`
	}
}

func (a *api) listSessions(ctx context.Context, _ *struct{}) (*sessionsOutput, error) {
	actor := actorOf(ctx)
	list, err := a.cfg.Plane.Accounts.Sessions(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := &sessionsOutput{}
	out.Body.Data = make([]session, len(list))
	for i, s := range list {
		out.Body.Data[i] = session{
			ID: s.ID, Current: s.ID == actor.SessionID, UserAgent: s.UserAgent, IP: s.IP,
			CreatedAt: s.CreatedAt, LastUsed: s.LastSeenAt, ExpiresAt: s.ExpiresAt,
		}
	}
	return out, nil
}

type sessionInput struct {
	Session string `path:"session"`
}

func (a *api) endSession(ctx context.Context, in *sessionInput) (*struct{}, error) {
	return nil, a.cfg.Plane.Accounts.EndSession(ctx, actorOf(ctx), in.Session)
}

type endedOutput struct {
	Body struct {
		Ended int64 `json:"ended" doc:"How many ended"`
	}
}

func (a *api) endOtherSessions(ctx context.Context, _ *struct{}) (*endedOutput, error) {
	out := &endedOutput{}
	var err error
	out.Body.Ended, err = a.cfg.Plane.Accounts.EndOtherSessions(ctx, actorOf(ctx))
	return out, err
}
