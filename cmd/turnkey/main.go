// Command turnkey is the whole product in one binary; each sub-command is one role of it. It is the
// only package that knows everybody: it reads the command line and the environment, builds the parts,
// and hands them to each other. What the parts do is none of its business.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"turnkey/internal/fault"
	"turnkey/runtime/hook/worker/child"
)

// version is set by the build (-ldflags "-X main.version=...").
var version = "unknown"

// commandLine lists the sub-commands; each one's options are in its own file. Every option is also an
// environment variable TURNKEY_<OPTION>.
type commandLine struct {
	Dev          devCommand          `cmd:"" help:"Run everything on this machine: private databases, control plane, runtime and a demo."`
	Controlplane controlplaneCommand `cmd:"" help:"Serve the control plane: the REST API with its pages, and the feed and commands of its runtimes."`
	Runtime      runtimeCommand      `cmd:"" help:"Serve every instance of a control plane; any number of replicas."`
	Keys         keysCommand         `cmd:"" help:"Make keys, and rotate the key-encryption keyset."`
	Restore      restoreCommand      `cmd:"" help:"After a backup of the control plane's database was restored: check it against the key-encryption keyset and publish every instance anew."`
	Migrate      migrateCommand      `cmd:"" help:"Bring the control plane's database schema up to date."`
	Serve        serveCommand        `cmd:"" help:"Serve one instance from a folder, without control plane and without Postgres of our own."`
	Devmongo     devmongoCommand     `cmd:"" hidden:"" help:"Serve the development and test double of MongoDB as a process of its own."`
	OpenAPI      openAPICommand      `cmd:"" name:"openapi" help:"Print the REST API's OpenAPI document."`
	Version      versionCommand      `cmd:"" help:"Print the version of this binary."`
}

// terminal is the outside world of a sub-command, so that tests can run one without a process.
type terminal struct{ out, err io.Writer }

func main() {
	if child.Asked(os.Args) { // before anything that a worker has no business with
		os.Exit(sandboxWorker())
	}
	_ = slacken() // a matter of cost alone
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], terminal{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// helpAsked ends parsing when the help has been printed.
type helpAsked struct{ code int }

// run executes one command line and returns the exit code: 0, or 1 after one message on term.err.
func run(ctx context.Context, args []string, term terminal) (code int) {
	defer func() {
		switch asked := recover().(type) {
		case nil:
		case helpAsked:
			code = asked.code
		default:
			panic(asked)
		}
	}()
	var line commandLine
	parser, err := kong.New(&line,
		kong.Name("turnkey"),
		kong.Description("The managed write backend for PowerSync."),
		kong.DefaultEnvars("TURNKEY"),
		kong.Writers(term.out, term.err),
		kong.Exit(func(code int) { panic(helpAsked{code}) }), // kong's only way out after --help
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(term),
	)
	if err != nil {
		return fail(term, fmt.Errorf("define the command line: %w", err))
	}
	command, err := parser.Parse(args)
	if err != nil {
		return fail(term, misused(err))
	}
	if err := command.Run(); err != nil && !(errors.Is(err, context.Canceled) && ctx.Err() != nil) {
		return fail(term, err)
	}
	return 0
}

// misused turns kong's complaint about the command line into a fault that says where to look.
func misused(err error) error {
	hint := "Run turnkey --help for the commands."
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil && parse.Context.Selected() != nil {
		hint = "Run turnkey " + parse.Context.Selected().Path() + " --help for the settings; each is also an environment variable."
	}
	return fault.New(fault.Invalid, "settings", sentence(err.Error())).WithHint(hint)
}

// fail prints one message: what is wrong, why if it may be said, and what to change. Causes are
// printed because whoever starts a server is its operator; secrets cannot print (internal/redact).
func fail(term terminal, err error) int {
	f := fault.Of(err)
	text := f.Message
	if f.Kind == fault.Internal && f.Err != nil {
		text = sentence(f.Err.Error())
	} else if f.Err != nil {
		text += " (" + f.Err.Error() + ")"
	}
	fmt.Fprintln(term.err, "turnkey:", text)
	for _, d := range f.Details {
		fmt.Fprintf(term.err, "  %s\n", strings.TrimSpace(d.Place()+": "+d.Message+" "+d.Hint))
	}
	if f.Hint != "" {
		fmt.Fprintln(term.err, f.Hint)
	}
	return 1
}

func sentence(s string) string { return strings.TrimSuffix(s, ".") + "." }
