package bundle_test

import (
	"testing"

	"turnkey/runtime/bundle"
)

// TestFormatFor: a runtime of format 1 would ignore a policy that it does not know, and overwrite what
// the policy protects; it must never be given such a bundle. All other bundles stay readable for it.
func TestFormatFor(t *testing.T) {
	table := func(p bundle.RowPolicy, d bundle.Deletes) *bundle.Config {
		return &bundle.Config{Tables: map[string]bundle.Table{
			"plain": {}, "todos": {OnConflict: bundle.OnConflict{Policy: p}, Deletes: d},
		}}
	}
	for _, c := range []struct {
		config *bundle.Config
		want   int
	}{
		{&bundle.Config{}, 1},
		{table("", ""), 1},
		{table(bundle.RowLastWrite, bundle.DeletesWin), 1},
		{table(bundle.RowMerge, ""), 2},
		{table(bundle.RowReject, ""), 2},
		{table(bundle.RowVersion, ""), 2},
		{table(bundle.RowLastWrite, bundle.DeletesLose), 2},
	} {
		if got := bundle.FormatFor(c.config, nil); got != c.want || bundle.CheckFormat(got) != nil {
			t.Errorf("%+v has format %d, want %d", c.config.Tables["todos"], got, c.want)
		}
	}
}

// TestPoliciesTravel: what a bundle says of policies arrives.
func TestPoliciesTravel(t *testing.T) {
	in := &bundle.Bundle{Format: 2, Config: bundle.Config{Tables: map[string]bundle.Table{"todos": {
		OnConflict: bundle.OnConflict{Policy: bundle.RowVersion, Field: "rev"}, Deletes: bundle.DeletesLose,
		Fields: map[string]bundle.Field{"n": {Merge: bundle.Merge{Policy: bundle.MergeTimestamp, Field: "n_at"}}},
	}}, Conflicts: bundle.Conflicts{ShowServer: true}}}
	data, err := bundle.Encode(in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := bundle.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	got := out.Config.Tables["todos"]
	if got.OnConflict.Field != "rev" || got.Deletes != bundle.DeletesLose || got.Fields["n"].Merge.Field != "n_at" || !out.Config.Conflicts.ShowServer {
		t.Errorf("got %+v", got)
	}
}
