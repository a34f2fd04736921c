package controlplane

import (
	"context"
	"encoding/json"
	"fmt"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/command"
	"turnkey/runtime/token"
)

// Doctor says what is wrong with a token. A runtime looks at it: only runtimes fetch the keys of sign-ins. The token is
// passed on and forgotten.
type Doctor struct{ *core }

// maxPatient is the longest text that is looked at, in bytes.
const maxPatient = 20 << 10

// Diagnose looks at a token as the instance's active deployment would.
func (s *Doctor) Diagnose(ctx context.Context, actor Actor, instance string, patient redact.Secret, powersyncURL string) (d token.Diagnosis, err error) {
	if len(patient.Reveal()) > maxPatient {
		return d, fault.New(fault.Invalid, "token_too_long", "A token has at most 20 KB.").
			WithDetails(fault.Detail{Path: "body.token", Code: "token_too_long", Message: "too long"})
	}
	var sealed []byte
	err = s.read(ctx, func(tx Tx) error {
		i, err := tx.GetInstance(ctx, instance)
		if err != nil {
			return err
		}
		if i.Deployment == 0 {
			return fault.New(fault.Conflict, "not_deployed", "The instance has no deployment, so it takes no tokens yet.").WithHint("Deploy its configuration first.")
		}
		b, err := s.build(ctx, tx, i)
		if err != nil {
			return err
		}
		b.Revision = 0 // a candidate: no runtime follows it
		sealed, err = s.bundles.Seal(b)
		return err
	})
	if err != nil {
		return d, err
	}
	argument, err := json.Marshal(command.Patient{Token: patient.Reveal(), PowerSyncURL: powersyncURL})
	if err != nil {
		return d, fmt.Errorf("write the argument of %s: %w", command.TokenDiagnose, err)
	}
	raw, err := s.send(ctx, actor, command.Command{Name: command.TokenDiagnose, Instance: instance, Bundle: sealed, Argument: argument})
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, fmt.Errorf("reading a runtime's answer to %s: %w", command.TokenDiagnose, err)
	}
	return d, nil
}
