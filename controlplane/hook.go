package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/runtime/hook"
)

// Hooks is the service of what is done with hook files before they are deployed.
type Hooks struct{ *core }

// DraftEdit is what an editor has not saved. Document nil and files that are not named stay as they are saved; a
// file that is nil is one that the editor has removed.
type DraftEdit struct {
	Document *string
	Files    map[string]*string
}

// Test runs the tests of a draft. Tests that fail are a result and no error.
func (s *Hooks) Test(ctx context.Context, instance string, edit DraftEdit) (*publish.Rehearsal, error) {
	_, draft, err := s.readDraft(ctx, instance, edit)
	if err != nil {
		return nil, err
	}
	return s.compiler.Test(ctx, draft)
}

// readDraft reads an instance's draft with an editor's changes. Nothing is compiled yet, so that whoever
// compiles holds no connection.
func (k *core) readDraft(ctx context.Context, instance string, edit DraftEdit) (i Instance, d publish.Draft, err error) {
	var files []File
	err = k.read(ctx, func(tx Tx) error {
		if i, err = tx.GetInstance(ctx, instance); err != nil {
			return err
		}
		if d.Secrets, err = secretNames(ctx, tx, instance); err != nil {
			return err
		}
		files, err = tx.ListFiles(ctx, instance)
		return err
	})
	if err != nil {
		return i, d, err
	}
	d.Instance, d.Organization, d.Kind, d.Document = i.ID, i.Organization, i.Kind, i.Draft.Document
	if edit.Document != nil {
		d.Document = *edit.Document
	}
	d.Files, err = edit.over(files)
	return i, d, err
}

// over lays the editor's files over the saved ones, in the order of their paths.
func (e DraftEdit) over(saved []File) ([]hook.File, error) {
	list := make([]hook.File, 0, len(saved)+len(e.Files))
	for _, f := range saved {
		if _, edited := e.Files[f.Path]; !edited {
			list = append(list, hook.File{Path: f.Path, Text: f.Content})
		}
	}
	for path, content := range e.Files {
		if content == nil {
			continue
		}
		if err := checkFile(path, *content); err != nil {
			return nil, err
		}
		list = append(list, hook.File{Path: path, Text: *content})
	}
	slices.SortFunc(list, func(a, b hook.File) int { return strings.Compare(a.Path, b.Path) })
	return list, checkFiles(list)
}

// compileDraft makes a snapshot of a draft; compile is one of the compiler's ways. It holds no connection while
// workers are at work.
func (k *core) compileDraft(ctx context.Context, instance string, edit DraftEdit, compile func(context.Context, publish.Draft) (*publish.Release, error)) (shot snapshot, err error) {
	i, draft, err := k.readDraft(ctx, instance, edit)
	if err != nil {
		return shot, err
	}
	made, err := compile(ctx, draft)
	if err != nil {
		return snapshot{warnings: made.Warnings}, err
	}
	shot.instance = i
	shot.take(draft, made)
	err = k.read(ctx, func(tx Tx) (err error) {
		shot.secrets, err = k.openSecrets(ctx, tx, instance, publish.References(shot.config))
		return err
	})
	return shot, err
}

// sealDraft compiles a draft and seals it with its program and its secrets, for a command that tries it out. Its
// tests are not run, and nothing is deployed.
func (k *core) sealDraft(ctx context.Context, instance string, edit DraftEdit) (sealed []byte, shot snapshot, err error) {
	if shot, err = k.compileDraft(ctx, instance, edit, k.compiler.Compile); err != nil {
		return nil, shot, err
	}
	sealed, err = k.candidate(shot.instance, &publish.Release{Config: shot.config, Program: shot.program}, shot.secrets)
	return sealed, shot, err
}

// HooksRow is what a deployment's row keeps of its hook files: JSON, nil without any.
type HooksRow struct{ Files, Program, Report *string }

// EncodeHooks writes what a deployment keeps of its hook files.
func EncodeHooks(d Deployment) (row HooksRow, err error) {
	write := func(v any) *string {
		text, failed := json.Marshal(v)
		if failed != nil {
			err = fmt.Errorf("write a deployment's hooks: %w", failed)
		}
		s := string(text)
		return &s
	}
	if len(d.Files) > 0 {
		row.Files = write(d.Files)
	}
	if d.Program != nil {
		row.Program = write(d.Program)
	}
	if d.Hooks != nil {
		row.Report = write(d.Hooks)
	}
	return row, err
}

// DecodeHooks reads it back into a deployment; for stores.
func DecodeHooks(row HooksRow, d *Deployment) error {
	read := func(text *string, into any) error {
		if text == nil {
			return nil
		}
		if err := json.Unmarshal([]byte(*text), into); err != nil {
			return fault.Wrap(err, fault.Internal, "hooks_unreadable", "A deployment's hooks cannot be read.")
		}
		return nil
	}
	if err := read(row.Files, &d.Files); err != nil {
		return err
	}
	if err := read(row.Program, &d.Program); err != nil {
		return err
	}
	return read(row.Report, &d.Hooks)
}
