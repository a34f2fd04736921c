package controlplane

import (
	"context"
	"time"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
)

// Deployment is an immutable, numbered snapshot of a configuration.
type Deployment struct {
	ID, Instance string
	Number       int64
	Document     string        // as its author wrote it
	Config       bundle.Config // compiled once, when it was made
	Message      string
	CreatedAt    time.Time
	CreatedBy    string
	ActivatedAt  time.Time // last
	BrakedAt     *time.Time

	// Files are the hook files as they were deployed, Program what became of them, Hooks how that went; lists have
	// Hooks alone.
	Files   []hook.File
	Program *hook.Program
	Hooks   *publish.Report
}

type deploymentTx interface {
	InsertDeployment(ctx context.Context, d Deployment, config string, hooks HooksRow) error
	GetDeployment(ctx context.Context, instance string, number int64) (Deployment, error)
	// ListDeployments gives an instance's deployments, newest first, below a number, without files and programs.
	ListDeployments(ctx context.Context, instance string, before int64, limit int) ([]Deployment, error)
	TouchDeployment(ctx context.Context, instance string, number int64, at time.Time) error
	// PreviousDeployment gives the number of the deployment that was active before the current one and was
	// not taken back by the brake; 0 when there is none.
	PreviousDeployment(ctx context.Context, instance string, current int64) (int64, error)
	BrakeDeployment(ctx context.Context, instance string, number int64, at time.Time) error
}

// Deployments is the service of deployments.
type Deployments struct{ *core }

const maxMessage = 500

// List gives an instance's deployments, newest first. before 0 begins with the newest; next 0 is the end.
func (s *Deployments) List(ctx context.Context, instance string, before int64, page Page) (list []Deployment, next int64, err error) {
	if before <= 0 {
		before = 1 << 62
	}
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListDeployments(ctx, instance, before, page.size()+1)
		return err
	})
	if n := page.size(); len(list) > n {
		list, next = list[:n], list[n-1].Number
	}
	return list, next, err
}

// Get gives one deployment.
func (s *Deployments) Get(ctx context.Context, instance string, number int64) (d Deployment, err error) {
	err = s.read(ctx, func(tx Tx) error {
		d, err = tx.GetDeployment(ctx, instance, number)
		return err
	})
	return d, err
}

// snapshot is a compiled draft with what is needed to try it out.
type snapshot struct {
	instance Instance
	document string
	files    []hook.File
	config   *bundle.Config
	program  *hook.Program
	report   *publish.Report
	warnings []fault.Detail
	secrets  map[string]redact.Secret
}

// take keeps what a draft was compiled to.
func (s *snapshot) take(d publish.Draft, r *publish.Release) {
	s.document, s.files, s.config, s.program, s.report, s.warnings = d.Document, d.Files, r.Config, r.Program, r.Report, r.Warnings
}

// Create deploys the draft: it is validated, compiled, tested and tried on the source, and becomes active with
// a new revision. Nothing changes when any of that fails.
func (s *Deployments) Create(ctx context.Context, actor Actor, instance, message string) (d Deployment, i Instance, warnings []fault.Detail, err error) {
	if len(message) > maxMessage {
		return d, i, nil, fault.Newf(fault.Invalid, "message_too_long", "A message has at most %d bytes.", maxMessage).
			WithDetails(fault.Detail{Path: "body.message", Code: "message_too_long", Message: "too long"})
	}
	shot, err := s.compileDraft(ctx, instance, DraftEdit{}, s.compiler.Release)
	if err != nil {
		return d, i, shot.warnings, err
	}
	d, i, err = s.deploy(ctx, actor, &shot, func(i Instance) (Deployment, error) { return s.newDeployment(actor, i, shot, message) })
	return d, i, shot.warnings, err
}

// Activate makes an earlier deployment the active one. Secrets and keys stay the current ones.
func (s *Deployments) Activate(ctx context.Context, actor Actor, instance string, number int64) (d Deployment, i Instance, err error) {
	var shot snapshot
	err = s.read(ctx, func(tx Tx) error {
		if d, err = tx.GetDeployment(ctx, instance, number); err != nil {
			return err
		}
		if shot.instance, err = tx.GetInstance(ctx, instance); err != nil {
			return err
		}
		shot.config = &d.Config
		shot.secrets, err = s.openSecrets(ctx, tx, instance, publish.References(&d.Config))
		return err
	})
	if err != nil {
		return d, i, err
	}
	return s.deploy(ctx, actor, &shot, func(i Instance) (Deployment, error) {
		if d.Number != i.Deployment { // the active one prepares its source again; nothing is new that the brake should watch
			d.ActivatedAt = s.now()
		}
		return d, nil
	})
}

func (k *core) newDeployment(actor Actor, i Instance, shot snapshot, message string) (Deployment, error) {
	id, err := k.ids.New(prefixDeployment)
	now := k.now()
	return Deployment{
		ID: id, Instance: i.ID, Number: i.LastDeployment + 1, Document: shot.document, Config: *shot.config, Message: message,
		CreatedAt: now, CreatedBy: actor.UserID, ActivatedAt: now, Files: shot.files, Program: shot.program, Hooks: shot.report,
	}, err
}

// deploy tries a configuration on the source, then makes the deployment that next gives active.
func (s *Deployments) deploy(ctx context.Context, actor Actor, shot *snapshot, next func(Instance) (Deployment, error)) (d Deployment, i Instance, err error) {
	mode, err := s.prepare(ctx, actor, shot)
	if err != nil {
		return d, i, err
	}
	key, err := s.keyFor(ctx, *shot)
	if err != nil {
		return d, i, err
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if i, err = tx.LockInstance(ctx, shot.instance.ID); err != nil {
			return Event{}, err
		}
		if d, err = next(i); err != nil {
			return Event{}, err
		}
		i.guaranteed(mode)
		e := Event{Kind: DeploymentActivated, Organization: i.Organization, Target: i.ID, Changes: Changes{"deployment": {From: i.Deployment, To: d.Number}}}
		if d.Number > i.LastDeployment {
			e.Kind = DeploymentCreated
		}
		if d.Program != nil {
			e.Changes["hooks"] = Change{To: d.Program.Hash}
		}
		return e, s.activate(ctx, tx, &i, d, key)
	})
	return d, i, err
}

// activate writes a deployment and everything that follows from it; the transaction has locked the instance.
func (k *core) activate(ctx context.Context, tx Tx, i *Instance, d Deployment, key *SigningKey) error {
	if d.Number > i.LastDeployment {
		text, err := encodeConfig(&d.Config)
		if err != nil {
			return err
		}
		hooks, err := EncodeHooks(d)
		if err != nil {
			return err
		}
		if err := tx.InsertDeployment(ctx, d, text, hooks); err != nil {
			return err
		}
		i.LastDeployment = d.Number
	} else if err := tx.TouchDeployment(ctx, i.ID, d.Number, d.ActivatedAt); err != nil {
		return err
	}
	i.Deployment, i.UpdatedAt = d.Number, k.now()
	if longer := d.Config.Auth.TokenTTL - i.LongestToken; longer > 0 {
		if err := keepLonger(ctx, tx, i.ID, longer, k.now()); err != nil {
			return err
		}
		i.LongestToken += longer
	}
	if key != nil {
		if err := addKey(ctx, tx, *i, *key); err != nil {
			return err
		}
	}
	return k.publish(ctx, tx, i)
}

// keyFor makes a key when a configuration wants an algorithm that none of the instance's keys has. The
// first deployment's key signs at once: nobody has fetched the key set yet.
func (k *core) keyFor(ctx context.Context, shot snapshot) (*SigningKey, error) {
	alg := shot.config.Auth.Algorithm
	var list []SigningKey
	err := k.read(ctx, func(tx Tx) (err error) {
		list, err = tx.ListSigningKeys(ctx, shot.instance.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	now := k.now()
	for _, key := range list {
		if key.Algorithm == alg && key.live(now) && key.RetireAt == nil {
			return nil, nil
		}
	}
	wait := k.overlap
	if shot.instance.Deployment == 0 {
		wait = 0
	}
	key, err := k.newKey(shot.instance.ID, alg, now, now.Add(wait))
	return &key, err
}
