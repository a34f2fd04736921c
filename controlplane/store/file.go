package store

import (
	"context"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

func file(r db.File) controlplane.File {
	return controlplane.File{Instance: r.InstanceID, Path: r.Path, Content: r.Content, Version: r.Version, UpdatedAt: r.UpdatedAt, UpdatedBy: r.UpdatedBy}
}

// ListFiles implements controlplane.Tx.
func (t tx) ListFiles(ctx context.Context, instance string) ([]controlplane.File, error) {
	rows, err := t.q.ListFiles(ctx, instance)
	return each(rows, file), translate(err)
}

// GetFile implements controlplane.Tx.
func (t tx) GetFile(ctx context.Context, instance, path string) (controlplane.File, error) {
	r, err := t.q.GetFile(ctx, db.GetFileParams{InstanceID: instance, Path: path})
	return file(r), translate(err)
}

// PutFile implements controlplane.Tx.
func (t tx) PutFile(ctx context.Context, f controlplane.File) error {
	return translate(t.q.PutFile(ctx, db.PutFileParams{
		InstanceID: f.Instance, Path: f.Path, Content: f.Content, Version: f.Version, UpdatedAt: f.UpdatedAt, UpdatedBy: f.UpdatedBy,
	}))
}

// DeleteFile implements controlplane.Tx.
func (t tx) DeleteFile(ctx context.Context, instance, path string) error {
	return translate(t.q.DeleteFile(ctx, db.DeleteFileParams{InstanceID: instance, Path: path}))
}
