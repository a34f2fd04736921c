package command

import (
	"context"
	"encoding/json"
	"fmt"

	"turnkey/runtime/bundle"
	"turnkey/runtime/token"
)

// TokenDiagnose takes a Patient and a candidate, and answers a token.Diagnosis. The token is never logged: a command's
// log line names no arguments.
const TokenDiagnose Name = "token_diagnose"

// Patient is a token that somebody wonders about.
type Patient struct {
	Token        string `json:"token"`
	PowerSyncURL string `json:"powersync_url,omitempty"`
}

// Doctor diagnoses tokens of one instance; *token.Authority is one.
type Doctor interface {
	Diagnose(ctx context.Context, token, powersyncURL string) token.Diagnosis
}

// ForTokens is the command that looks at tokens. doctor makes one from a candidate.
func ForTokens(doctor func(*bundle.Bundle) (Doctor, error)) map[Name]Do {
	return map[Name]Do{TokenDiagnose: func(ctx context.Context, c Command, b *bundle.Bundle) (any, error) {
		if b == nil {
			return nil, errNoBundle
		}
		var p Patient
		if json.Unmarshal(c.Argument, &p) != nil { // the error might quote the token
			return nil, fmt.Errorf("the argument of %s cannot be read", TokenDiagnose)
		}
		d, err := doctor(b)
		if err != nil {
			return nil, err
		}
		return d.Diagnose(ctx, p.Token, p.PowerSyncURL), nil
	}}
}
