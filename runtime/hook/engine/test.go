package engine

import "turnkey/runtime/hook"

// Test runs the test files.
func (e *Engine) Test(hook.Test) hook.Tested { return hook.Tested{} }
