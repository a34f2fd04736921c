package devstack

import "syscall"

// endsWithParent: see endWithParent.
const endsWithParent = true

// endWithParent makes the kernel ask the server for a fast shutdown when we die, however we die.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }
