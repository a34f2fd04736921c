package dashboardapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/oidc"
	"turnkey/internal/fault"
)

type identity struct {
	ID        string    `json:"id"`
	Provider  string    `json:"provider"`
	Issuer    string    `json:"issuer"`
	Email     string    `json:"email" doc:"As the provider said when the two were linked"`
	CreatedAt time.Time `json:"created_at"`
	LastUsed  time.Time `json:"last_used_at"`
}

func shapeIdentity(i controlplane.Identity) identity {
	return identity{ID: i.ID(), Provider: i.Provider, Issuer: i.Issuer, Email: i.Email, CreatedAt: i.CreatedAt, LastUsed: i.LastUsedAt}
}

type identitiesOutput struct {
	Body struct {
		Data []identity `json:"data" nullable:"false"`
	}
}

func (a *api) listIdentities(ctx context.Context, _ *struct{}) (*identitiesOutput, error) {
	list, err := a.cfg.Plane.Accounts.Identities(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	out := &identitiesOutput{}
	out.Body.Data = make([]identity, len(list))
	for i, v := range list {
		out.Body.Data[i] = shapeIdentity(v)
	}
	return out, nil
}

// proposal is an identity that a provider has just vouched for, on its way through the browser that began. Only the
// session that began opens it: nobody can have another's identity linked by sending them an address.
type proposal struct {
	controlplane.Identity
	Until time.Time
}

func proposalPurpose(session string) string { return "identity to link/" + session }

// propose sends the browser to the account's page, which asks for the password and links.
func (a *api) propose(session string, i controlplane.Identity) (*sentOn, error) {
	text, err := json.Marshal(proposal{i, a.cfg.Now().Add(oidc.FlowLife)})
	if err != nil {
		return nil, err
	}
	sealed := base64.RawURLEncoding.EncodeToString(a.box.seal(proposalPurpose(session), text))
	return &sentOn{Location: "/account?link=" + url.QueryEscape(i.Provider) + "&identity=" + sealed}, nil
}

func (a *api) openProposal(session, text string) (p proposal, err error) {
	expired := fault.New(fault.Invalid, "signin_expired", "That took too long, or began in another browser.").WithHint("Begin again.")
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return p, expired
	}
	opened, err := a.box.open(proposalPurpose(session), sealed)
	if err != nil || json.Unmarshal(opened, &p) != nil || !a.cfg.Now().Before(p.Until) {
		return p, expired
	}
	return p, nil
}

type linkInput struct {
	Body struct {
		Identity string `json:"identity" maxLength:"4000" writeOnly:"true" doc:"What /auth/oidc/{provider}/start?link=true came back with"`
		ProofFields
	}
}

type identityOutput struct{ Body identity }

func (a *api) linkIdentity(ctx context.Context, in *linkInput) (*identityOutput, error) {
	q := requestOf(ctx)
	if err := a.throttle(ctx, q.actor.Email); err != nil {
		return nil, err
	}
	p, err := a.openProposal(q.session, in.Body.Identity)
	if err != nil {
		return nil, err
	}
	linked, err := a.cfg.Plane.Accounts.Link(ctx, q.actor, p.Identity, in.Body.proof())
	if err != nil {
		return nil, err
	}
	return &identityOutput{shapeIdentity(linked)}, nil
}

type unlinkInput struct {
	Identity string `path:"identity"`
	Body     ProofFields
}

func (a *api) unlinkIdentity(ctx context.Context, in *unlinkInput) (*struct{}, error) {
	actor := actorOf(ctx)
	if err := a.throttle(ctx, actor.Email); err != nil {
		return nil, err
	}
	return nil, a.cfg.Plane.Accounts.Unlink(ctx, actor, in.Identity, in.Body.proof())
}
