package dashboardapi

import (
	"context"
	"encoding/json"
	"time"

	"turnkey/controlplane"
)

type auditEvent struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind" example:"token.created"`
	Target    string    `json:"target" doc:"The id of what changed"`
	UserID    string    `json:"user_id"`
	TokenID   string    `json:"token_id,omitempty" doc:"The API token used; absent for a browser"`
	IP        string    `json:"ip"`
	RequestID string    `json:"request_id"`
	At        time.Time `json:"at"`
	// Changes is kept as it was hashed.
	Changes json.RawMessage `json:"changes" doc:"Each changed field with its values before (from) and after (to); secrets are redacted"`
}

func shapeAuditEvent(e controlplane.AuditEvent) auditEvent {
	return auditEvent{
		ID: e.ID, Kind: string(e.Kind), Target: e.Target, UserID: e.UserID, TokenID: e.TokenID,
		IP: e.IP, RequestID: e.RequestID, At: e.At, Changes: e.Changes,
	}
}

type auditInput struct {
	OrganizationPage
	Kind   string    `query:"kind" maxLength:"100" doc:"Only events of this kind"`
	User   string    `query:"user_id" maxLength:"100" doc:"Only what this person did"`
	Target string    `query:"target" maxLength:"100" doc:"Only what happened to this"`
	Since  time.Time `query:"since" doc:"Not before this time"`
	Until  time.Time `query:"until" doc:"Before this time"`
}

func (a *api) listAuditEvents(ctx context.Context, in *auditInput) (*pageOutput[auditEvent], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	f := controlplane.AuditFilter{Kind: in.Kind, UserID: in.User, Target: in.Target, Since: in.Since, Until: in.Until}
	list, next, err := a.cfg.Plane.Audit.List(ctx, placeOf(ctx).Organization, f, p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, shapeAuditEvent), nil
}
