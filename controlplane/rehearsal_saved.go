package controlplane

import (
	"context"

	"turnkey/runtime/command"
	"turnkey/runtime/hook"
	"turnkey/runtime/rehearsal"
)

// Test gives a recorded case as a test of the draft's hooks. The fixture has the row and the user of the case.
func (s *Rehearsals) Test(ctx context.Context, actor Actor, instance string, o rehearsal.Order) (rehearsal.Saved, error) {
	sealed, err := s.sealCandidate(ctx, instance, Candidate{})
	if err != nil {
		return rehearsal.Saved{}, err
	}
	var c rehearsal.Case
	if err := s.rehearse(ctx, actor, instance, sealed, command.RehearsalCase, o, &c); err != nil {
		return rehearsal.Saved{}, err
	}
	return c.Save()
}

// SaveTest puts the test and its fixture among the draft's files, in the place of an earlier one of the same case.
func (s *Rehearsals) SaveTest(ctx context.Context, actor Actor, instance string, o rehearsal.Order) (made rehearsal.Saved, err error) {
	if made, err = s.Test(ctx, actor, instance, o); err != nil {
		return made, err
	}
	added := []hook.File{{Path: made.FixturePath, Text: made.Fixture}, {Path: made.Path, Text: made.Text}}
	for _, f := range added {
		if err := checkFile(f.Path, f.Text); err != nil {
			return made, err
		}
	}
	return made, s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.LockInstance(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		versions, err := s.makeRoom(ctx, tx, instance, added)
		if err != nil {
			return Event{}, err
		}
		for _, f := range added {
			file := File{Instance: instance, Path: f.Path, Content: f.Text, Version: versions[f.Path] + 1, UpdatedAt: s.now(), UpdatedBy: actor.UserID}
			if err := tx.PutFile(ctx, file); err != nil {
				return Event{}, err
			}
		}
		return Event{Kind: FileUpdated, Organization: i.Organization, Target: instance,
			Changes: Changes{"path": {To: made.Path}, "fixture": {To: made.FixturePath}, "case": {To: o.Conflict + o.Rejection}}}, nil
	})
}

// makeRoom checks that a draft may have these files, too, and gives the versions of those that they replace.
func (k *core) makeRoom(ctx context.Context, tx Tx, instance string, added []hook.File) (map[string]int64, error) {
	list, err := tx.ListFiles(ctx, instance)
	if err != nil {
		return nil, err
	}
	versions, all := map[string]int64{}, append([]hook.File{}, added...)
	for _, have := range list {
		versions[have.Path] = have.Version
		if have.Path != added[0].Path && have.Path != added[1].Path {
			all = append(all, hook.File{Path: have.Path, Text: have.Content})
		}
	}
	return versions, checkFiles(all)
}
