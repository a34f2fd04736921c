package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
	"turnkey/runtime/hook"
)

// folder is what `turnkey serve` serves: turnkey.yaml, and hook files in hooks/ and lib/ beside it.
type folder struct {
	path string
	kind bundle.Kind
}

// hookFileEndings are those of files that hooks are made of; others in the same folders are nobody's concern.
var hookFileEndings = []string{".ts", ".js", ".json"}

// document reads turnkey.yaml and finds out which secrets it names.
func (f folder) document() (string, *bundle.Config, error) {
	text, err := os.ReadFile(filepath.Join(f.path, "turnkey.yaml"))
	if err != nil {
		return "", nil, fault.Wrap(err, fault.Invalid, "no_configuration", "The folder "+f.path+" has no readable turnkey.yaml.")
	}
	cfg, found := config.Parse(text, config.Options{Kind: f.kind})
	return string(text), cfg, found.Fault()
}

// files reads hooks/ and lib/. Links to folders are not followed.
func (f folder) files() (list []hook.File, err error) {
	root := os.DirFS(f.path)
	for _, top := range []string{"hooks", "lib"} {
		err := fs.WalkDir(root, top, func(name string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) && name == top {
				return nil
			}
			if err != nil || entry.IsDir() || !slices.Contains(hookFileEndings, path.Ext(name)) {
				return err
			}
			if len(list) == hook.MaxFiles {
				return fault.Newf(fault.Invalid, "too_many_files", "There are more than %d files in hooks/ and lib/.", hook.MaxFiles)
			}
			text, err := fs.ReadFile(root, name)
			list = append(list, hook.File{Path: name, Text: string(text)})
			return err
		})
		if ours := (*fault.Error)(nil); errors.As(err, &ours) {
			return nil, err
		} else if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "hooks_unreadable", "The hook files in "+f.path+" cannot be read.")
		}
	}
	return list, nil
}

// release compiles the folder and runs the tests of its hooks, as deploying does.
func (f folder) release(ctx context.Context, term terminal, workers publish.Workers, document string, secrets publish.Secrets) (*publish.Release, error) {
	files, err := f.files()
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(secrets))
	for name := range secrets {
		names = append(names, name)
	}
	r, err := publish.NewCompiler(workers, time.Now).Release(ctx, publish.Draft{Instance: serveInstance, Kind: f.kind, Document: document, Secrets: names, Files: files})
	for _, w := range r.Warnings {
		fmt.Fprintf(term.err, "warning: %s: %s %s\n", w.Place(), w.Message, w.Hint)
	}
	if err != nil {
		return nil, err
	}
	if h := r.Report; h != nil {
		fmt.Fprintf(term.out, "Hooks: %d files, %d of %d tests passed\n", len(h.Files), h.Tests.Passed, h.Tests.Count)
	}
	return r, nil
}

// bundleOf makes what the control plane would publish.
func (f folder) bundleOf(r *publish.Release, secrets map[string]redact.Secret, key bundle.SigningKey) (*bundle.Bundle, error) {
	now := time.Now()
	return publish.Build(publish.Material{
		Instance: bundle.Instance{ID: serveInstance, Host: serveHost, Kind: f.kind, State: bundle.Active}, Revision: 1, Deployment: 1, ActivatedAt: now,
		Config: r.Config, Program: r.Program, Secrets: secrets, Keys: []bundle.SigningKey{key}, At: now,
	})
}
