package dashboardapi

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"turnkey/runtime/bundle"
)

// draftTable is one of the draft's tables as it is compiled: defaults filled in.
type draftTable struct {
	Name          string        `json:"name" doc:"The client's"`
	StoredAs      string        `json:"stored_as" doc:"The collection, or schema.table"`
	Key           string        `json:"key" doc:"The source's name of the key"`
	IDType        string        `json:"id_type" enum:"string,objectid,uuid,int64"`
	UnknownFields string        `json:"unknown_fields" enum:"reject,keep"`
	OnConflict    string        `json:"on_conflict" doc:"The row policy"`
	Deletes       string        `json:"deletes" enum:"win,tombstone,lose"`
	Columns       []tableColumn `json:"columns" nullable:"false"`
}

// tableColumn is one of a table's columns.
type tableColumn struct {
	Name        string              `json:"name" doc:"The client's"`
	Path        string              `json:"path" doc:"Where it is in the source's row"`
	Type        string              `json:"type,omitempty" doc:"Absent where none is declared"`
	Of          *columnType         `json:"of,omitempty" doc:"What a list holds, or the members of an object"`
	Immutable   bool                `json:"immutable"`
	Ignored     bool                `json:"ignored"`
	Merge       string              `json:"merge" doc:"The field policy"`
	Transitions map[string][]string `json:"transitions,omitempty"`
}

// columnType is a declared type inside of another.
type columnType struct {
	Type    string                 `json:"type"`
	Element *columnType            `json:"element,omitempty"`
	Members map[string]*columnType `json:"members,omitempty"`
}

type tablesOutput struct {
	Body struct {
		Data []draftTable `json:"data" nullable:"false" doc:"Empty while the draft has mistakes"`
	}
}

func (a *api) listTables(ctx context.Context, _ *InstancePath) (*tablesOutput, error) {
	cfg, err := a.cfg.Plane.Drafts.Config(ctx, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	out := &tablesOutput{}
	out.Body.Data = []draftTable{}
	if cfg == nil {
		return out, nil
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Tables)) {
		out.Body.Data = append(out.Body.Data, shapeTable(name, cfg.Tables[name]))
	}
	return out, nil
}

func shapeTable(name string, t bundle.Table) draftTable {
	out := draftTable{
		Name: name, StoredAs: t.Collection, Key: t.Key, IDType: string(t.ID), UnknownFields: string(t.UnknownFields),
		OnConflict: string(cmp.Or(t.OnConflict.Policy, bundle.RowLastWrite)), Deletes: string(cmp.Or(t.Deletes, bundle.DeletesWin)),
		Columns: make([]tableColumn, 0, len(t.Fields)),
	}
	for _, name := range slices.Sorted(maps.Keys(t.Fields)) {
		f := t.Fields[name]
		c := tableColumn{
			Name: name, Path: f.Path, Type: string(f.Type.Name), Immutable: f.Immutable, Ignored: f.Ignored,
			Merge: string(cmp.Or(f.Merge.Policy, bundle.MergeLastWrite)), Transitions: f.Transitions,
		}
		if f.Type.Elem != nil || len(f.Type.Fields) > 0 {
			c.Of = shapeType(f.Type)
		}
		out.Columns = append(out.Columns, c)
	}
	return out
}

func shapeType(t bundle.Type) *columnType {
	out := &columnType{Type: string(t.Name)}
	if t.Elem != nil {
		out.Element = shapeType(*t.Elem)
	}
	for name, inner := range t.Fields {
		if out.Members == nil {
			out.Members = map[string]*columnType{}
		}
		out.Members[name] = shapeType(inner)
	}
	return out
}
