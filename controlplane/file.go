package controlplane

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"turnkey/internal/fault"
	"turnkey/runtime/hook"
)

// File is a hook file of an instance's draft.
type File struct {
	Instance, Path string
	Content        string
	Version        int64
	UpdatedAt      time.Time
	UpdatedBy      string
}

type fileTx interface {
	ListFiles(ctx context.Context, instance string) ([]File, error)
	GetFile(ctx context.Context, instance, path string) (File, error)
	PutFile(ctx context.Context, f File) error
	DeleteFile(ctx context.Context, instance, path string) error
}

// Files is the service of hook files: hooks, their tests, what they share, and fixtures. They are part of the draft.
type Files struct{ *core }

// filePath is their form but for lengths: compiling a count of counts takes every process of the program a millisecond.
var filePath = regexp.MustCompile(`^(hooks|lib)(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+\.(ts|js|json)$`)

const (
	maxPathDepth = 6   // below hooks or lib
	maxPathName  = 100 // of one name; the last one's without its ending
)

// isFilePath reports whether a hook file can have the path.
func isFilePath(path string) bool {
	if !filePath.MatchString(path) || strings.Contains(path, "..") {
		return false
	}
	names := strings.Split(path[:strings.LastIndexByte(path, '.')], "/")
	return len(names) <= 1+maxPathDepth && !slices.ContainsFunc(names, func(name string) bool { return len(name) > maxPathName })
}

// checkFile refuses what cannot be one. Whether it is JavaScript is found out by workers, not here.
func checkFile(path, content string) error {
	switch {
	case !isFilePath(path):
		return fault.New(fault.Invalid, "invalid_path", "Hook files are hooks/<table>.ts or .js, shared code is below lib/, tests end in .test.ts or .test.js, and fixtures in .json.").
			WithDetails(fault.Detail{Path: path, Code: "invalid_path", Message: "No file can have this path; one can have hooks/todos.ts."})
	case len(content) > hook.MaxSourceBytes:
		return fault.Newf(fault.TooLarge, "file_too_large", "%s has %d bytes; a file has at most %d.", path, len(content), hook.MaxSourceBytes).
			WithHint("Split it, or keep data in a table.").
			WithDetails(fault.Detail{Path: path, Code: "file_too_large", Message: "too long"})
	case !utf8.ValidString(content) || strings.ContainsRune(content, 0):
		return fault.New(fault.Invalid, "invalid_file", "A file is text in UTF-8, without NUL.").
			WithDetails(fault.Detail{Path: path, Code: "invalid_file", Message: "not text"})
	}
	return nil
}

// checkFiles holds all of an instance's files to the limits that they have together.
func checkFiles(list []hook.File) error {
	total := 0
	for _, f := range list {
		total += len(f.Text)
	}
	switch {
	case len(list) > hook.MaxFiles:
		return fault.Newf(fault.Conflict, "too_many_files", "An instance has at most %d files; these are %d.", hook.MaxFiles, len(list)).
			WithHint("Remove files that no hook imports.")
	case total > hook.MaxTotalBytes:
		return fault.Newf(fault.TooLarge, "files_too_large", "All files together have at most %d bytes; these have %d.", hook.MaxTotalBytes, total).
			WithHint("Remove files that no hook imports, or keep data in a table.")
	}
	return nil
}

// List gives all files of an instance.
func (s *Files) List(ctx context.Context, instance string) (list []File, err error) {
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListFiles(ctx, instance)
		return err
	})
	return list, err
}

// Get gives one file.
func (s *Files) Get(ctx context.Context, instance, path string) (f File, err error) {
	err = s.read(ctx, func(tx Tx) error {
		f, err = tx.GetFile(ctx, instance, path)
		return err
	})
	return f, err
}

// Put makes or replaces a file. seen is the version that the actor saw; nil takes any, which is how a
// new file is made.
func (s *Files) Put(ctx context.Context, actor Actor, instance, path, content string, seen *int64) (f File, err error) {
	if err := checkFile(path, content); err != nil {
		return File{}, err
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.LockInstance(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		list, err := tx.ListFiles(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		old, all := File{}, []hook.File{{Path: path, Text: content}}
		for _, have := range list {
			if have.Path == path {
				old = have
				continue
			}
			all = append(all, hook.File{Path: have.Path, Text: have.Content})
		}
		if seen != nil {
			if err := checkVersion(*seen, old.Version); err != nil {
				return Event{}, err
			}
		}
		if err := checkFiles(all); err != nil {
			return Event{}, err
		}
		f = File{Instance: instance, Path: path, Content: content, Version: old.Version + 1, UpdatedAt: s.now(), UpdatedBy: actor.UserID}
		e := Event{Kind: FileUpdated, Organization: i.Organization, Target: instance, Changes: Changes{"path": {To: path}, "version": {From: old.Version, To: f.Version}}}
		return e, tx.PutFile(ctx, f)
	})
	return f, err
}

// Delete removes a file.
func (s *Files) Delete(ctx context.Context, actor Actor, instance, path string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.LockInstance(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		if _, err := tx.GetFile(ctx, instance, path); err != nil {
			return Event{}, err
		}
		e := Event{Kind: FileDeleted, Organization: i.Organization, Target: instance, Changes: Changes{"path": {From: path}}}
		return e, tx.DeleteFile(ctx, instance, path)
	})
}
