package engine

import "turnkey/runtime/hook"

// Engine implements hook.Engine with goja and esbuild. It is not safe for concurrent use.
type Engine struct{}

var _ hook.Engine = (*Engine)(nil)

// New makes an engine.
func New() *Engine { return &Engine{} }

// Bundle compiles hook files to a program.
func (e *Engine) Bundle(hook.Bundle) hook.Bundled { return hook.Bundled{} }

// Load makes a program the one that Run calls.
func (e *Engine) Load(hook.Load) hook.Loaded { return hook.Loaded{} }

// Run carries out calls of one transaction.
func (e *Engine) Run(hook.Run, hook.Host) hook.Ran { return hook.Ran{} }

// Test runs the test files.
func (e *Engine) Test(hook.Test) hook.Tested { return hook.Tested{} }
