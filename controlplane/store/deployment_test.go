package store

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"turnkey/controlplane"
	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
)

// someInstance puts an instance with all that it needs into a store.
func someInstance(t *testing.T, s *Store) controlplane.Instance {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	i := controlplane.Instance{
		ID: "ins_1", Project: "prj_1", Organization: "org_1", Name: "x", Host: "x-1", Kind: bundle.Development, State: bundle.Active, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	err := s.InTx(t.Context(), func(tx controlplane.Tx) error {
		if err := tx.InsertOrganization(t.Context(), someOrganization("org_1")); err != nil {
			return err
		}
		if err := tx.InsertProject(t.Context(), controlplane.Project{ID: "prj_1", Organization: "org_1", Name: "x", Version: 1, CreatedAt: now, UpdatedAt: now}); err != nil {
			return err
		}
		return tx.InsertInstance(t.Context(), i)
	})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// TestDeploymentsKeepTheirHooks, to the byte; a list has only how they went.
func TestDeploymentsKeepTheirHooks(t *testing.T) {
	s, url := open(t)
	i := someInstance(t, s)
	files := []hook.File{{Path: "hooks/todos.ts", Text: "// <&> \u2028 \U0001F600\n"}, {Path: "lib/empty.ts"}}
	program := &hook.Program{Code: "\"\\u0000 <&>\x01\"", Map: `{"version":3}`, Hooks: []hook.Exports{{File: "hooks/todos.ts", Name: "todos", Functions: []hook.Function{hook.BeforeWrite}}}}
	program.Hash = hook.HashOf(program.Code, program.Map)
	report := &publish.Report{Hash: program.Hash, Files: []publish.FileSize{{Path: "hooks/todos.ts", Size: 20}}, Hooks: program.Hooks, Tests: publish.Tests{Count: 2, Passed: 2},
		Coverage: []hook.Coverage{{File: "hooks/todos.ts", Taken: 1, Total: 2, Missed: []int{7}}}, DurationMS: 12}
	with := controlplane.Deployment{ID: "dep_1", Instance: i.ID, Number: 1, CreatedAt: i.CreatedAt, ActivatedAt: i.CreatedAt, Files: files, Program: program, Hooks: report}
	without := controlplane.Deployment{ID: "dep_2", Instance: i.ID, Number: 2, CreatedAt: i.CreatedAt, ActivatedAt: i.CreatedAt}
	err := s.InTx(t.Context(), func(tx controlplane.Tx) error {
		for _, d := range []controlplane.Deployment{with, without} {
			row, err := controlplane.EncodeHooks(d)
			if err != nil {
				return err
			}
			if err := tx.InsertDeployment(t.Context(), d, "{}", row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func(number int64) (d controlplane.Deployment, err error) {
		err = s.View(t.Context(), func(tx controlplane.Tx) error {
			d, err = tx.GetDeployment(t.Context(), i.ID, number)
			return err
		})
		return d, err
	}
	got, err := read(1)
	if err != nil || !reflect.DeepEqual(got.Files, files) || !reflect.DeepEqual(got.Program, program) || !reflect.DeepEqual(got.Hooks, report) {
		t.Errorf("%+v %+v %+v, %v", got.Files, got.Program, got.Hooks, err)
	}
	if hook.HashOf(got.Program.Code, got.Program.Map) != program.Hash {
		t.Error("the program is not what it was")
	}
	if got, err := read(2); err != nil || got.Files != nil || got.Program != nil || got.Hooks != nil {
		t.Errorf("without hooks: %+v, %v", got, err)
	}
	err = s.View(t.Context(), func(tx controlplane.Tx) error {
		list, err := tx.ListDeployments(t.Context(), i.ID, 9, 9)
		if len(list) != 2 || list[1].Program != nil || list[1].Files != nil || !reflect.DeepEqual(list[1].Hooks, report) || list[0].Hooks != nil {
			t.Errorf("list: %+v", list)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}

	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), `INSERT INTO deployments (instance_id, number, id, document, config, message, created_at, created_by, activated_at)
		VALUES ('ins_1', 3, 'dep_3', '', '{}', '', now(), '', now())`); err != nil {
		t.Errorf("what the version before writes: %v", err)
	}
	if _, err := read(3); err != nil {
		t.Errorf("what the version before wrote: %v", err)
	}
	if _, err := conn.Exec(t.Context(), `UPDATE deployments SET program = '{"hash": 5' WHERE number = 1`); err != nil {
		t.Fatal(err)
	}
	if _, err := read(1); !fault.Is(err, "hooks_unreadable") || strings.Contains(fault.Of(err).Message, "5") {
		t.Errorf("a program that cannot be read: %v", err)
	}
}
