package typescript_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/typescript"
)

var update = flag.Bool("update", false, "write the golden files")

func parse(t *testing.T, name string) *bundle.Config {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	cfg, found := config.Parse(text, config.Options{Kind: bundle.Development})
	if cfg == nil {
		t.Fatalf("%s: %v", name, found.Fault())
	}
	return cfg
}

// TestDeclare: the golden files are what editors are given; web/app compiles hooks against them.
func TestDeclare(t *testing.T) {
	for _, name := range []string{"mongodb", "postgres"} {
		t.Run(name, func(t *testing.T) {
			got, whole := typescript.Declare(parse(t, name+".yaml")), filepath.Join("testdata", name+".d.ts")
			rest, based := strings.CutPrefix(got, strings.TrimRight(hook.TypeScript, "\n")+"\n")
			if !based {
				t.Error("it does not begin with turnkey.d.ts")
			}
			if *update {
				if err := os.WriteFile(whole, []byte(rest), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(whole)
			if err != nil {
				t.Fatal(err)
			}
			if rest != string(want) {
				t.Errorf("go test ./runtime/hook/typescript -update writes what changed:\n%s", rest)
			}
		})
	}
}

// TestNothingIsKnown: without tables it is turnkey.d.ts, in which every row has any members.
func TestNothingIsKnown(t *testing.T) {
	for _, cfg := range []*bundle.Config{nil, {}} {
		if got := typescript.Declare(cfg); got != hook.TypeScript {
			t.Errorf("%v: %d bytes", cfg, len(got))
		}
	}
}

// TestStrangeNames: nothing that a configuration names gets out of its literal or its comment.
func TestStrangeNames(t *testing.T) {
	nasty := "*/ declare var owned: 1; /*\u2028\u202e\n\"'`"
	got := typescript.Declare(&bundle.Config{Tables: map[string]bundle.Table{"t": {
		Collection: nasty, Key: "_id", ID: bundle.TypeString,
		Fields: map[string]bundle.Field{"s": {Path: "s", Type: bundle.Type{Name: bundle.TypeObject, Fields: map[string]bundle.Type{nasty: {Name: bundle.TypeString}}},
			Transitions: map[string][]string{nasty: {nasty}}}},
	}}})
	rest := strings.TrimPrefix(got, strings.TrimRight(hook.TypeScript, "\n"))
	if strings.ContainsAny(rest, "\u2028\u202e") {
		t.Errorf("control characters: %q", rest)
	}
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		code := strings.HasPrefix(line, "/**")
		switch at := strings.Index(line, "declare var owned"); {
		case at < 0:
		case code && strings.Index(line, "*/") == len(line)-2:
		case !code && strings.Contains(line[:at], `"*/ `): // in a literal
		default:
			t.Errorf("it got out: %s", line)
		}
	}
}
