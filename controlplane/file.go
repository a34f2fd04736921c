package controlplane

import (
	"context"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"turnkey/internal/fault"
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

// Files is the service of hook files. They are stored as part of the draft; this version deploys none.
type Files struct{ *core }

const (
	maxFile  = 512 << 10
	maxFiles = 200
)

var filePath = regexp.MustCompile(`^(hooks|lib)(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}){1,6}\.(ts|js)$`)

func checkFile(path, content string) error {
	switch {
	case !filePath.MatchString(path) || strings.Contains(path, ".."):
		return fault.New(fault.Invalid, "invalid_path", "Hook files are hooks/<table>.ts or .js, shared code is below lib/.").
			WithDetails(fault.Detail{Path: "path", Code: "invalid_path", Message: "such as hooks/todos.ts"})
	case len(content) > maxFile || !utf8.ValidString(content) || strings.ContainsRune(content, 0):
		return fault.Newf(fault.Invalid, "invalid_file", "A file is text in UTF-8 of at most %d bytes.", maxFile).
			WithDetails(fault.Detail{Path: "content", Code: "invalid_file", Message: "too long, or not text"})
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
		old := File{}
		for _, have := range list {
			if have.Path == path {
				old = have
			}
		}
		if seen != nil {
			if err := checkVersion(*seen, old.Version); err != nil {
				return Event{}, err
			}
		}
		if old.Version == 0 && len(list) >= maxFiles {
			return Event{}, fault.Newf(fault.Conflict, "too_many_files", "An instance has at most %d files.", maxFiles)
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
