package dashboardapi

import (
	"turnkey/controlplane"
	"turnkey/internal/redact"
)

// ProofFields ask again for what a stolen session does not have. Types that bodies embed are exported because huma does
// not see the fields of others.
type ProofFields struct {
	Password string `json:"password,omitempty" maxLength:"256" writeOnly:"true" doc:"Yours, or a code; an account that has neither leaves both out"`
	Code     string `json:"code,omitempty" maxLength:"40" writeOnly:"true" doc:"A code of the app, or a recovery code"`
}

func (f ProofFields) proof() controlplane.Proof {
	return controlplane.Proof{Password: redact.New(f.Password), Code: f.Code}
}

// proofInput is a body of nothing else.
type proofInput struct{ Body ProofFields }
