package rehearsal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Case is a recorded case as its hook was asked, or would have been: what a test of it needs.
type Case struct {
	Kind     Kind      `json:"kind"`
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Table    string    `json:"table"`
	Function string    `json:"function"` // of those in the transaction
	// Input is what run() of a test takes.
	Input Input `json:"input"`
	// Decided are the columns in conflict as they were stored, in the source's names; nil: nothing was decided.
	Decided json.RawMessage `json:"decided,omitempty"`
	// Code is what the hook refused the write with; "": it was not the hook that did.
	Code string `json:"code,omitempty"`
}

// Input is run()'s, as turnkey.d.ts has it.
type Input struct {
	Op             string          `json:"op,omitempty"`
	Table          string          `json:"table,omitempty"`
	ID             string          `json:"id,omitempty"`
	Data           json.RawMessage `json:"data,omitempty"`
	PreviousValues json.RawMessage `json:"previousValues,omitempty"`
	Metadata       json.RawMessage `json:"metadata,omitempty"`
	Old            json.RawMessage `json:"old,omitempty"`
	Base           json.RawMessage `json:"base,omitempty"`
	Server         json.RawMessage `json:"server,omitempty"`
	Client         json.RawMessage `json:"client,omitempty"`
	Fields         []string        `json:"fields,omitempty"`
	New            json.RawMessage `json:"new,omitempty"`
	Writes         json.RawMessage `json:"writes,omitempty"`
	User           User            `json:"user"`
	Now            string          `json:"now"`
}

// Saved is a case as a test file and its fixture.
type Saved struct {
	Path, Text           string
	FixturePath, Fixture string
}

// Save writes the test. Each case has files of its own beside the table's hook file, so that saving one changes no
// other.
func (c *Case) Save() (Saved, error) {
	fixture := struct {
		Input   Input           `json:"input"`
		Decided json.RawMessage `json:"decided,omitempty"`
		Refused any             `json:"refused,omitempty"`
	}{Input: c.Input, Decided: c.Decided}
	if c.Code != "" {
		fixture.Refused = map[string]string{"result": "rejected", "code": c.Code}
	}
	raw, err := json.Marshal(fixture)
	if err != nil {
		return Saved{}, fmt.Errorf("writing a case: %w", err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, raw, "", "  "); err != nil {
		return Saved{}, fmt.Errorf("writing a case: %w", err)
	}
	base := "hooks/" + c.Table + "." + c.ID
	return Saved{base + ".test.ts", c.text(), base + ".json", indented.String() + "\n"}, nil
}

func (c *Case) text() string {
	what, expectation := "a write that was refused", ""
	switch {
	case c.Decided != nil:
		what = "what was decided then"
		expectation = "  const row = { client: saved.input.client, server: saved.input.server, values: { ...saved.input.client, ...out.value } }[out.result];\n" +
			"  expect(row).toMatchObject(saved.decided);\n"
	case c.Kind == ConflictCase:
		what = "a conflict that nobody had decided: the hook is to decide it"
		expectation = passes(c.Function)
	case c.Code != "":
		what = "a write that the hook refused"
		expectation = "  expect(out).toMatchObject(saved.refused);\n"
	default:
		what = "a write that was refused: the hook is to let it through"
		expectation = passes(c.Function)
	}
	return fmt.Sprintf("// Saved from %s %s of %s: %s.\n// Rows that the hook reads with ctx.db are to be added to the input, as db: {table: [...]}.\nimport hooks from \"./%s\";\nimport saved from \"./%s.%s.json\";\n\n"+
		"test(\"%s: %s\", async () => {\n  const out = await run(hooks, \"%s\", saved.input);\n%s});\n",
		c.Kind, c.ID, c.At.UTC().Format(time.DateTime), what, c.Table, c.Table, c.ID, c.Table, c.ID, c.Function, expectation)
}

// passes expects of a function that it neither refuses nor fails.
func passes(function string) string {
	results := `["done"]`
	switch function {
	case "beforeWrite":
		results = `["kept", "changed"]`
	case "resolveConflict":
		results = `["client", "server", "values"]`
	}
	return "  expect(" + results + ").toContain(out.result);\n"
}
