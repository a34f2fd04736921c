package controlplane

import (
	"context"
	"maps"
	"slices"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
)

// NewInstance is the input of Create: everything that an instance needs, in one call.
type NewInstance struct {
	Name     string
	Kind     bundle.Kind
	Document string // draft; may be empty unless Deploy
	Secrets  map[string]redact.Secret
	Files    map[string]string
	Deploy   bool
}

// Create makes an instance with its key, draft, secrets and files, and deploys it when asked. All of
// it happens or nothing.
func (s *Instances) Create(ctx context.Context, actor Actor, project string, in NewInstance) (i Instance, warnings []fault.Detail, err error) {
	if warnings, err = in.check(); err != nil {
		return i, warnings, err
	}
	var p Project
	if err = s.read(ctx, func(tx Tx) error { p, err = tx.GetProject(ctx, project); return err }); err != nil {
		return i, warnings, err
	}
	if i, err = s.newInstance(actor, p, in); err != nil {
		return i, warnings, err
	}
	shot := snapshot{instance: i, document: in.Document, secrets: publish.Secrets{}}
	alg := bundle.EdDSA
	if in.Deploy {
		draft := publish.Draft{Instance: i.ID, Organization: i.Organization, Kind: in.Kind, Document: in.Document, Secrets: slices.Collect(maps.Keys(in.Secrets)), Files: in.files()}
		made, err := s.compiler.Release(ctx, draft)
		shot.take(draft, made)
		if warnings = shot.warnings; err != nil {
			return i, warnings, err
		}
		for _, name := range publish.References(shot.config) {
			shot.secrets[name] = in.Secrets[name]
		}
		mode, err := s.prepare(ctx, actor, &shot)
		if err != nil {
			return i, warnings, err
		}
		i.guaranteed(mode)
		warnings = shot.warnings
		alg = shot.config.Auth.Algorithm
	}
	key, err := s.newKey(i.ID, alg, s.now(), s.now())
	if err != nil {
		return i, warnings, err
	}
	blank := i // a transaction may run more than once
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		i = blank
		return s.insert(ctx, tx, actor, &i, in, shot, key)
	})
	return i, warnings, err
}

// check refuses what could not be stored, and a draft with mistakes.
func (in *NewInstance) check() (warnings []fault.Detail, err error) {
	if in.Name, err = checkName(in.Name); err != nil {
		return nil, err
	}
	if err := checkKind(in.Kind); err != nil {
		return nil, err
	}
	for name, value := range in.Secrets {
		if err := checkSecret(name, value); err != nil {
			return nil, err
		}
	}
	for path, content := range in.Files {
		if err := checkFile(path, content); err != nil {
			return nil, err
		}
	}
	if err := checkFiles(in.files()); err != nil {
		return nil, err
	}
	if len(in.Secrets) > maxSecrets {
		return nil, fault.Newf(fault.Invalid, "too_many", "An instance has at most %d secrets.", maxSecrets)
	}
	if in.Document == "" || in.Deploy {
		return nil, nil // Compile says the rest
	}
	found := publish.Check(in.Document, in.Kind, slices.Collect(maps.Keys(in.Secrets)))
	return found.Warnings, found.Fault()
}

// files are the hook files in the order of their paths.
func (in *NewInstance) files() []hook.File {
	list := make([]hook.File, 0, len(in.Files))
	for _, path := range slices.Sorted(maps.Keys(in.Files)) {
		list = append(list, hook.File{Path: path, Text: in.Files[path]})
	}
	return list
}

func (s *Instances) newInstance(actor Actor, p Project, in NewInstance) (Instance, error) {
	id, err := s.ids.New(prefixInstance)
	if err != nil {
		return Instance{}, err
	}
	host, err := s.newHost(in.Name)
	if err != nil {
		return Instance{}, err
	}
	now := s.now()
	i := Instance{
		ID: id, Project: p.ID, Organization: p.Organization, Name: in.Name, Host: host, Kind: in.Kind, State: bundle.Active,
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if in.Document != "" {
		i.Draft = Draft{Document: in.Document, Version: 1, UpdatedAt: &now, UpdatedBy: actor.UserID}
	}
	return i, nil
}

// insert writes everything of a new instance and publishes its first revision.
func (s *Instances) insert(ctx context.Context, tx Tx, actor Actor, i *Instance, in NewInstance, shot snapshot, key SigningKey) (Event, error) {
	e := Event{Kind: InstanceCreated, Organization: i.Organization, Target: i.ID, Changes: Changes{
		"name": {To: i.Name}, "project": {To: i.Project}, "kind": {To: i.Kind}, "host": {To: i.Host}, "deployed": {To: in.Deploy},
		"secrets": {To: slices.Sorted(maps.Keys(in.Secrets))}, "files": {To: slices.Sorted(maps.Keys(in.Files))},
	}}
	if _, err := tx.LockProject(ctx, i.Project); err != nil { // it must not be deleted meanwhile
		return e, err
	}
	if err := tx.InsertInstance(ctx, *i); err != nil {
		return e, err
	}
	// The insert has waited for whoever deletes the organization at this moment; do not outlive it.
	if _, err := tx.GetProject(ctx, i.Project); err != nil {
		return e, err
	}
	for name, value := range in.Secrets {
		secret, err := s.sealSecret(actor, i.ID, name, 1, value)
		if err != nil {
			return e, err
		}
		if err := tx.PutSecret(ctx, secret); err != nil {
			return e, err
		}
	}
	for path, content := range in.Files {
		if err := tx.PutFile(ctx, File{Instance: i.ID, Path: path, Content: content, Version: 1, UpdatedAt: s.now(), UpdatedBy: actor.UserID}); err != nil {
			return e, err
		}
	}
	if err := tx.InsertSigningKey(ctx, key); err != nil {
		return e, err
	}
	if !in.Deploy {
		return e, s.publish(ctx, tx, i)
	}
	d, err := s.newDeployment(actor, *i, shot, "")
	if err != nil {
		return e, err
	}
	return e, s.activate(ctx, tx, i, d, nil)
}
