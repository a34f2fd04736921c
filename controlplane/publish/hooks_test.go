package publish_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/hook/worker/workertest"
	"turnkey/runtime/token"
)

// programs are what the tests' pool starts workers from.
var programs *workertest.Programs

func TestMain(m *testing.M) {
	var err error
	if programs, err = workertest.Build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	programs.Remove()
	os.Exit(code)
}

func newPool(t *testing.T) *worker.Pool { return newPoolAt(t, time.Now) }

// newPoolAt makes a pool with a clock of its own; its workers compile by the machine's.
func newPoolAt(t *testing.T, now func() time.Time) *worker.Pool {
	t.Helper()
	p, err := worker.New(worker.Options{Binary: programs.Engine, Sizes: worker.Sizes{MaxWait: 30 * time.Second, Start: time.Minute}, Now: now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// files makes hook files of pairs of path and text.
func files(pairs ...string) (list []hook.File) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, hook.File{Path: pairs[i], Text: pairs[i+1]})
	}
	return list
}

// hooked is the document with a conflict policy and a section of hooks.
func hooked(policy, hooks string) string {
	return strings.Replace(document, "id: objectid,", "id: objectid, "+policy, 1) + hooks
}

func draft(document string, list []hook.File) publish.Draft {
	return publish.Draft{Instance: "ins_1", Kind: bundle.Production, Document: document, Secrets: []string{"SOURCE_URI", "HS_KEY"}, Files: list}
}

// told is details as "place code", without the warning that the tests' document always has.
func told(details []fault.Detail) (out []string) {
	for _, d := range details {
		if d.Code != "open" {
			out = append(out, d.Place()+" "+d.Code)
		}
	}
	return out
}

const trim = `import { short } from "../lib/short";
export default {
  beforeWrite(write, ctx) {
    if (write.data.title === "") ctx.reject("empty", "Say something.");
    write.data.title = short(write.data.title);
  },
} satisfies Hooks<"todos">;
`

const short = `export const short = (s: string) => (s.length > 10 ? s.slice(0, 10) : s.trim());
`

const trimTest = `import todos from "./todos";
test("titles are trimmed", async () => {
  const out = await run(todos, "beforeWrite", { op: "PUT", data: { title: " a " } });
  expect(out.value.title).toBe("a");
});
test("an empty title is refused", async () => {
  expect((await run(todos, "beforeWrite", { op: "PUT", data: { title: "" } })).code).toBe("empty");
});
test("there are no secrets", () => {
  expect(new Date().toISOString()).toBe("2026-01-01T00:00:00.000Z");
});
`

func TestAReleaseHasItsProgramAndHowItsTestsWent(t *testing.T) {
	c := publish.NewCompiler(newPool(t), time.Now)
	list := files("hooks/todos.ts", trim, "lib/short.ts", short, "hooks/todos.test.ts", trimTest, "hooks/fixtures/rows.json", `[{"a":1}]`)
	r, err := c.Release(t.Context(), draft(document, list))
	if err != nil {
		t.Fatal(err, fault.Of(err).Details)
	}
	if !r.Program.Has("todos", hook.BeforeWrite) || len(r.Program.Hooks) != 1 || told(r.Warnings) != nil {
		t.Errorf("program %+v, warnings %v", r.Program.Hooks, r.Warnings)
	}
	report := r.Report
	if report.Hash != r.Program.Hash || report.Tests != (publish.Tests{Count: 3, Passed: 3}) || len(report.Files) != 4 || report.Files[0] != (publish.FileSize{Path: "hooks/todos.ts", Size: len(trim)}) {
		t.Errorf("report %+v", report)
	}
	at := slices.IndexFunc(report.Coverage, func(c hook.Coverage) bool { return c.File == "lib/short.ts" })
	if at < 0 || report.Coverage[at].Total == 0 || !slices.Equal(report.Coverage[at].Missed, []int{1}) {
		t.Errorf("no test has a long title, but coverage is %+v", report.Coverage)
	}
	again, err := c.Release(t.Context(), draft(document, list))
	if err != nil || again.Program.Hash != r.Program.Hash {
		t.Errorf("the same files make another program: %v", err)
	}
}

func TestABundleHasTheProgramAndAFormatThatOldRuntimesRefuse(t *testing.T) {
	c := publish.NewCompiler(newPool(t), time.Now)
	text := hooked("", "hooks: {env: {CRM: {secret: HS_KEY}}}\n")
	r, err := c.Release(t.Context(), draft(text, files("hooks/todos.ts", "export default { afterCommit(c, ctx) { ctx.log(ctx.env.CRM) } }")))
	if err != nil {
		t.Fatal(err)
	}
	if refs := publish.References(r.Config); !slices.Equal(refs, []string{"SOURCE_URI", "HS_KEY"}) {
		t.Errorf("references %v", refs)
	}
	now := time.Now()
	key, err := token.GenerateKey("key_1", bundle.EdDSA, now, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secrets := publish.Secrets{"SOURCE_URI": redact.New("mongodb://x"), "HS_KEY": redact.New("0123456789abcdef0123456789abcdef")}
	b, err := publish.Build(publish.Material{Instance: bundle.Instance{ID: "ins_1"}, Revision: 1, Config: r.Config, Program: r.Program, Secrets: secrets, Keys: []bundle.SigningKey{key}, At: now})
	if err != nil || b.Format != 3 || b.Program.Hash != r.Program.Hash || b.Config.Hooks.Env["CRM"].Secret != "HS_KEY" {
		t.Errorf("%+v, %v", b, err)
	}
	b = publish.Candidate(bundle.Instance{ID: "ins_1"}, r, secrets, now)
	if b.Format != 3 || b.Revision != 0 || b.Program.Hash != r.Program.Hash || len(b.Secrets) != 2 {
		t.Errorf("candidate %+v", b)
	}
}

func TestFindingsNameTheirPlace(t *testing.T) {
	c := publish.NewCompiler(newPool(t), time.Now)
	resolve := `export default { resolveConflict(c) { return c.server } }`
	for name, x := range map[string]struct {
		document string
		files    []hook.File
		errors   []string // place and code
		warnings []string
	}{
		"a syntax error": {document, files("hooks/todos.ts", "export default {\n  beforeWrite(w) { return w..data }\n}"), []string{"hooks/todos.ts:2:29 hook_file"}, nil},
		"a shape":        {document, files("hooks/todos.ts", "export default {\n  beforewrite() {}\n}"), []string{"hooks/todos.ts:2:3 hook_file"}, nil},
		"an import":      {document, files("hooks/todos.ts", "import x from \"lodash\"\nexport default { beforeWrite() { x() } }"), []string{"hooks/todos.ts:1:15 hook_file"}, nil},
		"a bad document and a bad file": {document + "\nnonsense: 1\n", files("hooks/todos.ts", "export default {"),
			[]string{"nonsense unknown_key", "hooks/todos.ts:1:17 hook_file"}, nil},
		"another table's file":           {document, files("hooks/todoes.ts", trim, "lib/short.ts", short), []string{"hooks/todoes.ts no_such_table"}, nil},
		"our own names":                  {document, files("hooks/_auth.ts", "export default { resolveUser() { return { userId: 'x' } } }", "hooks/_transaction.ts", "export default { beforeTransaction() {} }"), nil, nil},
		"no file for a policy":           {hooked("on_conflict: hook,", ""), nil, []string{"tables.todos.on_conflict no_such_hook"}, []string{"tables.todos.on_conflict previous_values"}},
		"no function for a policy":       {hooked("on_conflict: hook,", ""), files("hooks/todos.ts", trim, "lib/short.ts", short), []string{"tables.todos.on_conflict no_such_hook"}, []string{"tables.todos.on_conflict previous_values"}},
		"no function for a field":        {strings.Replace(document, "{type: bool}", "{type: bool, merge: hook}", 1), files("hooks/todos.ts", trim, "lib/short.ts", short), []string{"tables.todos.fields.done.merge no_such_hook"}, []string{"tables.todos.fields.done.merge previous_values"}},
		"the function for a policy":      {hooked("on_conflict: hook,", ""), files("hooks/todos.ts", resolve), nil, []string{"tables.todos.on_conflict previous_values"}},
		"a function that nothing asks":   {document, files("hooks/todos.ts", resolve), nil, []string{"hooks/todos.ts never_called"}},
		"settings that nothing uses":     {hooked("", "hooks: {fetch: [a.example], env: {K: {secret: HS_KEY}}}\n"), nil, nil, []string{"hooks.env not_used", "hooks.fetch not_used"}},
		"nothing exported":               {document, files("hooks/todos.ts", "export default {}"), nil, []string{"hooks/todos.ts:1:16 hook_file"}},
		"a test file that does not load": {document, files("hooks/todos.ts", trim, "lib/short.ts", short, "lib/short.test.ts", "\n  nothing()"), []string{"lib/short.test.ts:2:3 hook_file"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := c.Release(t.Context(), draft(x.document, x.files))
			var errs []string
			if f := fault.Of(err); f != nil {
				errs = told(f.Details)
				if f.Kind != fault.Invalid {
					t.Errorf("%v", err)
				}
			}
			slices.Sort(x.errors)
			slices.Sort(errs)
			if !slices.Equal(errs, x.errors) || !slices.Equal(told(r.Warnings), x.warnings) {
				t.Errorf("errors %v want %v, warnings %v want %v (%v)", errs, x.errors, told(r.Warnings), x.warnings, err)
			}
			found, err := c.Check(t.Context(), draft(x.document, x.files))
			if got := told(found.Errors); err != nil || !slices.Equal(got, errs) && name != "a test file that does not load" {
				slices.Sort(got)
				if !slices.Equal(got, errs) {
					t.Errorf("checking finds %v, %v", got, err)
				}
			}
		})
	}
}

func TestAFailingTestStopsARelease(t *testing.T) {
	c := publish.NewCompiler(newPool(t), time.Now)
	list := files("hooks/todos.ts", trim, "lib/short.ts", short, "hooks/todos.test.ts", trimTest+`
test("long titles are cut", async () => {
  const out = await run(todos, "beforeWrite", { op: "PUT", data: { title: "0123456789 and more" } });
  expect(out.value).toEqual({ title: "0123456789..." });
});
test("it throws", () => { throw new Error("by itself"); });
test("it never ends", () => { for (;;) ; });
`)
	_, err := c.Release(t.Context(), draft(document, list))
	f := fault.Of(err)
	if f == nil || f.Code != "hook_tests_failed" || f.Kind != fault.Invalid || !strings.HasPrefix(f.Message, "3 of 6 tests") {
		t.Fatalf("%v", err)
	}
	if got := told(f.Details); !slices.Equal(got, []string{"hooks/todos.test.ts:15:21 test_failed", "hooks/todos.test.ts:17:33 test_failed", "hooks/todos.test.ts:18:23 test_failed"}) {
		t.Errorf("details %v", got)
	}
	e := f.Details[0].Expectation
	if e == nil || e.Matcher != "toEqual" || !strings.Contains(e.Expected, "0123456789...") || !strings.Contains(e.Received, "0123456789") || !strings.HasPrefix(f.Details[0].Message, "long titles are cut: ") {
		t.Errorf("%+v %+v", f.Details[0], e)
	}
	r, err := c.Test(t.Context(), draft("not a document", list))
	if err != nil || r.Passed() || len(r.Tests) != 6 || r.Failure(0) != nil || r.Failure(3).Expectation.Matcher != "toEqual" || len(r.Coverage) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	// Trying a draft out does not need its tests.
	if made, err := c.Compile(t.Context(), draft(document, list)); err != nil || made.Program == nil || made.Report != nil {
		t.Errorf("%+v, %v", made, err)
	}
}

// TestBombsAreFindings: source text that ends workers names the file that does it, and a test that does so as well.
func TestBombsAreFindings(t *testing.T) {
	c := publish.NewCompiler(newPool(t), time.Now)
	deep := "export default { beforeWrite() { return " + strings.Repeat("[", 120_000) + strings.Repeat("]", 120_000) + " } }"
	eater := "const all = []; for (;;) all.push(new Array(1e6).fill(all));\nexport default { beforeWrite() {} }"
	good := files("hooks/_transaction.ts", "export default { beforeTransaction() {} }", "hooks/_auth.ts", "export default { resolveUser() { return { userId: 'x' } } }")
	for name, bomb := range map[string]string{"deep source": deep, "memory at the top level": eater} {
		t.Run(name, func(t *testing.T) {
			_, err := c.Release(t.Context(), draft(document, append(slices.Clone(good), files("hooks/todos.ts", bomb)...)))
			f := fault.Of(err)
			if f == nil || f.Code != "config_invalid" || len(f.Details) != 1 || f.Details[0].Path != "hooks/todos.ts" || f.Details[0].Code != "hook_file" || f.Details[0].Hint == "" {
				t.Fatalf("%v %+v", err, f)
			}
			t.Log(f.Details[0].Message)
		})
	}
	_, err := c.Release(t.Context(), draft(document, append(good, files("lib/a.test.ts", "test('a', () => {})", "lib/b.test.ts", "test('b', () => { const all = []; for (;;) all.push(new Array(1e6).fill(all)) })")...)))
	f := fault.Of(err)
	if f == nil || f.Code != "hook_tests_failed" || len(f.Details) != 1 || f.Details[0].Path != "lib/b.test.ts" {
		t.Fatalf("%v %+v", err, f)
	}
}

// TestWhatNoWriteCouldLoad: compiling has more time and memory than a write; what needs them is refused.
func TestWhatNoWriteCouldLoad(t *testing.T) {
	later := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) // a top level that looks at the clock is slow only when it is proven
	c := publish.NewCompiler(newPoolAt(t, func() time.Time { return later }), time.Now)
	var lib strings.Builder
	for i := range 9_000 {
		fmt.Fprintf(&lib, "export function f%d(a: any, b: number) { return a.items.filter((x: any) => x.id !== %d && b > 1).length }\n", i, i)
		if lib.Len() > 250<<10 {
			break
		}
	}
	use := "import * as all from '../lib/a';\nexport default { beforeWrite() { return { n: Object.keys(all).length } } }"
	for name, x := range map[string]struct {
		files []hook.File
		place string
	}{
		"memory":      {files("hooks/_transaction.ts", "export default { beforeTransaction() {} }", "hooks/todos.ts", "const all = new Uint8Array(120 << 20);\nexport default { beforeWrite() { all[0] = 1 } }"), "hooks/todos.ts"},
		"time":        {files("hooks/todos.ts", "if (new Date().getFullYear() === 2100) for (;;);\nexport default { beforeWrite() {} }"), "hooks/todos.ts"},
		"a large lib": {files("hooks/todos.ts", use, "lib/a.ts", lib.String()), ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := c.Compile(t.Context(), draft(document, x.files))
			if x.place == "" {
				if err != nil || r.Program == nil {
					t.Errorf("%v", err)
				}
				return
			}
			if f := fault.Of(err); f == nil || f.Code != "config_invalid" || !slices.Equal(told(f.Details), []string{x.place + " hook_file"}) || !strings.HasPrefix(f.Details[0].Message, "Loading it") {
				t.Errorf("%v", err)
			}
		})
	}
}

// stand is a worker that answers what a test wants.
type stand struct {
	bundled *hook.Bundled
	errs    []error // of the next questions; then none
	proof   error
	asked   int
}

func (s *stand) next() error {
	s.asked++
	if s.asked <= len(s.errs) {
		return s.errs[s.asked-1]
	}
	return nil
}

func (s *stand) Bundle(context.Context, string, hook.Bundle) (*hook.Bundled, error) {
	return s.bundled, s.next()
}

func (s *stand) Test(context.Context, string, hook.Test) (*hook.Tested, error) {
	return &hook.Tested{}, s.next()
}

// Prove implements publish.Workers.
func (s *stand) Prove(context.Context, string, *hook.Program, hook.Limits) (string, error) {
	return "hooks/todos.ts", s.proof
}

func TestTroubleWithWorkers(t *testing.T) {
	good := &hook.Bundled{Program: &hook.Program{Hash: "h", Hooks: []hook.Exports{{File: "hooks/todos.ts", Name: "todos", Functions: []hook.Function{hook.BeforeWrite}}}}}
	with := func(e hook.Exports) *hook.Bundled {
		return &hook.Bundled{Program: &hook.Program{Hash: "h", Hooks: []hook.Exports{e}}}
	}
	crash := &worker.Failure{Class: hook.ClassCrashed, Message: "It ended."}
	for name, x := range map[string]struct {
		workers publish.Workers
		code    string
		asked   int
	}{
		"none at all":                      {nil, "hooks_unavailable", 0},
		"none to be had":                   {&stand{errs: []error{&worker.Failure{Class: hook.ClassUnavailable}}}, "hooks_unavailable", 1},
		"a defect":                         {&stand{errs: []error{errors.New("secret path")}}, "hooks_unavailable", 1},
		"too slow to load":                 {&stand{bundled: good, proof: &worker.Failure{Class: hook.ClassTimeout}}, "config_invalid", 1},
		"throws when loaded":               {&stand{bundled: good, proof: &worker.Failure{Class: hook.ClassError, Message: "Oh."}}, "config_invalid", 1},
		"none to load it":                  {&stand{bundled: good, proof: &worker.Failure{Class: hook.ClassUnavailable}}, "hooks_unavailable", 1},
		"killed once":                      {&stand{bundled: good, errs: []error{crash}}, "", 2},
		"killed twice by nothing to find":  {&stand{bundled: good, errs: []error{crash, crash}}, "config_invalid", 3},
		"a program of another file":        {&stand{bundled: with(hook.Exports{File: "hooks/users.ts", Name: "users"})}, "config_invalid", 1},
		"a program under another name":     {&stand{bundled: with(hook.Exports{File: "hooks/todos.ts", Name: "_auth"})}, "config_invalid", 1},
		"a function that no table has":     {&stand{bundled: with(hook.Exports{File: "hooks/todos.ts", Name: "todos", Functions: []hook.Function{hook.ResolveUser}})}, "config_invalid", 1},
		"a program that no bundle carries": {&stand{bundled: &hook.Bundled{Program: &hook.Program{Code: strings.Repeat("x", 1<<20+1)}}}, "config_invalid", 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := draft(document, files("hooks/todos.ts", "export default {}"))
			_, err := publish.NewCompiler(x.workers, time.Now).Release(t.Context(), d)
			if f := fault.Of(err); x.code == "" && err != nil || x.code != "" && (f == nil || f.Code != x.code) {
				t.Fatalf("%v", err)
			}
			if s, ok := x.workers.(*stand); ok && s.asked != x.asked {
				t.Errorf("asked %d times", s.asked)
			}
			if f := fault.Of(err); f != nil && strings.Contains(fmt.Sprint(f.Message, f.Hint, f.Details), "secret path") {
				t.Errorf("it shows a cause: %+v", f)
			}
			found, err := publish.NewCompiler(nil, time.Now).Check(t.Context(), d)
			if err != nil || len(found.Errors) != 0 || !slices.Equal(told(found.Warnings), []string{"hooks hooks_unavailable"}) {
				t.Errorf("checking without workers: %+v, %v", found, err)
			}
		})
	}
}
