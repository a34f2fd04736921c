package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/command"
	"turnkey/runtime/config"
	"turnkey/runtime/source"
)

// Commander gives orders to one runtime; *command.Sender is one.
type Commander interface {
	Send(ctx context.Context, address, runtime string, c command.Command) (json.RawMessage, error)
}

// Sources asks runtimes about customers' databases. It never opens one itself.
type Sources struct{ *core }

// SourceInput names the database to look at. The zero value is the draft's source.
type SourceInput struct {
	Type     bundle.SourceType
	Database string
	// URI is a connection string to try without storing it; Secret names a stored one.
	URI    redact.Secret
	Secret string
}

// tried is the secret that a candidate holds a connection string under.
const tried = "SOURCE_URI"

// Test connects and checks what serving needs.
func (s *Sources) Test(ctx context.Context, actor Actor, instance string, in SourceInput) (report source.TestReport, err error) {
	return report, s.ask(ctx, actor, instance, in, command.SourceTest, &report)
}

// Inspect samples the database and proposes tables.
func (s *Sources) Inspect(ctx context.Context, actor Actor, instance string, in SourceInput) (found source.Inspection, err error) {
	return found, s.ask(ctx, actor, instance, in, command.SourceInspect, &found)
}

// ask sends a candidate with the source that in names and records that somebody looked.
func (s *Sources) ask(ctx context.Context, actor Actor, instance string, in SourceInput, name command.Name, result any) error {
	shot, err := s.shoot(ctx, instance, in)
	if err != nil {
		return err
	}
	raw, err := s.order(ctx, actor, shot, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, result); err != nil {
		return fmt.Errorf("reading a runtime's answer to %s: %w", name, err)
	}
	kind := SourceTested
	if name == command.SourceInspect {
		kind = SourceInspected
	}
	return s.change(ctx, actor, func(Tx) (Event, error) {
		return Event{Kind: kind, Organization: shot.instance.Organization, Target: instance, Changes: Changes{"type": {To: shot.config.Source.Type}}}, nil
	})
}

// shoot makes the candidate.
func (s *Sources) shoot(ctx context.Context, instance string, in SourceInput) (shot snapshot, err error) {
	err = s.read(ctx, func(tx Tx) error {
		if shot.instance, err = tx.GetInstance(ctx, instance); err != nil {
			return err
		}
		if shot.config, err = in.config(shot.instance); err != nil {
			return err
		}
		shot.secrets, err = s.openSecrets(ctx, tx, instance, []string{shot.config.Source.URI.Secret})
		return err
	})
	if err != nil {
		return shot, err
	}
	if !in.URI.Empty() {
		shot.config.Source.URI.Secret = tried
		shot.secrets = map[string]redact.Secret{tried: in.URI}
	}
	if len(shot.secrets) == 0 {
		return shot, fault.Newf(fault.Invalid, "no_such_secret", "There is no secret %s.", shot.config.Source.URI.Secret).
			WithHint("Store the connection string first: PUT .../secrets/" + shot.config.Source.URI.Secret + ".")
	}
	return shot, nil
}

// config is a configuration with nothing but a source.
func (in SourceInput) config(i Instance) (*bundle.Config, error) {
	cfg := &bundle.Config{Source: bundle.Source{Type: in.Type, Database: in.Database, URI: bundle.SecretRef{Secret: in.Secret}}}
	if in.Type != "" {
		if !slices.Contains([]bundle.SourceType{bundle.MongoDB, bundle.PostgreSQL}, in.Type) {
			return nil, fault.New(fault.Invalid, "invalid_source", "A source is of type mongodb or postgres.").
				WithDetails(fault.Detail{Path: "body.type", Code: "invalid_source", Message: "must be mongodb or postgres"})
		}
		if in.Type == bundle.PostgreSQL && in.Database == "" {
			cfg.Source.Database = "turnkey"
		}
		if in.Secret == "" {
			cfg.Source.URI.Secret = tried
		}
		return cfg, nil
	}
	parsed, found := config.Parse([]byte(i.Draft.Document), config.Options{Kind: i.Kind})
	if i.Draft.Version == 0 || parsed == nil {
		err := fault.New(fault.Invalid, "no_source", "The draft names no source that could be tested.").
			WithHint("Save a configuration first, or send type, database and uri.")
		return nil, err.WithDetails(found.Errors...)
	}
	cfg.Source = parsed.Source
	return cfg, nil
}

// prepare creates our own tables in a snapshot's source, and so proves that it can be reached. It says what the source
// guarantees; a runtime of before says nothing. Tables that cannot be written as they are become warnings of the snapshot.
func (k *core) prepare(ctx context.Context, actor Actor, shot *snapshot) (mode source.Mode, err error) {
	for _, name := range publish.References(shot.config) {
		if _, ok := shot.secrets[name]; !ok {
			return mode, fault.Newf(fault.Conflict, "no_such_secret", "The deployment names the secret %s, which is not stored.", name).
				WithHint("Store it first: PUT .../secrets/" + name + ".")
		}
	}
	raw, err := k.order(ctx, actor, *shot, command.Prepare)
	if err != nil {
		return mode, err
	}
	var answer command.Prepared
	if err := json.Unmarshal(raw, &answer); err != nil {
		return mode, fmt.Errorf("reading a runtime's answer to %s: %w", command.Prepare, err)
	}
	shot.warnings = append(shot.warnings, answer.Warnings...)
	return answer.Mode, nil
}

// order gives a command about a candidate's source to a runtime; hooks have no part in it.
func (k *core) order(ctx context.Context, actor Actor, shot snapshot, name command.Name) (json.RawMessage, error) {
	sealed, err := k.candidate(shot.instance, &publish.Release{Config: shot.config}, shot.secrets)
	if err != nil {
		return nil, err
	}
	return k.send(ctx, actor, command.Command{Name: name, Instance: shot.instance.ID, Bundle: sealed})
}

// send gives a command to a runtime that carries it out, another one when the first is gone.
func (k *core) send(ctx context.Context, actor Actor, c command.Command) (json.RawMessage, error) {
	var list []Runtime
	err := k.read(ctx, func(tx Tx) (err error) { list, err = tx.ListRuntimes(ctx, k.now().Add(-runtimeGone)); return err })
	if err != nil {
		return nil, err
	}
	c.Actor = command.Actor{UserID: actor.UserID, TokenID: actor.TokenID, RequestID: actor.RequestID}
	err = fault.New(fault.Unavailable, "no_runtime", "No runtime is registered that could do this.").
		WithHint("Start one: turnkey runtime. It registers within seconds.")
	for _, r := range list {
		if !slices.Contains(r.Capabilities, string(c.Name)) {
			continue
		}
		raw, sent := k.commander.Send(ctx, r.Address, r.ID, c)
		if !fault.Is(sent, "runtime_unreachable") {
			return raw, sent
		}
		err = sent
	}
	return nil, err
}
