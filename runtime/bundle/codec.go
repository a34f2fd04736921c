package bundle

import (
	"bytes"
	"encoding/json"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/hook"
)

// wire is the encoded form. It exists because a Bundle's secrets refuse to marshal: this is the one
// place that writes them out, and its bytes must go straight into package envelope's sealing.
type wire struct {
	Format      int               `json:"format"`
	Revision    int64             `json:"revision"`
	Instance    Instance          `json:"instance"`
	Deployment  int               `json:"deployment"`
	ActivatedAt time.Time         `json:"activated_at,omitzero"`
	Previous    int               `json:"previous,omitempty"`
	Config      Config            `json:"config"`
	Program     *hook.Program     `json:"program,omitempty"`
	Secrets     map[string]string `json:"secrets,omitempty"`
	SigningKeys []wireKey         `json:"signing_keys,omitempty"`
	APIKeys     []APIKey          `json:"api_keys,omitempty"`
	IssuedAt    time.Time         `json:"issued_at"`
}

type wireKey struct {
	ID        string    `json:"id"`
	Algorithm Algorithm `json:"algorithm"`
	Private   string    `json:"private"`
	PublishAt time.Time `json:"publish_at"`
	SignFrom  time.Time `json:"sign_from"`
	RetireAt  time.Time `json:"retire_at,omitzero"`
	Revoked   bool      `json:"revoked,omitempty"`
}

// Encode writes a bundle, secrets included: seal the result, never store or log it.
func Encode(b *Bundle) ([]byte, error) {
	w := wire{
		Format: b.Format, Revision: b.Revision, Instance: b.Instance, Deployment: b.Deployment, ActivatedAt: b.ActivatedAt, Previous: b.Previous,
		Config: b.Config, Program: b.Program, APIKeys: b.APIKeys, IssuedAt: b.IssuedAt, Secrets: make(map[string]string, len(b.Secrets)),
	}
	for name, s := range b.Secrets {
		w.Secrets[name] = s.Reveal()
	}
	for _, k := range b.SigningKeys {
		w.SigningKeys = append(w.SigningKeys, wireKey{k.ID, k.Algorithm, k.Private.Reveal(), k.PublishAt, k.SignFrom, k.RetireAt, k.Revoked})
	}
	out, err := json.Marshal(w)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "bundle_encode", "The bundle could not be written.")
	}
	return out, nil
}

// Decode reads a bundle. A format above ours is refused with code bundle_too_new before anything
// else of it is interpreted; unknown members of a known format are ignored, so that runtimes of
// version N-1 read bundles of version N.
func Decode(data []byte) (*Bundle, error) {
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "bundle_malformed", "The bundle cannot be read.")
	}
	if err := CheckFormat(head.Format); err != nil {
		return nil, err
	}
	var w wire
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&w); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "bundle_malformed", "The bundle cannot be read.")
	}
	b := &Bundle{
		Format: w.Format, Revision: w.Revision, Instance: w.Instance, Deployment: w.Deployment, ActivatedAt: w.ActivatedAt, Previous: w.Previous,
		Config: w.Config, Program: w.Program, APIKeys: w.APIKeys, IssuedAt: w.IssuedAt, Secrets: make(map[string]redact.Secret, len(w.Secrets)),
	}
	for name, s := range w.Secrets {
		b.Secrets[name] = redact.New(s)
	}
	for _, k := range w.SigningKeys {
		b.SigningKeys = append(b.SigningKeys, SigningKey{k.ID, k.Algorithm, redact.New(k.Private), k.PublishAt, k.SignFrom, k.RetireAt, k.Revoked})
	}
	return b, nil
}

// CheckFormat refuses formats that this version does not read, with code bundle_too_new.
func CheckFormat(format int) error {
	if format >= 1 && format <= Format {
		return nil
	}
	return fault.Newf(fault.Invalid, "bundle_too_new", "The bundle has format %d; this runtime reads up to %d.", format, Format).
		WithHint("Update this runtime; until then it serves the last bundle that it understood.")
}
