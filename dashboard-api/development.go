package dashboardapi

import "context"

// DevelopmentSource is a database that a development server offers to try out.
type DevelopmentSource struct {
	Type     string `json:"type" enum:"mongodb,postgres"`
	Name     string `json:"name"`
	URI      string `json:"uri"`
	Database string `json:"database" doc:"MongoDB: the database; PostgreSQL: the schema of Turnkey's own tables"`
}

type developmentOutput struct {
	Body struct {
		Development  bool                `json:"development"`
		Sources      []DevelopmentSource `json:"sources" nullable:"false" doc:"Empty outside of development"`
		PowerSyncURL string              `json:"powersync_url" doc:"Where a sync service on this machine would be"`
	}
}

// getDevelopment is what a guide suggests on a developer's own machine. In production there is nothing.
func (a *api) getDevelopment(context.Context, *struct{}) (*developmentOutput, error) {
	out := &developmentOutput{}
	out.Body.Sources = []DevelopmentSource{}
	if a.cfg.Development {
		out.Body.Development, out.Body.PowerSyncURL = true, "http://localhost:8081"
		out.Body.Sources = append(out.Body.Sources, a.cfg.DevelopmentSources...)
	}
	return out, nil
}
