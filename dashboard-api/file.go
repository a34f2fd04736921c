package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
)

type file struct {
	Path      string    `json:"path"`
	Size      int       `json:"size" doc:"Bytes"`
	Content   *string   `json:"content,omitempty" doc:"Absent in lists"`
	UpdatedAt time.Time `json:"updated_at"`
	UpdatedBy string    `json:"updated_by"`
}

func shapeFile(f controlplane.File) file {
	return file{Path: f.Path, Size: len(f.Content), UpdatedAt: f.UpdatedAt, UpdatedBy: f.UpdatedBy}
}

type fileOutput struct {
	ETag string `header:"ETag"`
	Body file
}

func fileAnswer(f controlplane.File) *fileOutput {
	out := &fileOutput{etag(f.Version), shapeFile(f)}
	out.Body.Content = &f.Content
	return out
}

// FilePath is the path of one file.
type FilePath struct {
	InstancePath
	Path string `path:"path"`
}

func (a *api) listFiles(ctx context.Context, _ *InstancePath) (*pageOutput[file], error) {
	list, err := a.cfg.Plane.Files.List(ctx, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, "", shapeFile), nil
}

func (a *api) getFile(ctx context.Context, in *FilePath) (*fileOutput, error) {
	f, err := a.cfg.Plane.Files.Get(ctx, placeOf(ctx).Instance, in.Path)
	if err != nil {
		return nil, err
	}
	return fileAnswer(f), nil
}

type putFileInput struct {
	FilePath
	Body struct {
		Content string `json:"content" doc:"At most 256 KiB; all files together 4 MiB"`
	}
}

// putFile checks If-Match where it is given: a new file has no version to name.
func (a *api) putFile(ctx context.Context, in *putFileInput) (*fileOutput, error) {
	var seen *int64
	if requestOf(ctx).ifMatch != "" {
		seen = ptr(versionSeen(ctx))
	}
	f, err := a.cfg.Plane.Files.Put(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Path, in.Body.Content, seen)
	if err != nil {
		return nil, err
	}
	return fileAnswer(f), nil
}

func (a *api) deleteFile(ctx context.Context, in *FilePath) (*struct{}, error) {
	return nil, a.cfg.Plane.Files.Delete(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Path)
}
